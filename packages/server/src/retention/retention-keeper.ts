import { appendAudit } from "../audit/audit-append.ts";
import { describeFault, type Log } from "../platform/log.ts";
import { destroy, type DestroyDeps } from "./destroy-append.ts";
import {
  confirmedDisposals,
  endedCases,
  listDisposal,
  markConfirmed,
  markRequested,
  type EndedRow,
} from "./disposal-store.ts";
import { dueOf, type Due, type DueKind, type KeepDays } from "./retention.ts";

export type KeeperDeps = DestroyDeps & {
  readonly log: Log;
  /** How long each site keeps what, as it is now. */
  readonly keepOf: () => Promise<(siteId: string) => KeepDays>;
  /** What is destroyed without two people, because the pack says so (`privacy.yaml`, `retention`). */
  readonly automatic: readonly DueKind[];
  readonly policyVersion: string;
  /** Called after the commit of a destruction, so that screens follow. */
  readonly destroyed: (incidentId: string) => void;
};

const page = 500;
const firstId = "00000000-0000-0000-0000-000000000000";

/**
 * Enforces what sites keep: lists what is due, destroys by itself what the policy says, and what two people confirmed. One round at a time;
 * `wake` asks for one more.
 */
export class RetentionKeeper {
  readonly #deps: KeeperDeps;
  #running: Promise<void> = Promise.resolve();

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
  }

  /** One round after those that run. Answers when it is over; a fault of one case does not keep the others. */
  step(): Promise<void> {
    this.#running = this.#running.catch(() => {}).then(() => this.#round());
    return this.#running;
  }

  /** Answers when no round runs. */
  async settled(): Promise<void> {
    await this.#running.catch(() => {});
  }

  /** A round without waiting for it. */
  wake(): void {
    this.step().catch((fault: unknown) => {
      this.#deps.log.error("retention failed", { fault: describeFault(fault) });
    });
  }

  async #round(): Promise<void> {
    await this.list();
    for (const at of await confirmedDisposals(this.#deps.db)) {
      try {
        if ((await destroy(this.#deps, at)) === "done") this.#deps.destroyed(at.incidentId);
      } catch (fault) {
        this.#deps.log.error("a disposal stopped and goes on in the next round", {
          disposal: at.id,
          fault: describeFault(fault),
        });
      }
    }
  }

  /** Lists what is due and not listed yet. What is held is not: it waits for the end of the hold. */
  async list(): Promise<void> {
    const { db, clock, keepOf } = this.#deps;
    const nowMs = clock();
    const keep = await keepOf();
    for (let after = firstId; ;) {
      const rows = await endedCases(db, { beforeMs: nowMs, after, limit: page });
      for (const row of rows) {
        if (row.held) continue;
        const ended = { endedAtMs: row.endedAt.getTime(), everIncident: row.everIncident };
        const due = dueOf(ended, keep(row.siteId)).filter((one) => one.dueAtMs <= nowMs && isOpen(one, row));
        for (const one of due) await this.#listOne(row, one, nowMs);
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < page) return;
      after = last.id;
    }
  }

  async #listOne(row: EndedRow, due: Due, nowMs: number): Promise<void> {
    const { db, chance, automatic, policyVersion } = this.#deps;
    const id = chance.uuid();
    const basis = {
      days: due.days,
      endedAt: row.endedAt.toISOString(),
      dueAt: new Date(due.dueAtMs).toISOString(),
      policy: policyVersion,
    };
    const { organisationId, siteId, id: incidentId } = row;
    await db.transaction().execute(async (tx) => {
      const one = { id, organisationId, siteId, incidentId, exhibitId: null, kind: due.kind, basis, nowMs };
      if ((await listDisposal(tx, one)) === null) return;
      const byItself = automatic.includes(due.kind);
      const by = { actor: "machine", nowMs };
      if (byItself) {
        await markRequested(tx, id, { ...by, because: null });
        await markConfirmed(tx, id, by);
      }
      const record = {
        kind: "disposal.listed",
        actor: "machine",
        subject: { kind: "disposal", id },
        because: byItself ? "its time is over; the policy destroys it without being asked" : "its time is over",
        atMs: nowMs,
        body: { incidentId, kind: due.kind, basis },
      };
      await appendAudit(tx, [record], chance);
    });
  }
}

/** Not settled before, and there is something to destroy. With the case its clips go. */
function isOpen({ kind }: Due, { settled, hasFiles }: EndedRow): boolean {
  if (settled.includes(kind) || settled.includes("case") || settled.includes("watch_item")) return false;
  return kind !== "clips" || hasFiles;
}
