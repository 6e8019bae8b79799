import { canonicalBytes } from "@tillwatch/evidence";
import { sql } from "kysely";
import type { ExhibitMinorView } from "@tillwatch/wire";
import type { DbOrTx, Tx } from "../schema.ts";
import type { Region } from "./copy-recipe.ts";

type By = { readonly exhibitId: string; readonly because: string; readonly atMs: number; readonly actor: string };

/** Keeps what was drawn as the next version. null: `version` is not the present one. */
export async function saveRegions(
  tx: Tx,
  drawn: By & { readonly version: number; readonly regions: readonly Region[] },
): Promise<number | null> {
  await sql`select id from exhibit where id = ${drawn.exhibitId} for update`.execute(tx);
  const { rows } = await sql<{ version: number }>`
    select coalesce(max(version), 0) as version from exhibit_region where exhibit_id = ${drawn.exhibitId}`.execute(tx);
  if ((rows[0]?.version ?? 0) !== drawn.version) return null;
  const text = Buffer.from(canonicalBytes(drawn.regions)).toString("utf8");
  const next = drawn.version + 1;
  await sql`
    insert into exhibit_region (exhibit_id, version, regions, because, at, actor)
    values (${drawn.exhibitId}, ${next}, ${text}, ${drawn.because}, ${iso(drawn.atMs)}::timestamptz, ${drawn.actor})`.execute(
    tx,
  );
  return next;
}

/** Says that a minor is in it; false: that was said before. */
export async function saveMinor(tx: Tx, flag: By): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into exhibit_minor (exhibit_id, because, at, actor)
    values (${flag.exhibitId}, ${flag.because}, ${iso(flag.atMs)}::timestamptz, ${flag.actor})
    on conflict (exhibit_id) do nothing`.execute(tx);
  return numAffectedRows === 1n;
}

export async function lockMinor(tx: Tx, exhibitId: string): Promise<{ readonly actor: string } | null> {
  const { rows } = await sql<{ actor: string }>`
    select actor from exhibit_minor where exhibit_id = ${exhibitId} for update`.execute(tx);
  return rows[0] ?? null;
}

/** The legal ground on which it goes out all the same; null takes it back. */
export async function saveMinorGround(tx: Tx, stated: By & { readonly ground: string | null }): Promise<void> {
  const { ground, because, atMs, actor, exhibitId } = stated;
  const is = ground !== null;
  await sql`
    update exhibit_minor set ground = ${ground}, ground_because = ${is ? because : null},
      ground_at = ${is ? iso(atMs) : null}::timestamptz, ground_by = ${is ? actor : null}
    where exhibit_id = ${exhibitId}`.execute(tx);
}

type Row = {
  because: string;
  at: Date;
  actor: string;
  ground: string | null;
  ground_because: string | null;
  ground_at: Date | null;
  ground_by: string | null;
};

export async function minorIn(db: DbOrTx, exhibitId: string): Promise<Omit<ExhibitMinorView, "grounds"> | null> {
  const { rows } = await sql<Row>`
    select because, at, actor, ground, ground_because, ground_at, ground_by from exhibit_minor
    where exhibit_id = ${exhibitId}`.execute(db);
  const [row] = rows;
  if (row === undefined) return null;
  return {
    because: row.because,
    at: row.at.toISOString(),
    actor: row.actor,
    ground: row.ground,
    groundBecause: row.ground_because,
    groundAt: row.ground_at?.toISOString() ?? null,
    groundBy: row.ground_by,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
