import { sql } from "kysely";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { asMachine } from "../platform/database/scoped.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import type { CaseWall } from "./conflict.ts";

/** A name for a colleague that leads to nobody's token: who reads the list of colleagues must not learn who reported what. */
export function colleagueRef(fields: FieldVault, token: string): string {
  return Buffer.from(fields.blindIndex("colleague", token).subarray(0, 16)).toString("hex");
}

/** Colleagues of a site, by name (sealed): those bound to it, and those of every site. */
export async function colleaguesAt(
  db: DbOrTx,
  at: { readonly organisationId: string; readonly siteId: string; readonly region: string | null },
): Promise<readonly { readonly token: string; readonly name: string; readonly roles: readonly string[] }[]> {
  const { rows } = await sql<{ token: string; name: string; roles: readonly string[] }>`
    select token, name, roles from account
    where organisation_id = ${at.organisationId} and state = 'active' and (
      (sites is null and regions is null) or ${at.siteId} = any(sites) or ${at.region}::text = any(regions))
    order by token limit 2000`.execute(db);
  return rows;
}

/** The accounts that these names stand for, of one organisation; names of nobody are left out. */
export async function tokensOf(
  db: DbOrTx,
  { organisationId, refs }: { readonly organisationId: string; readonly refs: readonly string[] },
  fields: FieldVault,
): Promise<readonly string[]> {
  if (refs.length === 0) return [];
  const { rows } = await sql<{ token: string }>`
    select token from account where organisation_id = ${organisationId} order by token limit 100000`.execute(db);
  const wanted = new Set(refs);
  return rows.map(({ token }) => token).filter((token) => wanted.has(colleagueRef(fields, token)));
}

export type Conflict = {
  readonly incidentId: string;
  readonly subjects: readonly string[];
  readonly handlers: readonly string[];
  readonly actor: string;
  readonly nowMs: number;
  /** Why a colleague is named in a case that is there already, sealed; absent: its report said so. */
  readonly because?: string;
};

/** From this commit on the case is not there for those whom it is about, and is handled by these roles. The record names tokens. */
export function keepConflict(tx: Tx, conflict: Conflict, chance: Chance): Promise<void> {
  return asMachine(tx, async (machine) => {
    const { incidentId, subjects, handlers, actor, nowMs, because } = conflict;
    await sql`update incident set handlers = ${handlers}::text[] where id = ${incidentId}::uuid`.execute(machine);
    await sql`
      insert into incident_subject (incident_id, token, at, actor)
      select ${incidentId}::uuid, value, ${new Date(nowMs)}::timestamptz, ${actor}
      from json_array_elements_text(${JSON.stringify(subjects)}::json) on conflict do nothing`.execute(machine);
    const entry = {
      kind: because === undefined ? "incident.conflict_routed" : "incident.colleague_named",
      actor,
      subject: { kind: "incident", id: incidentId },
      because: because ?? "it is about a colleague",
      atMs: nowMs,
      body: {
        handlers: [...handlers],
        subjects: [...subjects],
        ...(because === undefined ? {} : { through: "person" }),
      },
    };
    await appendAudit(machine as Tx, [entry], chance);
  });
}

/** What walls stand around these cases; those without one are left out. */
export async function wallsOf(db: DbOrTx, incidentIds: readonly string[]): Promise<ReadonlyMap<string, CaseWall>> {
  if (incidentIds.length === 0) return new Map();
  const { rows } = await sql<CaseWall & { id: string }>`
    select i.id::text as id, i.handlers, i.reporter, (
      select coalesce(json_agg(s.token), '[]'::json) from incident_subject s where s.incident_id = i.id) as subjects
    from incident i where i.id in (select value::uuid from json_array_elements_text(${JSON.stringify(incidentIds)}::json))
      and (i.handlers is not null or exists (select from incident_subject s where s.incident_id = i.id))`.execute(db);
  return new Map(rows.map(({ id, ...wall }) => [id, wall]));
}
