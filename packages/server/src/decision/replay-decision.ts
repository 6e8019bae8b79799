import { loadContent } from "../pack/load-pack.ts";
import type { DbOrTx } from "../schema.ts";
import { decisionById, packContent } from "./decision-read.ts";
import { firstDifference, recomputeOutputs, type DecisionRecord } from "./decision-record.ts";

export type ReplayResult =
  | { readonly kind: "same"; readonly record: DecisionRecord }
  | { readonly kind: "different"; readonly record: DecisionRecord; readonly at: ReturnType<typeof firstDifference> }
  | { readonly kind: "unknown" }
  | { readonly kind: "content_missing"; readonly version: string };

/** Decides again from the record and the stored content of its versions, and compares the bytes. */
export async function replayDecision(db: DbOrTx, id: string): Promise<ReplayResult> {
  const record = await decisionById(db, id);
  if (record === null) return { kind: "unknown" };
  const texts = { rules: "", weights: "", correlation: "" };
  for (const kind of ["rules", "weights", "correlation"] as const) {
    const text = await packContent(db, record.versions[kind]);
    if (text === null) return { kind: "content_missing", version: record.versions[kind] };
    texts[kind] = text;
  }
  const content = loadContent(texts);
  if (!content.ok) throw new Error(`stored content does not load: ${JSON.stringify(content.error)}`);
  const again = recomputeOutputs(record, content.value);
  if (again === record.outputs) return { kind: "same", record };
  return { kind: "different", record, at: firstDifference(record.outputs, again) };
}
