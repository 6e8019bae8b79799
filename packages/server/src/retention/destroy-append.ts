import { sql } from "kysely";
import type { JsonObject } from "@tillwatch/wire";
import { appendAudit } from "../audit/audit-append.ts";
import { recordTouch } from "../exhibit/exhibit-store.ts";
import { eraseIncidentText } from "../incident/incident-text-store.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { ObjectStore } from "../platform/object-store.ts";
import type { Db, Tx } from "../schema.ts";
import { lockDisposal, type Disposal } from "./disposal-store.ts";

export type DestroyDeps = {
  readonly db: Db;
  readonly fields: FieldVault;
  readonly objects: Pick<ObjectStore, "delete">;
  readonly clock: Clock;
  readonly chance: Chance;
};

export type Outcome = "done" | "held" | "not_confirmed";

type Lost = { readonly id: string; readonly sha256: string; readonly bytes: number; readonly objectKey: string };
type At = { readonly id: string; readonly incidentId: string };

/**
 * Destroys what a confirmed disposal names, and certifies it. In three steps, each of which a stop may cut off and the next run finishes: in
 * one transaction every key goes, so that from its commit on nothing of it can be read; then the objects are deleted; then, when none is
 * left, the certificate is appended to the record. What is held is not touched and waits.
 */
export async function destroy(deps: DestroyDeps, at: At): Promise<Outcome> {
  const begun = await deps.db.transaction().execute((tx) => destroyKeys(deps, tx, at));
  if (begun !== "begun") return begun;
  await deleteObjects(deps, at.id);
  await deps.db.transaction().execute((tx) => certify(deps, tx, at));
  return "done";
}

async function destroyKeys(deps: DestroyDeps, tx: Tx, at: At): Promise<Outcome | "begun"> {
  const disposal = await lockDisposal(tx, at);
  if (disposal === null || disposal.state !== "confirmed") return disposal?.state === "done" ? "done" : "not_confirmed";
  if (disposal.destroyedAt !== null) return "begun";
  // A hold that comes later waits for this lock and finds the case without content; one that came before is seen here.
  await sql`select from incident where id = ${at.incidentId}::uuid for update`.execute(tx);
  if ((await lockDisposal(tx, at))?.held === true) return "held";
  const nowMs = deps.clock();
  const exhibits = await takeExhibits(tx, disposal, nowMs);
  const packets = await takePackets(tx, disposal, { nowMs, exhibits });
  const copies = await takeCopies(tx, exhibits);
  const keys = [...[...exhibits, ...packets].map(({ objectKey }) => objectKey), ...copies];
  await sql`
    insert into disposal_object (disposal_id, object_key)
    select ${at.id}::uuid, value from json_array_elements_text(${JSON.stringify(keys)}::json) on conflict do nothing`.execute(
    tx,
  );
  for (const exhibit of exhibits) await recordErased(deps, tx, { disposal, exhibit, nowMs });
  const wholeCase = disposal.kind === "case" || disposal.kind === "watch_item";
  const texts = wholeCase && (await eraseTexts(deps, tx, disposal));
  const counts = {
    exhibits: exhibits.map(({ id, sha256, bytes }) => ({ id, sha256, bytes })),
    packets: packets.map(({ id, sha256, bytes }) => ({ id, sha256, bytes })),
    texts,
  };
  await sql`
    update disposal set destroyed_at = ${new Date(nowMs)}::timestamptz, counts = ${JSON.stringify(counts)}::json
    where id = ${at.id}::uuid`.execute(tx);
  return "begun";
}

