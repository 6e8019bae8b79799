import type { FastifyRequest } from "fastify";
import type { Static } from "typebox";
import { draftChain, draftIdField, saidDigest, saltBytes, toHex, type DraftLink } from "@tillwatch/evidence";
import { sensitiveWordsIn, type IncidentId } from "@tillwatch/wire";
import { actorOf } from "../access/authenticate-http.ts";
import { callersDb } from "../access/callers-db.ts";
import { problem } from "../api/problem.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { IncidentChange } from "../flow.ts";
import { publish, unknownIncident, type IncidentHttpDeps } from "../incident/incident-answer-http.ts";
import { refusalOf } from "../incident/incident-command-http.ts";
import { command } from "../incident/incident-desk-store.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import { isStorable } from "../platform/storable-time.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import { incidentSubject } from "../subjects.ts";
import { originOf, revisionsOf, type Draft, type Revision } from "./draft-read.ts";
import type { offerBody } from "./draft-schema.ts";
import {
  countRevision,
  draftByKey,
  inputsNotIn,
  insertDraft,
  insertRevision,
  lockCase,
  lockDraft,
  settleDraft,
  type NewDraft,
} from "./draft-store.ts";
import { diffWords } from "./word-diff.ts";

export type DraftDeps = Omit<IncidentHttpDeps, "ports" | "colleagues" | "signalStats"> & {
  /** Called after the commit, so that screens follow. */
  readonly changed: (incidentId: string) => void;
};

type Offer = Static<typeof offerBody>;
export type Offered = {
  readonly id: string;
  readonly state: Draft["state"];
  readonly textSha256: string;
  readonly repeated: boolean;
};

// More than people read is no help: a program that floods a case is told so, and its drafts cannot fill the disk.
const offeredMax = 20;
const draftsMax = 200;
const revisionsMax = 50;
const aheadMaxMs = 5 * 60_000;
const finished: ReadonlySet<string> = new Set(["closed", "aged_out"]);

/** Keeps a program's draft beside a case: not a word of it is the case's. A repeat under the same key does nothing. */
export async function offerDraft(
  deps: DraftDeps,
  request: FastifyRequest,
  { incidentId, offer }: { readonly incidentId: IncidentId; readonly offer: Offer },
): Promise<Offered> {
  const nowMs = deps.clock();
  const text = keptForm(offer.text);
  checkOffer(deps, { offer, text, nowMs });
  const keyed = (use: string, of: string) => Buffer.from(deps.fields.blindIndex(use, of)).toString("hex");
  const key = keyed("draft_key", offer.key);
  const requestSha256 = keyed("draft_request", JSON.stringify(sorted(offer)));
  const offeredBy = actorOf(request).token;
  const done = await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx) => {
      const found = await lockCase(tx, incidentId);
      if (found === null) throw unknownIncident();
      const before = await draftByKey(tx, { incidentId, offeredBy, key });
      if (before !== null) return repeatedOffer(tx, before, requestSha256);
      checkCase(found);
      await checkInputs(tx, incidentId, offer);
      const draft: NewDraft = {
        id: deps.chance.uuid(),
        incidentId,
        offeredBy,
        key,
        requestSha256,
        place: offer.place,
        model: { name: offer.model.name, version: offer.model.version, provider: offer.model.provider ?? null },
        promptSha256: offer.promptSha256,
        prompt:
          offer.prompt === undefined ? null : await deps.fields.seal(tx, incidentSubject(incidentId), offer.prompt),
        inputs: offer.inputs.map(({ kind, id }) => ({ kind, id: id.toLowerCase() })),
        parameters: offer.parameters ?? {},
        writtenAt: new Date(offer.writtenAt),
        offeredAt: new Date(nowMs),
      };
      await insertDraft(tx, draft);
      const kept = await keepRevision(deps, tx, { draft, text, by: offeredBy, atMs: nowMs, last: null });
      const { place, model, promptSha256, inputs, parameters } = draft;
      const stated = { place, model, promptSha256, inputs, parameters, writtenAt: draft.writtenAt.toISOString() };
      const body = { ...stated, promptKept: draft.prompt !== null };
      await record(deps, tx, { kind: "draft.offered", because: "a program handed in a draft", of: draft, kept, body });
      return { id: draft.id, state: "offered" as const, textSha256: kept.textSha256, repeated: false };
    });
  if (!done.repeated) deps.changed(incidentId);
  return done;
}

/** As it is kept and digested: JSON may bring half characters, and no text begins or ends with space. */
function keptForm(text: string): string {
  return text.toWellFormed().trim();
}

