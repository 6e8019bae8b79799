import { sql } from "kysely";
import type { AuditRecord } from "../audit/audit-append.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import { operatorMembers } from "../conflict/till-operator.ts";
import { factsOfExhibit } from "./evidence-fact.ts";
import { noteRuleVerdicts } from "../noise/dismissal-store.ts";
import type { Effects, NewTimelineEntry } from "./incident-effects.ts";
import type { IncidentRow } from "./incident-row.ts";
import type { SignalFacts } from "./machine-entries.ts";
import { fromStored, storedColumns, toStored, type StoredIncident } from "./incident-tables.ts";

/** Open or past work of these situations, locked, with which of `signalIds` it already has. Uses incident_situation_id_key. */
export async function lockWorkOf(
  tx: Tx,
  batch: { readonly situationIds: readonly string[]; readonly signalIds: readonly string[] },
): Promise<readonly { readonly row: IncidentRow; readonly knownSignalIds: readonly string[] }[]> {
  const { rows } = await sql<StoredIncident & { known: readonly string[] }>`
    select ${storedColumns}, (
      select coalesce(json_agg(s.signal_id), '[]'::json) from incident_signal s
      where s.incident_id = incident.id
        and s.signal_id in (select value::uuid from json_array_elements_text(${JSON.stringify(batch.signalIds)}::json))
    ) as known
    from incident
    where situation_id in (select value::uuid from json_array_elements_text(${JSON.stringify(batch.situationIds)}::json))
    order by id
    for update
  `.execute(tx);
  return rows.map((row) => ({ row: fromStored(row), knownSignalIds: row.known }));
}

