import { sql } from "kysely";
import type { FieldVault } from "../../platform/keys/field-vault.ts";
import { sealInto } from "../../platform/keys/vault-mark.ts";
import type { DbOrTx, Tx } from "../../schema.ts";
import type { Identifier } from "../text/identifiers.ts";
import type { PrivacyTools } from "../person/known-person-store.ts";
import type { RequestClock } from "./request-clock.ts";
import type { RequestKind, RequestState, SubjectKind, SubjectRequest } from "./subject-request.ts";

/** What the subject wrote and is called: the only personal part of a request. */
export type Asked = { readonly identifiers: readonly Identifier[]; readonly wording: string };

/** Whose key seals what a request says. */
export function requestSubject(id: string): string {
  return `subject-request:${id}`;
}

export type NewRequest = {
  readonly organisationId: string;
  readonly kind: RequestKind;
  readonly subjectKind: SubjectKind;
  readonly subjectToken: string | null;
  readonly asked: Asked;
  readonly country: string;
  readonly clock: RequestClock;
  readonly receivedAtMs: number;
  readonly dueAtMs: number;
  readonly nowMs: number;
  readonly actor: string;
};

export async function insertRequest(
  tx: Tx,
  request: NewRequest,
  tools: PrivacyTools,
): Promise<{ id: string; ref: string }> {
  const id = tools.chance.uuid();
  const ref = await takeReference(tx, request.organisationId, new Date(request.nowMs).getUTCFullYear());
  const asked = await tools.vault.seal(tx, requestSubject(id), JSON.stringify(request.asked));
  await sql`
    insert into subject_request (id, ref, organisation_id, kind, subject_kind, subject_token, asked, country, clock, received_at,
      due_at, identity, state, created_by)
    values (${id}::uuid, ${ref}, ${request.organisationId}, ${request.kind}, ${request.subjectKind}, ${request.subjectToken},
      ${asked}, ${request.country}, ${JSON.stringify(request.clock)}, ${new Date(request.receivedAtMs)}::timestamptz,
      ${new Date(request.dueAtMs)}::timestamptz, 'unchecked', 'open', ${request.actor})
  `.execute(tx);
  return { id, ref };
}

async function takeReference(tx: Tx, organisationId: string, year: number): Promise<string> {
  const { rows } = await sql<{ last: number }>`
    insert into subject_request_reference (organisation_id, year, last) values (${organisationId}, ${year}, 1)
    on conflict (organisation_id, year) do update set last = subject_request_reference.last + 1 returning last
  `.execute(tx);
  const place = String(rows[0]?.last ?? 0).padStart(6, "0");
  return organisationId === "home" ? `SR-${year}-${place}` : `SR-${organisationId.toUpperCase()}-${year}-${place}`;
}

type Row = {
  readonly id: string;
  readonly ref: string;
  readonly kind: RequestKind;
  readonly subject_kind: SubjectKind;
  readonly subject_token: string | null;
  readonly asked: string;
  readonly country: string;
  readonly clock: string;
  readonly received_at: Date;
  readonly due_at: Date;
  readonly extended_at: Date | null;
  readonly identity: SubjectRequest["identity"];
  readonly identity_how: string | null;
  readonly identity_by: string | null;
  readonly identity_at: Date | null;
  readonly state: RequestState;
  readonly answer: string | null;
  readonly answer_sha256: string | null;
  readonly answer_audit_id: string | null;
  readonly created_by: string;
  readonly closed_at: Date | null;
  readonly closed_by: string | null;
  readonly version: number;
};

const columns =
  sql.raw(`id, ref, kind, subject_kind, subject_token, asked, country, clock, received_at, due_at, extended_at, identity,
  identity_how, identity_by, identity_at, state, answer, answer_sha256, answer_audit_id, created_by, closed_at, closed_by, version`);

export type StoredRequest = SubjectRequest & {
  readonly askedSealed: string;
  readonly answerSealed: string | null;
  readonly answerSha256: string | null;
  readonly answerAuditId: string | null;
  readonly identityCheck: { readonly how: string; readonly by: string; readonly at: string } | null;
  readonly createdBy: string;
  readonly closedAt: string | null;
  readonly closedBy: string | null;
};

function fromRow(row: Row): StoredRequest {
  return {
    id: row.id,
    ref: row.ref,
    kind: row.kind,
    subjectKind: row.subject_kind,
    subjectToken: row.subject_token,
    country: row.country,
    clock: JSON.parse(row.clock) as RequestClock,
    receivedAtMs: row.received_at.getTime(),
    dueAtMs: row.due_at.getTime(),
    extendedAtMs: row.extended_at?.getTime() ?? null,
    identity: row.identity,
    identityCheck:
      row.identity_at === null
        ? null
        : { how: row.identity_how ?? "", by: row.identity_by ?? "", at: row.identity_at.toISOString() },
    state: row.state,
    version: row.version,
    askedSealed: row.asked,
    answerSealed: row.answer,
    answerSha256: row.answer_sha256,
    answerAuditId: row.answer_audit_id,
    createdBy: row.created_by,
    closedAt: row.closed_at?.toISOString() ?? null,
    closedBy: row.closed_by,
  };
}

