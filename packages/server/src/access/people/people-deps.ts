import type { JsonObject } from "@tillwatch/wire";
import { appendAudit } from "../../audit/audit-append.ts";
import type { Chance } from "../../platform/chance.ts";
import type { Clock } from "../../platform/clock.ts";
import type { FieldVault } from "../../platform/keys/field-vault.ts";
import type { Db, Tx } from "../../schema.ts";
import type { PlacesOf } from "../known-places.ts";
import type { PublicPlace } from "./public-place.ts";
import type { SessionWatch } from "./session-watch.ts";

/** What everything about accounts and sessions stands on. */
export type PeopleDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly vault: FieldVault;
  /** Asked at each use: an installation on a free port knows its address only once it listens. */
  readonly place: () => PublicPlace;
  readonly sessions: SessionRules;
  readonly watch: SessionWatch;
  readonly places: PlacesOf;
};

/** `idleMs`: how long nobody may do nothing; `lifeMs`: how long a session lives at most. */
export type SessionRules = { readonly idleMs: number; readonly lifeMs: number };

export type PeopleEntry = {
  readonly kind: string;
  readonly actor: string;
  readonly accountId: string; // whom it is about
  readonly organisationId: string;
  readonly because: string;
  readonly body: JsonObject; // tokens, words of our own; never a name, a login, an address
};

/** Puts it on the record, in the transaction of what happened. */
export async function recordPeople(
  tx: Tx,
  entries: readonly PeopleEntry[],
  deps: Pick<PeopleDeps, "clock" | "chance">,
): Promise<void> {
  const atMs = deps.clock();
  const records = entries.map(({ kind, actor, accountId, organisationId, because, body }) => ({
    kind,
    actor,
    because,
    body,
    subject: { kind: "account", id: accountId },
    atMs,
    organisationId,
  }));
  await appendAudit(tx, records, deps.chance);
}
