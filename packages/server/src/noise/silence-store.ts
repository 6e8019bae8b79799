import { sql } from "kysely";
import type { Situation } from "../flow.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import type { Silence } from "./silence.ts";

/** Whose key seals why a silence was made, signed and ended. */
export function silenceSubject(id: string): string {
  return `silence:${id}`;
}

export type SilenceRow = {
  readonly id: string;
  readonly ruleId: string | null;
  readonly siteId: string | null;
  readonly zoneId: string | null;
  readonly deviceId: string | null;
  readonly category: string | null;
  readonly level: 1 | 2;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly because: string; // sealed
  readonly madeAt: Date;
  readonly madeBy: string;
  readonly signedAt: Date | null;
  readonly signedBy: string | null;
  readonly signedBecause: string | null;
  readonly endedAt: Date | null;
  readonly endedBy: string | null;
  readonly endedBecause: string | null;
};

const columns =
  sql.raw(`s.id::text as id, s.rule_id as "ruleId", s.site_id as "siteId", s.zone_id as "zoneId", s.device_id as "deviceId",
  s.category, s.level, s.starts_at as "startsAt", s.ends_at as "endsAt", s.because, s.made_at as "madeAt", s.made_by as "madeBy",
  s.signed_at as "signedAt", s.signed_by as "signedBy", s.signed_because as "signedBecause", s.ended_at as "endedAt",
  s.ended_by as "endedBy", s.ended_because as "endedBecause"`);

/**
 * The silences that may cover members of these situations, by site. Of a site that is in no table (a database in
 * memory) none.
 */
export async function silencesOver(
  tx: Tx,
  situations: readonly { readonly situation: Situation }[],
): Promise<ReadonlyMap<string, readonly Silence[]>> {
  if (situations.length === 0) return new Map();
  const siteIds = [...new Set(situations.map(({ situation }) => situation.siteId))];
  return silencesSince(tx, siteIds, Math.min(...situations.map(({ situation }) => situation.firstAtMs)));
}

/** The silences of these sites that were not over by `fromMs`, by site. Uses silence_by_end. */
export async function silencesSince(
  db: DbOrTx,
  siteIds: readonly string[],
  fromMs: number,
): Promise<ReadonlyMap<string, readonly Silence[]>> {
  const from = new Date(fromMs);
  const { rows } = await sql<SilenceRow & { atSite: string }>`
    select t.id as "atSite", ${columns}
    from site t join silence s on s.organisation_id = t.organisation_id and (s.site_id is null or s.site_id = t.id)
    where t.id in (select json_array_elements_text(${JSON.stringify(siteIds)}::json))
      and s.ends_at > ${from}::timestamptz and (s.ended_at is null or s.ended_at > ${from}::timestamptz)
    order by s.id`.execute(db);
  const bySite = Map.groupBy(rows, ({ atSite }) => atSite);
  return new Map([...bySite].map(([siteId, found]) => [siteId, found.map(toSilence)]));
}

function toSilence(row: SilenceRow): Silence {
  const { id, ruleId, siteId, zoneId, deviceId, category, startsAt, endsAt, signedAt, endedAt } = row;
  const untilMs = Math.min(endsAt.getTime(), endedAt?.getTime() ?? Infinity);
  const place = { siteId, zoneId, deviceId };
  return {
    id,
    ruleId,
    ...place,
    category,
    fromMs: startsAt.getTime(),
    untilMs,
    level2FromMs: signedAt?.getTime() ?? null,
  };
}

export type NewSilence = Pick<
  SilenceRow,
  "id" | "ruleId" | "siteId" | "zoneId" | "deviceId" | "category" | "level" | "because" | "madeBy"
> & {
  readonly organisationId: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly nowMs: number;
};

