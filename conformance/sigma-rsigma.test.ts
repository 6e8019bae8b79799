import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Chain } from "./sigma-others/chain.ts";
import {
  compareChain,
  emptyChainComparison,
  judgedChains,
  ourStanding,
  printChainComparison,
} from "./sigma-others/chain-comparison.ts";
import { chainPointNames } from "./sigma-others/chain-reading.ts";
import {
  compare,
  emptyComparison,
  generateBatch,
  ourVerdicts,
  printComparison,
  type Batch,
  type Verdicts,
} from "./sigma-others/comparison.ts";
import { pointNames, sqlitePointNames } from "./sigma-others/plain-reading.ts";
import { rsigmaTool, rsigmaVersion, runRsigma } from "./sigma-others/rsigma.ts";
import { textOf, type Rule } from "./sigma-others/rule.ts";
import {
  compareStream,
  emptyStreamComparison,
  judgedStreams,
  printStreamComparison,
} from "./sigma-others/stream-comparison.ts";
import { ourBeginnings } from "./sigma-others/stream-findings.ts";
import { features } from "./sigma-others/stream.ts";
import { rounds, seed } from "./sigma-others/settings.ts";
import { skipWithout } from "./tools.ts";

const tool = rsigmaTool();
const skip = skipWithout("rsigma", tool);
const size = { rules: 60, events: 70, fits: () => true };
const leastRounds = 25;
const leastStreamRounds = 16;
const leastChainRounds = 8;

function theirVerdicts({ rules, events }: Batch): Verdicts {
  const verdicts = new Map(events.map(({ ref }) => [ref, new Set<string>()]));
  const text = rules.map((rule) => textOf(rule, true)).join("---\n");
  for (const { rule, event } of runRsigma(tool ?? "", text, events)) verdicts.get(events[event]?.ref ?? "")?.add(rule);
  return verdicts;
}

describe("rsigma", () => {
  test("C09 C10 every name of a difference is a row of the page, and the other way round", () => {
    const page = readFileSync(new URL("../docs/formats/sigma-semantics.md", import.meta.url), "utf8");
    const [, behind = ""] = page.split("## Where others read it otherwise");
    const rows = [...behind.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    const names = [...pointNames, ...sqlitePointNames, ...Object.keys(features), ...chainPointNames];
    assert.deepEqual(new Set(rows), new Set(names));
    assert.equal(rows.length, new Set(rows).size);
  });

  test("C09 the same rules match the same events as under rsigma, or the difference has a name", { skip }, () => {
    const comparison = emptyComparison();
    for (const round of rounds(leastRounds)) {
      const batch = generateBatch(`rsigma/${seed}/${round}`, size);
      compare(batch, { ours: ourVerdicts(batch), theirs: theirVerdicts(batch), points: pointNames }, comparison);
    }
    printComparison(`rsigma ${rsigmaVersion}, seed ${seed}`, comparison);
    assert.deepEqual(comparison.unnamed.slice(0, 3), []);
    assert.ok(comparison.pairs >= 100_000);
    assert.ok(comparison.both > comparison.pairs / 20, "enough of the pairs match");
  });

  test("C09 an engine with a wrong answer planted in it does not pass the comparison", { skip }, () => {
    const batches = [1, 2, 3, 4].map((n) => generateBatch(`rsigma/planted/${n}`, size));
    const judged = batches.map((batch) => ({ batch, theirs: theirVerdicts(batch) }));
    const wrong: readonly ((rule: Rule) => string)[] = [
      (rule) => textOf(rule).replaceAll("not (", "("),
      (rule) => textOf(rule).replaceAll("all of", "1 of"),
      (rule) => textOf(rule).replaceAll(": null", `: "null"`),
    ];
    for (const text of wrong) {
      const comparison = emptyComparison();
      for (const { batch, theirs } of judged) {
        compare(batch, { ours: ourVerdicts(batch, text), theirs, points: pointNames }, comparison);
      }
      assert.ok(comparison.unnamed.length > 0, `named: ${String(text)}`);
    }
  });

  test("C10 correlations find the same as under rsigma, or the difference has a name", { skip }, () => {
    const comparison = emptyStreamComparison();
    for (const round of rounds(leastStreamRounds)) {
      const labels = Array.from({ length: 125 }, (_, n) => `rsigma/${seed}/${round}/${n}`);
      for (const judged of judgedStreams(tool ?? "", labels)) compareStream(judged, comparison);
    }
    printStreamComparison(`rsigma ${rsigmaVersion}, seed ${seed}`, comparison);
    assert.deepEqual(comparison.unnamed.slice(0, 3), []);
    assert.ok(comparison.streams >= 2_000);
    assert.ok(comparison.both > comparison.streams / 3, "enough of the streams have findings");
  });

  test("C10 correlations with a wrong answer planted in them do not pass the comparison", { skip }, () => {
    const streams = judgedStreams(
      tool ?? "",
      Array.from({ length: 60 }, (_, n) => `rsigma/planted/${n}`),
    );
    const wrong: readonly (typeof ourBeginnings)[] = [
      (stream, undone) => ourBeginnings({ ...stream, spanMs: stream.spanMs + 1_000 }, undone),
      (stream, undone) => ourBeginnings({ ...stream, groupBy: stream.groupBy.slice(0, 1) }, undone),
      (stream, undone) => ourBeginnings({ ...stream, events: stream.events.slice(1) }, undone),
    ];
    for (const ours of wrong) {
      const comparison = emptyStreamComparison();
      for (const judged of streams) compareStream(judged, comparison, ours);
      assert.ok(comparison.unnamed.length > 0, "the wrong answers were named");
    }
  });

  test(
    "C10 correlations over correlations find the same as under rsigma, or the difference has a name",
    { skip },
    () => {
      const comparison = emptyChainComparison();
      for (const round of rounds(leastChainRounds)) {
        const labels = Array.from({ length: 125 }, (_, n) => `rsigma/chains/${seed}/${round}/${n}`);
        for (const judged of judgedChains(tool ?? "", labels)) compareChain(judged, comparison);
      }
      printChainComparison(`rsigma ${rsigmaVersion}, seed ${seed}`, comparison);
      assert.deepEqual(comparison.unnamed.slice(0, 2), []);
      assert.ok(comparison.chains >= 1_000);
      assert.ok(comparison.both > comparison.chains / 5, "enough of the chains have findings that are the same");
    },
  );

  test("C10 a chain does not pass where our answer is wrong, or where one of the names is not known", { skip }, () => {
    const chains = judgedChains(
      tool ?? "",
      Array.from({ length: 125 }, (_, n) => `rsigma/chains/planted/${n}`),
    );
    const isRefused = (options: Parameters<typeof compareChain>[2]) => {
      const comparison = emptyChainComparison();
      for (const judged of chains) compareChain(judged, comparison, options);
      return comparison.unnamed.length > 0;
    };
    assert.equal(isRefused({}), false);
    for (const left of chainPointNames) {
      assert.ok(isRefused({ points: chainPointNames.filter((name) => name !== left) }), `nothing asks for ${left}`);
    }
    for (const link of [0, 1, 2]) {
      const longer = ({ links, ...chain }: Chain): Chain => ({
        ...chain,
        links: links.map((one, at) => (at === link ? { ...one, spanMs: one.spanMs + 1_000 } : one)),
      });
      assert.ok(isRefused({ standing: (chain) => ourStanding(longer(chain)) }));
    }
    assert.ok(isRefused({ standing: (chain) => ourStanding({ ...chain, events: chain.events.slice(1) }) }));
  });
});
