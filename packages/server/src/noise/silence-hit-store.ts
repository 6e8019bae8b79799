import { sql } from "kysely";
import type { TriageLevel } from "@tillwatch/wire";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { DbOrTx, Tx } from "../schema.ts";

/** What a silence did to one case in one batch. `held`: it would have opened. `quiet`: it went on, and nobody was told. Times of the signals. */
export type HeldBack = {
  readonly silenceId: string;
  readonly incidentId: string;
  readonly kind: "held" | "quiet";
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly signals: number;
  readonly severity: number;
  readonly level: TriageLevel;
};

/**
 * Notes what silences held back, and puts each case on the record once a silence. A case that was held once stays so: it may be opened by
 * somebody later, and what came then is counted in.
 */
export async function saveHeldBack(
  tx: Tx,
  heldBack: readonly HeldBack[],
  { chance, nowMs }: { readonly chance: Chance; readonly nowMs: number },
): Promise<void> {
  if (heldBack.length === 0) return;
  const rows = [...Map.groupBy(heldBack, ({ silenceId, incidentId }) => `${silenceId} ${incidentId}`).values()].flatMap(
    (same) => together(same),
  );
  const { rows: saved } = await sql<{ silence_id: string; incident_id: string; is_new: boolean }>`
    insert into silence_hit (silence_id, incident_id, kind, first_at, last_at, signals, severity, level)
    select silence_id, incident_id, kind, first_at, last_at, signals, severity, level
    from json_to_recordset(${JSON.stringify(rows)}::json) as row (silence_id uuid, incident_id uuid, kind text, first_at timestamptz,
      last_at timestamptz, signals int4, severity float8, level int2)
    order by silence_id, incident_id
    on conflict (silence_id, incident_id) do update set
      kind = case when silence_hit.kind = 'held' then 'held' else excluded.kind end,
      first_at = least(silence_hit.first_at, excluded.first_at), last_at = greatest(silence_hit.last_at, excluded.last_at),
      signals = silence_hit.signals + excluded.signals, severity = excluded.severity,
      level = greatest(silence_hit.level, excluded.level)
    returning silence_id::text, incident_id::text, (xmax = 0) as is_new`.execute(tx);
  const known = new Map(rows.map((row) => [`${row.silence_id} ${row.incident_id}`, row]));
  const entries = saved
    .filter(({ is_new }) => is_new)
    .flatMap((row) => known.get(`${row.silence_id} ${row.incident_id}`) ?? [])
    .map(({ silence_id, incident_id, kind, severity, level }) => ({
      kind: "silence.hid",
      actor: "machine",
      subject: { kind: "silence", id: silence_id },
      because: "a silence covers it",
      atMs: nowMs,
      incidentId: incident_id,
      body: { incidentId: incident_id, how: kind, severity, level },
    }));
  await appendAudit(tx, entries, chance);
}

/** One row of what one batch did to one case by one silence. */
function together(same: readonly HeldBack[]) {
  const last = same.at(-1);
  if (last === undefined) return [];
  const { silenceId, incidentId, severity, level } = last;
  return [
    {
      silence_id: silenceId,
      incident_id: incidentId,
      kind: same.some(({ kind }) => kind === "held") ? "held" : "quiet",
      first_at: new Date(Math.min(...same.map(({ firstAtMs }) => firstAtMs))).toISOString(),
      last_at: new Date(Math.max(...same.map(({ lastAtMs }) => lastAtMs))).toISOString(),
      signals: same.reduce((sum, { signals }) => sum + signals, 0),
      severity,
      level,
    },
  ];
}

export type HiddenCase = {
  readonly incidentId: string;
  readonly ref: string;
  readonly state: string;
  readonly category: string;
  readonly siteId: string;
  readonly kind: "held" | "quiet";
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly signals: number;
  readonly severity: number;
  readonly level: number;
};

/** What a silence held back, newest first, of what this database may see. Uses silence_hit_pkey. */
export async function hiddenBy(db: DbOrTx, silenceId: string, limit: number): Promise<readonly HiddenCase[]> {
  const { rows } = await sql<HiddenCase>`
    select h.incident_id::text as "incidentId", i.ref, i.state, i.category, i.site_id as "siteId", h.kind, h.first_at as "firstAt",
      h.last_at as "lastAt", h.signals, h.severity, h.level
    from silence_hit h join incident i on i.id = h.incident_id
    where h.silence_id = ${silenceId}::uuid order by h.last_at desc, h.incident_id limit ${limit}`.execute(db);
  return rows;
}
