import { sql } from "kysely";
import type { PersonMarkView } from "@tillwatch/wire";
import type { DbOrTx, Tx } from "../../schema.ts";
import type { PrivacyTools } from "./known-person-store.ts";

export type MarkKind = "objection" | "restriction";

export type PersonMark = {
  readonly id: string;
  readonly token: string;
  readonly kind: MarkKind;
  readonly at: string;
  readonly actor: string;
  readonly requestId: string | null;
};

type Decided = {
  readonly organisationId: string;
  readonly because: string;
  readonly nowMs: number;
  readonly actor: string;
};

/** From now on lists, exports and figures leave the token out. The reason is sealed under the token. */
export async function saveMark(
  tx: Tx,
  mark: Decided & { readonly token: string; readonly kind: MarkKind; readonly requestId: string | null },
  tools: PrivacyTools,
): Promise<string> {
  const id = tools.chance.uuid();
  const because = await tools.vault.seal(tx, mark.token, mark.because);
  await sql`
    insert into person_mark (id, organisation_id, token, kind, request_id, because, at, actor)
    values (${id}::uuid, ${mark.organisationId}, ${mark.token}, ${mark.kind}, ${mark.requestId}::uuid, ${because},
      ${new Date(mark.nowMs)}::timestamptz, ${mark.actor})
  `.execute(tx);
  return id;
}

/** False: there was none that still holds. */
export async function endMark(
  tx: Tx,
  mark: { readonly organisationId: string; readonly id: string; readonly nowMs: number; readonly actor: string },
): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    update person_mark set ended_at = ${new Date(mark.nowMs)}::timestamptz, ended_by = ${mark.actor}
    where id = ${mark.id}::uuid and organisation_id = ${mark.organisationId} and ended_at is null returning id
  `.execute(tx);
  return rows.length > 0;
}

/** Marks that hold, of these tokens. Uses person_mark_by_token. */
export async function marksOf(db: DbOrTx, tokens: readonly string[]): Promise<readonly PersonMark[]> {
  if (tokens.length === 0) return [];
  type Row = { id: string; token: string; kind: MarkKind; at: Date; actor: string; request_id: string | null };
  const { rows } = await sql<Row>`
    select id, token, kind, at, actor, request_id from person_mark
    where ended_at is null and token in (select json_array_elements_text(${JSON.stringify(tokens)}::json)) order by at, id
  `.execute(db);
  return rows.map(({ request_id, at, ...row }) => ({ ...row, at: at.toISOString(), requestId: request_id }));
}

/** Marks that hold in the organisation, newest first, with the request that each came from. */
export async function marksIn(db: DbOrTx, organisationId: string): Promise<readonly PersonMarkView[]> {
  type Row = { id: string; token: string; kind: MarkKind; at: Date; actor: string; ref: string | null };
  const { rows } = await sql<Row>`
    select m.id, m.token, m.kind, m.at, m.actor, r.ref from person_mark m
    left join subject_request r on r.id = m.request_id and r.organisation_id = m.organisation_id
    where m.ended_at is null and m.organisation_id = ${organisationId} order by m.at desc, m.id limit 500
  `.execute(db);
  return rows.map(({ ref, at, ...row }) => ({ ...row, at: at.toISOString(), requestRef: ref }));
}

/** Tokens that are marked, of the whole organisation: what an export leaves out. */
export async function markedTokens(db: DbOrTx, organisationId: string): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ token: string }>`
    select distinct token from person_mark where ended_at is null and organisation_id = ${organisationId}
  `.execute(db);
  return new Set(rows.map(({ token }) => token));
}

export type LegalHold = {
  readonly id: string;
  readonly subject: string;
  readonly ground: string;
  readonly at: string;
  readonly actor: string;
};

export async function saveHold(
  tx: Tx,
  hold: Decided & { readonly subject: string; readonly ground: string },
  tools: PrivacyTools,
): Promise<string> {
  const id = tools.chance.uuid();
  const because = await tools.vault.seal(tx, `hold:${id}`, hold.because);
  const ground = await tools.vault.seal(tx, `hold:${id}`, hold.ground);
  await sql`
    insert into legal_hold (id, organisation_id, subject, ground, because, at, actor)
    values (${id}::uuid, ${hold.organisationId}, ${hold.subject}, ${ground}, ${because},
      ${new Date(hold.nowMs)}::timestamptz, ${hold.actor})
  `.execute(tx);
  return id;
}

export async function endHold(
  tx: Tx,
  hold: { readonly organisationId: string; readonly id: string; readonly nowMs: number; readonly actor: string },
): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    update legal_hold set ended_at = ${new Date(hold.nowMs)}::timestamptz, ended_by = ${hold.actor}
    where id = ${hold.id}::uuid and organisation_id = ${hold.organisationId} and ended_at is null returning id
  `.execute(tx);
  return rows.length > 0;
}

/** Holds in force; `subjects` null: of everybody in the organisation. */
export async function holdsOn(
  db: DbOrTx,
  organisationId: string,
  subjects: readonly string[] | null,
): Promise<readonly LegalHold[]> {
  const of =
    subjects === null
      ? sql`true`
      : sql`subject in (select json_array_elements_text(${JSON.stringify(subjects)}::json))`;
  const { rows } = await sql<Omit<LegalHold, "at"> & { at: Date }>`
    select id, subject, ground, at, actor from legal_hold
    where ended_at is null and organisation_id = ${organisationId} and ${of} order by at desc, id limit 1000
  `.execute(db);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
