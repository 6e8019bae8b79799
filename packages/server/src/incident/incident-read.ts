import { sql, type RawBuilder } from "kysely";
import {
  riskOf,
  type AcceptedDraft,
  type Enrichment,
  type ExhibitSummary,
  type FieldChange,
  type IncidentPage,
  type IncidentRecord,
  type IncidentSignal,
  type IncidentState,
  type IncidentSummary,
  type KeptDescription,
  type KeptText,
  type PacketSummary,
  type Signal,
  type SignalId,
  type TimelineEntry,
} from "@tillwatch/wire";
import type { DbOrTx } from "../schema.ts";
import { completenessOf } from "./completeness.ts";
import type { Cursor, IncidentFilter, SearchWord } from "./incident-filter.ts";
import { fieldsOf } from "./incident-effects.ts";
import type { IncidentRow } from "./incident-row.ts";
import { iso, topReasons, toSummary, type SummaryNeeds } from "./incident-summary.ts";
import { fromStored, storedColumns, type StoredIncident } from "./incident-tables.ts";
import { categoryOf } from "./taxonomy.ts";
import { allowedTransitions } from "./transitions.ts";

/** What other areas know about an incident. Each gets the executor of the read: on an embedded database another one would wait. */
export type RecordPorts = {
  readonly exhibitsOf: (db: DbOrTx, incidentId: string) => Promise<readonly ExhibitSummary[]>;
  readonly packetsOf: (db: DbOrTx, incidentId: string) => Promise<readonly PacketSummary[]>;
  readonly playbooksOf: (db: DbOrTx, incidentId: string) => Promise<IncidentRecord["playbooks"]>;
  readonly descriptionOf: (db: DbOrTx, incidentId: string) => Promise<KeptDescription | null>;
  readonly keptTextsOf: (db: DbOrTx, incidentId: string) => Promise<readonly KeptText[]>;
  readonly draftedOf: (db: DbOrTx, incidentId: string) => Promise<readonly AcceptedDraft[]>;
};

/** One page of the queue: highest risk, then newest. `nextCursor` is null on the last page. */
export async function incidentPage(db: DbOrTx, filter: IncidentFilter, needs: SummaryNeeds): Promise<IncidentPage> {
  const { rows } = await sql<StoredIncident>`
    select ${storedColumns} from incident
    where ${sql.join(conditions(filter), sql` and `)}
    order by risk desc, opened_at desc, id desc
    limit ${filter.limit + 1}
  `.execute(db);
  const found = rows.map(fromStored);
  const last = found.length > filter.limit ? found[filter.limit - 1] : undefined;
  return {
    items: found.slice(0, filter.limit).map((row) => toSummary(row, needs)),
    nextCursor: last === undefined ? null : encodeCursor(last),
  };
}

/** The rows of these incidents as the queue shows them, in no order; unknown ids are left out. For whoever publishes a change. */
export async function incidentSummaries(
  db: DbOrTx,
  ids: readonly string[],
  needs: SummaryNeeds,
): Promise<readonly IncidentSummary[]> {
  const { rows } = await sql<StoredIncident>`
    select ${storedColumns} from incident
    where id in (select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::json))
  `.execute(db);
  return rows.map((row) => toSummary(fromStored(row), needs));
}

