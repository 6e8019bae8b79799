import { sql } from "kysely";
import type { Picked } from "@tillwatch/wire";
import { appendAudit } from "../../audit/audit-append.ts";
import type { FieldVault } from "../../platform/keys/field-vault.ts";
import type { DbOrTx, Tx } from "../../schema.ts";
import type { PrivacyTools } from "../person/known-person-store.ts";
import type { WatchEnd, WatchState } from "./watch-entry.ts";

/** Whose key seals what a watch entry says; it goes with the entry. */
export function watchSubject(id: string): string {
  return `watch:${id}`;
}

export type NewWatchEntry = {
  readonly organisationId: string;
  readonly siteIds: readonly string[];
  readonly incidentId: string;
  readonly subjectToken: string | null;
  readonly ageBand: string;
  readonly ground: string;
  readonly because: string;
  readonly description: Picked;
  readonly expiresAtMs: number;
  readonly nowMs: number;
  readonly actor: string;
};

export async function insertWatchEntry(tx: Tx, entry: NewWatchEntry, tools: PrivacyTools): Promise<string> {
  const id = tools.chance.uuid();
  const because = await tools.vault.seal(tx, watchSubject(id), entry.because);
  await sql`
    insert into watch_entry (id, organisation_id, site_ids, incident_id, subject_token, age_band, ground, because, description,
      state, proposed_by, proposed_at, expires_at)
    values (${id}::uuid, ${entry.organisationId}, ${[...entry.siteIds]}::text[], ${entry.incidentId}::uuid, ${entry.subjectToken},
      ${entry.ageBand}, ${entry.ground}, ${because}, ${JSON.stringify(entry.description)}::json, 'proposed', ${entry.actor},
      ${new Date(entry.nowMs)}::timestamptz, ${new Date(entry.expiresAtMs)}::timestamptz)
  `.execute(tx);
  return id;
}

export type WatchRow = {
  readonly id: string;
  readonly organisationId: string;
  readonly siteIds: readonly string[];
  readonly incidentId: string;
  readonly subjectToken: string | null;
  readonly ageBand: string;
  readonly ground: string;
  readonly becauseSealed: string | null;
  readonly description: Picked | null;
  readonly state: WatchState;
  readonly proposedBy: string;
  readonly proposedAt: string;
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
  readonly expiresAtMs: number;
  readonly endedAt: string | null;
  readonly endedBy: string | null;
  readonly proofAuditId: string | null;
};

type Row = {
  readonly id: string;
  readonly organisation_id: string;
  readonly site_ids: readonly string[];
  readonly incident_id: string;
  readonly subject_token: string | null;
  readonly age_band: string;
  readonly ground: string;
  readonly because: string | null;
  readonly description: Picked | null;
  readonly state: WatchState;
  readonly proposed_by: string;
  readonly proposed_at: Date;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly expires_at: Date;
  readonly ended_at: Date | null;
  readonly ended_by: string | null;
  readonly proof_audit_id: string | null;
};

const columns =
  sql.raw(`id, organisation_id, site_ids, incident_id, subject_token, age_band, ground, because, description, state,
  proposed_by, proposed_at, decided_by, decided_at, expires_at, ended_at, ended_by, proof_audit_id`);

function fromRow(row: Row): WatchRow {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    siteIds: row.site_ids,
    incidentId: row.incident_id,
    subjectToken: row.subject_token,
    ageBand: row.age_band,
    ground: row.ground,
    becauseSealed: row.because,
    description: row.description,
    state: row.state,
    proposedBy: row.proposed_by,
    proposedAt: row.proposed_at.toISOString(),
    decidedBy: row.decided_by,
    decidedAt: row.decided_at?.toISOString() ?? null,
    expiresAtMs: row.expires_at.getTime(),
    endedAt: row.ended_at?.toISOString() ?? null,
    endedBy: row.ended_by,
    proofAuditId: row.proof_audit_id,
  };
}

