import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  compileRules,
  parseRules,
  type RuleSet,
  type SigmaMatch,
  type SigmaProblem,
  type SigmaRule,
} from "@tillwatch/sigma";
import { regressions, ruleFiles, sigmaVectors, type Json } from "./sigma-vectors.ts";
import { toWindowsEvent, type WindowsEvent } from "./sigma-windows.ts";

const folder = sigmaVectors();
const skip = folder === null ? "the Sigma vectors are not here; TILLWATCH_VECTORS names their folder" : false;

/** What is refused, and why that is right. Anything else that is refused fails the test. */
const expectedRefusals: Readonly<Record<string, string>> = {
  // A filter with `CommandLine|contains: ''` among its values: it matches everything, so it silences the rule.
  "rules-threat-hunting/windows/process_creation/proc_creation_win_powershell_susp_child_processes.yml":
    "sigma_value_empty",
};

/** The corpus leaves this list to whoever runs the rules. */
const placeholders = { known_cdcs: ["DC01$", "DC02$"] };

describe("SigmaHQ", () => {
  const corpus = loadCorpus();

  test("C09 every rule of the corpus is understood or refused for a listed reason", { skip }, () => {
    const refusals = Object.fromEntries(corpus.problems.map(({ file, code }) => [file, code]));
    console.log(`${corpus.files} rule files: ${corpus.rules.length} understood, ${corpus.problems.length} refused`);
    assert.deepEqual(refusals, expectedRefusals);
    assert.ok(corpus.rules.length > 3_700, "the corpus is whole");
  });

  test("C09 rules with placeholders compile only with what they stand for", { skip }, () => {
    const without = compileRules(corpus.rules);
    assert.ok(!without.ok);
    assert.deepEqual(new Set(without.error.map(({ code }) => code)), new Set(["sigma_placeholder_unknown"]));
    assert.equal(without.error.length, 2);
    assert.ok(compileRules(corpus.rules, { placeholders }).ok);
  });

  test(
    "C09 each regression event fires the rule that it was recorded for, and not once that is altered",
    { skip },
    () => {
      const ruleSet = compiled(corpus.rules);
      let events = 0;
      for (const { path, ruleId, matchCount, events: documents } of folder === null ? [] : regressions(folder)) {
        let fired = 0;
        for (const document of documents) {
          const event = toWindowsEvent(document);
          const match = matchOf(ruleSet, event, ruleId);
          if (match === undefined) continue;
          fired += 1;
          const changed = altered(event, match);
          assert.equal(matchOf(ruleSet, changed, ruleId), undefined, `${path}: still fires without what it fired on`);
        }
        assert.ok(fired > 0, `${path}: the rule ${ruleId} does not fire`);
        if (matchCount !== null) assert.equal(fired, matchCount, `${path}: events that fire`);
        events += documents.length;
      }
      console.log(`${events} regression events`);
      assert.ok(events >= 101, "the regression events are all here");
    },
  );

  test("C09 the candidate index finds what running every rule finds", { skip }, () => {
    const ruleSet = compiled(corpus.rules);
    const alone = corpus.rules.map((rule) => compiled([rule]));
    const documents = (folder === null ? [] : regressions(folder)).flatMap((one) => one.events).slice(0, 25);
    for (const document of documents) {
      const { fields } = toWindowsEvent(document);
      const together = ruleSet.evaluate(fields).map(({ ruleId }) => ruleId);
      const apart = alone.flatMap((one) => one.evaluate(fields)).map(({ ruleId }) => ruleId);
      assert.deepEqual(together, apart);
    }
  });
});

type Corpus = {
  readonly files: number;
  readonly rules: readonly SigmaRule[];
  readonly problems: readonly SigmaProblem[];
};

function loadCorpus(): Corpus {
  const rules: SigmaRule[] = [];
  const problems: SigmaProblem[] = [];
  const files = folder === null ? [] : ruleFiles(folder);
  for (const { path, text } of files) {
    const parsed = parseRules(text, path);
    if (parsed.ok) rules.push(...parsed.value);
    else problems.push(...parsed.error);
  }
  return { files: files.length, rules, problems };
}

function compiled(rules: readonly SigmaRule[]): RuleSet {
  const ruleSet = compileRules(rules, { placeholders });
  if (!ruleSet.ok) throw new Error(ruleSet.error[0]?.message);
  return ruleSet.value;
}

function matchOf(ruleSet: RuleSet, event: WindowsEvent, ruleId: string): SigmaMatch | undefined {
  return event.logsources
    .flatMap((logsource) => ruleSet.evaluate(event.fields, logsource))
    .find((match) => match.ruleId === ruleId);
}

/** The event with every value that the match is founded on replaced. */
function altered(event: WindowsEvent, match: SigmaMatch): WindowsEvent {
  const fields: Record<string, Json> = { ...event.fields };
  for (const { field } of match.because) if (field !== null) fields[field] = "~ altered ~";
  return { ...event, fields };
}
