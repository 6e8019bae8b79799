import { problem } from "../../api/problem.ts";
import type { Signer } from "@tillwatch/evidence";
import type { IncidentRecord } from "@tillwatch/wire";
import type { DbOrTx } from "../../schema.ts";
import { idOf, refusalProblem, type PrivacyHttpDeps, type Work } from "../privacy-answer-http.ts";
import { findSubject, type SubjectFound } from "./subject-find-read.ts";
import { daysLeft, isOverdue, stillOpen } from "./subject-request.ts";
import { lockRequest, openAsked, requestById, type Asked, type StoredRequest } from "./subject-request-store.ts";

export type SubjectHttpDeps = PrivacyHttpDeps & {
  readonly signer: Signer;
  /** The whole record of an incident with the text of people opened; null: there is none. */
  readonly plainRecord: (db: DbOrTx, incidentId: string) => Promise<IncidentRecord | null>;
};

export const requestsPath = "/api/v1/subject-requests";

export function unknownRequest() {
  return problem(404, "subject_request_unknown", "there is no such request", {
    remedy: `GET ${requestsPath} lists them.`,
  });
}

/** What a list shows: no name, no text. */
export function viewOf(request: StoredRequest, nowMs: number) {
  const { askedSealed: _asked, answerSealed: _answer, receivedAtMs, dueAtMs: due, extendedAtMs, ...shown } = request;
  return {
    ...shown,
    receivedAt: new Date(receivedAtMs).toISOString(),
    dueAt: new Date(due).toISOString(),
    extendedAt: extendedAtMs === null ? null : new Date(extendedAtMs).toISOString(),
    overdue: isOverdue(request, nowMs),
    daysLeft: request.state === "open" ? daysLeft(due, nowMs) : null,
  };
}

/** The request, locked and still open. Throws the problem otherwise. */
export async function openRequest(at: Work, raw: string, version: number | undefined): Promise<StoredRequest> {
  const found = await lockRequest(at.tx, at.organisationId, idOf(raw, unknownRequest));
  if (found === null) throw unknownRequest();
  const checked = stillOpen(found, version ?? null);
  if (!checked.ok) throw refusalProblem(checked.error);
  return found;
}

/** What is asked for, and where something about the subject is. */
export async function searched(
  deps: SubjectHttpDeps,
  at: Work,
  request: StoredRequest,
): Promise<{ asked: Asked; found: SubjectFound }> {
  const asked = (await openAsked(at.tx, request, deps.vault)) ?? { identifiers: [], wording: "" };
  const tokens = request.subjectToken === null ? [] : [request.subjectToken];
  const wanted = {
    organisationId: at.organisationId,
    identifiers: asked.identifiers,
    tokens,
    country: request.country,
  };
  return { asked, found: await findSubject(at.tx, wanted, deps.vault) };
}

/** The request as it is now. */
export async function viewNow(at: Work, id: string) {
  const found = await requestById(at.tx, at.organisationId, id);
  if (found === null) throw new Error("a row that is locked cannot vanish");
  return viewOf(found, at.nowMs);
}
