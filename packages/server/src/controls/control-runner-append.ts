import { sql } from "kysely";
import type { ControlView } from "@tillwatch/wire";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import { describeFault, type Log } from "../platform/log.ts";
import type { Db, DbOrTx, Tx } from "../schema.ts";
import type { Checked, Control } from "./control.ts";

export type RunnerDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** Tells the outside that a control fails, or holds again, in the transaction of its entry. */
  readonly alarm?: (
    tx: Tx,
    turned: { readonly control: string; readonly ok: boolean; readonly atMs: number },
  ) => Promise<void>;
};

const runsShown = 20;

/**
 * Runs each control when it is due, and keeps every run. A control that fails, and one that holds again, is an entry of the record and a
 * line in the program's log; what the misuse rules make of it is theirs.
 */
export class ControlRunner {
  readonly #deps: RunnerDeps;
  readonly #controls: readonly Control[];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: RunnerDeps, controls: readonly Control[]) {
    this.#deps = deps;
    this.#controls = controls;
  }

  /** Runs what is due. */
  async step(): Promise<void> {
    const last = await latestRuns(this.#deps.db);
    const nowMs = this.#deps.clock();
    for (const control of this.#controls) {
      const before = last.get(control.id);
      if (before !== undefined && nowMs - before.atMs < control.everyMinutes * 60_000) continue;
      await this.#inTurn(() => this.#run(control, "machine"));
    }
  }

  /** Runs all of them now, because a person asked. */
  async runAll(askedBy: string): Promise<void> {
    for (const control of this.#controls) await this.#inTurn(() => this.#run(control, askedBy));
  }

  async views(): Promise<readonly ControlView[]> {
    const views: ControlView[] = [];
    for (const { id, title, says, everyMinutes } of this.#controls) {
      const runs = await runsOf(this.#deps.db, id);
      views.push({ id, title, says, everyMinutes, ok: runs[0]?.ok ?? null, runs });
    }
    return views;
  }

  /** One at a time: two runs of one control would each see the state before. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(work);
    this.#turn = run.catch(() => undefined);
    return run;
  }

  async #run(control: Control, askedBy: string): Promise<void> {
    const { db, clock, chance, log } = this.#deps;
    const found = await checked(control);
    const before = (await latestRuns(db)).get(control.id);
    const atMs = clock();
    await db.transaction().execute(async (tx) => {
      await sql`
        insert into control_run (id, control, at, ok, says, evidence, asked_by)
        values (${chance.uuid()}, ${control.id}, ${new Date(atMs).toISOString()}::timestamptz, ${found.ok}, ${found.says},
          ${JSON.stringify(found.evidence)}, ${askedBy})`.execute(tx);
      const turned = before === undefined ? !found.ok : before.ok !== found.ok;
      if (!turned) return;
      const record = {
        kind: found.ok ? "control.passed" : "control.failed",
        actor: "machine",
        subject: { kind: "control", id: control.id },
        because: found.says === "" ? control.title : found.says,
        atMs,
        body: { control: control.id, evidence: found.evidence },
      };
      await appendAudit(tx, [record], chance);
      await this.#deps.alarm?.(tx, { control: control.id, ok: found.ok, atMs });
    });
    if (!found.ok) log.error("CONTROL FAILED", { control: control.id, says: found.says });
  }
}

async function checked(control: Control): Promise<Checked> {
  try {
    const found = await control.check();
    return { ...found, says: found.says.slice(0, 500) };
  } catch (fault) {
    return { ok: false, says: `the check itself failed: ${describeFault(fault)}`.slice(0, 500), evidence: {} };
  }
}

async function latestRuns(db: DbOrTx): Promise<ReadonlyMap<string, { readonly atMs: number; readonly ok: boolean }>> {
  const { rows } = await sql<{ control: string; at: Date; ok: boolean }>`
    select distinct on (control) control, at, ok from control_run order by control, at desc`.execute(db);
  return new Map(rows.map(({ control, at, ok }) => [control, { atMs: at.getTime(), ok }]));
}

async function runsOf(db: DbOrTx, control: string): Promise<ControlView["runs"]> {
  const { rows } = await sql<{ at: Date; ok: boolean; says: string; evidence: unknown; asked_by: string }>`
    select at, ok, says, evidence, asked_by from control_run where control = ${control} order by at desc limit ${runsShown}`.execute(
    db,
  );
  return rows.map(({ at, ok, says, evidence, asked_by: askedBy }) => ({
    at: at.toISOString(),
    ok,
    says,
    evidence,
    askedBy,
  }));
}