/** The whole record; null: there is none. */
export async function incidentRecord(
  db: DbOrTx,
  id: string,
  needs: SummaryNeeds & { readonly ports: RecordPorts },
): Promise<IncidentRecord | null> {
  const row = await incidentRow(db, id);
  if (row === null) return null;
  const taxonomy = needs.taxonomies.of(row.taxonomyVersion);
  const category = categoryOf(taxonomy, row.category);
  const device = needs.places.device(row.siteId, row.deviceId);
  // One after the other: they share one connection inside a transaction.
  const signals = await signalsOf(db, id);
  const timeline = await timelineOf(db, id);
  const history = await historyOf(db, id);
  const decisionIds = await decisionsOf(db, id);
  const exhibits = await needs.ports.exhibitsOf(db, id);
  const packets = await needs.ports.packetsOf(db, id);
  const playbooks = await needs.ports.playbooksOf(db, id);
  const description = await needs.ports.descriptionOf(db, id);
  const keptTexts = await needs.ports.keptTextsOf(db, id);
  const drafted = await needs.ports.draftedOf(db, id);
  return {
    ...toSummary(row, needs),
    taxonomyVersion: row.taxonomyVersion,
    occurredAt: iso(row.occurredAtMs),
    summary: row.summary ?? topReasons(row, category.title).map(asSentence).join(" "),
    reporter: row.reporter,
    ownerToken: row.ownerToken,
    asset: { owner: device?.owner ?? null, criticality: device?.criticality ?? null },
    score: row.score,
    override: row.override,
    value: { lostMinor: row.valueLostMinor, recoveredMinor: row.valueRecoveredMinor, currency: row.currency },
    completenessDetail: completenessOf(row, taxonomy),
    signals,
    timeline,
    exhibits,
    packets,
    playbooks,
    sop: category.sop,
    history,
    allowedTransitions: allowedTransitions(row.state),
    decisionIds,
    description,
    keptTexts,
    drafted,
  };
}

export async function incidentRow(db: DbOrTx, id: string): Promise<IncidentRow | null> {
  const { rows } = await sql<StoredIncident>`
    select ${storedColumns} from incident where id = ${id}::uuid
  `.execute(db);
  return rows[0] === undefined ? null : fromStored(rows[0]);
}

/** Every change of a field, oldest first. */
export async function historyOf(db: DbOrTx, id: string): Promise<readonly FieldChange[]> {
  const { rows } = await sql<Omit<FieldChange, "at"> & { at: Date }>`
    select field, before, after, at, actor, because from incident_field
    where incident_id = ${id}::uuid order by recorded
  `.execute(db);
  return rows.map((change) => ({ ...change, at: change.at.toISOString() }));
}

/** Every tracked field as it was at an instant: today's values with all later changes taken back. */
export function fieldsAt(row: IncidentRow, history: readonly FieldChange[], atMs: number) {
  const fields = { ...fieldsOf(row) };
  for (const change of history.toReversed()) {
    if (Date.parse(change.at) > atMs) fields[change.field] = change.before;
  }
  return fields;
}

async function signalsOf(db: DbOrTx, id: string): Promise<readonly IncidentSignal[]> {
  type Row = {
    joined_because: string;
    corrected_at: Date;
    late: boolean;
    body: Signal;
    enrichment: readonly Enrichment[] | null;
  };
  const { rows } = await sql<Row>`
    select s.joined_because, s.corrected_at, s.late, signal.body, m.body -> 'enrichment' as enrichment from incident_signal s
    join signal on signal.id = s.signal_id
    left join situation_member m on m.signal_id = s.signal_id
    where s.incident_id = ${id}::uuid order by s.corrected_at, s.signal_id limit 5000
  `.execute(db);
  return rows.map(({ body, ...link }) => ({
    id: body.id,
    type: body.type,
    source: body.source,
    shape: body.shape,
    deviceId: body.deviceId,
    zoneId: body.zoneId,
    occurredAt: body.occurredAt,
    correctedAt: link.corrected_at.toISOString(),
    receivedAt: iso(body.receivedAtMs),
    clockOffsetMs: body.clockOffsetMs,
    late: link.late,
    joinedBecause: link.joined_because,
    enrichment: link.enrichment ?? [],
    media: body.media,
    data: body.data,
  }));
}

type StoredEntry = {
  readonly id: string;
  readonly at: Date;
  readonly original_at: string | null;
  readonly clock_offset_ms: number | null;
  readonly late: boolean;
  readonly kind: TimelineEntry["kind"];
  readonly says: string;
  readonly actor: string;
  readonly signal_id: string | null;
  readonly detail: TimelineEntry["detail"];
};

async function timelineOf(db: DbOrTx, id: string): Promise<readonly TimelineEntry[]> {
  const { rows } = await sql<StoredEntry>`
    select id, at, original_at, clock_offset_ms, late, kind, says, actor, signal_id, detail from incident_timeline
    where incident_id = ${id}::uuid order by at, recorded limit 20000
  `.execute(db);
  return rows.map((entry) => ({
    id: entry.id,
    at: entry.at.toISOString(),
    originalAt: entry.original_at,
    clockOffsetMs: entry.clock_offset_ms,
    late: entry.late,
    kind: entry.kind,
    says: entry.says,
    actor: entry.actor,
    signalId: entry.signal_id as SignalId | null,
    detail: entry.detail,
  }));
}

