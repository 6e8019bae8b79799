import { cloudtrailPipeline, githubPipeline, kubernetesPipeline, oktaPipeline } from "./ready-cloud.ts";
import { windowsPipeline } from "./ready-windows.ts";
import { parsePipelines } from "./parse-pipeline.ts";
import type { SigmaPipeline } from "./pipeline-model.ts";

/** Pipelines that come with the engine, by name, as the YAML that they are: to be used, read, or copied and changed. */
export const readyPipelines: ReadonlyMap<string, string> = new Map([
  ["windows", windowsPipeline],
  ["aws_cloudtrail", cloudtrailPipeline],
  ["okta", oktaPipeline],
  ["github_audit", githubPipeline],
  ["kubernetes_audit", kubernetesPipeline],
]);

/** A ready pipeline, read; null: there is none of this name. */
export function readyPipeline(name: string): SigmaPipeline | null {
  const text = readyPipelines.get(name);
  if (text === undefined) return null;
  const parsed = parsePipelines(text, `ready pipeline ${name}`);
  if (!parsed.ok) throw new Error(`the ready pipeline ${name} is not sound: ${parsed.error[0]?.message ?? ""}`);
  return parsed.value[0] ?? null;
}