/** Members in one order: the same draft written differently is the same draft. */
function sorted({ parameters = {}, ...offer }: Offer) {
  return Object.entries({ ...offer, parameters: Object.entries(parameters).sort(byName) }).sort(byName);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function checkOffer(
  deps: DraftDeps,
  { offer, text, nowMs }: { readonly offer: Offer; readonly text: string; readonly nowMs: number },
): void {
  const found = sensitiveWordsIn(text, deps.texts.words);
  if (found.length > 0) {
    const says = [...new Set(found.map(({ word, trait }) => `"${word.slice(0, 60)}" (${trait})`))].slice(0, 10);
    throw problem(422, "draft_names_trait", `the text says what somebody is, not what was seen: ${says.join(", ")}`, {
      pointer: "/text",
      remedy: "Have clothing, height and conduct described instead. Only a person may keep such a text, with a reason.",
    });
  }
  const writtenAtMs = Date.parse(offer.writtenAt);
  if (!isStorable(writtenAtMs) || writtenAtMs > nowMs + aheadMaxMs) {
    throw problem(422, "draft_time_impossible", "the draft says that it was written in the future, or at no time", {
      pointer: "/writtenAt",
      remedy: "Send the time of writing, and set the program's clock.",
    });
  }
}

async function repeatedOffer(tx: Tx, before: Draft, requestSha256: string): Promise<Offered> {
  if (before.requestSha256 !== requestSha256) {
    throw problem(422, "draft_key_reused", "this key was used for another draft of this case", {
      pointer: "/key",
      remedy: "Give a new draft a new key.",
    });
  }
  const [first] = await revisionsOf(tx, [before.id], "first_and_last");
  return { id: before.id, state: before.state, textSha256: first?.textSha256 ?? "", repeated: true };
}

function checkCase(found: NonNullable<Awaited<ReturnType<typeof lockCase>>>): void {
  if (found.disposed) throw problem(409, "draft_case_disposed", "what was written about this case was destroyed");
  if (finished.has(found.state)) {
    throw problem(409, "draft_case_closed", `the case is ${found.state.replaceAll("_", " ")}: nobody works on it`, {
      remedy: "Draft for open cases. A person may open this one again.",
    });
  }
  if (found.offered >= offeredMax || found.all >= draftsMax) {
    const says = `a case holds at most ${offeredMax} drafts that wait and ${draftsMax} in all`;
    throw problem(409, "draft_too_many", says, { remedy: "Wait until people have settled some." });
  }
}

async function checkInputs(tx: Tx, incidentId: string, { inputs }: Offer): Promise<void> {
  const [place] = await inputsNotIn(tx, incidentId, inputs);
  if (place === undefined) return;
  throw problem(422, "draft_input_unknown", `the case has no such ${inputs[place]?.kind ?? "input"}`, {
    pointer: `/inputs/${place}/id`,
    remedy: "Name signals, notes (entries of the timeline) and exhibits of this case alone.",
  });
}

/** What a person does to a draft. `seen`: the revision that he saw; `byTag`: it came by If-Match. */
export type Handled = {
  readonly incidentId: IncidentId;
  readonly draftId: string;
  readonly seen: number;
  readonly byTag: boolean;
};

/** Keeps a person's version of the text after all others. */
export async function editDraft(
  deps: DraftDeps,
  request: FastifyRequest,
  { text: given, ...of }: Handled & { readonly text: string },
): Promise<void> {
  const by = actorOf(request).token;
  await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx) => {
      const { draft, last, text: before } = await openDraft(deps, tx, of);
      const text = keptForm(given);
      if (text === before.last) throw problem(422, "draft_nothing_changed", "the draft reads like this already");
      if (draft.revision >= revisionsMax) {
        throw problem(409, "draft_revisions_full", `a draft keeps at most ${revisionsMax} edits`, {
          remedy: "Accept or refuse it; write a note of your own.",
        });
      }
      const kept = await keepRevision(deps, tx, { draft, text, by, atMs: deps.clock(), last });
      await countRevision(tx, draft.id, kept.number);
      await record(deps, tx, { kind: "draft.edited", because: "a person edited a draft", of: draft, kept, body: {} });
    });
  deps.changed(of.incidentId);
}

/** Makes the last revision text of the case, in the name of the person who accepts it. */
export async function acceptDraft(
  deps: DraftDeps,
  request: FastifyRequest,
  { keptBecause, ...of }: Handled & { readonly keptBecause: string | undefined },
): Promise<void> {
  const actor = actorOf(request).token;
  const nowMs = deps.clock();
  const changes = await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx): Promise<readonly IncidentChange[]> => {
      const { draft, last, text, editedBy } = await openDraft(deps, tx, of);
      const { place } = draft;
      const checked = deps.texts.checkText(text.last, { pointer: "/keptBecause", keptBecause });
      const { changes: edits } = diffWords(text.first, text.last);
      await settleDraft(tx, draft.id, { state: "accepted", by: actor, atMs: nowMs, changes: edits, editedBy });
      const body = { place, changes: edits, editedBy };
      const because = "a person accepted a draft";
      await record(deps, tx, {
        kind: "draft.accepted",
        because,
        of: draft,
        kept: last,
        body,
        by: { actor, atMs: nowMs },
      });
      const written = { id: of.incidentId, actor, nowMs, version: null };
      const done = await command(tx, deps, {
        ...written,
        command:
          place === "note"
            ? { kind: "note", text: text.last, covers: null, draftId: draft.id }
            : { kind: "edit", fields: { summary: text.last }, because: null, draftId: draft.id },
      });
      if (!done.ok) throw refusalOf(done.error, 409);
      if (done.value.changes.length > 0) await deps.onChanges(tx, done.value.changes);
      await deps.texts.keepText(tx, { incidentId: of.incidentId, nowMs, actor, place, checked });
      return done.value.changes;
    });
  publish(deps, changes);
}

