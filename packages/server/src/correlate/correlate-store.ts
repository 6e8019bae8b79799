import { hash } from "node:crypto";
import { sql } from "kysely";
import type { Situation, SituationMember } from "../flow.ts";
import type { Tx } from "../schema.ts";

type Reach = { readonly fromMs: number; readonly membersMax: number };
type Grown = { readonly situation: Situation; readonly added: readonly SituationMember[] };

/** Where situations are kept: `since` answers as `situationsSince` does, `save` is given what a batch made of them. */
export type SituationStore = {
  readonly since: (siteIds: readonly string[], reach: Reach) => Promise<readonly Situation[]>;
  readonly save: (changed: readonly Grown[]) => Promise<void>;
};

export function situationsIn(tx: Tx): SituationStore {
  return {
    since: (siteIds, reach) => situationsSince(tx, siteIds, reach),
    save: (changed) => saveSituations(tx, changed),
  };
}

/**
 * The situations of these sites that lasted to `fromMs` or longer and have fewer than `membersMax` members, with their members in
 * order. Full ones take nothing more, and in a surge they are most of what there is. Uses index situation_by_site.
 */
export async function situationsSince(
  tx: Tx,
  siteIds: readonly string[],
  { fromMs, membersMax }: Reach,
): Promise<readonly Situation[]> {
  const { rows } = await sql<SituationRow>`
    select s.id, s.site_id, s.zone_id, s.first_at, s.last_at, json_agg(m.body order by m.ordinal) as members,
      json_agg(m.sha256 order by m.ordinal) as digests
    from situation s join situation_member m on m.situation_id = s.id
    where s.site_id = any(${siteIds}::text[]) and s.last_at >= ${iso(fromMs)}::timestamptz and s.member_count < ${membersMax}
    group by s.id`.execute(tx);
  return rows.map(toSituation);
}

type SituationRow = {
  readonly id: Situation["id"];
  readonly site_id: string;
  readonly zone_id: string | null;
  readonly first_at: Date;
  readonly last_at: Date;
  readonly members: readonly SituationMember[];
  readonly digests: readonly string[];
};

function toSituation(row: SituationRow): Situation {
  return {
    id: row.id,
    siteId: row.site_id,
    zoneId: row.zone_id,
    firstAtMs: row.first_at.getTime(),
    lastAtMs: row.last_at.getTime(),
    members: row.members.toSorted(byTime),
    memberDigests: row.digests,
  };
}

export function byTime(a: SituationMember, b: SituationMember): number {
  return a.correctedAtMs - b.correctedAtMs || (a.signalId < b.signalId ? -1 : 1);
}

/** Writes what a batch made of its situations: spans and new members, two statements for any number. */
export async function saveSituations(tx: Tx, changed: readonly Grown[]): Promise<void> {
  if (changed.length === 0) return;
  const situations = changed.map(({ situation }) => ({
    id: situation.id,
    site_id: situation.siteId,
    zone_id: situation.zoneId,
    first_at: iso(situation.firstAtMs),
    last_at: iso(situation.lastAtMs),
    member_count: situation.members.length,
  }));
  await sql`
    insert into situation (id, site_id, zone_id, first_at, last_at, member_count)
    select id, site_id, zone_id, first_at, last_at, member_count from json_to_recordset(${JSON.stringify(situations)}::json)
      as row (id uuid, site_id text, zone_id text, first_at timestamptz, last_at timestamptz, member_count int4)
    on conflict (id) do update
      set first_at = excluded.first_at, last_at = excluded.last_at, member_count = excluded.member_count`.execute(tx);
  const members = changed.flatMap(({ situation, added }) =>
    added.map((member, index) => ({
      situation_id: situation.id,
      signal_id: member.signalId,
      ordinal: situation.members.length - added.length + index,
      body: JSON.stringify(member),
      sha256: situation.memberDigests[situation.members.length - added.length + index],
    })),
  );
  await sql`
    insert into situation_member (situation_id, signal_id, ordinal, body, sha256)
    select situation_id, signal_id, ordinal, body::json, sha256 from json_to_recordset(${JSON.stringify(members)}::json)
      as row (situation_id uuid, signal_id uuid, ordinal int4, body text, sha256 text)`.execute(tx);
}

/** Digest of a member as it is stored. */
export function memberDigest(member: SituationMember): string {
  return hash("sha256", JSON.stringify(member), "hex");
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
