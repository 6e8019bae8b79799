import { sql } from "kysely";
import type { DbOrTx, Tx } from "../schema.ts";

/** The last time somebody turned a model off or on. A model of which there is none is on. */
export type ModelSwitch = {
  readonly modelId: string;
  readonly isOn: boolean;
  readonly atMs: number;
  readonly by: string;
};

/** Ids of the models that are off. */
export async function modelsOff(db: DbOrTx): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`select model_id as id from model_switch where not is_on`.execute(db);
  return new Set(rows.map(({ id }) => id));
}

export async function modelSwitches(db: DbOrTx): Promise<ReadonlyMap<string, ModelSwitch>> {
  const { rows } = await sql<{ id: string; is_on: boolean; changed_at: Date; changed_by: string }>`
    select model_id as id, is_on, changed_at, changed_by from model_switch`.execute(db);
  return new Map(
    rows.map(({ id, is_on: isOn, changed_at: at, changed_by: by }) => [
      id,
      { modelId: id, isOn, atMs: at.getTime(), by },
    ]),
  );
}

/** Answers false where it was so already: then nothing is written. */
export async function switchModel(tx: Tx, { modelId, isOn, atMs, by }: ModelSwitch): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    insert into model_switch as kept (model_id, is_on, changed_at, changed_by)
    select ${modelId}, ${isOn}, ${new Date(atMs).toISOString()}::timestamptz, ${by}
    where ${isOn} = false or exists (select from model_switch where model_id = ${modelId})
    on conflict (model_id) do update set is_on = excluded.is_on, changed_at = excluded.changed_at, changed_by = excluded.changed_by
      where kept.is_on <> excluded.is_on
    returning model_id as id`.execute(tx);
  return rows.length > 0;
}