/** Puts a draft away for good, with the reason. */
export async function refuseDraft(
  deps: DraftDeps,
  request: FastifyRequest,
  { because: given, ...of }: Handled & { readonly because: string },
): Promise<void> {
  const actor = actorOf(request).token;
  const atMs = deps.clock();
  await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx) => {
      const draft = await waitingDraft(tx, of);
      const last = (await revisionsOf(tx, [draft.id], "first_and_last")).at(-1);
      if (last === undefined) throw new Error(`draft ${draft.id} has no text`);
      const because = await deps.fields.seal(tx, incidentSubject(of.incidentId), given.trim());
      await settleDraft(tx, draft.id, { state: "refused", by: actor, atMs, because });
      await record(deps, tx, { kind: "draft.refused", because, of: draft, kept: last, body: {}, by: { actor, atMs } });
    });
  deps.changed(of.incidentId);
}

export function unknownDraft() {
  return problem(404, "draft_unknown", "there is no such draft of this case", {
    remedy: "GET the drafts of the case.",
  });
}

/** The draft, locked, that waits for a person and is as he saw it. */
async function waitingDraft(tx: Tx, { incidentId, draftId, seen, byTag }: Handled): Promise<Draft> {
  const draft = await lockDraft(tx, { id: draftId, incidentId });
  if (draft === null) throw unknownDraft();
  if (draft.state !== "offered") {
    throw problem(409, "draft_settled", `this draft was ${draft.state} before`, {
      remedy: "Write a note, or correct the summary, in your own name.",
    });
  }
  if (draft.revision !== seen) {
    const says = `it was edited meanwhile: its revision is ${draft.revision}`;
    throw problem(byTag ? 412 : 409, "draft_revision_changed", says, {
      ...(byTag ? {} : { pointer: "/revision" }),
      remedy: "Read it again, look at what changed, and repeat with its revision.",
    });
  }
  return draft;
}

async function openDraft(deps: DraftDeps, tx: Tx, of: Handled) {
  const draft = await waitingDraft(tx, of);
  const revisions = await revisionsOf(tx, [draft.id], "first_and_last");
  const [head, last] = [revisions.at(0), revisions.at(-1)];
  if (head === undefined || last === undefined) throw new Error(`draft ${draft.id} has no text`);
  const [first = null, final = null] = await deps.fields.openMany(tx, [head.text, last.text]);
  if (first === null || final === null) {
    throw problem(410, "draft_text_erased", "what this draft said was destroyed with the texts of its case");
  }
  const editedBy = [...new Set(revisions.slice(1).map(({ by }) => by))];
  return { draft, last, editedBy, text: { first, last: final } };
}

type Kept = {
  readonly draft: NewDraft | Draft;
  readonly text: string;
  readonly by: string;
  readonly atMs: number;
  readonly last: Revision | null; // null: it is the program's
};

async function keepRevision(deps: DraftDeps, tx: Tx, { draft, text, by, atMs, last }: Kept): Promise<Revision> {
  const salt = deps.chance.bytes(saltBytes);
  const subject = incidentSubject(draft.incidentId);
  const [sealedText = "", sealedSalt = ""] = await deps.fields.sealMany(tx, [
    { subject, text },
    { subject, text: toHex(salt) },
  ]);
  const at = new Date(atMs);
  const textSha256 = saidDigest(nodeSha256, text, salt);
  const link: DraftLink = { number: (last?.number ?? -1) + 1, by, at: at.toISOString(), textSha256 };
  const before = last?.chainSha256 ?? originOf(draft);
  const chainSha256 = draftChain(nodeSha256, { draftId: draft.id, link, before });
  const kept: Revision = { draftId: draft.id, ...link, at, text: sealedText, salt: sealedSalt, chainSha256 };
  await insertRevision(tx, kept);
  return kept;
}

type Recorded = {
  readonly kind: "draft.offered" | "draft.edited" | "draft.accepted" | "draft.refused";
  readonly because: string;
  readonly of: Pick<Draft, "id" | "incidentId">;
  readonly kept: Revision;
  readonly body: Parameters<typeof appendAudit>[1][number]["body"];
  readonly by?: { readonly actor: string; readonly atMs: number }; // absent: whoever wrote the revision, then
};

/** The record holds digests of what the program wrote and what people made of it, and not a word. */
async function record(deps: DraftDeps, tx: DbOrTx & Tx, recorded: Recorded): Promise<void> {
  const { kind, because, of, kept, body } = recorded;
  const { actor, atMs } = recorded.by ?? { actor: kept.by, atMs: kept.at.getTime() };
  const { number: revision, textSha256, chainSha256 } = kept;
  const entry = {
    kind,
    actor,
    subject: { kind: "incident", id: of.incidentId },
    because,
    atMs,
    body: { [draftIdField]: of.id, revision, textSha256, chainSha256, ...body },
  };
  await appendAudit(tx, [entry], deps.chance);
}