async function takeExhibits(tx: Tx, { incidentId, exhibitId }: Disposal, nowMs: number): Promise<readonly Lost[]> {
  const one = exhibitId === null ? sql`true` : sql`id = ${exhibitId}::uuid`;
  const { rows } = await sql<Lost>`
    with taken as (
      select id, object_key from exhibit where incident_id = ${incidentId}::uuid and object_key is not null and ${one} for update)
    update exhibit set object_key = null, wrapped_key = null, master_key_id = null, disposed_at = ${new Date(nowMs)}::timestamptz
    from taken where taken.id = exhibit.id
    returning exhibit.id::text as id, exhibit.sha256, exhibit.bytes, taken.object_key as "objectKey"`.execute(tx);
  return rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** What was made anew of its pictures for people to see (exhibit_copy) goes with them. */
async function takeCopies(tx: Tx, exhibits: readonly Lost[]): Promise<readonly string[]> {
  const { rows } = await sql<{ key: string }>`
    with taken as (
      select id, object_key from exhibit_copy where object_key is not null
        and exhibit_id in (select value::uuid from json_array_elements_text(${JSON.stringify(exhibits.map(({ id }) => id))}::json)) for update)
    update exhibit_copy set state = 'cannot', problem = 'exhibit_disposed', object_key = null, wrapped_key = null, master_key_id = null
    from taken where taken.id = exhibit_copy.id returning taken.object_key as key`.execute(tx);
  return rows.map(({ key }) => key);
}

/** Packets hold copies: those of the case, or of the one exhibit, go with it. One that is being built ends as one that could not be. */
async function takePackets(
  tx: Tx,
  { incidentId, exhibitId }: Disposal,
  by: { readonly nowMs: number; readonly exhibits: readonly Lost[] },
): Promise<readonly Lost[]> {
  const bearing =
    exhibitId === null
      ? sql`true`
      : sql`exists (select from audit_entry a where a.subject_kind = 'exhibit' and a.subject_id = ${exhibitId}
          and a.kind = 'exhibit.copied' and position('"packetId":"' || packet.id || '"' in a.body) > 0)`;
  await sql`
    update packet set state = 'failed', frozen = null, problem = 'its content was disposed of'
    where incident_id = ${incidentId}::uuid and state <> 'ready' and ${bearing}`.execute(tx);
  const { rows } = await sql<Lost>`
    with taken as (
      select id, object_key from packet where incident_id = ${incidentId}::uuid and object_key is not null and ${bearing} for update)
    update packet set object_key = null, wrapped_key = null, master_key_id = null, frozen = null,
      disposed_at = ${new Date(by.nowMs)}::timestamptz
    from taken where taken.id = packet.id
    returning packet.id::text as id, packet.sha256, packet.bytes, taken.object_key as "objectKey"`.execute(tx);
  return rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

async function recordErased(
  deps: DestroyDeps,
  tx: Tx,
  of: { readonly disposal: Disposal; readonly exhibit: Lost; readonly nowMs: number },
): Promise<void> {
  const { disposal, exhibit, nowMs } = of;
  const touch = {
    exhibitId: exhibit.id,
    incidentId: disposal.incidentId,
    action: "erased" as const,
    atMs: nowMs,
    who: disposal.confirmedBy ?? "machine",
    what: `the whole content: its key is destroyed, by disposal ${disposal.id}`,
    why: disposal.kind === "exhibit" ? "disposed of by decision" : "its time was over",
    authority: `disposal:${disposal.id}`,
    digest: exhibit.sha256,
    auditKind: "exhibit.disposed",
    detail: { disposalId: disposal.id },
  };
  await recordTouch(tx, touch, deps.chance);
}

/** Everything that people wrote or devices read about people in this case. Numbers, states, digests and the record stay. */
async function eraseTexts(deps: DestroyDeps, tx: Tx, { id, incidentId }: Disposal): Promise<boolean> {
  const of = sql`${incidentId}::uuid`;
  const erased = await eraseIncidentText(tx, deps.fields, { incidentId, because: `disposal ${id}` });
  // Names and plates lie under keys of persons, which other cases share: here their sealed forms go.
  const sealedForm = "tw1\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{39,}";
  const elsewhere = sql`exists (
    select from incident_signal other join incident i on i.id = other.incident_id
    where other.signal_id = s.signal_id and other.incident_id <> ${of}
      and not exists (select from disposal d where d.incident_id = i.id and d.destroyed_at is not null and d.kind in ('case', 'watch_item')))`;
  for (const [table, key] of [
    ["signal", "id"],
    ["situation_member", "signal_id"],
  ] as const) {
    await sql`
      update ${sql.table(table)} t set body = regexp_replace(t.body::text, ${sealedForm}, '[erased]', 'g')::json
      from incident_signal s where s.incident_id = ${of} and t.${sql.ref(key)} = s.signal_id and not ${elsewhere}
        and t.body::text like '%tw1.%'`.execute(tx);
  }
  await sql`delete from person_description where incident_id = ${of}`.execute(tx);
  return erased;
}

async function deleteObjects(deps: DestroyDeps, disposalId: string): Promise<void> {
  const { rows } = await sql<{ key: string }>`
    select object_key as key from disposal_object where disposal_id = ${disposalId}::uuid and deleted_at is null order by 1`.execute(
    deps.db,
  );
  for (const { key } of rows) {
    await deps.objects.delete(key);
    await sql`
      update disposal_object set deleted_at = ${new Date(deps.clock())}::timestamptz
      where disposal_id = ${disposalId}::uuid and object_key = ${key}`.execute(deps.db);
  }
}

async function certify(deps: DestroyDeps, tx: Tx, at: At): Promise<void> {
  const disposal = await lockDisposal(tx, at);
  if (disposal === null || disposal.state !== "confirmed") return;
  const { rows } = await sql<{ left: number; gone: number }>`
    select count(*) filter (where deleted_at is null)::int4 as left, count(*)::int4 as gone from disposal_object
    where disposal_id = ${at.id}::uuid`.execute(tx);
  if ((rows[0]?.left ?? 0) > 0) return;
  const nowMs = deps.clock();
  const { incidentId, exhibitId, kind, basis, requestedBy, confirmedBy, destroyedAt } = disposal;
  const body: JsonObject = {
    incidentId,
    exhibitId,
    kind,
    basis,
    requestedBy,
    confirmedBy,
    destroyedAt: destroyedAt?.toISOString() ?? null,
    destroyed: disposal.counts ?? {},
    objectsDeleted: rows[0]?.gone ?? 0,
  };
  const record = {
    kind: "disposal.certified",
    actor: "machine",
    subject: { kind: "disposal", id: at.id },
    because: "every key is destroyed and every object is deleted",
    atMs: nowMs,
    body,
  };
  const [auditId] = await appendAudit(tx, [record], deps.chance);
  await sql`
    update disposal set state = 'done', done_at = ${new Date(nowMs)}::timestamptz, certificate_audit_id = ${auditId}::uuid
    where id = ${at.id}::uuid`.execute(tx);
}
