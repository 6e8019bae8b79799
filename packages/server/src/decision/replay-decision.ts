import { loadContent } from "../pack/load-pack.ts";
import type { DbOrTx } from "../schema.ts";
import { hash } from "node:crypto";
import type { SituationMember } from "../flow.ts";
import { decisionById, packContent, storedMembers } from "./decision-read.ts";
import {
  firstDifference,
  inputsOf,
  recomputeOutputs,
  type DecisionContent,
  type DecisionRecord,
  type DecisionVersions,
} from "./decision-record.ts";

export type ReplayResult =
  | { readonly kind: "same"; readonly record: DecisionRecord }
  | { readonly kind: "different"; readonly record: DecisionRecord; readonly at: ReturnType<typeof firstDifference> }
  | { readonly kind: "unknown" }
  | { readonly kind: "member_altered"; readonly ordinal: number }
  | { readonly kind: "content_missing"; readonly version: string };

/** Contents that were loaded before, by their versions: whoever replays many decisions hands the same map each time. */
export type LoadedContents = Map<string, DecisionContent>;

/** Decides again from the record and the stored content of its versions, and compares the bytes. */
export async function replayDecision(
  db: DbOrTx,
  id: string,
  loaded: LoadedContents = new Map(),
): Promise<ReplayResult> {
  const record = await decisionById(db, id);
  if (record === null) return { kind: "unknown" };
  const content = await contentOf(db, record.versions, loaded);
  if (typeof content === "string") return { kind: "content_missing", version: content };
  const members = await membersOf(db, record);
  if (!Array.isArray(members)) return { kind: "member_altered", ordinal: members.altered };
  const again = recomputeOutputs(record, { members, content });
  if (again === record.outputs) return { kind: "same", record };
  return { kind: "different", record, at: firstDifference(record.outputs, again) };
}

/** The content of these versions, or the first version that is not stored. */
async function contentOf(
  db: DbOrTx,
  versions: DecisionVersions,
  loaded: LoadedContents,
): Promise<DecisionContent | string> {
  const name = `${versions.rules} ${versions.weights} ${versions.correlation}`;
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const texts = { rules: "", weights: "", correlation: "" };
  for (const kind of ["rules", "weights", "correlation"] as const) {
    const text = await packContent(db, versions[kind]);
    if (text === null) return versions[kind];
    texts[kind] = text;
  }
  const content = loadContent(texts);
  if (!content.ok) throw new Error(`stored content does not load: ${JSON.stringify(content.error)}`);
  loaded.set(name, content.value);
  return content.value;
}

/** The members as they were, in order of time; or the first one whose bytes are not those that the decision saw. */
async function membersOf(
  db: DbOrTx,
  record: DecisionRecord,
): Promise<SituationMember[] | { readonly altered: number }> {
  const { members: count, membersSha256 } = inputsOf(record);
  const stored = await storedMembers(db, record.situationId, count);
  const altered = stored.findIndex((member) => hash("sha256", member.text, "hex") !== member.sha256);
  if (altered !== -1) return { altered };
  const digests = hash("sha256", stored.map((member) => member.sha256).join("\n"), "hex");
  if (stored.length !== count || digests !== membersSha256) return { altered: stored.length };
  return stored.map((member) => JSON.parse(member.text) as SituationMember).sort(byTime);
}

function byTime(a: SituationMember, b: SituationMember): number {
  return a.correctedAtMs - b.correctedAtMs || (a.signalId < b.signalId ? -1 : 1);
}
