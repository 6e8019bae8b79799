import { sql } from "kysely";
import type { DbOrTx, Tx } from "../schema.ts";
import { linkState, triesMax, type LinkSituation, type LinkState } from "./release-link.ts";

type Row = {
  readonly id: string;
  readonly releaseId: string;
  readonly packetId: string;
  readonly incidentId: string;
  readonly organisationId: string;
  readonly codeSha256: string;
  readonly madeAt: Date;
  readonly madeBy: string;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
  readonly openedAt: Date | null;
  readonly triesLeft: number;
  readonly refusals: number;
  readonly withdrawn: boolean;
  readonly withheld: boolean;
  readonly packetThere: boolean;
};

/** A link with its release and what its opening depends on. */
export type ReleaseLink = Omit<Row, "withdrawn" | "withheld" | "packetThere"> & {
  readonly situation: (hasEnded: (organisationId: string) => boolean) => LinkSituation;
};

const select = sql`
  select l.id, l.release_id as "releaseId", r.packet_id as "packetId", r.incident_id as "incidentId", r.organisation_id as "organisationId",
    l.code_sha256 as "codeSha256", l.made_at as "madeAt", l.made_by as "madeBy", l.expires_at as "expiresAt", l.ended_at as "endedAt",
    l.opened_at as "openedAt", l.tries_left as "triesLeft", l.refusals, r.withdrawn_at is not null as withdrawn,
    release_withheld(r) as withheld, p.state = 'ready' and p.disposed_at is null and p.object_key is not null as "packetThere"
  from release_link l join packet_release r on r.id = l.release_id join packet p on p.id = r.packet_id`;

/** Keeps a new link of a release; the one that it had opens no more. Answers which that was. */
export async function insertLink(
  tx: Tx,
  link: {
    readonly id: string;
    readonly releaseId: string;
    readonly sha256: string;
    readonly codeSha256: string;
    readonly by: string;
    readonly nowMs: number;
    readonly expiresAtMs: number;
  },
): Promise<string | null> {
  const now = new Date(link.nowMs);
  const { rows } = await sql<{ id: string }>`
    update release_link set ended_at = ${now}::timestamptz, ended_by = ${link.by}
    where release_id = ${link.releaseId}::uuid and ended_at is null returning id`.execute(tx);
  await sql`
    insert into release_link (id, release_id, sha256, code_sha256, made_at, made_by, expires_at, tries_left)
    values (${link.id}::uuid, ${link.releaseId}::uuid, ${link.sha256}, ${link.codeSha256}, ${now}::timestamptz, ${link.by},
      ${new Date(link.expiresAtMs)}::timestamptz, ${triesMax})`.execute(tx);
  return rows[0]?.id ?? null;
}

/** Ends a link; false: there is no such link of this release, or it was ended before. */
export async function endLink(
  tx: Tx,
  link: { readonly id: string; readonly releaseId: string; readonly by: string; readonly nowMs: number },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update release_link set ended_at = ${new Date(link.nowMs)}::timestamptz, ended_by = ${link.by}
    where id = ${link.id}::uuid and release_id = ${link.releaseId}::uuid and ended_at is null`.execute(tx);
  return numAffectedRows === 1n;
}

/** The link with this digest, locked: of two who come at once the second sees what the first did. Run as the machine. */
export async function lockLink(tx: Tx, sha256: string): Promise<ReleaseLink | null> {
  await sql`select id from release_link where sha256 = ${sha256} for update`.execute(tx);
  const { rows } = await sql<Row>`${select} where l.sha256 = ${sha256}`.execute(tx);
  return rows[0] === undefined ? null : toLink(rows[0]);
}

export async function markOpened(tx: Tx, id: string, nowMs: number): Promise<void> {
  await sql`
    update release_link set opened_at = coalesce(opened_at, ${new Date(nowMs)}::timestamptz) where id = ${id}::uuid`.execute(
    tx,
  );
}

/** Counts a refusal; `wrong`: by a wrong code, which costs a try. */
export async function markRefused(tx: Tx, id: string, wrong: boolean): Promise<void> {
  await sql`
    update release_link set refusals = refusals + 1, tries_left = greatest(tries_left - ${wrong ? 1 : 0}, 0)
    where id = ${id}::uuid`.execute(tx);
}

/** Asks the database as often as a refusal does, and changes nothing: of a link that nobody made it is to take as long to find out. */
export async function nothingRefused(tx: Tx, id: string): Promise<void> {
  await markRefused(tx, id, true);
  await sql`select from release_link where id = ${id}::uuid`.execute(tx);
}

/** The newest link of each release of a case, by release. Uses packet_release_by_incident. */
export async function linksOf(db: DbOrTx, incidentId: string): Promise<ReadonlyMap<string, ReleaseLink>> {
  const { rows } = await sql<Row>`
    ${select} where r.incident_id = ${incidentId}::uuid order by l.made_at, l.id`.execute(db);
  return new Map(rows.map((row) => [row.releaseId, toLink(row)]));
}

export type LinkView = {
  readonly id: string;
  readonly state: LinkState;
  readonly madeAt: string;
  readonly madeBy: string;
  readonly expiresAt: string;
  readonly openedAt: string | null;
  readonly triesLeft: number;
  readonly refusals: number;
};

export function linkView(
  link: ReleaseLink,
  given: { readonly nowMs: number; readonly hasEnded: (organisationId: string) => boolean },
): LinkView {
  return {
    id: link.id,
    state: linkState(link.situation(given.hasEnded), given.nowMs),
    madeAt: link.madeAt.toISOString(),
    madeBy: link.madeBy,
    expiresAt: link.expiresAt.toISOString(),
    openedAt: link.openedAt?.toISOString() ?? null,
    triesLeft: link.triesLeft,
    refusals: link.refusals,
  };
}

function toLink({ withdrawn, withheld, packetThere, ...row }: Row): ReleaseLink {
  return {
    ...row,
    situation: (hasEnded) => ({
      expiresAtMs: row.expiresAt.getTime(),
      endedAtMs: row.endedAt?.getTime() ?? null,
      openedAtMs: row.openedAt?.getTime() ?? null,
      triesLeft: row.triesLeft,
      releaseWithdrawn: withdrawn,
      releaseWithheld: withheld,
      packetThere,
      organisationEnded: hasEnded(row.organisationId),
    }),
  };
}
