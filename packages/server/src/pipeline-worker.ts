import { setImmediate } from "node:timers/promises";
import type { Signal } from "@tillwatch/wire";
import { SituationMemory } from "./correlate/situation-memory.ts";
import { countsHorizonMs, SiteCounts } from "./detect/site-counts.ts";
import type { Directory } from "./enrich/directory.ts";
import { replayInto } from "./enrich/enrich-stage.ts";
import type { EnrichPolicy } from "./enrich/enrich.ts";
import { SiteMemory } from "./enrich/site-memory.ts";
import type { IncidentChange } from "./flow.ts";
import {
  commitCursor,
  commitCursors,
  giveUpLeases,
  headOf,
  lastBeforeHorizon,
  LeaseLost,
  nextOfEach,
  nextSignals,
  partitionsWithWork,
  takeLeases,
  type Lease,
  type LoggedSignal,
} from "./pipeline-store.ts";
import type { Pipeline, Recount } from "./pipeline.ts";
import type { Clock } from "./platform/clock.ts";
import { describeFault, type Log } from "./platform/log.ts";
import type { RunningRules } from "./rule/running-rules.ts";
import type { Db, Tx } from "./schema.ts";

export type WorkerDeps = {
  readonly db: Db;
  readonly pipeline: Pipeline;
  readonly directory: () => Directory; // the current one; it changes while we run
  readonly enrichPolicy: EnrichPolicy;
  readonly clock: Clock;
  readonly log: Log;
  readonly owner: string; // names this process in the lease
  readonly horizonMs: number; // the longest window that enrichment looks back over
  readonly running: () => RunningRules; // the rules of now: each round takes them once, so a change comes between two rounds
  readonly recount: Recount;
  readonly onCommitted: (changes: readonly IncidentChange[], signals: readonly Signal[]) => void;
  readonly setAside: (tx: Tx, signal: Signal, fault: string) => Promise<void>; // a signal that cannot be processed
};

const batchMax = 500; // signals of one transaction, all its partitions together
const leaseSeconds = 15;
const renewMs = 5_000;
const pollMs = 250; // other processes append too; our own appender wakes us at once
const attemptsMax = 3;
const backOffMs = 200;

/** `alone`: part of a round that failed; it goes by itself until it succeeds, so that a fault finds its partition. */
type Partition = {
  lease: Lease;
  memory: SiteMemory;
  counts: SiteCounts;
  watched: SiteCounts | null;
  situations: SituationMemory;
  failures: number;
  batchMax: number;
  alone: boolean;
};
/** Of the rules that run and of those that watch; null: nothing watches. */
type Windows = Pick<Partition, "counts" | "watched">;
type Work = { readonly partition: Partition; readonly logged: readonly LoggedSignal[] };

/**
 * Leases partitions and carries their signals through the pipeline, a round at a time: everything that a round changes and the
 * cursors of its partitions commit in one transaction, so that a crash anywhere replays the round and doubles nothing. All
 * partitions share a round, because each stage costs a question or two however many signals it carries.
 *
 * A round that fails is tried again partition by partition, then signal by signal; a signal that fails three times alone is set
 * aside with its fault, so that one poisoned signal neither stops a shop nor disappears.
 */
export class PipelineWorker {
  readonly #deps: WorkerDeps;
  readonly #partitions = new Map<number, Partition>();
  #running: Promise<void> | null = null;
  #stopping = false;
  #wake: () => void = () => {};
  #renewAtMs = 0;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Something was appended: look now. */
  wake(): void {
    this.#wake();
  }

  /** Runs until nothing is left to do. For tests, simulation and benches; not beside `start`. */
  async drain(): Promise<void> {
    await this.#renew();
    while (await this.#round()) {
      // each round takes what there is
    }
  }

  async close(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#running;
    await giveUpLeases(this.#deps.db, this.#deps.owner);
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        if (this.#deps.clock() >= this.#renewAtMs) await this.#renew();
        if (await this.#round()) {
          await setImmediate(); // the embedded database never leaves the microtasks: sockets and timers want their turn
          continue;
        }
      } catch (fault) {
        this.#deps.log.error("the pipeline could not work", { fault: describeFault(fault) });
        await this.#pause(backOffMs);
      }
      await this.#pause(pollMs);
    }
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }

  async #renew(): Promise<void> {
    const leases = await takeLeases(this.#deps.db, this.#deps.owner, leaseSeconds);
    this.#renewAtMs = this.#deps.clock() + renewMs;
    const ours = new Set(leases.map((lease) => lease.partition));
    for (const partition of this.#partitions.keys()) if (!ours.has(partition)) this.#partitions.delete(partition);
    for (const lease of leases) {
      const known = this.#partitions.get(lease.partition);
      if (known?.lease.token === lease.token) continue;
      this.#partitions.set(lease.partition, await this.#fresh(lease));
    }
  }

  async #fresh(lease: Lease): Promise<Partition> {
    const remembered = await this.#rebuild(lease, this.#deps.running());
    return { lease, ...remembered, situations: new SituationMemory(), failures: 0, batchMax, alone: false };
  }

  /** Replays the log from the horizon to the cursor, a page at a time: an hour of a busy chain does not fit into memory. */
  async #rebuild(lease: Lease, running: RunningRules): Promise<Windows & Pick<Partition, "memory">> {
    const { db, horizonMs, directory, enrichPolicy, recount } = this.#deps;
    const memory = new SiteMemory(horizonMs);
    const windows = emptyWindows(running);
    const into = [
      { rules: running.rulebook.rules, counts: windows.counts },
      ...(running.shadow === null || windows.watched === null
        ? []
        : [{ rules: running.shadow.rules, counts: windows.watched }]),
    ];
    const at = { partition: lease.partition, seq: lease.cursor };
    // Before the windows begin, enrichment needs what it remembered then: by it the first signals in them have their corrected times.
    const backMs = horizonMs + countsHorizonMs(Math.max(...into.map(({ rules }) => rules.timespanMs)));
    for (let seq = await lastBeforeHorizon(db, at, backMs); seq < lease.cursor;) {
      const page = await nextSignals(db, { partition: lease.partition, cursor: seq }, batchMax);
      const inside = page.filter((entry) => entry.seq <= lease.cursor).map((entry) => entry.signal);
      await recount(replayInto(memory, inside, { directory: directory(), policy: enrichPolicy }), into);
      memory.forgetBefore(inside.at(-1)?.receivedAtMs ?? 0);
      const last = page.at(-1);
      if (last === undefined || inside.length < page.length) break;
      seq = last.seq;
    }
    return { memory, ...windows };
  }

  /** What the windows of this process hold, and what they lost. */
  get counted(): readonly SiteCounts[] {
    return [...this.#partitions.values()].flatMap(({ counts, watched }) =>
      watched === null ? [counts] : [counts, watched],
    );
  }

  /** The next signals of all partitions that have some; false where none had. */
  async #round(): Promise<boolean> {
    const numbers = await partitionsWithWork(this.#deps.db, [...this.#partitions.keys()]);
    const busy = numbers.flatMap((number) => this.#partitions.get(number) ?? []);
    const together = busy.filter((partition) => !partition.alone);
    if (together.length > 0) await this.#take(together);
    for (const partition of busy) if (partition.alone && !this.#stopping) await this.#take([partition]);
    return numbers.length > 0;
  }

  async #take(partitions: readonly Partition[]): Promise<void> {
    const share = Math.ceil(batchMax / partitions.length);
    const limit = Math.min(share, ...partitions.map((partition) => partition.batchMax));
    const found = await nextOfEach(
      this.#deps.db,
      partitions.map((partition) => partition.lease),
      limit,
    );
    const work: Work[] = [];
    for (const partition of partitions) {
      const logged = found.get(partition.lease.partition) ?? [];
      if (logged.length > 0) work.push({ partition, logged });
      else await this.#skipGap(partition);
    }
    if (work.length > 0 && !this.#stopping) await this.#process(work);
  }

  async #process(work: readonly Work[]): Promise<void> {
    const { db, pipeline, clock, directory } = this.#deps;
    const running = await this.#takeRules(work);
    const nowMs = clock();
    const parts = work.map(({ partition, logged }) => ({
      batch: { partition: partition.lease.partition, nowMs, signals: logged.map((entry) => entry.signal) },
      memory: partition.memory,
      counts: partition.counts,
      watched: partition.watched,
      situations: partition.situations,
    }));
    const moved = work.map(({ partition, logged }) => ({ lease: partition.lease, seq: logged.at(-1)?.seq ?? 0 }));
    try {
      const changes = await db.transaction().execute(async (tx) => {
        const made = await pipeline(parts, { tx, nowMs, directory: directory(), running });
        await commitCursors(tx, moved, leaseSeconds);
        return made;
      });
      for (const [index, { partition }] of work.entries()) this.#advance(partition, moved[index]?.seq ?? 0);
      const signals = parts.flatMap((part) => part.batch.signals);
      this.#deps.onCommitted(changes, signals);
    } catch (fault) {
      await this.#failed(work, fault);
    }
  }

  /** The rules of this round. Windows that were filled by others are filled anew from the log, so that nothing is counted twice or not at all. */
  async #takeRules(work: readonly Work[]): Promise<RunningRules> {
    const running = this.#deps.running();
    const { rules } = running.rulebook;
    const watching = running.shadow?.rules ?? null;
    const isLiveOld = ({ counts }: Partition) => counts.version !== rules.version;
    const isWatchOld = ({ watched }: Partition) => watched?.version !== watching?.version;
    const outdated = work.filter(({ partition }) => isLiveOld(partition) || isWatchOld(partition));
    if (outdated.length === 0) return running;
    for (const { partition } of outdated) {
      const [live, watch] = [isLiveOld(partition), isWatchOld(partition)];
      const counting = [live ? rules : null, watch ? watching : null].some((one) => (one?.correlations.size ?? 0) > 0);
      const fresh: Windows = counting ? await this.#rebuild(partition.lease, running) : emptyWindows(running);
      // What still counts by the same rules goes on: it knows what it lost.
      if (live) partition.counts = fresh.counts;
      if (watch) partition.watched = fresh.watched;
    }
    // While the log was read, they may have changed again.
    return await this.#takeRules(work);
  }

  #advance(partition: Partition, seq: number): void {
    partition.lease = { ...partition.lease, cursor: seq };
    partition.failures = 0;
    partition.alone = false;
    partition.batchMax = Math.min(batchMax, partition.batchMax * 2);
  }

  /** The head moved, but every row of it was a repeat: nothing will ever stand there. */
  async #skipGap(partition: Partition): Promise<void> {
    await this.#deps.db.transaction().execute(async (tx) => {
      // Appenders hold the head's row lock until they commit: once we have it, what it covers is visible or will never be.
      const head = await headOf(tx, partition.lease.partition);
      const again = await nextSignals(tx, partition.lease, 1);
      if (again.length > 0) return;
      await commitCursor(tx, partition.lease, { seq: head, leaseSeconds });
      partition.lease = { ...partition.lease, cursor: head };
    });
  }

  async #failed(work: readonly Work[], fault: unknown): Promise<void> {
    if (fault instanceof LeaseLost) {
      for (const { partition } of work) this.#partitions.delete(partition.lease.partition);
      this.#renewAtMs = 0;
      return;
    }
    this.#deps.log.error("a batch failed and will be tried again", {
      partitions: work.map(({ partition }) => partition.lease.partition).join(" "),
      signals: work.reduce((sum, { logged }) => sum + logged.length, 0),
      fault: describeFault(fault),
    });
    // What the failed round left in memory must not be used again: where rebuilding fails too, the next renewal begins afresh.
    for (const { partition } of work) this.#partitions.delete(partition.lease.partition);
    this.#renewAtMs = 0;
    for (const { partition } of work) {
      Object.assign(partition, await this.#rebuild(partition.lease, this.#deps.running()));
      partition.situations = new SituationMemory();
      partition.alone = true;
      this.#partitions.set(partition.lease.partition, partition);
    }
    const [only] = work;
    if (work.length === 1 && only !== undefined) await this.#failedAlone(only, fault);
    else await this.#pause(backOffMs);
  }

  async #failedAlone({ partition, logged }: Work, fault: unknown): Promise<void> {
    partition.batchMax = 1;
    partition.failures++;
    const [only] = logged;
    if (logged.length === 1 && only !== undefined && partition.failures >= attemptsMax)
      await this.#setAside(partition, only, fault);
    else await this.#pause(backOffMs);
  }

  async #setAside(partition: Partition, { seq, signal }: LoggedSignal, fault: unknown): Promise<void> {
    await this.#deps.db.transaction().execute(async (tx) => {
      await this.#deps.setAside(tx, signal, describeFault(fault));
      await commitCursor(tx, partition.lease, { seq, leaseSeconds });
    });
    this.#advance(partition, seq);
  }
}

function emptyWindows({ rulebook, shadow }: RunningRules): Windows {
  return { counts: new SiteCounts(rulebook.rules), watched: shadow === null ? null : new SiteCounts(shadow.rules) };
}