async function decisionsOf(db: DbOrTx, id: string): Promise<readonly string[]> {
  const { rows } = await sql<{ decision_id: string }>`
    select decision_id from incident_decision where incident_id = ${id}::uuid order by at, decision_id
  `.execute(db);
  return rows.map((row) => row.decision_id);
}

const statesOfKind: Readonly<Record<NonNullable<IncidentFilter["kind"]>, readonly IncidentState[]>> = {
  incident: ["open", "acknowledged", "investigating", "handed_over"],
  watch: ["watch"],
  done: ["closed", "aged_out"],
};

function conditions(filter: IncidentFilter): readonly RawBuilder<unknown>[] {
  const states = filter.states.length > 0 ? filter.states : filter.kind === null ? [] : statesOfKind[filter.kind];
  return [
    sql`true`,
    ...(states.length === 0 ? [] : [sql`state in (${sql.join(states)})`]),
    ...(filter.levels.length === 0 ? [] : [sql`level in (${sql.join(filter.levels)})`]),
    ...(filter.siteIds === null
      ? []
      : [sql`site_id in (select json_array_elements_text(${JSON.stringify(filter.siteIds)}::json))`]),
    ...(filter.zoneId === null ? [] : [sql`zone_id = ${filter.zoneId}`]),
    ...(filter.category === null ? [] : [sql`category = ${filter.category}`]),
    ...(filter.fromMs === null ? [] : [sql`occurred_at >= ${new Date(filter.fromMs)}::timestamptz`]),
    ...(filter.toMs === null ? [] : [sql`occurred_at < ${new Date(filter.toMs)}::timestamptz`]),
    ...filter.words.map(bearing),
    ...(filter.cursor === null ? [] : [after(filter.cursor)]),
  ];
}

/**
 * Where a row bears the word: its own fields, the names of its category and place, the reasons of its score. 'at' joins category and
 * place in a title. position() and not like: what a person types has no wildcards.
 */
function bearing({ text, indexes, categories, siteIds, zones }: SearchWord): RawBuilder<unknown> {
  const among = (values: readonly string[]) => sql`(select json_array_elements_text(${JSON.stringify(values)}::json))`;
  return sql`(
    position(${text} in lower(concat_ws(' ', ref, 'at', category, site_id, zone_id, device_id, owner_token))) > 0
    or ${inSummary(indexes)}
    or category in ${among(categories)}
    or site_id in ${among(siteIds)}
    or concat_ws('/', site_id, zone_id) in ${among(zones)}
    or exists (
      select 1 from json_array_elements(score -> 'additions') as addition
      where addition ->> 'kind' <> 'base_rate' and position(${text} in lower(addition ->> 'says')) > 0
    ))`;
}

// The summary is sealed: whole words of it are found by their keyed digests. One that names a protected trait and was kept all the same is
// shown with its mark, and never found by its words. Uses incident_word_pkey.
function inSummary(indexes: readonly string[]): RawBuilder<unknown> {
  if (indexes.length === 0) return sql`false`;
  const wanted = JSON.stringify(indexes);
  return sql`(
    select count(*) from incident_word w where w.incident_id = incident.id
      and w.word in (select decode(value, 'hex') from json_array_elements_text(${wanted}::json))) = ${indexes.length}
    and not exists (select 1 from kept_text where kept_text.incident_id = incident.id and kept_text.place = 'summary')`;
}

// Rows compare member by member in the index's own order: all three descend.
function after(cursor: Cursor): RawBuilder<unknown> {
  return sql`(risk, opened_at, id) <
    (${cursor.risk}::float8, ${new Date(cursor.openedAtMs)}::timestamptz, ${cursor.id}::uuid)`;
}

function encodeCursor(row: IncidentRow): string {
  const { openedAtMs, id } = row;
  return Buffer.from(JSON.stringify([riskOf(row), openedAtMs, id])).toString("base64url");
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