/** Those that wait first, by their end; then the latest of the others. Uses subject_request_by_due. */
export async function listRequests(
  db: DbOrTx,
  organisationId: string,
  state: RequestState | null,
): Promise<readonly StoredRequest[]> {
  const of = state === null ? sql`true` : sql`state = ${state}`;
  const { rows } = await sql<Row>`
    select ${columns} from subject_request where organisation_id = ${organisationId} and ${of}
    order by (state = 'open') desc, case when state = 'open' then due_at end, received_at desc, id limit 500
  `.execute(db);
  return rows.map(fromRow);
}

export async function requestById(db: DbOrTx, organisationId: string, id: string): Promise<StoredRequest | null> {
  const { rows } = await sql<Row>`
    select ${columns} from subject_request where id = ${id}::uuid and organisation_id = ${organisationId}
  `.execute(db);
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

/** As `requestById`, locked until the commit. */
export async function lockRequest(tx: Tx, organisationId: string, id: string): Promise<StoredRequest | null> {
  const { rows } = await sql<Row>`
    select ${columns} from subject_request where id = ${id}::uuid and organisation_id = ${organisationId} for update
  `.execute(tx);
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

/** What was asked, opened; null: the request itself was erased. */
export async function openAsked(db: DbOrTx, request: StoredRequest, vault: FieldVault): Promise<Asked | null> {
  const text = await vault.open(db, request.askedSealed);
  return text === null ? null : (JSON.parse(text) as Asked);
}

export type RequestChange = {
  readonly id: string;
  readonly subjectToken?: string | null;
  readonly dueAtMs?: number;
  readonly extendedAtMs?: number;
  readonly extendedBecause?: string; // sealed
  readonly identity?: {
    readonly outcome: "confirmed" | "failed";
    readonly how: string;
    readonly by: string;
    readonly atMs: number;
  };
  readonly closed?: {
    readonly state: Exclude<RequestState, "open">;
    readonly because: string | null; // sealed
    readonly by: string;
    readonly atMs: number;
    readonly answer: string | null; // sealed
    readonly answerSha256: string | null;
    readonly auditId: string | null;
  };
};

export async function changeRequest(tx: Tx, change: RequestChange): Promise<void> {
  const { identity, closed } = change;
  const how = identity === undefined ? null : await sealInto(tx, requestSubject(change.id), identity.how);
  const instant = (ms: number | undefined) => (ms === undefined ? null : new Date(ms));
  await sql`
    update subject_request set version = version + 1,
      subject_token = coalesce(${change.subjectToken ?? null}, subject_token),
      due_at = coalesce(${instant(change.dueAtMs)}::timestamptz, due_at),
      extended_at = coalesce(${instant(change.extendedAtMs)}::timestamptz, extended_at),
      extended_because = coalesce(${change.extendedBecause ?? null}, extended_because),
      identity = coalesce(${identity?.outcome ?? null}, identity), identity_how = coalesce(${how}, identity_how),
      identity_by = coalesce(${identity?.by ?? null}, identity_by), identity_at = coalesce(${instant(identity?.atMs)}::timestamptz, identity_at),
      state = coalesce(${closed?.state ?? null}, state), because = coalesce(${closed?.because ?? null}, because),
      answer = coalesce(${closed?.answer ?? null}, answer), answer_sha256 = coalesce(${closed?.answerSha256 ?? null}, answer_sha256),
      answer_audit_id = coalesce(${closed?.auditId ?? null}::uuid, answer_audit_id),
      closed_by = coalesce(${closed?.by ?? null}, closed_by), closed_at = coalesce(${instant(closed?.atMs)}::timestamptz, closed_at)
    where id = ${change.id}::uuid
  `.execute(tx);
}

export type RequestStep = { readonly at: string; readonly actor: string; readonly kind: string; readonly says: string };

/** One line of what was done; `says` is sealed with the request. */
export async function addStep(
  tx: Tx,
  step: {
    readonly requestId: string;
    readonly nowMs: number;
    readonly actor: string;
    readonly kind: string;
    readonly says: string;
  },
  tools: PrivacyTools,
): Promise<void> {
  const says = await tools.vault.seal(tx, requestSubject(step.requestId), step.says);
  await sql`
    insert into subject_request_step (id, request_id, at, actor, kind, says)
    values (${tools.chance.uuid()}::uuid, ${step.requestId}::uuid, ${new Date(step.nowMs)}::timestamptz, ${step.actor}, ${step.kind}, ${says})
  `.execute(tx);
}

export async function stepsOf(db: DbOrTx, requestId: string, vault: FieldVault): Promise<readonly RequestStep[]> {
  const { rows } = await sql<Omit<RequestStep, "at"> & { at: Date }>`
    select at, actor, kind, says from subject_request_step where request_id = ${requestId}::uuid order by recorded limit 1000
  `.execute(db);
  const says = await vault.openMany(
    db,
    rows.map((row) => row.says),
  );
  return rows.map((row, index) => ({ ...row, at: row.at.toISOString(), says: says[index] ?? "(erased)" }));
}
