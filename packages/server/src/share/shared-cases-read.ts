import { sql } from "kysely";
import type { IncidentSummary, LiveEvent } from "@tillwatch/wire";
import type { Clock } from "../platform/clock.ts";
import type { LiveFeed } from "../platform/live-feed.ts";
import type { Db, DbOrTx } from "../schema.ts";

type Deps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly live: LiveFeed;
  /** A case as a partner's list shows it, out of what the partner may see at this moment; null: it is not shared with it. */
  readonly seenBy: (partnerId: string, incidentId: string) => Promise<IncidentSummary | null>;
};

type Followed = { readers: number; endsAtMs: ReadonlyMap<string, number>; known: boolean };

/**
 * What open streams of partners are told: changes of the cases that are shared with them, as their list shows them, and nothing else. What
 * is shared is reread every second while a partner listens, and at once when this process changed it; before anything is told the database
 * is asked under the partner's own scope, so that after the end of a share nothing goes out, whoever ended it.
 */
export class SharedCases {
  readonly #deps: Deps;
  readonly #followed = new Map<string, Followed>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** From now on what is shared with the partner is kept in mind. `told` answers what an event is to its readers; null: nothing. */
  follow(partnerId: string): {
    readonly told: (event: LiveEvent) => Promise<LiveEvent | null>;
    readonly stop: () => void;
  } {
    const followed = this.#followed.get(partnerId) ?? { readers: 0, endsAtMs: new Map<string, number>(), known: false };
    followed.readers += 1;
    this.#followed.set(partnerId, followed);
    const ready = followed.known ? Promise.resolve() : this.check();
    return {
      told: async (event) => {
        await ready;
        return this.#told(partnerId, followed, event);
      },
      stop: () => {
        followed.readers -= 1;
        if (followed.readers === 0) this.#followed.delete(partnerId);
      },
    };
  }

  /** Rereads what is shared with those who listen, and tells them to look where it is not what it was. One query, none while nobody listens. */
  async check(): Promise<void> {
    const partners = [...this.#followed.keys()];
    if (partners.length === 0) return;
    const shares = Map.groupBy(
      await sharesInForce(this.#deps.db, partners, this.#deps.clock()),
      (one) => one.partnerId,
    );
    for (const partnerId of partners) {
      const followed = this.#followed.get(partnerId);
      if (followed === undefined) continue;
      const now = new Map(
        (shares.get(partnerId) ?? []).map(({ incidentId, endsAt }) => [incidentId, endsAt.getTime()]),
      );
      const changed = now.size !== followed.endsAtMs.size || [...now.keys()].some((id) => !followed.endsAtMs.has(id));
      followed.endsAtMs = now;
      if (changed && followed.known)
        this.#deps.live.publish({ kind: "shares" }, { organisationId: partnerId, siteId: null });
      followed.known = true;
    }
  }

  async #told(partnerId: string, followed: Followed, event: LiveEvent): Promise<LiveEvent | null> {
    if (event.kind !== "incident" && event.kind !== "packet") return null;
    const incidentId = event.kind === "incident" ? event.id : event.incidentId;
    if (this.#deps.clock() >= (followed.endsAtMs.get(incidentId) ?? 0)) return null;
    const summary = await this.#deps.seenBy(partnerId, incidentId);
    if (summary === null) return null;
    return event.kind === "packet" ? event : { kind: "incident", id: summary.id, version: summary.version, summary };
  }
}

/** What is shared with these partners at this instant; of two shares of one case, the one that lasts. Uses case_share_by_partner. */
async function sharesInForce(
  db: DbOrTx,
  partnerIds: readonly string[],
  nowMs: number,
): Promise<readonly { readonly partnerId: string; readonly incidentId: string; readonly endsAt: Date }[]> {
  const { rows } = await sql<{ partnerId: string; incidentId: string; endsAt: Date }>`
    select partner_id as "partnerId", incident_id as "incidentId", max(ends_at) as "endsAt" from case_share
    where partner_id = any(${[...partnerIds]}::text[]) and revoked_at is null and ends_at > ${new Date(nowMs)}::timestamptz
    group by partner_id, incident_id limit 100000`.execute(db);
  return rows;
}
