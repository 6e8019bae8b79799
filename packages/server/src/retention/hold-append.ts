import { sql } from "kysely";
import { problem } from "../api/problem.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import { incidentSubject } from "../subjects.ts";

export type CaseHold = {
  readonly id: string;
  readonly ground: string;
  readonly matter: string | null; // sealed
  readonly because: string; // sealed
  readonly at: Date;
  readonly actor: string;
  readonly endedAt: Date | null;
  readonly endedBy: string | null;
};

/** Holds on a case, those in force first. Uses legal_hold_by_subject for those. */
export async function holdsOfCase(db: DbOrTx, incidentId: string): Promise<readonly CaseHold[]> {
  const { rows } = await sql<CaseHold>`
    select id, ground, matter, because, at, actor, ended_at as "endedAt", ended_by as "endedBy" from legal_hold
    where subject = ${incidentSubject(incidentId)} order by ended_at nulls first, at desc, id limit 200`.execute(db);
  return rows;
}

type By = { readonly actor: string; readonly nowMs: number; readonly organisationId: string };
type Tools = { readonly fields: FieldVault; readonly chance: Chance };

/**
 * Keeps a case from being purged, erased or disposed of. Waits for a destruction that is under way, and is refused where that left nothing to
 * hold. Matter and reason are sealed under the hold itself.
 */
export async function holdCase(
  tx: Tx,
  hold: By & {
    readonly incidentId: string;
    readonly matter: string;
    readonly ground: string;
    readonly because: string;
  },
  { fields, chance }: Tools,
): Promise<string> {
  const { incidentId, organisationId, ground, actor, nowMs } = hold;
  await sql`select from incident where id = ${incidentId}::uuid for update`.execute(tx);
  const { rows } = await sql`
    select from disposal where incident_id = ${incidentId}::uuid and destroyed_at is not null and kind in ('case', 'watch_item')`.execute(
    tx,
  );
  if (rows.length > 0) {
    throw problem(409, "hold_content_gone", "the content of this case was destroyed when its time was over", {
      remedy:
        "Its certificate says what there was. Other copies, if any, are with those to whom packets were released.",
    });
  }
  const id = chance.uuid();
  const [matter, because] = await fields.sealMany(
    tx,
    [hold.matter, hold.because].map((text) => ({ subject: `hold:${id}`, text })),
  );
  await sql`
    insert into legal_hold (id, organisation_id, subject, ground, matter, because, at, actor)
    values (${id}::uuid, ${organisationId}, ${incidentSubject(incidentId)}, ${ground}, ${matter}, ${because},
      ${new Date(nowMs)}::timestamptz, ${actor})`.execute(tx);
  const subject = { kind: "incident", id: incidentId };
  const entry = {
    kind: "hold.set",
    actor,
    subject,
    because: because ?? "",
    atMs: nowMs,
    body: { hold: id, ground, matter: matter ?? null },
  };
  await appendAudit(tx, [entry], chance);
  return id;
}

export async function endCaseHold(
  tx: Tx,
  hold: By & { readonly incidentId: string; readonly id: string; readonly because: string },
  { fields, chance }: Tools,
): Promise<void> {
  const { incidentId, id, actor, nowMs } = hold;
  const { rows } = await sql`
    update legal_hold set ended_at = ${new Date(nowMs)}::timestamptz, ended_by = ${actor}
    where id = ${id}::uuid and subject = ${incidentSubject(incidentId)} and ended_at is null returning id`.execute(tx);
  if (rows.length === 0) throw problem(404, "legal_hold_unknown", "there is no such hold in force");
  const because = await fields.seal(tx, `hold:${id}`, hold.because);
  const subject = { kind: "incident", id: incidentId };
  await appendAudit(tx, [{ kind: "hold.ended", actor, subject, because, atMs: nowMs, body: { hold: id } }], chance);
}
