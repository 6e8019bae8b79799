import { sql } from "kysely";
import type { DraftChanges, DraftInput } from "@tillwatch/wire";
import type { DbOrTx, Tx } from "../schema.ts";
import { draftById, type Draft, type Revision } from "./draft-read.ts";

export type NewDraft = Omit<
  Draft,
  "program" | "revision" | "state" | "settledAt" | "settledBy" | "settledBecause" | "changes" | "editedBy"
> & { readonly key: string };

/** False: this program handed one in under this key before. */
export async function insertDraft(tx: Tx, draft: NewDraft): Promise<boolean> {
  const { rows } = await sql`
    insert into draft (id, incident_id, offered_by, key, request_sha256, place, model, prompt_sha256, prompt, inputs, parameters, written_at,
      offered_at, state)
    values (${draft.id}::uuid, ${draft.incidentId}::uuid, ${draft.offeredBy}, ${draft.key}, ${draft.requestSha256}, ${draft.place},
      ${JSON.stringify(draft.model)}::json, ${draft.promptSha256}, ${draft.prompt}, ${JSON.stringify(draft.inputs)}::json,
      ${JSON.stringify(draft.parameters)}::json, ${draft.writtenAt}::timestamptz, ${draft.offeredAt}::timestamptz, 'offered')
    on conflict (incident_id, offered_by, key) do nothing returning id`.execute(tx);
  return rows.length > 0;
}

/** What this program handed in under this key; null: nothing yet. */
export async function draftByKey(
  db: DbOrTx,
  of: { readonly incidentId: string; readonly offeredBy: string; readonly key: string },
): Promise<Draft | null> {
  const { rows } = await sql<{ id: string }>`
    select id from draft where incident_id = ${of.incidentId}::uuid and offered_by = ${of.offeredBy} and key = ${of.key}`.execute(
    db,
  );
  return rows[0] === undefined ? null : draftById(db, { id: rows[0].id, incidentId: of.incidentId });
}

export async function insertRevision(tx: Tx, revision: Revision): Promise<void> {
  const { draftId, number, text, salt, textSha256, chainSha256, by, at } = revision;
  await sql`
    insert into draft_revision (draft_id, number, text, salt, text_sha256, chain_sha256, by_token, at)
    values (${draftId}::uuid, ${number}, ${text}, ${salt}, ${textSha256}, ${chainSha256}, ${by}, ${at}::timestamptz)`.execute(
    tx,
  );
}

/** Locked until the transaction ends, so that of two who edit or settle at once the second sees what the first did. */
export async function lockDraft(
  tx: Tx,
  at: { readonly id: string; readonly incidentId: string },
): Promise<Draft | null> {
  await sql`
    select id from draft where id = ${at.id}::uuid and incident_id = ${at.incidentId}::uuid for update`.execute(tx);
  return draftById(tx, at);
}

export async function countRevision(tx: Tx, id: string, number: number): Promise<void> {
  await sql`update draft set revision = ${number} where id = ${id}::uuid and state = 'offered'`.execute(tx);
}

export async function settleDraft(
  tx: Tx,
  id: string,
  settled: {
    readonly by: string;
    readonly atMs: number;
  } & (
    | { readonly state: "accepted"; readonly changes: DraftChanges; readonly editedBy: readonly string[] }
    | { readonly state: "refused"; readonly because: string }
  ),
): Promise<void> {
  const because = settled.state === "refused" ? settled.because : null;
  const [changes, editedBy] =
    settled.state === "accepted" ? [JSON.stringify(settled.changes), JSON.stringify(settled.editedBy)] : [null, null];
  await sql`
    update draft set state = ${settled.state}, settled_at = ${new Date(settled.atMs)}::timestamptz, settled_by = ${settled.by},
      settled_because = ${because}, changes = ${changes}::json, edited_by = ${editedBy}::json
    where id = ${id}::uuid and state = 'offered'`.execute(tx);
}

/** What the case is like for a draft, with the case locked; null: there is no such case. */
export async function lockCase(
  tx: Tx,
  incidentId: string,
): Promise<{
  readonly state: string;
  readonly disposed: boolean;
  readonly offered: number;
  readonly all: number;
} | null> {
  await sql`select id from incident where id = ${incidentId}::uuid for update`.execute(tx);
  const { rows } = await sql<{ state: string; disposed: boolean; offered: number; all: number }>`
    select i.state, exists (select from disposal d where d.incident_id = i.id and d.destroyed_at is not null
        and d.kind in ('case', 'watch_item')) as disposed,
      (select count(*)::int4 from draft d where d.incident_id = i.id and d.state = 'offered') as offered,
      (select count(*)::int4 from draft d where d.incident_id = i.id) as all
    from incident i where i.id = ${incidentId}::uuid`.execute(tx);
  return rows[0] ?? null;
}

/** Which of these inputs the case does not have, by their places in the list. Uses the primary keys. */
export async function inputsNotIn(
  tx: Tx,
  incidentId: string,
  inputs: readonly DraftInput[],
): Promise<readonly number[]> {
  if (inputs.length === 0) return [];
  const { rows } = await sql<{ place: number }>`
    select (w.ordinality - 1)::int4 as place
    from json_array_elements(${JSON.stringify(inputs)}::json) with ordinality as w (input, ordinality)
    where not case input ->> 'kind'
      when 'signal' then exists (select from incident_signal s
        where s.incident_id = ${incidentId}::uuid and s.signal_id = (input ->> 'id')::uuid)
      when 'note' then exists (select from incident_timeline t
        where t.incident_id = ${incidentId}::uuid and t.id = (input ->> 'id')::uuid and t.kind = 'note')
      when 'exhibit' then exists (select from exhibit e
        where e.incident_id = ${incidentId}::uuid and e.id = (input ->> 'id')::uuid)
      else false end
    order by 1`.execute(tx);
  return rows.map(({ place }) => place);
}
