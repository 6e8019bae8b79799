import { sql } from "kysely";
import type { AccessGrant, AccessGrantState } from "@tillwatch/wire";
import type { FieldVault } from "../../platform/keys/field-vault.ts";
import type { Db, DbOrTx, Tx } from "../../schema.ts";

type Row = {
  id: string;
  kind: AccessGrant["kind"];
  organisation_id: string;
  actor: string;
  incident_id: string | null;
  site_id: string | null;
  purpose: string | null;
  ground: string | null;
  because: string;
  asked_at: Date;
  hours: number;
  state: AccessGrantState;
  decided_by: string | null;
  ends_at: Date | null;
  review_by: Date | null;
  reviewed_by: string | null;
  review: AccessGrant["review"];
  review_because: string | null;
  ref?: string | null; // of a list for those who see all
};

const columns =
  sql.raw(`id, kind, organisation_id, actor, incident_id, site_id, purpose, ground, because, asked_at, hours,
  state, decided_by, ends_at, review_by, reviewed_by, review, review_because`);

export type NewGrant = {
  readonly id: string;
  readonly kind: AccessGrant["kind"];
  readonly organisationId: string;
  readonly actor: string;
  readonly incidentId: string | null;
  readonly siteId: string | null;
  readonly purpose: string | null;
  readonly ground: string | null;
  readonly because: string;
  readonly askedAtMs: number;
  readonly hours: number;
  readonly endsAtMs: number | null; // of break-glass, which begins at once
  readonly reviewByMs: number | null;
};

export async function insertGrant(tx: Tx, fields: FieldVault, grant: NewGrant): Promise<void> {
  const { id, kind, organisationId, actor, incidentId, siteId, purpose, ground, askedAtMs, hours } = grant;
  const because = await fields.seal(tx, `grant:${id}`, grant.because);
  const state = kind === "break_glass" ? "active" : "requested";
  await sql`
    insert into access_grant (id, kind, organisation_id, actor, incident_id, site_id, purpose, ground, because, asked_at, hours,
      state, ends_at, review_by)
    values (${id}, ${kind}, ${organisationId}, ${actor}, ${incidentId}, ${siteId}, ${purpose}, ${ground}, ${because},
      ${at(askedAtMs)}::timestamptz, ${hours}, ${state}, ${at(grant.endsAtMs)}::timestamptz, ${at(grant.reviewByMs)}::timestamptz)
  `.execute(tx);
}

export type GrantPlace = Pick<NewGrant, "organisationId" | "actor" | "incidentId" | "siteId"> & {
  readonly placeSiteId: string | null; // of the place, be it a site or a case; null: there is no such case
  readonly kind: AccessGrant["kind"];
  readonly state: AccessGrantState;
  readonly hours: number;
  readonly reviewed: boolean;
};

/** A grant as decisions need it; with a transaction, locked. null: there is none. */
export async function grantById(db: DbOrTx, id: string, lock = false): Promise<GrantPlace | null> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return null;
  const locking = lock ? sql`for update` : sql``;
  const { rows } = await sql<Row & { place_site_id: string | null }>`
    select ${columns}, coalesce(site_id, site_of_incident(incident_id)) as place_site_id
    from access_grant where id = ${id} ${locking}`.execute(db);
  const row = rows[0];
  if (row === undefined) return null;
  const { organisation_id: organisationId, actor, incident_id: incidentId, site_id: siteId, kind, state, hours } = row;
  const place = { organisationId, actor, incidentId, siteId, placeSiteId: row.place_site_id };
  return { ...place, kind, state, hours, reviewed: row.reviewed_by !== null };
}

/**
 * The latest grants of an organisation, or of one person in it; reasons opened. To that person a case has its reference while it is open:
 * before, whoever asks about an id would learn that it is one.
 */
