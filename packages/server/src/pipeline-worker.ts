import type { Signal } from "@tillwatch/wire";
import type { Directory } from "./enrich/directory.ts";
import { replayInto } from "./enrich/enrich-stage.ts";
import type { EnrichPolicy } from "./enrich/enrich.ts";
import { SiteMemory } from "./enrich/site-memory.ts";
import type { IncidentChange } from "./flow.ts";
import {
  commitCursor,
  giveUpLeases,
  headOf,
  LeaseLost,
  nextSignals,
  partitionsWithWork,
  signalsBefore,
  takeLeases,
  type Lease,
  type LoggedSignal,
} from "./pipeline-store.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Clock } from "./platform/clock.ts";
import { describeFault, type Log } from "./platform/log.ts";
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
  readonly onCommitted: (changes: readonly IncidentChange[], signals: number) => void;
  readonly setAside: (tx: Tx, signal: Signal, fault: string) => Promise<void>; // a signal that cannot be processed
};

const batchMax = 500;
const leaseSeconds = 15;
const renewMs = 5_000;
const pollMs = 250; // other processes append too; our own appender wakes us at once
const attemptsMax = 3;
const backOffMs = 200;

type Partition = { lease: Lease; memory: SiteMemory; failures: number; batchMax: number };

/**
 * Leases partitions and carries their signals through the pipeline, a batch at a time: everything that a batch changes and the
 * cursor commit in one transaction, so that a crash anywhere replays the batch and doubles nothing.
 *
 * A batch that fails is tried again signal by signal; a signal that fails three times alone is set aside with its fault, so
 * that one poisoned signal neither stops a shop nor disappears.
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
        if (await this.#round()) continue;
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
      this.#partitions.set(lease.partition, { lease, memory: await this.#rebuild(lease), failures: 0, batchMax });
    }
  }

  /** Replays the log from before the cursor, back to the horizon. */
  async #rebuild(lease: Lease): Promise<SiteMemory> {
    const { db, horizonMs, directory, enrichPolicy } = this.#deps;
    const memory = new SiteMemory(horizonMs);
    const found: LoggedSignal[] = [];
    let seq = lease.cursor;
    for (;;) {
      const page = await signalsBefore(db, { partition: lease.partition, seq }, batchMax);
      const newest = found[0] ?? page[0];
      const oldestMs = (newest?.signal.receivedAtMs ?? 0) - horizonMs;
      const inside = page.filter((entry) => entry.signal.receivedAtMs >= oldestMs);
      found.push(...inside);
      const last = page.at(-1);
      if (last === undefined || inside.length < page.length) break;
      seq = last.seq - 1;
    }
    const signals = found.toReversed().map((entry) => entry.signal);
    replayInto(memory, signals, { directory: directory(), policy: enrichPolicy });
    return memory;
  }

  /** One batch of each partition that has work; false where none had. */
  async #round(): Promise<boolean> {
    const busy = await partitionsWithWork(this.#deps.db, [...this.#partitions.keys()]);
    for (const number of busy) {
      const partition = this.#partitions.get(number);
      if (partition === undefined || this.#stopping) continue;
      await this.#batch(partition);
    }
    return busy.length > 0;
  }

  async #batch(partition: Partition): Promise<void> {
    const { db, pipeline, clock, directory } = this.#deps;
    const logged = await nextSignals(db, partition.lease, partition.batchMax);
    const last = logged.at(-1);
    if (last === undefined) return this.#skipGap(partition);
    const signals = logged.map((entry) => entry.signal);
    const batch = { partition: partition.lease.partition, nowMs: clock(), signals };
    try {
      const changes = await db.transaction().execute(async (tx) => {
        const made = await pipeline(batch, { tx, memory: partition.memory, directory: directory() });
        await commitCursor(tx, partition.lease, { seq: last.seq, leaseSeconds });
        return made;
      });
      this.#advance(partition, last.seq);
      this.#deps.onCommitted(changes, signals.length);
    } catch (fault) {
      await this.#failed(partition, logged, fault);
    }
  }

  #advance(partition: Partition, seq: number): void {
    partition.lease = { ...partition.lease, cursor: seq };
    partition.failures = 0;
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

  async #failed(partition: Partition, logged: readonly LoggedSignal[], fault: unknown): Promise<void> {
    const { log } = this.#deps;
    if (fault instanceof LeaseLost) {
      this.#partitions.delete(partition.lease.partition);
      this.#renewAtMs = 0;
      return;
    }
    log.error("a batch failed and will be tried again", {
      partition: partition.lease.partition,
      signals: logged.length,
      fault: describeFault(fault),
    });
    partition.memory = await this.#rebuild(partition.lease);
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
