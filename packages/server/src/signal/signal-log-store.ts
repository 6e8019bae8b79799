import { setImmediate } from "node:timers/promises";
import { homeOrganisation, type Signal } from "@tillwatch/wire";
import type { BulkWriter, CopyInto } from "../platform/database/bulk-writer.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { describeFault, type Log } from "../platform/log.ts";
import type { OpenDatabase, Schema, Tx } from "../schema.ts";
import { signalSubject } from "../subjects.ts";
import { isRepeatedKey, isTransient } from "./database-fault.ts";
import { copyRows, idsInLog, keepDeadLetters, takeNumbers, type NewDeadLetter } from "./log-append-store.ts";
import { LogFault } from "./log-fault.ts";
import { inSourceOrder, toLogRow, type LogRow } from "./log-row.ts";
import { personalTextsOf } from "./personal-text.ts";
import { RecentIds } from "./recent-ids.ts";
import { sealSignals } from "./seal-signals-store.ts";
import { addToSources, sourceDeltas, type Happened, type Outcome } from "./source-store.ts";

/** What the directory knows. A device is asked for only where the shape needs one. */
export type KnownPlaces = {
  readonly site: (siteId: string) => boolean;
  readonly device: (siteId: string, deviceId: string) => "known" | "unknown";
  /** Whose a site is; absent: all are the installation's own. */
  readonly organisationOf?: (siteId: string) => string;
};

/** One outcome a given signal, in its order. All of them are on disk. */
export type AppendResult = { readonly outcomes: readonly Outcome[] };

export type SignalLogDeps = {
  readonly database: OpenDatabase;
  /** Seals what people wrote before anything is stored. */
  readonly fields: FieldVault;
  readonly places: KnownPlaces;
  readonly log: Log;
  readonly onAppended: (partitions: readonly number[]) => void; // after the commit
  readonly limits?: Partial<LogLimits>;
};

export type LogLimits = {
  readonly waitingBytesMax: number; // beyond it append refuses with signal_log_busy: memory stays bounded
  readonly batchRowsMax: number; // of one transaction
  readonly batchBytesMax: number;
  readonly attemptsMax: number; // of one transaction, on transient faults
  readonly firstRetryMs: number; // doubles
};

// 4,000 rows: COPY is as fast as one \copy of all rows from there on (docs/decisions/0005-log-append.md).
const defaults: LogLimits = {
  waitingBytesMax: 64 * 1024 * 1024,
  batchRowsMax: 4_000,
  batchBytesMax: 16 * 1024 * 1024,
  attemptsMax: 5,
  firstRetryMs: 50,
};

type Entry =
  | { readonly kind: "row"; readonly row: LogRow; readonly signal: Signal; readonly organisationId: string }
  | { readonly kind: "dead"; readonly letter: NewDeadLetter; readonly signal: Signal | null };

type Request = {
  readonly entries: readonly Entry[];
  readonly bytes: number;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (fault: unknown) => void;
};

/**
 * The appending end of the signal log: the one place where a signal becomes ours. One for a process. Requests that wait together
 * share a transaction (group commit); each is answered after its commit, with what became of every signal.
 */
export class SignalLog {
  readonly #deps: SignalLogDeps;
  readonly #limits: LogLimits;
  readonly #writer: BulkWriter<Schema>;
  readonly #recent = new RecentIds();
  readonly #waiting: Request[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | null = null;
  #lookUpBatches = 0;
  #closed = false;

  private constructor(deps: SignalLogDeps) {
    this.#deps = deps;
    this.#limits = { ...defaults, ...deps.limits };
    this.#writer = deps.database.openBulkWriter();
  }

  static async open(deps: SignalLogDeps): Promise<SignalLog> {
    const log = new SignalLog(deps);
    // Fails the start rather than the first signal, where the tables are not there.
    await idsInLog(deps.database.db, ["00000000-0000-4000-8000-000000000000"]);
    return log;
  }

  /** True while a further append would be refused: senders may be told before their body is read. */
  get busy(): boolean {
    return this.#waitingBytes >= this.#limits.waitingBytesMax;
  }

