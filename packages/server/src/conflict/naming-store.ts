import { sql } from "kysely";
import type { DbOrTx, Tx } from "../schema.ts";

export type Named = {
  readonly token: string;
  readonly name: string | null; // sealed; null: the account is no more
  readonly at: Date;
  readonly actor: string;
  readonly through: "person" | "till";
};

/** Whom a case is about, in the order in which they were named. */
export async function namedIn(db: DbOrTx, incidentId: string): Promise<readonly Named[]> {
  const { rows } = await sql<Named>`
    select s.token, a.name, s.at, s.actor, s.through from incident_subject s left join account a on a.token = s.token
    where s.incident_id = ${incidentId}::uuid order by s.at, s.token limit 1000`.execute(db);
  return rows;
}

export type Withdrawal = {
  readonly id: string;
  readonly token: string | null;
  readonly name: string | null; // sealed
  readonly at: Date;
  readonly actor: string;
  readonly because: string; // sealed
  readonly state: "asked" | "done" | "refused";
  readonly decidedAt: Date | null;
  readonly decidedBy: string | null;
  readonly decidedBecause: string | null; // sealed
};

const columns = sql`w.id, w.token, a.name, w.at, w.actor, w.because, w.state, w.decided_at as "decidedAt",
  w.decided_by as "decidedBy", w.decided_because as "decidedBecause"`;

/** Newest first. */
export async function withdrawalsOf(db: DbOrTx, incidentId: string): Promise<readonly Withdrawal[]> {
  const { rows } = await sql<Withdrawal>`
    select ${columns} from naming_withdrawal w left join account a on a.token = w.token
    where w.incident_id = ${incidentId}::uuid order by w.at desc, w.id limit 200`.execute(db);
  return rows;
}

/** Locked until the commit: of two decisions one comes first. */
export async function lockWithdrawal(
  tx: Tx,
  of: { readonly incidentId: string; readonly id: string },
): Promise<Withdrawal | null> {
  const { rows } = await sql<Withdrawal>`
    select ${columns} from naming_withdrawal w left join account a on a.token = w.token
    where w.id = ${of.id}::uuid and w.incident_id = ${of.incidentId}::uuid for update of w`.execute(tx);
  return rows[0] ?? null;
}

type Asked = {
  readonly id: string;
  readonly incidentId: string;
  readonly token: string | null;
  readonly actor: string;
  readonly because: string; // sealed
  readonly nowMs: number;
};

/** False: it was asked already and waits. */
export async function insertWithdrawal(tx: Tx, asked: Asked): Promise<boolean> {
  const { rows } = await sql`
    insert into naming_withdrawal (id, incident_id, token, at, actor, because, state)
    values (${asked.id}::uuid, ${asked.incidentId}::uuid, ${asked.token}, ${new Date(asked.nowMs)}::timestamptz, ${asked.actor},
      ${asked.because}, 'asked') on conflict do nothing returning id`.execute(tx);
  return rows.length === 1;
}

export async function decideWithdrawal(
  tx: Tx,
  decided: {
    readonly id: string;
    readonly state: "done" | "refused";
    readonly by: string;
    readonly because: string; // sealed
    readonly nowMs: number;
  },
): Promise<void> {
  await sql`
    update naming_withdrawal set state = ${decided.state}, decided_by = ${decided.by}, decided_because = ${decided.because},
      decided_at = ${new Date(decided.nowMs)}::timestamptz where id = ${decided.id}::uuid`.execute(tx);
}

/** The wall falls for one colleague; for the case as a whole where `token` is null. As the machine: nobody may write whom a case is about. */
export async function liftWall(machine: DbOrTx, incidentId: string, token: string | null): Promise<void> {
  if (token === null) {
    await sql`update incident set handlers = null where id = ${incidentId}::uuid`.execute(machine);
  } else {
    await sql`
      delete from incident_subject where incident_id = ${incidentId}::uuid and token = ${token}`.execute(machine);
  }
}