export async function insertSilence(tx: Tx, made: NewSilence): Promise<void> {
  await sql`
    insert into silence (id, organisation_id, rule_id, site_id, zone_id, device_id, category, level, starts_at, ends_at, because,
      made_at, made_by)
    values (${made.id}::uuid, ${made.organisationId}, ${made.ruleId}, ${made.siteId}, ${made.zoneId}, ${made.deviceId},
      ${made.category}, ${made.level}, ${new Date(made.startsAtMs)}::timestamptz, ${new Date(made.endsAtMs)}::timestamptz,
      ${made.because}, ${new Date(made.nowMs)}::timestamptz, ${made.madeBy})`.execute(tx);
}

/** How many of the organisation hold or will hold. Uses silence_by_end. */
export async function silencesAhead(
  tx: Tx,
  { organisationId, nowMs }: { readonly organisationId: string; readonly nowMs: number },
): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int4 as n from silence
    where organisation_id = ${organisationId} and ends_at > ${new Date(nowMs)}::timestamptz and ended_at is null`.execute(
    tx,
  );
  return rows[0]?.n ?? 0;
}

export async function lockSilence(tx: Tx, id: string): Promise<SilenceRow | null> {
  const { rows } = await sql<SilenceRow>`select ${columns} from silence s where s.id = ${id}::uuid for update`.execute(
    tx,
  );
  return rows[0] ?? null;
}

type Step = { readonly id: string; readonly actor: string; readonly because: string; readonly nowMs: number };

/** Whether this step changed it: a silence that only a wider scope may change stays as it is. */
export async function markSigned(tx: Tx, { id, actor, because, nowMs }: Step): Promise<boolean> {
  const { rows } = await sql`
    update silence set signed_at = ${new Date(nowMs)}::timestamptz, signed_by = ${actor}, signed_because = ${because}
    where id = ${id}::uuid returning id`.execute(tx);
  return rows.length > 0;
}

export async function markEnded(tx: Tx, { id, actor, because, nowMs }: Step): Promise<boolean> {
  const { rows } = await sql`
    update silence set ended_at = ${new Date(nowMs)}::timestamptz, ended_by = ${actor}, ended_because = ${because}
    where id = ${id}::uuid returning id`.execute(tx);
  return rows.length > 0;
}

export type ListedSilence = SilenceRow & { readonly hidden: number };

/**
 * What holds or will hold first, by its end, then what is over, newest first; `hidden` counts the cases that this database may see. Of what
 * is over as many as there is room for.
 */
export async function listedSilences(
  db: DbOrTx,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): Promise<readonly ListedSilence[]> {
  const over = sql`(s.ended_at is not null or s.ends_at <= ${new Date(nowMs)}::timestamptz)`;
  const { rows } = await sql<ListedSilence>`
    select ${columns}, (select count(*)::int4 from silence_hit h where h.silence_id = s.id) as hidden
    from silence s
    order by ${over}, case when ${over} then null else s.ends_at end, coalesce(s.ended_at, s.ends_at) desc, s.id
    limit ${limit}`.execute(db);
  return rows;
}

export async function silenceById(db: DbOrTx, id: string): Promise<ListedSilence | null> {
  const { rows } = await sql<ListedSilence>`
    select ${columns}, (select count(*)::int4 from silence_hit h where h.silence_id = s.id) as hidden
    from silence s where s.id = ${id}::uuid`.execute(db);
  return rows[0] ?? null;
}

export type ExpiredSilence = {
  readonly id: string;
  readonly organisationId: string;
  readonly siteId: string | null;
  readonly madeBy: string;
  readonly hidden: number;
};

/** Marks what is over by its time and was not noted as that yet; answers it. Uses silence_to_expire. */
export async function takeExpired(tx: Tx, nowMs: number): Promise<readonly ExpiredSilence[]> {
  const now = new Date(nowMs);
  const { rows } = await sql<ExpiredSilence>`
    update silence s set expired_at = ${now}::timestamptz
    where s.id in (select id from silence where ended_at is null and expired_at is null and ends_at <= ${now}::timestamptz
      order by ends_at limit 200 for update skip locked)
    returning s.id::text as id, s.organisation_id as "organisationId", s.site_id as "siteId", s.made_by as "madeBy",
      (select count(*)::int4 from silence_hit h where h.silence_id = s.id) as hidden`.execute(tx);
  return rows;
}