  /**
   * Appends, or keeps as dead letter what the directory does not know; resolves after the commit. Throws LogFault, and then none of
   * the signals is acknowledged: `signal_log_busy` (too much waits), `signal_log_unavailable` (the database fails), `signal_log_closed`.
   * `sender` is the organisation that signals: a site of another is as unknown to it as one that nobody has. Null: whose the site is.
   */
  append(signals: readonly Signal[], sender: string | null = null): Promise<AppendResult> {
    // What machines say has nothing to seal, nearly always, and waits for nothing here.
    if (!signals.some((signal) => personalTextsOf(signal).length > 0)) return this.#appendSealed(signals, sender);
    return this.#sealed(() => sealSignals(this.#deps.database.db, this.#deps.fields, signals)).then((sealed) =>
      this.#appendSealed(sealed, sender),
    );
  }

  #appendSealed(signals: readonly Signal[], sender: string | null): Promise<AppendResult> {
    return this.#enqueue(() => signals.map((signal) => this.#entryOf(signal, sender)));
  }

  /** Appends what a redrive has found known (it is sealed already), whatever the directory says by now. Throws as `append` does. */
  appendKnown(signals: readonly Signal[]): Promise<AppendResult> {
    return this.#enqueue(() =>
      signals.map((signal) => ({
        kind: "row",
        row: toLogRow(signal),
        signal,
        organisationId: this.#ownerOf(signal.siteId),
      })),
    );
  }

  /** Why the directory has no place for the signal of this organisation; null: it has. */
  unknownPlace(signal: Signal, sender: string): { readonly code: string; readonly message: string } | null {
    return unknownPlace(signal, this.#placesOf(sender));
  }

  #ownerOf(siteId: string): string {
    return this.#deps.places.organisationOf?.(siteId) ?? homeOrganisation;
  }

  #placesOf(sender: string): KnownPlaces {
    const { places } = this.#deps;
    return { ...places, site: (siteId) => places.site(siteId) && this.#ownerOf(siteId) === sender };
  }

  /** Keeps bytes that are no signal, with the reason (MQTT, where a sender cannot be answered). Throws as `append` does. */
  async appendNotUnderstood(letter: Omit<NewDeadLetter, "signal">): Promise<AppendResult> {
    // Nobody knows whose words these bytes are, and the sentence about them may quote some.
    const subject = signalSubject(letter.id);
    const raw = Buffer.from(letter.raw ?? []).toString("base64");
    const texts = [letter.message, raw].map((text) => ({ subject, text }));
    const sealed = await this.#sealed(() => this.#deps.fields.sealMany(this.#deps.database.db, texts));
    const [message = "", bytes = ""] = sealed;
    const kept = { ...letter, message, raw: Buffer.from(bytes), signal: null };
    return this.#enqueue(() => [{ kind: "dead", letter: kept, signal: null }]);
  }

  async #sealed<T>(seal: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new LogFault("signal_log_closed", "the log is closing");
    if (this.busy) throw new LogFault("signal_log_busy", `${this.#waitingBytes} bytes wait for the disk`);
    try {
      return await seal();
    } catch (fault) {
      this.#deps.log.error("signals not sealed", { fault: describeFault(fault) });
      throw new LogFault("signal_log_unavailable", "the signals could not be sealed", fault);
    }
  }

  /** Answers what waits, then lets go of the connection. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    await this.#writer.close();
  }

  #enqueue(makeEntries: () => readonly Entry[]): Promise<AppendResult> {
    if (this.#closed) return Promise.reject(new LogFault("signal_log_closed", "the log is closing"));
    if (this.busy) {
      return Promise.reject(new LogFault("signal_log_busy", `${this.#waitingBytes} bytes wait for the disk`));
    }
    const entries = makeEntries();
    if (entries.length === 0) return Promise.resolve({ outcomes: [] });
    const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
    const { promise, resolve, reject } = Promise.withResolvers<AppendResult>();
    this.#waiting.push({ entries, bytes, resolve, reject });
    this.#waitingBytes += bytes;
    this.#running ??= this.#run();
    return promise;
  }

  #entryOf(signal: Signal, sender: string | null): Entry {
    const organisationId = sender ?? this.#ownerOf(signal.siteId);
    const reason = unknownPlace(signal, this.#placesOf(organisationId));
    if (reason === null) return { kind: "row", row: toLogRow(signal), signal, organisationId };
    const { id, receivedAtMs, source } = signal;
    return { kind: "dead", letter: { id, organisationId, receivedAtMs, source, ...reason, signal, raw: null }, signal };
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Lets every socket be read that has something, so that requests come together in one transaction. Without it the embedded
      // database, which never leaves the microtasks, would commit each request alone while the others wait unread.
      await setImmediate();
      const batch = this.#take();
      await this.#commit(batch);
    }
    this.#running = null;
  }

  #take(): Request[] {
    let rows = 0;
    let bytes = 0;
    let count = 0;
    for (const request of this.#waiting) {
      rows += request.entries.length;
      bytes += request.bytes;
      if (count > 0 && (rows > this.#limits.batchRowsMax || bytes > this.#limits.batchBytesMax)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #commit(batch: readonly Request[]): Promise<void> {
    try {
      const outcomes = await this.#tryUntilStored(batch.flatMap((request) => request.entries));
      let from = 0;
      for (const request of batch) {
        this.#waitingBytes -= request.bytes;
        request.resolve({ outcomes: outcomes.slice(from, from + request.entries.length) });
        from += request.entries.length;
      }
    } catch (fault) {
      if (!isTransient(fault) && batch.length > 1) {
        // What one request brought must not cost the others.
        for (const request of batch) await this.#commit([request]);
        return;
      }
      this.#deps.log.error("signals not stored", { requests: batch.length, fault: describeFault(fault) });
      const refusal = new LogFault("signal_log_unavailable", "the signals could not be stored", fault);
      for (const request of batch) {
        this.#waitingBytes -= request.bytes;
        request.reject(refusal);
      }
    }
  }

  async #tryUntilStored(entries: readonly Entry[]): Promise<readonly Outcome[]> {
    let waitMs = this.#limits.firstRetryMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#storeOnce(entries);
      } catch (fault) {
        if (isRepeatedKey(fault) && this.#lookUpBatches < lookUpAfterRepeat) {
          this.#lookUpBatches = lookUpAfterRepeat;
          continue;
        }
        if (!isTransient(fault) || attempt >= this.#limits.attemptsMax) throw fault;
        this.#deps.log.warn("append tried again", { attempt, fault: describeFault(fault) });
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        waitMs *= 2;
      }
    }
  }

  async #storeOnce(entries: readonly Entry[]): Promise<readonly Outcome[]> {
    const lookUp = this.#lookUpBatches > 0;
    const stored = await this.#writer.transaction((tx, copyInto) => this.#store(tx, copyInto, { entries, lookUp }));
    if (lookUp) this.#lookUpBatches--;
    for (const [index, entry] of entries.entries()) {
      if (entry.kind === "row" && stored.outcomes[index] === "accepted") this.#recent.add(entry.signal.id);
    }
    if (stored.partitions.length > 0) this.#tell(stored.partitions);
    return stored.outcomes;
  }

  // It is committed: whatever the listener does, it must not look like a failure to the sender.
  #tell(partitions: readonly number[]): void {
    try {
      this.#deps.onAppended(partitions);
    } catch (fault) {
      this.#deps.log.error("onAppended failed", { fault: describeFault(fault) });
    }
  }

  async #store(tx: Tx, copyInto: CopyInto, given: { entries: readonly Entry[]; lookUp: boolean }) {
    const { entries, lookUp } = given;
    const rows = entries.flatMap((entry) => (entry.kind === "row" ? [entry.row] : []));
    const letters = entries.flatMap((entry) => (entry.kind === "dead" ? [entry.letter] : []));
    const known = lookUp
      ? await idsInLog(
          tx,
          rows.map((row) => row.signal.id),
        )
      : new Set<string>();
    const seen = new Set<string>();
    const fresh = rows.filter(({ signal: { id } }) => {
      if (known.has(id) || this.#recent.has(id) || seen.has(id)) return false;
      seen.add(id);
      return true;
    });
    const counts = countBy(fresh, (row) => row.partition);
    if (fresh.length > 0) await copyRows(copyInto, inSourceOrder(fresh), await takeNumbers(tx, counts));
    const kept = new Set(await keepDeadLetters(tx, firstOfEach(letters)));
    const outcomes = entries.map((entry): Outcome => {
      if (entry.kind === "row") return seen.delete(entry.signal.id) ? "accepted" : "duplicate";
      return kept.delete(entry.letter.id) ? "dead_lettered" : "duplicate";
    });
    await addToSources(tx, sourceDeltas(withOutcome(entries, outcomes)));
    return { outcomes, partitions: [...counts.keys()] };
  }
}

// After a repeat made a COPY fail, the next batches ask first: repeats come in swarms (a sender that resends after an outage).
const lookUpAfterRepeat = 64;

function* withOutcome(entries: readonly Entry[], outcomes: readonly Outcome[]): Generator<Happened> {
  for (const [index, entry] of entries.entries()) {
    const { organisationId } = entry.kind === "row" ? entry : entry.letter;
    if (entry.signal !== null) yield { signal: entry.signal, outcome: outcomes[index] ?? "duplicate", organisationId };
  }
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => number): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

function firstOfEach(letters: readonly NewDeadLetter[]): NewDeadLetter[] {
  const first = new Map<string, NewDeadLetter>();
  for (const letter of letters) if (!first.has(letter.id)) first.set(letter.id, letter);
  return [...first.values()];
}

function bytesOf(entry: Entry): number {
  if (entry.kind === "row") return entry.row.bytes;
  return 2 * JSON.stringify(entry.letter.signal).length + (entry.letter.raw?.length ?? 0);
}

const needsDevice = new Set<Signal["shape"]>(["cloudevent", "device-event", "frigate-event"]);

/** Why the directory has no place for the signal; null: it has. What people report needs a site and no device. */
export function unknownPlace(signal: Signal, places: KnownPlaces): { code: string; message: string } | null {
  const { siteId, deviceId } = signal;
  if (!places.site(siteId)) {
    return { code: "signal_site_unknown", message: `the directory has no site ${siteId}` };
  }
  if (deviceId === null || !needsDevice.has(signal.shape) || places.device(siteId, deviceId) === "known") return null;
  return { code: "signal_device_unknown", message: `the directory has no device ${deviceId} at site ${siteId}` };
}
