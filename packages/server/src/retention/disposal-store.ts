import { sql } from "kysely";
import type { JsonObject } from "@tillwatch/wire";
import type { DbOrTx, Tx } from "../schema.ts";
import type { DisposalKind } from "./retention.ts";

export type DisposalState = "due" | "requested" | "confirmed" | "kept" | "done";

export type Disposal = {
  readonly id: string;
  readonly organisationId: string;
  readonly siteId: string;
  readonly incidentId: string;
  readonly ref: string;
  readonly exhibitId: string | null;
  readonly kind: DisposalKind;
  readonly basis: JsonObject;
  readonly state: DisposalState;
  readonly listedAt: Date;
  readonly requestedAt: Date | null;
  readonly requestedBy: string | null;
  readonly because: string | null;
  readonly confirmedAt: Date | null;
  readonly confirmedBy: string | null;
  readonly keptUntil: Date | null;
  readonly keptBy: string | null;
  readonly keptBecause: string | null;
  readonly destroyedAt: Date | null;
  readonly counts: JsonObject | null;
  readonly doneAt: Date | null;
  readonly certificateAuditId: string | null;
  readonly held: boolean;
};

const columns =
  sql.raw(`d.id, d.organisation_id as "organisationId", d.site_id as "siteId", d.incident_id as "incidentId", i.ref,
  d.exhibit_id as "exhibitId", d.kind, d.basis, d.state, d.listed_at as "listedAt", d.requested_at as "requestedAt",
  d.requested_by as "requestedBy", d.because, d.confirmed_at as "confirmedAt", d.confirmed_by as "confirmedBy", d.kept_until as "keptUntil",
  d.kept_by as "keptBy", d.kept_because as "keptBecause", d.destroyed_at as "destroyedAt", d.counts, d.done_at as "doneAt",
  d.certificate_audit_id as "certificateAuditId", held_by('incident:' || d.incident_id) is not null as held`);

/** Disposals of a case, newest first. */
export async function disposalsOf(db: DbOrTx, incidentId: string): Promise<readonly Disposal[]> {
  const { rows } = await sql<Disposal>`
    select ${columns} from disposal d join incident i on i.id = d.incident_id
    where d.incident_id = ${incidentId}::uuid order by d.listed_at desc, d.id limit 500`.execute(db);
  return rows;
}

// With the whole case all that was listed of it besides is gone, or about to be.
const goneWithCase = sql.raw(`exists (select from disposal w where w.incident_id = d.incident_id and w.id <> d.id
  and w.kind in ('case', 'watch_item') and w.state in ('confirmed', 'done'))`);

/** Disposals of an organisation in these states, listed last first, without what went with its whole case. Uses disposal_by_state. */
export async function disposalsIn(
  db: DbOrTx,
  of: { readonly organisationId: string; readonly states: readonly DisposalState[] },
): Promise<readonly Disposal[]> {
  const { rows } = await sql<Disposal>`
    select ${columns} from disposal d join incident i on i.id = d.incident_id
    where d.organisation_id = ${of.organisationId} and d.state in (${sql.join(of.states)})
      and (d.state in ('confirmed', 'done') or not ${goneWithCase})
    order by d.listed_at desc, d.id limit 500`.execute(db);
  return rows;
}

/** One disposal of this case, locked until the transaction ends; null: there is none. */
export async function lockDisposal(
  tx: Tx,
  at: { readonly id: string; readonly incidentId: string },
): Promise<Disposal | null> {
  await sql`select from disposal where id = ${at.id}::uuid and incident_id = ${at.incidentId}::uuid for update`.execute(
    tx,
  );
  const { rows } = await sql<Disposal>`
    select ${columns} from disposal d join incident i on i.id = d.incident_id
    where d.id = ${at.id}::uuid and d.incident_id = ${at.incidentId}::uuid`.execute(tx);
  return rows[0] ?? null;
}

export type NewDisposal = Pick<
  Disposal,
  "id" | "organisationId" | "siteId" | "incidentId" | "exhibitId" | "kind" | "basis"
> & {
  readonly nowMs: number;
};

