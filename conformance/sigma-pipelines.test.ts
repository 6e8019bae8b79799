import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import {
  applyPipelines,
  compile,
  parseRules,
  readyPipeline,
  readyPipelines,
  type JsonObject,
  type SigmaPipeline,
  type SigmaRule,
} from "@tillwatch/sigma";
import { isObject, regressions, ruleFiles, sigmaVectors } from "./sigma-vectors.ts";
import { pythonTool, skipWithout } from "./tools.ts";

const folder = sigmaVectors();
const noVectors = folder === null ? "the Sigma vectors are not here; TILLWATCH_VECTORS names their folder" : false;
const python = pythonTool(["pysigma==1.5.0"]);
const files = folder === null ? [] : ruleFiles(folder);

function ready(name: string): SigmaPipeline {
  const pipeline = readyPipeline(name);
  assert.ok(pipeline !== null);
  return pipeline;
}

const placeholders = { known_cdcs: ["DC01$", "DC02$"] };

/** Refused for its own sake; conformance/sigma.test.ts says why. */
const refusedFile = "proc_creation_win_powershell_susp_child_processes.yml";

test(
  "C09 the ready pipeline for Windows: each regression event, as its tool wrote it, fires the rule that it was recorded for",
  { skip: noVectors },
  () => {
    const texts = files.filter(({ path }) => path.includes("windows") || path.includes("rules-emerging-threats"));
    const sound = texts.filter(({ path }) => !path.endsWith(refusedFile));
    const detector = compile(
      sound.map(({ path, text }) => ({ file: path, text })),
      { placeholders, pipelines: [ready("windows")] },
    );
    assert.ok(detector.ok, JSON.stringify(detector).slice(0, 500));
    let events = 0;
    for (const { path, ruleId, matchCount, events: documents } of folder === null ? [] : regressions(folder)) {
      // Two cases are of other products, whose events are no event logs of Windows.
      const logs = documents.filter(isObject).filter((document) => isObject(document["Event"]));
      if (logs.length === 0) continue;
      const { evaluate } = detector.value.ruleSet;
      const fires = (event: JsonObject): boolean =>
        evaluate(event, { product: "windows" }).some((match) => match.ruleId === ruleId);
      const fired = logs.filter(fires).length;
      assert.ok(fired > 0, `${path}: the rule ${ruleId} does not fire`);
      if (matchCount !== null) assert.equal(fired, matchCount, `${path}: events that fire`);
      events += logs.length;
    }
    console.log(`${events} regression events, unchanged`);
    assert.ok(events >= 101, "the regression events are all here");
  },
);

/** Prints, for each pipeline and its rules of standard input (YAML texts in JSON), the fields and the log source that each rule has after it. */
const script = `
import json, sys
from sigma.collection import SigmaCollection
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaDetection
def fields(detection, out):
    for item in detection.detection_items:
        if isinstance(item, SigmaDetection): fields(item, out)
        elif item.field is not None: out.add(item.field)
    return out
def answer(pipeline, text):
    rule = SigmaCollection.from_yaml(text).rules[0]
    pipeline.apply(rule)
    found = set()
    for detection in rule.detection.detections.values(): fields(detection, found)
    source = rule.logsource
    return {"fields": sorted(found), "logsource": [source.product, source.category, source.service]}
answers = []
for job in json.load(sys.stdin):
    pipeline = ProcessingPipeline.from_yaml(job["pipeline"])
    answers.append([answer(pipeline, text) for text in job["rules"]])
json.dump(answers, sys.stdout)
`;

type Answer = { readonly fields: readonly string[]; readonly logsource: readonly (string | null)[] };
type Job = { readonly pipeline: string; readonly rules: readonly string[] };

function pySigma(jobs: readonly Job[]): readonly (readonly Answer[])[] {
  const run = spawnSync(python ?? "", ["-c", script], {
    input: JSON.stringify(jobs),
    maxBuffer: 256 * 1024 * 1024,
    encoding: "utf8",
  });
  assert.equal(run.status, 0, run.stderr.slice(-2_000));
  return JSON.parse(run.stdout);
}

function ours({ detection, logsource }: SigmaRule): Answer {
  const fields = new Set<string>();
  const collect = (selection: Selection): void => {
    if (selection.kind === "any") selection.members.forEach(collect);
    else for (const item of selection.items) for (const field of item.fields ?? []) fields.add(field);
  };
  for (const selection of detection.selections.values()) collect(selection);
  return {
    fields: [...fields].sort(),
    logsource: [logsource.product, logsource.category, logsource.service],
  };
}

type Selection = SigmaRule["detection"]["selections"] extends ReadonlyMap<string, infer S> ? S : never;

/** Of Windows every seventh rule: what differs between its rules is the log source, and all but the rarest are among these. */
const products: Readonly<Record<string, { readonly product: string; readonly every: number }>> = {
  windows: { product: "windows", every: 7 },
  aws_cloudtrail: { product: "aws", every: 1 },
  okta: { product: "okta", every: 1 },
  github_audit: { product: "github", every: 1 },
  kubernetes_audit: { product: "kubernetes", every: 1 },
};

test(
  "C09 each ready pipeline gives the rules of its source the fields and the log source that pySigma gives them by the same file",
  { skip: noVectors === false ? skipWithout("pySigma", python) : noVectors },
  () => {
    assert.deepEqual(Object.keys(products), [...readyPipelines.keys()]);
    const parsed = files.flatMap((file) => {
      const rules = parseRules(file.text, file.path);
      const [rule, another] = rules.ok ? rules.value : [];
      return rule !== undefined && another === undefined ? [{ rule, text: file.text }] : [];
    });
    const samples = Object.entries(products).map(([name, { product, every }]) => ({
      name,
      rules: parsed.filter(({ rule }) => rule.logsource.product === product).filter((_, at) => at % every === 0),
    }));
    const jobs = samples.map(({ name, rules }) => ({
      pipeline: readyPipelines.get(name) ?? "",
      rules: rules.map(({ text }) => text),
    }));
    // The comparison notices a pipeline that is not the same.
    const [first] = jobs;
    assert.ok(first !== undefined);
    const planted = `${first.pipeline}  - {type: field_name_suffix, suffix: .x}\n`;
    const answers = pySigma([...jobs, { pipeline: planted, rules: first.rules.slice(0, 1) }]);
    for (const [at, { name, rules }] of samples.entries()) {
      const fitted = applyPipelines({ rules: rules.map(({ rule }) => rule), correlations: [] }, [ready(name)]);
      assert.ok(fitted.ok);
      assert.deepEqual(fitted.value.rules.map(ours), answers[at], name);
      console.log(`${name}: ${rules.length} rules`);
      assert.ok(rules.length >= 14, "there are rules to compare");
    }
    assert.notDeepEqual(answers.at(-1), answers[0]?.slice(0, 1));
  },
);
