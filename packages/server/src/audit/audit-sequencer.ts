import {
  edgeRoot,
  formatVkey,
  noteKey,
  signCheckpoint,
  tilesForAppend,
  verifyCheckpoint,
  equalBytes,
  type NoteKey,
  type Signer,
  type TreeEdge,
} from "@tillwatch/evidence";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import { describeFault, type Log } from "../platform/log.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import type { OpenDatabase } from "../schema.ts";
import { fullTiles, type LogFiles } from "./audit-log-files.ts";
import { AuditLogFault, contiguous, openPublished, stepEntriesMax } from "./audit-log-open.ts";
import {
  anyWaiting,
  assignLeaves,
  entriesFrom,
  lockLogRow,
  nameLog,
  readLogRow,
  releaseLease,
  renewLease,
  savePublished,
  takeLease,
} from "./audit-log-store.ts";
import { publishedOf } from "./audit-read.ts";

export type SequencerDeps = {
  readonly database: OpenDatabase;
  readonly files: LogFiles;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** Name of the log. Absent: one is made at the first start and kept. */
  readonly origin?: string;
  /** Told the size after each published checkpoint. */
  readonly published?: (size: number) => void;
};

/** `standby`: another process integrates. `halted`: the record and the log disagree; nothing is signed until a person has looked. */
export type SequencerState =
  | { readonly kind: "working" }
  | { readonly kind: "standby" }
  | { readonly kind: "halted"; readonly code: AuditLogFault["code"]; readonly says: string };

type Holding = { readonly fence: number; readonly key: NoteKey; edge: TreeEdge; renewedAtMs: number };

const pollMs = 250;
const leaseSeconds = 5;
const renewEveryMs = 1_500;

/**
 * Integrates waiting audit entries into the Merkle log within a second, in the order of their appending, and signs a checkpoint.
 *
 * Order of effects: the leaves are handed out and committed; the tiles reach the disk; the checkpoint replaces the last one
 * while the log's row is locked. A crash after any of them is made good from the rows at the next start. One at a time: a
 * lease with a fence, checked in both transactions.
 */
export class AuditSequencer {
  readonly #deps: SequencerDeps;
  readonly #holder: string;
  #holding: Holding | undefined;
  #state: SequencerState = { kind: "standby" };
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(deps: SequencerDeps) {
    this.#deps = deps;
    this.#holder = deps.chance.uuid();
  }

  get state(): SequencerState {
    return this.#state;
  }

  /** Catches up with what a crash left, then goes on in the background. A halt does not throw: see `state`. */
  async start(): Promise<void> {
    await this.#quietly();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#quietly().finally(() => this.#schedule()), pollMs).unref();
  }

  async #quietly(): Promise<void> {
    if (this.#state.kind === "halted") return;
    try {
      await this.integrateNow();
    } catch (fault) {
      if (!(fault instanceof AuditLogFault))
        this.#deps.log.warn("audit log: trying again", { fault: describeFault(fault) });
    }
  }

  /**
   * Integrates everything that was committed before the call, unless another process holds the lease. Throws AuditLogFault when
   * the log is halted, and what database or disk threw otherwise (the next call starts over from the rows).
   */
  integrateNow(): Promise<void> {
    const run = this.#turn.then(() => this.#step());
    this.#turn = run.catch(() => undefined);
    return run;
  }

