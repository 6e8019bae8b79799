import type { AcceptedDraft, DraftDiff, DraftView, IncidentRecord } from "@tillwatch/wire";
import { incidentId } from "./fixture-world.ts";

const at = (minutesAgo: number) => new Date(Date.now() - minutesAgo * 60_000).toISOString();
export const draftId = (n: number) => `dadadada-dada-4ada-8ada-${String(n).padStart(12, "0")}`;
const me = "user:77777777-7777-4777-8777-000000000001";

type Answer = { readonly status: number; readonly body: unknown };

function draftOf(n: number, more: Partial<DraftView> = {}): DraftView {
  const text = "One person left by the north exit with two tagged bottles. The gate alarmed and nobody stopped them.";
  return {
    id: draftId(n),
    incidentId: incidentId(1),
    place: "note",
    state: "offered",
    model: { name: "example-writer", version: "2026-10-01", provider: "Example Models" },
    offeredBy: "service:1",
    program: "Case writer",
    offeredAt: at(12),
    writtenAt: at(12),
    promptSha256: "5a".repeat(32),
    promptKept: true,
    inputs: [],
    parameters: { temperature: 0.2, seed: 7 },
    revision: 0,
    draft: text,
    text,
    revisions: [{ number: 0, by: "service:1", at: at(12), textSha256: "1a".repeat(32), chainSha256: "2a".repeat(32) }],
    settled: null,
    changes: null,
    ...more,
  };
}

export const acceptedText = "One person left by the north exit with three tagged bottles.";
const changes = { kept: 9, removed: 1, added: 1, whole: true };
const diff: DraftDiff = {
  from: 0,
  to: 1,
  parts: [
    { kind: "same", text: "One person left by the north exit with " },
    { kind: "removed", text: "two" },
    { kind: "added", text: "three" },
    { kind: "same", text: " tagged bottles." },
  ],
  changes,
};
const accepted: AcceptedDraft = {
  draftId: draftId(2),
  place: "note",
  model: draftOf(2).model,
  offeredBy: "service:1",
  offeredAt: at(40),
  promptSha256: "5a".repeat(32),
  inputs: [],
  editedBy: [me],
  changes,
  acceptedBy: me,
  acceptedAt: at(30),
};

function twoDrafts(): readonly DraftView[] {
  const settled = { at: accepted.acceptedAt, by: me, because: null };
  return [draftOf(1), draftOf(2, { state: "accepted", revision: 1, text: acceptedText, changes, settled })];
}

/** Drafts of a small world: of case 1 one waits and one was accepted, of the others there is none. */
export class FixtureDrafts {
  drafts: DraftView[];

  constructor(drafts: readonly DraftView[] = twoDrafts()) {
    this.drafts = [...drafts];
  }

  /** Somebody edits it first: the next thing done to it is refused once. */
  overtaken = false;

  /** The record of case 1 with the note that came of a draft; its signals and exhibits are what the draft was made from. */
  beside(record: IncidentRecord): IncidentRecord {
    if (record.id !== incidentId(1)) return record;
    const signal = record.signals[0]?.id;
    const inputs = signal === undefined ? [] : [{ kind: "signal" as const, id: signal }];
    this.drafts = this.drafts.map((draft) => ({ ...draft, inputs }));
    const shared = { originalAt: null, clockOffsetMs: null, late: false, kind: "note" as const, signalId: null };
    const note = { ...shared, id: draftId(90), at: accepted.acceptedAt, says: acceptedText, actor: me };
    const settled = this.drafts.filter(({ id, state }) => state === "accepted" && id !== draftId(2));
    const later = settled.map(({ id, text }) => ({ ...note, id, says: text, at: at(0), detail: { draftId: id } }));
    return {
      ...record,
      timeline: [...record.timeline, { ...note, detail: { draftId: draftId(2) } }, ...later],
      drafted: [accepted, ...settled.map(({ id }) => ({ ...accepted, draftId: id }))],
    };
  }

  get(path: string): unknown {
    const [, of, one, then] = /^\/api\/v1\/incidents\/([^/]+)\/drafts(?:\/([^/]+)(?:\/(\w+))?)?$/.exec(path) ?? [];
    if (of === undefined) return undefined;
    if (one === undefined) return { items: this.drafts.filter((draft) => draft.incidentId === of) };
    const found = this.drafts.find(({ id }) => id === one);
    if (then === "diff") return diff;
    const texts = [{ number: 0, text: found?.draft ?? "", salt: "07".repeat(32) }];
    return { ...found, prompt: "Say in two sentences what the signals show. No names.", texts };
  }

  post(path: string, body: unknown): Answer | undefined {
    const [, one, verb] = /\/drafts\/([^/]+)\/(revisions|accept|refuse)$/.exec(path) ?? [];
    const draft = this.drafts.find(({ id }) => id === one);
    if (draft === undefined) return undefined;
    if (this.overtaken) {
      this.overtaken = false;
      this.#put({ ...draft, revision: 1, text: "Somebody else wrote this." });
      return { status: 409, body: overtakenProblem };
    }
    const said = body as { readonly text?: string; readonly because?: string };
    const now = { at: at(0), by: me, because: said.because ?? null };
    if (verb === "revisions") {
      const link = { number: draft.revision + 1, by: me, at: at(0), textSha256: "3a".repeat(32), chainSha256: "" };
      const revisions = [...draft.revisions, link];
      this.#put({ ...draft, revision: link.number, text: said.text ?? "", revisions });
    } else if (verb === "accept") this.#put({ ...draft, state: "accepted", settled: now, changes });
    else this.#put({ ...draft, state: "refused", settled: now });
    return { status: 200, body: this.drafts.find(({ id }) => id === one) };
  }

  #put(draft: DraftView): void {
    this.drafts = this.drafts.map((one) => (one.id === draft.id ? draft : one));
  }
}

const overtakenProblem = {
  type: "https://tillwatch.org/errors#draft_revision_changed",
  title: "Conflict",
  status: 409,
  code: "draft_revision_changed",
  detail: "it was edited meanwhile: its revision is 1",
  remedy: "Read it again, look at what changed, and repeat with its revision.",
};
