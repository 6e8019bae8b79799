import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  compare,
  emptyComparison,
  generateBatch,
  ourVerdicts,
  printComparison,
  type Batch,
} from "./sigma-others/comparison.ts";
import { sqlitePointNames as points } from "./sigma-others/plain-reading.ts";
import { textOf, type Rule } from "./sigma-others/rule.ts";
import { rounds, seed } from "./sigma-others/settings.ts";
import { asRow, isSpoken, judgedBySqlite, sqliteTool, sqliteVersions } from "./sigma-others/sqlite.ts";
import { skipWithout } from "./tools.ts";

const python = sqliteTool();
const skip = skipWithout("pySigma's SQLite backend", python);
const leastRounds = 27;
/** pySigma has no `cased` for references to fields, and a number that stands unquoted under a modifier of text is not its text. */
const knownRefusals =
  /^SigmaTypeError: Modifier Sigma(CaseSensitive|Contains|Startswith|Endswith)Modifier incompatible to value type of '(SigmaFieldReference\(|[0-9.e-]+')/;

function batchOf(label: string): Batch {
  const { rules, events } = generateBatch(label, { rules: 60, events: 70, fits: isSpoken });
  return { rules, events: events.map(asRow) };
}

describe("SQLite", () => {
  test("C09 the same rules match the same rows as under pySigma's SQLite backend", { skip }, () => {
    const comparison = emptyComparison();
    for (const round of rounds(leastRounds)) {
      const { batch, theirs, refused } = judgedBySqlite(python ?? "", batchOf(`sqlite/${seed}/${round}`));
      for (const [id, reason] of refused) assert.match(reason, knownRefusals, id);
      compare(batch, { ours: ourVerdicts(batch), theirs, points }, comparison);
    }
    printComparison(`${sqliteVersions}, seed ${seed}`, comparison);
    assert.deepEqual(comparison.unnamed.slice(0, 3), []);
    assert.ok(comparison.pairs >= 100_000);
    assert.ok(comparison.both > comparison.pairs / 20, "enough of the pairs match");
  });

  test("C09 an engine with a wrong answer planted in it does not pass the comparison with SQLite", { skip }, () => {
    const batches = [1, 2, 3].map((n) => batchOf(`sqlite/planted/${n}`));
    const judged = batches.map((batch) => judgedBySqlite(python ?? "", batch));
    const wrong: readonly ((rule: Rule) => string)[] = [
      (rule) => textOf(rule).replaceAll("not (", "("),
      (rule) => textOf(rule).replaceAll("all of", "1 of"),
      (rule) => textOf(rule).replaceAll("|startswith", "|contains"),
    ];
    for (const text of wrong) {
      const comparison = emptyComparison();
      for (const { batch, theirs } of judged) {
        compare(batch, { ours: ourVerdicts(batch, text), theirs, points }, comparison);
      }
      assert.ok(comparison.unnamed.length > 0, `agreed: ${String(text)}`);
    }
  });
});