  /** Waits until these entries stand under a published checkpoint, whoever integrates. Throws after `timeoutMs`. */
  async integrated(entryIds: readonly string[], timeoutMs = 30_000): Promise<void> {
    const { db } = this.#deps.database;
    for (let waited = 0; ; waited += pollMs) {
      await this.integrateNow();
      if ((await publishedOf(db, entryIds)) === new Set(entryIds).size) return;
      if (waited >= timeoutMs) throw new Error(`audit entries were not integrated within ${timeoutMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#turn;
    const fence = this.#holding?.fence;
    this.#holding = undefined;
    if (fence !== undefined) await releaseLease(this.#deps.database.db, fence);
  }

  async #step(): Promise<void> {
    if (this.#closed) throw new Error("the audit sequencer is closed");
    if (this.#state.kind === "halted") {
      const { code, says } = this.#state;
      throw new AuditLogFault(code, says);
    }
    try {
      const holding = (this.#holding ??= await this.#take());
      if (holding === undefined) return;
      await this.#renew(holding);
      while (this.#holding === holding && (await this.#grow(holding)));
    } catch (fault) {
      // Whatever was in memory may not be what is on disk: the next step reads all of it again.
      const fence = this.#holding?.fence;
      this.#holding = undefined;
      if (fault instanceof AuditLogFault) {
        this.#state = { kind: "halted", code: fault.code, says: fault.message };
        this.#deps.log.error("AUDIT LOG HALTED: the record and the log disagree", {
          code: fault.code,
          says: fault.message,
        });
      } else if (fence !== undefined) {
        await releaseLease(this.#deps.database.db, fence).catch(() => undefined);
      }
      throw fault;
    }
  }

  async #take(): Promise<Holding | undefined> {
    const { database, files, clock } = this.#deps;
    // Nobody else can have an embedded database open, so a lease in it is that of a process that died.
    const lease = { holder: this.#holder, seconds: leaseSeconds, force: database.kind === "pglite" };
    const fence = await takeLease(database.db, lease);
    if (fence === null) {
      this.#state = { kind: "standby" };
      return undefined;
    }
    try {
      const key = await this.#nameOnce();
      const row = await readLogRow(database.db);
      const edge = await openPublished({ db: database.db, files, key, row });
      const holding = { fence, key, edge, renewedAtMs: clock() };
      if (row.note === null || row.published < Number(edge.size)) await this.#publish(holding, edge);
      this.#state = { kind: "working" };
      return holding;
    } catch (fault) {
      await releaseLease(database.db, fence).catch(() => undefined);
      throw fault;
    }
  }

  /** The log's name and key are settled at its first start; later ones must bring the same. */
  async #nameOnce(): Promise<NoteKey> {
    const { database, signer, chance, origin } = this.#deps;
    return database.db.transaction().execute(async (tx) => {
      const row = await lockLogRow(tx);
      const made = `tillwatch.local/log/${Buffer.from(chance.bytes(4)).toString("hex")}`;
      const name = row.origin ?? origin ?? made;
      if (origin !== undefined && origin !== name) {
        throw new AuditLogFault("audit_log_origin_changed", `the log is named ${name}; it cannot become ${origin}`);
      }
      const key = noteKey(nodeSha256, name, signer.publicKey);
      const vkey = formatVkey(key);
      if (row.vkey !== null && row.vkey !== vkey) {
        throw new AuditLogFault("audit_log_key_changed", `the log's key is ${row.vkey}, log.key holds another`);
      }
      if (row.vkey === null) await nameLog(tx, { origin: name, vkey });
      return key;
    });
  }

  async #renew(holding: Holding): Promise<void> {
    const { database, clock } = this.#deps;
    if (database.kind === "pglite" || clock() - holding.renewedAtMs < renewEveryMs) return;
    if (!(await renewLease(database.db, { fence: holding.fence, seconds: leaseSeconds }))) throw lostLease();
    holding.renewedAtMs = clock();
  }

  /** One step; true when there may be more. */
  async #grow(holding: Holding): Promise<boolean> {
    const { database, files } = this.#deps;
    const from = Number(holding.edge.size);
    const { next, published } = await readLogRow(database.db);
    const waiting = await anyWaiting(database.db);
    if (!waiting && next === from && published === from) return false;
    const end = waiting ? await this.#assign(holding) : next;
    if (end === from) return false;
    const rows = await entriesFrom(database.db, from, stepEntriesMax);
    const append = tilesForAppend({ sha256: nodeSha256, edge: holding.edge, entries: contiguous(rows, from) });
    await files.writeTiles(append.files);
    await this.#publish(holding, append.edge);
    await files.dropPartials(fullTiles(append.files));
    return true;
  }

  #assign(holding: Holding): Promise<number> {
    return this.#deps.database.db.transaction().execute(async (tx) => {
      const row = await lockLogRow(tx);
      if (row.fence !== holding.fence) throw lostLease();
      return row.next + (await assignLeaves(tx, row.next, stepEntriesMax));
    });
  }

  /** Signs and publishes `edge`, having checked that what is published now is its past. */
  async #publish(holding: Holding, edge: TreeEdge): Promise<void> {
    const { database, files, signer, clock } = this.#deps;
    const size = Number(edge.size);
    await database.db.transaction().execute(async (tx) => {
      const row = await lockLogRow(tx);
      if (row.fence !== holding.fence) throw lostLease();
      await this.#checkPast(holding);
      const root = edgeRoot(nodeSha256, edge);
      const note = await signCheckpoint(nodeSha256, { origin: holding.key.name, size: edge.size, root }, signer);
      await files.writeCheckpoint(note);
      await savePublished(tx, { size, note, atMs: clock() });
    });
    holding.edge = edge;
    this.#deps.published?.(size);
  }

  async #checkPast({ key, edge }: Holding): Promise<void> {
    const bytes = await this.#deps.files.read("checkpoint");
    if (bytes === undefined) return;
    const verified = await verifyCheckpoint(bytes, [key]);
    if (!verified.ok)
      throw new AuditLogFault("audit_log_checkpoint_invalid", `the checkpoint file: ${verified.error.says}`);
    const { size, root } = verified.value.checkpoint;
    if (size === edge.size && equalBytes(root, edgeRoot(nodeSha256, edge))) return;
    throw new AuditLogFault(
      "audit_log_forked",
      `a checkpoint over ${size} entries was published by another; ours has ${edge.size}`,
    );
  }
}

function lostLease(): Error {
  return new Error("the lease on the audit log went to another process");
}
