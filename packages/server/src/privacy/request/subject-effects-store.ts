import { sql } from "kysely";
import { erasedText } from "../../platform/keys/field-vault.ts";
import { ok, refused, type Result } from "@tillwatch/wire";
import type { DbOrTx, Tx } from "../../schema.ts";
import type { Identifier } from "../text/identifiers.ts";
import {
  forgetPerson,
  personFacts,
  removeIdentifiers,
  saveIdentifiers,
  savePerson,
  type PrivacyTools,
} from "../person/known-person-store.ts";
import { holdsOn, saveMark } from "../person/person-mark-store.ts";
import type { SubjectFound } from "./subject-find-read.ts";
import type { RequestRefusal, SubjectRequest } from "./subject-request.ts";
import { endWatchEntry, lockEntriesAbout } from "../watch/watch-store.ts";

export type Effect = {
  readonly done: readonly string[];
  readonly withheld: readonly { readonly what: string; readonly because: string }[];
  readonly token: string | null;
};

export type Applied = {
  readonly request: SubjectRequest;
  readonly organisationId: string;
  readonly found: SubjectFound;
  readonly identifiers: readonly Identifier[];
  readonly correction: readonly Identifier[];
  readonly because: string;
  readonly nowMs: number;
  readonly actor: string;
};

/** Does what a request of its kind asks for, in the transaction of its answer. What cannot be done is a refusal with its reason. */
export async function applyRequest(
  tx: Tx,
  asked: Applied,
  tools: PrivacyTools,
): Promise<Result<Effect, RequestRefusal>> {
  switch (asked.request.kind) {
    case "access":
      return ok({ done: ["A copy of what is kept about you is in this package."], withheld: [], token: null });
    case "erasure":
      return erase(tx, asked, tools);
    case "rectification":
      return rectify(tx, asked, tools);
    case "restriction":
    case "objection":
      return mark(tx, asked, tools);
    default:
      return refused({ code: "subject_unknown_here", says: "this kind of request is not known" });
  }
}

async function erase(tx: Tx, asked: Applied, tools: PrivacyTools): Promise<Result<Effect, RequestRefusal>> {
  const { found, organisationId, request } = asked;
  const cases = found.incidentIds.map((id) => `incident:${id}`);
  const holds = await holdsOn(tx, organisationId, [...found.tokens, ...found.vaultSubjects, ...cases]);
  if (holds.length > 0) {
    const kept = await tools.vault.openKept(
      tx,
      holds.map(({ ground }) => ground),
    );
    const grounds = [...new Set(kept.map((ground) => ground ?? erasedText))].join(", ");
    return refused({
      code: "subject_on_hold",
      says: `a legal hold stands against it (GDPR art. 17(3)(e)): ${grounds}`,
    });
  }
  const withheld: { what: string; because: string }[] = [];
  const done: string[] = [];
  await endLists(tx, asked, tools);
  for (const token of found.tokens) {
    if (await isActiveAccount(tx, token)) {
      withheld.push({
        what: "your account",
        because: "it is in use for your employment (GDPR art. 17(1)(a)); it ends with it",
      });
      continue;
    }
    const purged = await tools.vault.purge(tx, token, `subject request ${request.ref}`);
    await forgetPerson(tx, token, asked.nowMs);
    if (purged) done.push(`What was kept under ${token} was erased: its key is destroyed.`);
  }
  for (const subject of found.vaultSubjects) {
    if (await tools.vault.purge(tx, subject, `subject request ${request.ref}`)) {
      done.push("Your name, plate or number in signals of devices was erased: its key is destroyed.");
    }
  }
  if (found.places.some(({ by }) => by === "text")) {
    withheld.push({
      what: "mentions in reports of other people",
      because: "needed to establish or defend legal claims (GDPR art. 17(3)(e)); redacted in every copy that leaves",
    });
  }
  withheld.push({
    what: "entries of the audit record",
    because: "they hold tokens only, which no longer lead to you; the record proves that this was done",
  });
  if (done.length === 0) done.push("Nothing was kept that could be erased.");
  return ok({ done: [...new Set(done)], withheld, token: null });
}

async function rectify(tx: Tx, asked: Applied, tools: PrivacyTools): Promise<Result<Effect, RequestRefusal>> {
  const { correction, found, request, organisationId, nowMs } = asked;
  if (correction.length === 0) {
    return refused({
      code: "subject_correction_missing",
      says: "the correction says nothing: give the right identifiers",
    });
  }
  const tokens = await knownTokens(tx, asked);
  if (tokens.length === 0)
    return refused({ code: "subject_unknown_here", says: "nobody is known here by these identifiers" });
  for (const token of tokens) {
    for (const kind of new Set(correction.map((one) => one.kind))) await removeIdentifiers(tx, token, kind);
    await saveIdentifiers(
      tx,
      { token, organisationId, identifiers: correction, country: request.country, nowMs },
      tools,
    );
  }
  const kinds = [...new Set(correction.map(({ kind }) => kind.replace("_", " ")))].join(", ");
  const withheld = found.places.some(({ by }) => by === "text")
    ? [{ what: "texts of reports", because: "they are statements of others; your correction stands beside them" }]
    : [];
  return ok({ done: [`Corrected: ${kinds}.`], withheld, token: null });
}

/** The mark holds from the commit on; somebody of whom nothing is kept becomes known, because otherwise the mark could not be honoured. */
async function mark(tx: Tx, asked: Applied, tools: PrivacyTools): Promise<Result<Effect, RequestRefusal>> {
  const { request, organisationId, nowMs, actor } = asked;
  const kind = request.kind === "objection" ? "objection" : "restriction";
  let tokens = asked.found.tokens;
  let made: string | null = null;
  if (tokens.length === 0) {
    const identifiers = asked.identifiers;
    made = await savePerson(
      tx,
      {
        organisationId,
        kind: request.subjectKind,
        source: `request ${request.ref}`,
        identifiers,
        country: request.country,
        nowMs,
        actor,
      },
      tools,
    );
    tokens = [made];
  }
  for (const token of tokens) {
    await saveMark(tx, { ...asked, token, kind, requestId: request.id }, tools);
  }
  const ended = await endLists(tx, { ...asked, found: { ...asked.found, tokens } }, tools);
  const done = [
    kind === "objection"
      ? "Your data is no longer used for figures, lists or exports, and is shown with the mark of your objection."
      : "Your data is kept but no longer used, and is shown with the mark of the restriction.",
    ...(ended > 0 ? ["You were taken off a list; its content about you is deleted."] : []),
  ];
  return ok({ done, withheld: [], token: made });
}

async function endLists(tx: Tx, asked: Applied, tools: PrivacyTools): Promise<number> {
  const entries = await lockEntriesAbout(tx, asked.found.tokens);
  for (const row of entries) {
    const because = `subject request ${asked.request.ref}`;
    await endWatchEntry(tx, { row, end: "ended", because, nowMs: asked.nowMs, actor: asked.actor }, tools);
  }
  return entries.length;
}

async function knownTokens(tx: Tx, { found, organisationId }: Applied): Promise<readonly string[]> {
  const tokens: string[] = [];
  for (const token of found.tokens) if ((await personFacts(tx, organisationId, token)) !== null) tokens.push(token);
  return tokens;
}

async function isActiveAccount(db: DbOrTx, token: string): Promise<boolean> {
  const { rows } = await sql<{ state: string }>`select state from account where token = ${token}`.execute(db);
  return rows[0] !== undefined && rows[0].state !== "ended";
}
