import { sql } from "kysely";
import type { BacktestState } from "@tillwatch/wire";
import type { Db, DbOrTx, Tx } from "../schema.ts";
import type { BacktestFindings, BacktestProgress } from "./backtest.ts";

/** A changed document of a backtest. `number`: of the stored version, null where the text was only handed in. */
export type BacktestSubject = {
  readonly id: string;
  readonly title: string;
  readonly number: number | null;
  readonly sha256: string;
};

export type NewBacktest = {
  readonly id: string;
  readonly organisationId: string;
  readonly askedBy: string;
  readonly askedAtMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly rulesBefore: string;
  readonly rulesAfter: string;
  readonly subjects: readonly BacktestSubject[];
};

export type BacktestRow = {
  readonly id: string;
  readonly state: BacktestState;
  readonly askedBy: string;
  readonly askedAt: Date;
  readonly fromAt: Date;
  readonly toAt: Date;
  readonly rulesBefore: string;
  readonly rulesAfter: string;
  readonly subjects: readonly BacktestSubject[];
  readonly share: number;
  readonly signals: number;
  readonly endedAt: Date | null;
  readonly fault: string | null;
  /** Of before silences and dismissals were heeded: without `quiet`; of before rates knew since when there are signals: without `since`. */
  readonly result:
    (Omit<BacktestFindings, "signals" | "quiet" | "since"> & Partial<Pick<BacktestFindings, "quiet" | "since">>) | null;
};

const keptMax = 200;
/** A process says this often that it is alive; one that did not for so long is taken for gone. */
export const aliveEveryMs = 500;
const goneAfterSeconds = 20;

/** Inserts it and lets go of the oldest; false where one runs already. */
export async function insertBacktest(tx: Tx, given: NewBacktest): Promise<boolean> {
  const at = (ms: number) => new Date(ms).toISOString();
  const { rows } = await sql<{ id: string }>`
    insert into rule_backtest (id, organisation_id, state, asked_by, asked_at, from_at, to_at, rules_before, rules_after, subjects, alive_at)
    values (${given.id}::uuid, ${given.organisationId}, 'running', ${given.askedBy}, ${at(given.askedAtMs)}::timestamptz,
      ${at(given.fromMs)}::timestamptz, ${at(given.toMs)}::timestamptz, ${given.rulesBefore}, ${given.rulesAfter},
      ${JSON.stringify(given.subjects)}::json, now())
    on conflict ((true)) where state = 'running' do nothing returning id::text`.execute(tx);
  await sql`
    delete from rule_backtest where state <> 'running' and id not in (
      select id from rule_backtest order by asked_at desc, id limit ${keptMax})`.execute(tx);
  return rows.length > 0;
}

/** Backtests whose process ended before them. By the database's clock, as `alive_at` is. */
export async function stopLostBacktests(db: DbOrTx): Promise<void> {
  await sql`
    update rule_backtest set state = 'stopped', ended_at = now()
    where state = 'running' and alive_at < now() - make_interval(secs => ${goneAfterSeconds})`.execute(db);
}

/** Says how far it is; false where it shall end: somebody asked so, or it was taken for lost. */
export async function noteProgress(db: Db, id: string, { share, signals }: BacktestProgress): Promise<boolean> {
  const { rows } = await sql<{ cancel: boolean }>`
    update rule_backtest set share = ${share}, signals = ${signals}, alive_at = now() where id = ${id}::uuid and state = 'running'
    returning cancel`.execute(db);
  return rows[0]?.cancel === false;
}

type BacktestFaultCode = "backtest_too_long" | "backtest_failed";
type Ending =
  | { readonly state: "done"; readonly findings: BacktestFindings }
  | { readonly state: "canceled" | "stopped" }
  | { readonly state: "failed"; readonly code: BacktestFaultCode };

/** The first ending stands; false where it had one. */
export async function endBacktest(db: DbOrTx, id: string, ending: Ending): Promise<boolean> {
  const { signals, ...found } = ending.state === "done" ? ending.findings : { signals: null };
  const result = ending.state === "done" ? JSON.stringify(found) : null;
  const { rows } = await sql<{ id: string }>`
    update rule_backtest set state = ${ending.state}, ended_at = now(), result = ${result}::json,
      fault = ${ending.state === "failed" ? ending.code : null}, signals = coalesce(${signals}::int8, signals),
      share = case when ${ending.state === "done"} then 1 else share end
    where id = ${id}::uuid and state = 'running' returning id::text`.execute(db);
  return rows.length > 0;
}

/** Asks that it end; false: it does not run. */
export async function askToCancel(db: DbOrTx, id: string): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    update rule_backtest set cancel = true where id = ${id}::uuid and state = 'running' returning id::text`.execute(db);
  return rows.length > 0;
}

/** The latest, or the one with this id, newest first. `db` is the asker's organisation's. Without results where none is named. */
export async function storedBacktests(db: DbOrTx, id: string | null = null): Promise<readonly BacktestRow[]> {
  const { rows } = await sql<BacktestRow>`
    select id::text as id, state, asked_by as "askedBy", asked_at as "askedAt", from_at as "fromAt", to_at as "toAt",
      rules_before as "rulesBefore", rules_after as "rulesAfter", subjects, share, signals::float8 as signals, ended_at as "endedAt", fault,
      case when ${id}::uuid is null then null else result end as result
    from rule_backtest where ${id}::uuid is null or id = ${id}::uuid order by asked_at desc, id limit 50`.execute(db);
  return rows;
}

export type LinkedSignal = {
  readonly signalId: string;
  readonly siteId: string;
  readonly type: string;
  readonly at: Date;
  readonly incidentId: string | null;
  readonly incidentRef: string | null;
};

/** Signals of examples as the reader may see them: those of other sites, and those that are gone, are not there. */
export async function linkedSignals(db: DbOrTx, ids: readonly string[]): Promise<readonly LinkedSignal[]> {
  const { rows } = await sql<LinkedSignal>`
    select g.id::text as "signalId", g.site_id as "siteId", g.type, g.occurred_at as at, i.id::text as "incidentId", i.ref as "incidentRef"
    from signal g
    left join lateral (
      select i.id, i.ref from incident_signal s join incident i on i.id = s.incident_id
      where s.signal_id = g.id order by i.opened_at limit 1
    ) i on true
    where g.id = any(${[...ids]}::uuid[])`.execute(db);
  return rows;
}
