import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { homeOrganisation, ok, refused, type Result } from "@tillwatch/wire";
import type { SigmaProblem } from "@tillwatch/sigma";
import { appendAudit } from "../audit/audit-append.ts";
import type { Directory } from "../enrich/directory.ts";
import { modelsOff } from "../model/model-switch-store.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import type { RuleFile } from "../pack/load-rules.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import { scopedDb, type Scope } from "../platform/database/scoped.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { describeFault, type Log } from "../platform/log.ts";
import type { Db } from "../schema.ts";
import { backtest, type BacktestProgress } from "./backtest.ts";
import {
  aliveEveryMs,
  endBacktest,
  insertBacktest,
  noteProgress,
  stopLostBacktests,
  type BacktestSubject,
} from "./backtest-store.ts";
import { changedRules, type ChangedRules } from "./changed-rules.ts";
import type { RunningRules } from "./running-rules.ts";

export type BacktestDeps = {
  readonly db: Db;
  readonly fields: FieldVault;
  readonly pack: LoadedPack;
  readonly running: () => RunningRules;
  readonly directory: () => Directory;
  readonly lateAfterMs: number;
  readonly horizonMs: number;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
};

export type AskedBacktest = {
  readonly files: readonly RuleFile[];
  readonly number: number | null; // of the stored version whose text it is
  readonly days: number;
  readonly by: string;
  readonly scope: Scope; // whose signals
};

export type BacktestRefusal =
  | { readonly code: "backtest_rules_refused"; readonly problems: readonly SigmaProblem[] }
  | { readonly code: "backtest_running" };

const dayMs = 86_400_000;
/** Longer than any that is of use; a rule that matches everything must not keep a processor for a day. */
const runMsMax = 15 * 60_000;

/** Backtests of this process, one at a time in the whole installation. */
export class Backtests {
  readonly #deps: BacktestDeps;
  readonly #runMsMax: number;
  #running: Promise<void> = Promise.resolve();
  #closing = false;

  constructor(deps: BacktestDeps, limits: { readonly runMsMax?: number } = {}) {
    this.#deps = deps;
    this.#runMsMax = limits.runMsMax ?? runMsMax;
  }

  /** Starts one and answers its id. It reads what was received until now, under the rules of now, however they change meanwhile. */
  async start(asked: AskedBacktest): Promise<Result<string, BacktestRefusal>> {
    const { db, running, clock, chance } = this.#deps;
    const present = running();
    const changed = changedRules(present, asked.files);
    if (!changed.ok) return refused({ code: "backtest_rules_refused", problems: changed.error });
    const toMs = clock();
    const begun = { id: chance.uuid(), fromMs: toMs - asked.days * dayMs, toMs, present, changed: changed.value };
    const isFirst = await db.transaction().execute(async (tx) => {
      await stopLostBacktests(tx);
      const subjects = changed.value.documents.map((one) => ({ ...one, number: asked.number }));
      const kept = {
        ...begun,
        organisationId: asked.scope.organisationId,
        askedBy: asked.by,
        askedAtMs: toMs,
        rulesBefore: present.versions.rules,
        rulesAfter: changed.value.versions.rules,
        subjects,
      };
      if (!(await insertBacktest(tx, kept))) return false;
      await appendAudit(tx, [entryOf(asked, begun, subjects)], chance);
      return true;
    });
    if (!isFirst) return refused({ code: "backtest_running" });
    this.#running = this.#run(begun, asked.scope);
    return ok(begun.id);
  }

  /** Resolves when what runs here has ended. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Ends what runs, which is then told as stopped. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#running;
  }

  async #run(begun: Begun, scope: Scope): Promise<void> {
    const { db, log } = this.#deps;
    const { id } = begun;
    try {
      const off = await modelsOff(db);
      const pace = new Pace();
      const startedMs = performance.now();
      let isLate = false;
      let saidMs = startedMs;
      const onPage = async (progress: BacktestProgress): Promise<boolean> => {
        await pace.yield();
        const nowMs = performance.now();
        isLate = nowMs - startedMs > this.#runMsMax;
        if (this.#closing || isLate) return false;
        if (nowMs - saidMs < aliveEveryMs) return true;
        saidMs = nowMs;
        return noteProgress(db, id, progress);
      };
      const models = this.#deps.pack.models.filter(({ model }) => !off.has(model.card.id));
      const asker = scopedDb(db, scope);
      const directory = this.#deps.directory();
      const findings = await backtest({ ...this.#deps, ...begun, asker, machine: db, directory, models, onPage });
      if (findings !== null) await endBacktest(db, id, { state: "done", findings });
      else if (isLate) await endBacktest(db, id, { state: "failed", code: "backtest_too_long" });
      else await endBacktest(db, id, { state: this.#closing ? "stopped" : "canceled" });
    } catch (fault) {
      log.error("a backtest failed", { id, fault: describeFault(fault) });
      // Where the database is gone as well, its silence tells (stopLostBacktests).
      await endBacktest(db, id, { state: "failed", code: "backtest_failed" }).catch(() => false);
    }
  }
}

type Begun = {
  readonly id: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly present: RunningRules;
  readonly changed: ChangedRules;
};

function entryOf(
  { by, days }: AskedBacktest,
  { id, toMs, present, changed }: Begun,
  subjects: readonly BacktestSubject[],
) {
  return {
    kind: "rule.backtested",
    actor: by,
    subject: { kind: "backtest", id },
    because: "asked for",
    atMs: toMs,
    organisationId: homeOrganisation,
    body: {
      days,
      rules_before: present.versions.rules,
      rules_after: changed.versions.rules,
      documents: subjects.slice(0, 100).map(({ id: document, number, sha256 }) => ({ id: document, number, sha256 })),
      documents_in_all: subjects.length,
    },
  };
}

// So much of the time that others made it wait is left to them on top: the live pipeline goes first.
const politeMsMax = 50;

/** Lets everything else in the process have its turn after each page, and steps back while there is much of it. */
class Pace {
  async yield(): Promise<void> {
    const askedMs = performance.now();
    await nextTurn();
    const waitedMs = performance.now() - askedMs;
    if (waitedMs > 2) await sleep(Math.min(politeMsMax, waitedMs));
  }
}
