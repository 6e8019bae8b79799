import { sql } from "kysely";
import type { DbOrTx } from "../schema.ts";
import type { DecisionRecord } from "./decision-record.ts";

type DecisionRow = {
  readonly id: string;
  readonly situation_id: string;
  readonly at: Date;
  readonly rules_version: string;
  readonly weights_version: string;
  readonly correlation_version: string;
  readonly inputs: string;
  readonly outputs: string;
};

export async function decisionById(db: DbOrTx, id: string): Promise<DecisionRecord | null> {
  const { rows } = await sql<DecisionRow>`
    select id, situation_id, at, rules_version, weights_version, correlation_version, inputs, outputs
    from decision where id = ${id}::uuid`.execute(db);
  return rows[0] === undefined ? null : toRecord(rows[0]);
}

const decisionsMax = 1_000;

/** The decisions about a situation, oldest first. Uses index decision_by_situation. */
export async function decisionsAbout(db: DbOrTx, situationId: string): Promise<readonly DecisionRecord[]> {
  const { rows } = await sql<DecisionRow>`
    select id, situation_id, at, rules_version, weights_version, correlation_version, inputs, outputs
    from decision where situation_id = ${situationId}::uuid order by at, id limit ${decisionsMax}`.execute(db);
  return rows.map(toRecord);
}

/** Ids and times of the decisions that led to a case, oldest first, by its reference; none for an unknown one. For the operator: no text. */
export async function decisionsOfCase(
  db: DbOrTx,
  ref: string,
): Promise<readonly { readonly id: string; readonly at: Date }[]> {
  const { rows } = await sql<{ id: string; at: Date }>`
    select d.decision_id as id, d.at from incident_decision d join incident on incident.id = d.incident_id
    where incident.ref = ${ref} order by d.at, d.decision_id limit ${decisionsMax}`.execute(db);
  return rows;
}

export async function packContent(db: DbOrTx, version: string): Promise<string | null> {
  const { rows } = await sql<{ body: string }>`select body from pack_content where version = ${version}`.execute(db);
  return rows[0]?.body ?? null;
}

export type StoredMember = { readonly text: string; readonly sha256: string };

/** The first `count` members of a situation in the order in which they joined, as stored. */
export async function storedMembers(db: DbOrTx, situationId: string, count: number): Promise<readonly StoredMember[]> {
  const { rows } = await sql<StoredMember>`
    select body::text as text, sha256 from situation_member
    where situation_id = ${situationId}::uuid and ordinal < ${count} order by ordinal`.execute(db);
  return rows;
}

function toRecord(row: DecisionRow): DecisionRecord {
  return {
    id: row.id,
    situationId: row.situation_id,
    atMs: row.at.getTime(),
    versions: { rules: row.rules_version, weights: row.weights_version, correlation: row.correlation_version },
    inputs: row.inputs,
    outputs: row.outputs,
  };
}
