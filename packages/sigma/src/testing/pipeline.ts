import assert from "node:assert/strict";
import { compile, type Detector } from "../compile.ts";
import { parsePipelines } from "../pipeline/parse-pipeline.ts";
import type { JsonObject } from "../json.ts";
import type { SigmaPipeline } from "../pipeline/pipeline-model.ts";

/** A pipeline of these steps; `head`: more keys beside them. */
export function pipelineOf(steps: string, head = ""): SigmaPipeline {
  const parsed = parsePipelines(`name: p\n${head}transformations:\n${steps.replace(/^/gm, "  ")}\n`, "p.yml");
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const [pipeline] = parsed.value;
  assert.ok(pipeline !== undefined);
  return pipeline;
}

export type Rule = {
  readonly name?: string;
  readonly source?: string;
  readonly more?: string;
  readonly detection: string;
};

export const ruleOf = ({ name = "r", source = "{product: okta, service: okta}", more = "", detection }: Rule) =>
  `title: ${name}\nname: ${name}\nlogsource: ${source}\n${more}detection: ${detection}\n`;

/** Rules as they fit the pipelines; `besides`: more documents of the same file. */
export function detectorOf(rules: readonly Rule[], pipelines: readonly SigmaPipeline[], besides = ""): Detector {
  const detector = compile([{ file: "f.yml", text: rules.map(ruleOf).join("---\n") + besides }], { pipelines });
  assert.ok(detector.ok, JSON.stringify(detector));
  return detector.value;
}

/** Whether a rule of one selection fires through the pipeline. */
export function fires(selection: string, steps: string, event: JsonObject): boolean {
  const detector = detectorOf([{ detection: `{sel: ${selection}, condition: sel}` }], [pipelineOf(steps)]);
  return detector.ruleSet.evaluate(event).length > 0;
}