/** Lists what is due. Answers its id; null: it is listed already. */
export async function listDisposal(tx: Tx, one: NewDisposal): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    insert into disposal (id, organisation_id, site_id, incident_id, exhibit_id, kind, basis, state, listed_at)
    values (${one.id}::uuid, ${one.organisationId}, ${one.siteId}, ${one.incidentId}::uuid, ${one.exhibitId}::uuid, ${one.kind},
      ${JSON.stringify(one.basis)}::json, 'due', ${instant(one.nowMs)})
    on conflict do nothing returning id`.execute(tx);
  return rows[0]?.id ?? null;
}

type By = { readonly actor: string; readonly nowMs: number };

export async function markRequested(tx: Tx, id: string, by: By & { readonly because: string | null }): Promise<void> {
  await sql`
    update disposal set state = 'requested', requested_at = ${instant(by.nowMs)}, requested_by = ${by.actor}, because = ${by.because},
      kept_until = null where id = ${id}::uuid`.execute(tx);
}

export async function markConfirmed(tx: Tx, id: string, by: By): Promise<void> {
  await sql`
    update disposal set state = 'confirmed', confirmed_at = ${instant(by.nowMs)}, confirmed_by = ${by.actor} where id = ${id}::uuid`.execute(
    tx,
  );
}

export async function markKept(
  tx: Tx,
  id: string,
  by: By & { readonly because: string; readonly untilMs: number },
): Promise<void> {
  await sql`
    update disposal set state = 'kept', kept_until = ${instant(by.untilMs)}, kept_by = ${by.actor}, kept_because = ${by.because},
      requested_at = null, requested_by = null where id = ${id}::uuid`.execute(tx);
}

/** Ended cases of which something may be due, oldest ids first, after `after`. */
export async function endedCases(
  db: DbOrTx,
  page: { readonly beforeMs: number; readonly after: string; readonly limit: number },
): Promise<readonly EndedRow[]> {
  const { rows } = await sql<EndedRow>`
    select i.id, i.organisation_id as "organisationId", i.site_id as "siteId", i.incident_since is not null as "everIncident",
      coalesce((select max(f.at) from incident_field f where f.incident_id = i.id and f.field = 'state'), i.updated_at) as "endedAt", (
        select coalesce(json_agg(d.kind), '[]'::json) from disposal d where d.incident_id = i.id and d.exhibit_id is null
          and (d.state in ('due', 'requested', 'confirmed', 'done') or d.kept_until > ${instant(page.beforeMs)})) as settled,
      held_by('incident:' || i.id) is not null as held,
      exists (select from exhibit e where e.incident_id = i.id and e.object_key is not null)
        or exists (select from packet p where p.incident_id = i.id and p.object_key is not null) as "hasFiles"
    from incident i where i.state in ('closed', 'aged_out') and i.id > ${page.after}::uuid
      and not exists (select from disposal d where d.incident_id = i.id and d.state = 'done' and d.kind in ('case', 'watch_item'))
    order by i.id limit ${page.limit}`.execute(db);
  return rows;
}

export type EndedRow = {
  readonly id: string;
  readonly organisationId: string;
  readonly siteId: string;
  readonly everIncident: boolean;
  readonly endedAt: Date;
  readonly settled: readonly DisposalKind[];
  readonly held: boolean;
  readonly hasFiles: boolean;
};

/** One case as the rules of retention see it; null: it is not over, or not there. */
export async function endedCase(
  db: DbOrTx,
  incidentId: string,
): Promise<(EndedRow & { readonly state: string }) | null> {
  const { rows } = await sql<EndedRow & { readonly state: string }>`
    select i.id, i.organisation_id as "organisationId", i.site_id as "siteId", i.incident_since is not null as "everIncident", i.state,
      coalesce((select max(f.at) from incident_field f where f.incident_id = i.id and f.field = 'state'), i.updated_at) as "endedAt",
      '[]'::json as settled, held_by('incident:' || i.id) is not null as held, true as "hasFiles"
    from incident i where i.id = ${incidentId}::uuid`.execute(db);
  return rows[0] ?? null;
}

/** What was confirmed and is not certified yet, the oldest first: begun or not, it goes on from where it stopped. */
export async function confirmedDisposals(db: DbOrTx): Promise<readonly { id: string; incidentId: string }[]> {
  const { rows } = await sql<{ id: string; incidentId: string }>`
    select id, incident_id as "incidentId" from disposal where state = 'confirmed' order by confirmed_at, id limit 100`.execute(
    db,
  );
  return rows;
}

function instant(ms: number) {
  return sql`${new Date(ms)}::timestamptz`;
}
