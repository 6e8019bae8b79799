import type { Clock } from "../../platform/clock.ts";
import type { Db } from "../../schema.ts";
import type { Principal } from "../principal.ts";
import { sessionsById } from "./person-session-store.ts";
import { sessionEnd, type SessionEnd } from "./session-state.ts";

/** What an open stream is told about the session that it was opened with. */
export type SessionFollower = {
  /** The session is over. Called once, and nothing after it. */
  readonly ended: (because: SessionEnd) => void;
  /** What the person may see has changed: the stream must be opened anew. Called once, and nothing after it. */
  readonly changed: () => void;
};

type Rights = Pick<Principal, "roles" | "sites" | "regions" | "organisationId">;
type Followed = { readonly rights: string; readonly follower: SessionFollower };

/**
 * Knows which sessions have open streams, and rereads their state: at once when this process changed something, and every second for
 * what another process, or time, did. One query a round, none while nobody is connected.
 */
export class SessionWatch {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #followed = new Map<string, Set<Followed>>();

  constructor(deps: { readonly db: Db; readonly clock: Clock; readonly idleMs: number }) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#idleMs = deps.idleMs;
  }

  /** From now on the follower is told; answers how to stop. Somebody without a session (a token, a key) has none to follow. */
  follow(principal: Rights & Pick<Principal, "sessionId">, follower: SessionFollower): () => void {
    const { sessionId } = principal;
    if (sessionId === null) return () => {};
    const all = this.#followed.get(sessionId) ?? new Set<Followed>();
    const one = { rights: rightsOf(principal), follower };
    this.#followed.set(sessionId, all.add(one));
    return () => {
      all.delete(one);
      if (all.size === 0 && this.#followed.get(sessionId) === all) this.#followed.delete(sessionId);
    };
  }

  /** Rereads every followed session and tells its followers what became of it. */
  async check(): Promise<void> {
    const ids = [...this.#followed.keys()];
    if (ids.length === 0) return;
    const rows = new Map((await sessionsById(this.#db, ids)).map((row) => [row.id, row]));
    const at = { nowMs: this.#clock(), idleMs: this.#idleMs };
    for (const id of ids) {
      const row = rows.get(id);
      const end = row === undefined ? "revoked" : sessionEnd(row, at);
      for (const one of this.#followed.get(id) ?? []) {
        if (end !== null) this.#tell(id, one, () => one.follower.ended(end));
        else if (row !== undefined && rightsOf(row) !== one.rights) this.#tell(id, one, () => one.follower.changed());
      }
    }
  }

  /** How many sessions have an open stream. */
  get watched(): number {
    return this.#followed.size;
  }

  #tell(id: string, one: Followed, how: () => void): void {
    const all = this.#followed.get(id);
    all?.delete(one);
    if (all?.size === 0) this.#followed.delete(id);
    how();
  }
}

function rightsOf({ roles, sites, regions, organisationId }: Rights): string {
  return JSON.stringify([roles, sites, regions, organisationId]);
}