/** Waiting first, then in force, then past ones. Uses watch_entry_by_state. */
export async function watchEntries(db: DbOrTx, organisationId: string): Promise<readonly WatchRow[]> {
  const { rows } = await sql<Row>`
    select ${columns} from watch_entry where organisation_id = ${organisationId}
    order by case state when 'proposed' then 0 when 'active' then 1 else 2 end, expires_at desc, id limit 500
  `.execute(db);
  return rows.map(fromRow);
}

export async function lockWatchEntry(tx: Tx, organisationId: string, id: string): Promise<WatchRow | null> {
  const { rows } = await sql<Row>`
    select ${columns} from watch_entry where id = ${id}::uuid and organisation_id = ${organisationId} for update
  `.execute(tx);
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

export async function approveWatchEntry(
  tx: Tx,
  entry: { readonly id: string; readonly because: string; readonly nowMs: number; readonly actor: string },
  vault: FieldVault,
): Promise<void> {
  const because = await vault.seal(tx, watchSubject(entry.id), entry.because);
  await sql`
    update watch_entry set state = 'active', decided_by = ${entry.actor}, decided_because = ${because},
      decided_at = ${new Date(entry.nowMs)}::timestamptz
    where id = ${entry.id}::uuid
  `.execute(tx);
}

export type Ended = {
  readonly row: WatchRow;
  readonly end: WatchEnd;
  readonly because: string;
  readonly nowMs: number;
  readonly actor: string;
};

/**
 * Ends an entry and takes its content: reason, description and person are gone from the commit on, and the vault's key with them. The
 * audit entry says so and is the proof; the row says only that there was one.
 */
export async function endWatchEntry(tx: Tx, ended: Ended, tools: PrivacyTools): Promise<void> {
  const { row, end, nowMs, actor } = ended;
  const purged = await tools.vault.purge(tx, watchSubject(row.id), `watch entry ${end}`);
  const [proof] = await appendAudit(
    tx,
    [
      {
        kind: `watch.${end}`,
        actor,
        subject: { kind: "watch_entry", id: row.id },
        because: ended.because,
        atMs: nowMs,
        organisationId: row.organisationId,
        body: {
          incident: row.incidentId,
          ground: row.ground,
          proposed_by: row.proposedBy,
          decided_by: row.decidedBy,
          expires_at: new Date(row.expiresAtMs).toISOString(),
          key_destroyed: purged,
          content: "deleted",
        },
      },
    ],
    tools.chance,
  );
  const refused = end === "refused";
  await sql`
    update watch_entry set state = ${end}, because = null, description = null, subject_token = null, decided_because = null,
      ended_at = ${new Date(nowMs)}::timestamptz, ended_by = ${actor}, proof_audit_id = ${proof ?? null}::uuid,
      decided_by = case when ${refused} and proposed_by <> ${actor} then ${actor} else decided_by end
    where id = ${row.id}::uuid
  `.execute(tx);
}

/** Entries whose time is over, locked; those that somebody else works on are passed over. */
export async function lockExpired(tx: Tx, nowMs: number): Promise<readonly WatchRow[]> {
  const { rows } = await sql<Row>`
    select ${columns} from watch_entry where state in ('proposed', 'active') and expires_at <= ${new Date(nowMs)}::timestamptz
    order by expires_at, id limit 200 for update skip locked
  `.execute(tx);
  return rows.map(fromRow);
}

/** Entries in force or waiting about any of these persons, locked. */
export async function lockEntriesAbout(tx: Tx, tokens: readonly string[]): Promise<readonly WatchRow[]> {
  const { rows } = await sql<Row>`
    select ${columns} from watch_entry where state in ('proposed', 'active')
      and subject_token in (select json_array_elements_text(${JSON.stringify(tokens)}::json)) order by id for update
  `.execute(tx);
  return rows.map(fromRow);
}

/** Entries in force or waiting that come from an incident, locked. */
export async function lockEntriesOfIncident(tx: Tx, incidentId: string): Promise<readonly WatchRow[]> {
  const { rows } = await sql<Row>`
    select ${columns} from watch_entry where state in ('proposed', 'active') and incident_id = ${incidentId}::uuid
    order by id for update
  `.execute(tx);
  return rows.map(fromRow);
}

export type NewWatchUse = {
  readonly entryId: string;
  readonly organisationId: string;
  readonly kind: "view" | "hit";
  readonly nowMs: number;
  readonly actor: string;
  readonly siteId: string | null;
  readonly incidentId: string | null;
  readonly because: string;
};

/** A view or hit, in the table and on the record: nobody looks unseen. */
export async function recordWatchUse(tx: Tx, uses: readonly NewWatchUse[], tools: PrivacyTools): Promise<void> {
  if (uses.length === 0) return;
  const reasons = await tools.vault.sealMany(
    tx,
    uses.map((use) => ({ subject: watchSubject(use.entryId), text: use.because })),
  );
  const rows = uses.map((use, at) => ({
    id: tools.chance.uuid(),
    entry_id: use.entryId,
    kind: use.kind,
    at: new Date(use.nowMs).toISOString(),
    actor: use.actor,
    site_id: use.siteId,
    incident_id: use.incidentId,
    because: reasons[at],
  }));
  await sql`
    insert into watch_use (id, entry_id, kind, at, actor, site_id, incident_id, because)
    select id, entry_id, kind, at, actor, site_id, incident_id, because
    from json_populate_recordset(null::watch_use, ${JSON.stringify(rows)}::json)
  `.execute(tx);
  await appendAudit(
    tx,
    uses.map((use) => ({
      kind: use.kind === "view" ? "watch.viewed" : "watch.hit",
      actor: use.actor,
      subject: { kind: "watch_entry", id: use.entryId },
      because: use.because,
      atMs: use.nowMs,
      organisationId: use.organisationId,
      body: { site: use.siteId, ...(use.incidentId === null ? {} : { incidentId: use.incidentId }) },
    })),
    tools.chance,
  );
}

export type WatchUse = {
  readonly kind: "view" | "hit";
  readonly at: string;
  readonly actor: string;
  readonly siteId: string | null;
  readonly because: string;
};

export async function watchUsesOf(db: DbOrTx, entryId: string): Promise<readonly WatchUse[]> {
  const { rows } = await sql<{
    kind: "view" | "hit";
    at: Date;
    actor: string;
    site_id: string | null;
    because: string;
  }>`
    select kind, at, actor, site_id, because from watch_use where entry_id = ${entryId}::uuid order by at desc, id limit 500
  `.execute(db);
  return rows.map(({ site_id, at, ...row }) => ({ ...row, at: at.toISOString(), siteId: site_id }));
}

/** Since when a minor is among the people of an incident; null: nobody said so. */
export async function minorOf(
  db: DbOrTx,
  incidentId: string,
): Promise<{ readonly at: string; readonly actor: string } | null> {
  const { rows } = await sql<{ at: Date; actor: string }>`
    select at, actor from incident_minor where incident_id = ${incidentId}::uuid
  `.execute(db);
  return rows[0] === undefined ? null : { at: rows[0].at.toISOString(), actor: rows[0].actor };
}

export async function saveMinor(
  tx: Tx,
  flag: { readonly incidentId: string; readonly because: string; readonly nowMs: number; readonly actor: string },
  tools: PrivacyTools,
): Promise<void> {
  const because = await tools.vault.seal(tx, `incident:${flag.incidentId}`, flag.because);
  await sql`
    insert into incident_minor (incident_id, because, at, actor)
    values (${flag.incidentId}::uuid, ${because}, ${new Date(flag.nowMs)}::timestamptz, ${flag.actor})
    on conflict (incident_id) do nothing
  `.execute(tx);
}

export async function removeMinor(tx: Tx, incidentId: string): Promise<void> {
  await sql`delete from incident_minor where incident_id = ${incidentId}::uuid`.execute(tx);
}