export async function listGrants(
  db: Db,
  fields: FieldVault,
  of: { readonly organisationId: string; readonly actor: string | null; readonly nowMs: number },
): Promise<readonly AccessGrant[]> {
  const { rows } = await sql<Row>`
    select ${columns}, case when ${of.actor}::text is null
      or (state = 'active' and ends_at > ${new Date(of.nowMs).toISOString()}::timestamptz) then (
      select i.ref from incident i where i.id = access_grant.incident_id and i.organisation_id = access_grant.organisation_id) end as ref
    from access_grant
    where organisation_id = ${of.organisationId} and (${of.actor}::text is null or actor = ${of.actor})
    order by asked_at desc, id desc limit 200`.execute(db);
  const said = rows.flatMap((row) => [row.because, ...(row.review_because === null ? [] : [row.review_because])]);
  const opened = await fields.openMany(db, said);
  const textOf = new Map(said.map((sealed, index) => [sealed, opened[index] ?? null]));
  return rows.map((row) => viewOf(row, textOf, of.nowMs));
}

function viewOf(row: Row, textOf: ReadonlyMap<string, string | null>, nowMs: number): AccessGrant {
  const ended = row.state === "active" && row.ends_at !== null && row.ends_at.getTime() <= nowMs;
  return {
    id: row.id,
    kind: row.kind,
    actor: row.actor,
    incidentId: row.incident_id,
    ref: row.ref ?? null,
    siteId: row.site_id,
    purpose: row.purpose,
    ground: row.ground,
    because: textOf.get(row.because) ?? null,
    askedAt: row.asked_at.toISOString(),
    hours: row.hours,
    state: ended ? "ended" : row.state,
    decidedBy: row.decided_by,
    endsAt: row.ends_at?.toISOString() ?? null,
    reviewBy: row.review_by?.toISOString() ?? null,
    reviewedBy: row.reviewed_by,
    review: row.review,
    reviewBecause: textOf.get(row.review_because ?? "") ?? null,
    overdue: row.review_by !== null && row.reviewed_by === null && row.review_by.getTime() <= nowMs,
  };
}

export async function decideGrant(
  tx: Tx,
  id: string,
  decided: {
    readonly state: "active" | "refused" | "ended";
    readonly by: string;
    readonly atMs: number;
    readonly endsAtMs: number | null;
  },
): Promise<void> {
  await sql`
    update access_grant set state = ${decided.state}, decided_by = ${decided.by}, decided_at = ${at(decided.atMs)}::timestamptz,
      ends_at = coalesce(${at(decided.endsAtMs)}::timestamptz, ends_at)
    where id = ${id}`.execute(tx);
}

export async function reviewGrant(
  tx: Tx,
  id: string,
  reviewed: {
    readonly review: "justified" | "not_justified";
    readonly by: string;
    readonly because: string; // sealed
    readonly atMs: number;
  },
): Promise<void> {
  await sql`
    update access_grant set review = ${reviewed.review}, reviewed_by = ${reviewed.by}, review_because = ${reviewed.because},
      reviewed_at = ${at(reviewed.atMs)}::timestamptz
    where id = ${id}`.execute(tx);
}

export type SweptGrant = {
  readonly id: string;
  readonly organisationId: string;
  readonly actor: string;
  readonly kind: AccessGrant["kind"];
};

type Swept = { id: string; organisation_id: string; actor: string; kind: AccessGrant["kind"] };
const toSwept = ({ id, organisation_id, actor, kind }: Swept): SweptGrant => ({
  id,
  organisationId: organisation_id,
  actor,
  kind,
});

/** Ends what is over. */
export async function endGrants(tx: Tx, nowMs: number): Promise<readonly SweptGrant[]> {
  const { rows } = await sql<Swept>`
    update access_grant set state = 'ended' where state = 'active' and ends_at <= ${at(nowMs)}::timestamptz
    returning id, organisation_id, actor, kind`.execute(tx);
  return rows.map(toSwept);
}

/** Emergencies that should have been reviewed by now and nobody was told of: each is answered once. */
export async function overdueReviews(tx: Tx, nowMs: number): Promise<readonly SweptGrant[]> {
  const { rows } = await sql<Swept>`
    update access_grant set overdue_told_at = ${at(nowMs)}::timestamptz
    where kind = 'break_glass' and reviewed_at is null and overdue_told_at is null and review_by <= ${at(nowMs)}::timestamptz
    returning id, organisation_id, actor, kind`.execute(tx);
  return rows.map(toSwept);
}

function at(ms: number): string;
function at(ms: number | null): string | null;
function at(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