/** What the log says of these signals. Uses signal_by_id. */
export async function signalFacts(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, SignalFacts>> {
  const { rows } = await sql<{
    id: string;
    original_at: string;
    offset_ms: number | null;
    media: readonly string[];
    operators: readonly string[];
  }>`
    select id, (select coalesce(json_agg(distinct said.operator), '[]'::json)
        from (values ${sql.join(operatorMembers.map((member) => sql`(body->'data'->>${sql.lit(member)})`))}) as said (operator)
        where said.operator <> '') as operators,
      body->>'occurredAt' as original_at, (body->>'clockOffsetMs')::float8 as offset_ms,
      coalesce((select json_agg(distinct one->>'kind') from json_array_elements(body->'media') as one), '[]'::json) as media
    from signal where id in (select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::json))
  `.execute(tx);
  return new Map(
    rows.map((row) => [
      row.id,
      { originalAt: row.original_at, clockOffsetMs: row.offset_ms, mediaKinds: row.media, operators: row.operators },
    ]),
  );
}

/** One piece of work, locked until the commit; null: there is none. */
export async function lockIncident(tx: Tx, id: string): Promise<IncidentRow | null> {
  const { rows } = await sql<StoredIncident>`
    select ${storedColumns} from incident where id = ${id}::uuid for update
  `.execute(tx);
  return rows[0] === undefined ? null : fromStored(rows[0]);
}

/** Watch items without any change since `beforeMs`, oldest first, locked; those that somebody else works on are passed over. */
export async function lockIdleWatchItems(
  tx: Tx,
  filter: { readonly beforeMs: number; readonly limit: number },
): Promise<readonly IncidentRow[]> {
  const { rows } = await sql<StoredIncident>`
    select ${storedColumns} from incident
    where state = 'watch' and updated_at < ${new Date(filter.beforeMs)}::timestamptz
    order by updated_at, id limit ${filter.limit}
    for update skip locked
  `.execute(tx);
  return rows.map(fromStored);
}

/**
 * The next references of a year, one for each of these sites in order. Each organisation counts for itself, so that none learns from
 * its references what happens at another; the counters' rows stay locked until the commit: no gap, no repeat.
 */
export async function takeReferences(tx: Tx, year: number, siteIds: readonly string[]): Promise<readonly string[]> {
  if (siteIds.length === 0) return [];
  const { rows } = await sql<{ letters: string; number: number }>`
    with wanted as materialized (
      select ordinal, coalesce(organisation_of_site(site_id), 'home') as organisation_id
      from json_array_elements_text(${JSON.stringify(siteIds)}::json) with ordinality as w (site_id, ordinal)
    ), counted as (
      select organisation_id, count(*) as n from wanted group by organisation_id
    ), taken as (
      insert into incident_reference (organisation_id, year, last)
      select organisation_id, ${year}, n from counted order by organisation_id
      on conflict (organisation_id, year) do update set last = incident_reference.last + excluded.last
      returning organisation_id, last
    )
    select coalesce(o.reference_letters, 'TW') as letters,
      taken.last - counted.n + row_number() over (partition by wanted.organisation_id order by ordinal) as number
    from wanted join counted using (organisation_id) join taken using (organisation_id)
    join organisation o on o.id = wanted.organisation_id
    order by ordinal`.execute(tx);
  return rows.map(({ letters, number }) => `${letters}-${year}-${String(number).padStart(6, "0")}`);
}

/** Writes what was decided, each table by one statement. What is already there (a batch replayed) stays as it is. */
export async function saveEffects(tx: Tx, effects: Effects, chance: Chance): Promise<void> {
  await saveRows(tx, [...effects.rows.values()]);
  await saveSignals(tx, effects);
  await saveDecisions(tx, effects);
  await insertTimeline(tx, effects.timeline);
  await saveFields(tx, effects);
  await saveVerdicts(tx, effects);
  await noteRuleVerdicts(tx, effects.verdicts);
  await appendAudit(tx, effects.audits satisfies readonly AuditRecord[], chance);
}

/**
 * Puts lines on timelines (exhibits, packets, responses ...), in the caller's transaction, and raises the version of their
 * incidents. A response does not raise it: it comes with the change that it answers, whose version readers are told. An exhibit's `detail.mediaType`, and `detail.covers` (a checklist code) of any entry, count for completeness.
 * `says` and `detail` are shown and go into packets: no personal data but tokens.
 */
export async function addTimeline(tx: Tx, entries: readonly NewTimelineEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await insertTimeline(tx, entries);
  const touched = entries.map((entry) => ({
    incident_id: entry.incidentId,
    at: new Date(entry.atMs).toISOString(),
    raises: entry.kind === "response" ? 0 : 1,
    facts: factsOf(entry),
  }));
  await sql`
    update incident set version = version + touched.raises, updated_at = greatest(updated_at, touched.at), evidence = (
      select coalesce(json_agg(word order by word), '[]'::json) from (
        select value as word from json_array_elements_text(evidence)
        union select value from json_array_elements_text(touched.facts)
      ) as words
    )
    from (
      select incident_id, max(at) as at, max(raises) as raises,
        coalesce(json_agg(fact.value) filter (where fact.value is not null), '[]'::json) as facts
      from json_to_recordset(${JSON.stringify(touched)}::json) as entry (incident_id uuid, at timestamptz, raises int4, facts json)
      left join lateral json_array_elements_text(entry.facts) as fact on true
      group by incident_id
    ) as touched
    where incident.id = touched.incident_id
  `.execute(tx);
}

function factsOf(entry: NewTimelineEntry): readonly string[] {
  const mediaType = entry.detail?.["mediaType"];
  const covers = entry.detail?.["covers"];
  return [
    ...(entry.kind === "exhibit" ? factsOfExhibit(typeof mediaType === "string" ? mediaType : null) : []),
    ...(typeof covers === "string" ? [`covers:${covers}`] : []),
  ];
}

async function saveRows(tx: Tx, rows: readonly IncidentRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into incident (${storedColumns})
    select ${storedColumns} from json_populate_recordset(null::incident, ${JSON.stringify(rows.map(toStored))}::json)
    on conflict (id) do update set
      state = excluded.state, level = excluded.level, category = excluded.category, summary = excluded.summary,
      zone_id = excluded.zone_id, device_id = excluded.device_id, occurred_at = excluded.occurred_at,
      updated_at = excluded.updated_at, last_signal_at = excluded.last_signal_at,
      incident_since = excluded.incident_since, severity = excluded.severity,
      machine_severity = excluded.machine_severity, confidence = excluded.confidence, score = excluded.score,
      override = excluded.override, verdict = excluded.verdict, reporter = excluded.reporter,
      owner_token = excluded.owner_token, value_lost_minor = excluded.value_lost_minor,
      value_recovered_minor = excluded.value_recovered_minor, currency = excluded.currency,
      people_involved = excluded.people_involved, signal_count = excluded.signal_count,
      evidence = excluded.evidence, person_fields = excluded.person_fields, attention = excluded.attention,
      version = excluded.version
  `.execute(tx);
}

async function saveSignals(tx: Tx, effects: Effects): Promise<void> {
  if (effects.signals.length === 0) return;
  const rows = effects.signals.map((link) => ({
    incident_id: link.incidentId,
    signal_id: link.signalId,
    joined_because: link.joinedBecause,
    corrected_at: new Date(link.correctedAtMs).toISOString(),
    late: link.late,
  }));
  await sql`
    insert into incident_signal (incident_id, signal_id, joined_because, corrected_at, late)
    select incident_id, signal_id, joined_because, corrected_at, late
    from json_populate_recordset(null::incident_signal, ${JSON.stringify(rows)}::json)
    on conflict do nothing
  `.execute(tx);
}

async function saveDecisions(tx: Tx, effects: Effects): Promise<void> {
  if (effects.decisions.length === 0) return;
  const rows = effects.decisions.map((decision) => ({
    decision_id: decision.decisionId,
    incident_id: decision.incidentId,
    at: new Date(decision.atMs).toISOString(),
  }));
  await sql`
    insert into incident_decision (decision_id, incident_id, at)
    select decision_id, incident_id, at
    from json_populate_recordset(null::incident_decision, ${JSON.stringify(rows)}::json)
    on conflict do nothing
  `.execute(tx);
}

async function insertTimeline(tx: DbOrTx, entries: readonly NewTimelineEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map((entry) => ({
    id: entry.id,
    incident_id: entry.incidentId,
    at: new Date(entry.atMs).toISOString(),
    original_at: entry.originalAt ?? null,
    clock_offset_ms: entry.clockOffsetMs ?? null,
    late: entry.late ?? false,
    kind: entry.kind,
    says: entry.says,
    actor: entry.actor,
    signal_id: entry.signalId ?? null,
    detail: entry.detail ?? {},
  }));
  await sql`
    insert into incident_timeline (id, incident_id, at, original_at, clock_offset_ms, late, kind, says, actor, signal_id, detail)
    select id, incident_id, at, original_at, clock_offset_ms, late, kind, says, actor, signal_id, detail
    from json_to_recordset(${JSON.stringify(rows)}::json) as entry (
      id uuid, incident_id uuid, at timestamptz, original_at text, clock_offset_ms int8, late boolean, kind text,
      says text, actor text, signal_id uuid, detail json)
    on conflict (id) do nothing
  `.execute(tx);
}

async function saveFields(tx: Tx, effects: Effects): Promise<void> {
  if (effects.fields.length === 0) return;
  const rows = effects.fields.map(({ incidentId, ...change }) => ({ incident_id: incidentId, ...change }));
  await sql`
    insert into incident_field (incident_id, field, before, after, at, actor, because)
    select incident_id, field, coalesce(before, 'null'::json), coalesce(after, 'null'::json), at, actor, because
    from json_to_recordset(${JSON.stringify(rows)}::json) as change (
      incident_id uuid, field text, before json, after json, at timestamptz, actor text, because text)
  `.execute(tx);
}

async function saveVerdicts(tx: Tx, effects: Effects): Promise<void> {
  if (effects.verdicts.length === 0) return;
  const rows = effects.verdicts.map((given) => ({
    id: given.id,
    incident_id: given.incidentId,
    verdict: given.verdict,
    because: given.because,
    author: given.author,
    at: new Date(given.atMs).toISOString(),
    category: given.category,
    machine_severity: given.machineSeverity,
  }));
  await sql`
    insert into incident_verdict (id, incident_id, verdict, because, author, at, category, machine_severity)
    select id, incident_id, verdict, because, author, at, category, machine_severity
    from json_populate_recordset(null::incident_verdict, ${JSON.stringify(rows)}::json)
  `.execute(tx);
}
