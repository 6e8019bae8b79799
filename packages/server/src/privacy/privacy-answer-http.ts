import { Type } from "typebox";
import type { FastifyRequest } from "fastify";
import type { ActionName } from "../access/actions.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { organisationDb } from "../access/callers-db.ts";
import { problem, type HttpProblem } from "../api/problem.ts";
import { appendAudit, type AuditRecord } from "../audit/audit-append.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db, Tx } from "../schema.ts";
import { identifierKinds } from "./text/identifiers.ts";
import type { PrivacyTools } from "./person/known-person-store.ts";
import type { PrivacyPolicy } from "./site/privacy-policy-file.ts";

/** What the routes of this folder are given. */
export type PrivacyHttpDeps = PrivacyTools & {
  readonly db: Db;
  readonly clock: Clock;
  readonly policy: PrivacyPolicy;
};

/** What a route of this folder asks of policy: about the asker's own organisation. */
export const needs = (action: ActionName) => ({ access: { action, on: "organisation" } }) as const;

export const closed = { additionalProperties: false };
export const instant = Type.String({ format: "date-time" });
export const idParams = Type.Object({ id: Type.String({ maxLength: 64 }) });
export const because = Type.String({ minLength: 10, maxLength: 2000, pattern: "\\S" });
export const optionalVersion = Type.Optional(Type.Integer({ minimum: 1 }));
export const personToken = Type.String({ minLength: 3, maxLength: 200, pattern: "^\\S+$" });
export const countryCode = Type.String({ pattern: "^[A-Z]{2}(-[A-Z0-9]{1,3})?$" });
export const identifiers = Type.Array(
  Type.Object({ kind: Type.Enum([...identifierKinds]), value: Type.String({ minLength: 2, maxLength: 300 }) }, closed),
  { maxItems: 20 },
);

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** An id of the path; what cannot be one gets the answer of one that is not there. */
export function idOf(raw: string, unknown: () => HttpProblem): string {
  if (!uuid.test(raw)) throw unknown();
  return raw.toLowerCase();
}

export type Work = { readonly tx: Tx; readonly nowMs: number; readonly actor: string; readonly organisationId: string };

/** Runs in one transaction as whoever asks, who sees and writes what is of his organisation and within his reach. */
export async function asActor<T>(
  deps: PrivacyHttpDeps,
  request: FastifyRequest,
  work: (at: Work) => Promise<T>,
): Promise<T> {
  const { token, organisationId } = actorOf(request);
  const nowMs = deps.clock();
  return organisationDb(deps.db, request)
    .transaction()
    .execute((tx) => work({ tx, nowMs, actor: token, organisationId }));
}

type Entry = Omit<AuditRecord, "actor" | "atMs">;

export async function record(deps: PrivacyTools, at: Work, entry: Entry): Promise<string> {
  const [id = ""] = await appendAudit(
    at.tx,
    [{ ...entry, actor: at.actor, atMs: at.nowMs, organisationId: at.organisationId }],
    deps.chance,
  );
  return id;
}

/** A refusal of the domain as an answer. What a caller may repeat after a change is 409, what needs other content is 422. */
export function refusalProblem(refusal: { readonly code: string; readonly says: string }): HttpProblem {
  const conflicts = /_(closed|changed|not_waiting|not_running|on_hold|already|same_person|unchecked)$/;
  return problem(conflicts.test(refusal.code) ? 409 : 422, refusal.code, refusal.says);
}
