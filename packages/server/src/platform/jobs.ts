import { fromKysely, PgBoss, type JobWithMetadata } from "pg-boss";
import type { Kysely, Transaction } from "kysely";
import type { JsonObject } from "@tillwatch/wire";
import { describeFault, type Log } from "./log.ts";
import { asMachine } from "./database/scoped.ts";

/** How a kind of job is retried: `retries` times, waiting `firstDelaySeconds`, then twice as long each time up to the maximum. */
export type QueueRules = {
  readonly retries: number;
  readonly firstDelaySeconds: number;
  readonly delaySecondsMax: number;
  readonly runSecondsMax: number;
};

export type NewJob = { readonly data: JsonObject; readonly delaySeconds?: number };

export type QueuedJob = { readonly id: string; readonly data: JsonObject; readonly attempt: number };

/**
 * Slow effects with retry, back-off and a dead-letter queue, over pg-boss in our own database. A job is enqueued inside the
 * transaction of what causes it: it exists if and only if that committed. A handler may run more than once: it MUST be
 * idempotent by its data.
 */
export class Jobs<Schema> {
  readonly #boss: PgBoss;
  readonly #log: Log;

  private constructor(boss: PgBoss, log: Log) {
    this.#boss = boss;
    this.#log = log;
  }

  static async open<S>(db: Kysely<S>, log: Log): Promise<Jobs<S>> {
    const boss = new PgBoss({ db: fromKysely(db), schema: "jobs", schedule: false, supervise: true });
    boss.on("error", (fault) => log.error("jobs", { fault: describeFault(fault) }));
    await boss.start();
    return new Jobs<S>(boss, log);
  }

  /** Makes the queue and its dead-letter queue `<name>_dead`. Call before the first `enqueue`: it also warms the queue cache. */
  async define(name: string, rules: QueueRules): Promise<void> {
    const dead = `${name}_dead`;
    await this.#boss.createQueue(dead, { retryLimit: 0, deleteAfterSeconds: 0 });
    await this.#boss.createQueue(name, {
      retryLimit: rules.retries,
      retryDelay: rules.firstDelaySeconds,
      retryBackoff: true,
      retryDelayMax: rules.delaySecondsMax,
      expireInSeconds: rules.runSecondsMax,
      deadLetter: dead,
    });
    // Looking for any job is what fills the cache (getQueue does not): an enqueue inside a transaction must not ask outside it.
    await this.#boss.getJobById(name, "00000000-0000-4000-8000-000000000000");
  }

  /** Enqueues inside `tx`. `key`, if given, makes a second job of the same key a no-op while the first one waits. */
  async enqueue(tx: Transaction<Schema> | Kysely<Schema>, job: { queue: string; data: JsonObject; key?: string }) {
    return asMachine(tx, (machine) => {
      const options = { db: fromKysely(machine), ...(job.key === undefined ? {} : { singletonKey: job.key }) };
      return this.#boss.send(job.queue, job.data, options);
    });
  }

  /** Enqueues many jobs of one queue inside `tx`, in one statement. A job runs at the earliest after its delay. */
  async enqueueAll(tx: Transaction<Schema> | Kysely<Schema>, queue: string, jobs: readonly NewJob[]): Promise<void> {
    if (jobs.length === 0) return;
    const rows = jobs.map(({ data, delaySeconds }) => ({ data, startAfter: delaySeconds ?? 0 }));
    await asMachine(tx, (machine) => this.#boss.insert(queue, rows, { db: fromKysely(machine) }));
  }

  /**
   * Runs `handler` for each job of the queue, at most `concurrency` at a time (1 if not given); a thrown fault counts as a
   * failed attempt of that job alone.
   */
  async work(queue: string, handler: (job: QueuedJob) => Promise<void>, concurrency = 1): Promise<void> {
    const runOne = async (job: JobWithMetadata<JsonObject>) => {
      try {
        await handler({ id: job.id, data: job.data, attempt: job.retryCount });
        return { id: job.id, status: "completed" as const };
      } catch (fault) {
        const says = describeFault(fault);
        this.#log.warn("job failed", { queue, job: job.id, fault: says });
        return { id: job.id, status: "failed" as const, output: { says } };
      }
    };
    const options = {
      pollingIntervalSeconds: 0.5,
      batchSize: concurrency,
      burstWhenBatchFull: true, // while there is more waiting, do not wait for the next poll
      includeMetadata: true,
      perJobResults: true,
    } as const;
    await this.#boss.work<JsonObject, unknown, typeof options>(queue, options, (jobs) => Promise.all(jobs.map(runOne)));
  }

  /** Moves everything from `<queue>_dead` back to `queue`; answers how many. */
  async redrive(queue: string): Promise<number> {
    return this.#boss.redrive(`${queue}_dead`, { destination: queue });
  }

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: true, timeout: 5_000, close: false });
  }
}
