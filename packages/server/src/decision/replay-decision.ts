import { loadModels, type LoadedModels, type ModelFile } from "../pack/load-models.ts";
import { loadContent } from "../pack/load-pack.ts";
import type { OpenedTexts } from "../detect/detect.ts";
import type { DbOrTx } from "../schema.ts";
import { hash } from "node:crypto";
import { sealedIn } from "@tillwatch/wire";
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
  | { readonly kind: "erased" } // texts that it read were purged
  | { readonly kind: "member_altered"; readonly ordinal: number }
  | { readonly kind: "content_missing"; readonly version: string };

/** Contents that were loaded before, by their versions: whoever replays many decisions hands the same map each time. */
export type LoadedContents = Map<string, DecisionContent | LoadedModels>;

/** Decides again from the record and the stored content of its versions, and compares the bytes. */
export async function replayDecision(
  db: DbOrTx,
  id: string,
  { loaded = new Map(), openTexts = cannotOpen }: ReplayDeps = {},
): Promise<ReplayResult> {
  const record = await decisionById(db, id);
  if (record === null) return { kind: "unknown" };
  const content = await contentOf(db, record.versions, loaded);
  if (typeof content === "string") return { kind: "content_missing", version: content };
  const models = await modelsOf(db, record, loaded);
  if (typeof models === "string") return { kind: "content_missing", version: models };
  const members = await membersOf(db, record);
  if (!Array.isArray(members)) return { kind: "member_altered", ordinal: members.altered };
  const texts = await textsOf(members, openTexts);
  if (texts === null) return { kind: "erased" };
  const again = recomputeOutputs(record, { members, content, models, texts });
  if (again === record.outputs) return { kind: "same", record };
  return { kind: "different", record, at: firstDifference(record.outputs, again) };
}

/** `openTexts` is asked only where a member holds sealed text; null in its answer: purged. */
export type ReplayDeps = {
  readonly loaded?: LoadedContents;
  readonly openTexts?: (sealed: readonly string[]) => Promise<readonly (string | null)[]>;
};

function cannotOpen(): never {
  throw new Error("this decision read sealed text: hand in who opens it");
}

async function textsOf(
  members: readonly SituationMember[],
  openTexts: NonNullable<ReplayDeps["openTexts"]>,
): Promise<OpenedTexts | null> {
  const sealed = [...new Set(members.flatMap((member) => sealedIn(member.view)))];
  if (sealed.length === 0) return new Map();
  const texts = new Map<string, string>();
  for (const [at, text] of (await openTexts(sealed)).entries()) {
    if (text === null) return null;
    texts.set(sealed[at] ?? "", text);
  }
  return texts;
}

/** The content of these versions, or the first version that is not stored. */
async function contentOf(
  db: DbOrTx,
  versions: DecisionVersions,
  loaded: LoadedContents,
): Promise<DecisionContent | string> {
  const name = `${versions.rules} ${versions.weights} ${versions.correlation}`;
  const known = loaded.get(name);
  if (known !== undefined && "rules" in known) return known;
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

/** The models that the decision had, null where it had none; or the version of their content where that is not stored. */
async function modelsOf(
  db: DbOrTx,
  record: DecisionRecord,
  loaded: LoadedContents,
): Promise<LoadedModels | null | string> {
  const version = inputsOf(record).models?.version;
  if (version === undefined) return null;
  const known = loaded.get(version);
  if (known !== undefined && "models" in known) return known;
  const text = await packContent(db, version);
  if (text === null) return version;
  const models = loadModels(JSON.parse(text) as readonly ModelFile[]);
  if (!models.ok) throw new Error(`stored models do not load: ${JSON.stringify(models.error)}`);
  loaded.set(version, models.value);
  return models.value;
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
