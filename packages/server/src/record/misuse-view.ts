import type { JsonObject } from "@tillwatch/wire";

/** An audit entry as the watch reads it. `siteId` is the entry's or its incident's. */
export type WatchedEntry = {
  readonly leaf: number;
  readonly id: string;
  readonly atMs: number;
  readonly kind: string;
  readonly actor: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly because: string;
  readonly body: JsonObject;
  readonly organisationId: string;
  readonly incidentId: string | null;
  readonly siteId: string | null;
};

/** What is known besides the entry. */
export type WatchFacts = {
  readonly hour: number; // 0 to 23, by the clock of the site
  readonly weekday: string; // mon ... sun
  /** The site was closed; without a site or hours: 22:00 to 06:00. */
  readonly offHours: boolean;
  readonly roles: readonly string[];
  /** Somebody looked for a word in which he has a private interest: his own name, a street that was set for him. */
  readonly conflict: boolean;
};

// What stands as the reason where nobody gave one.
const noGround = new Set(["no reason given", "asked_for", ""]);

/** The entry as rules see it (log source: product tillwatch, service record). Fields: docs/formats/misuse.md. */
export function misuseView(entry: WatchedEntry, facts: WatchFacts): JsonObject {
  const dot = entry.kind.indexOf(".");
  const colon = entry.actor.indexOf(":");
  const { purpose, ground } = entry.body;
  return {
    kind: entry.kind,
    area: dot === -1 ? entry.kind : entry.kind.slice(0, dot),
    verb: dot === -1 ? "" : entry.kind.slice(dot + 1),
    actor: entry.actor,
    actor_kind:
      entry.actor === "user:admin" ? "installation" : colon === -1 ? entry.actor : entry.actor.slice(0, colon),
    roles: facts.roles,
    subject: { kind: entry.subject.kind, id: entry.subject.id },
    ...(entry.incidentId === null ? {} : { incident: entry.incidentId }),
    ...(entry.siteId === null ? {} : { site: entry.siteId }),
    organisation: entry.organisationId,
    because: entry.because,
    ...(typeof purpose === "string" ? { purpose } : {}),
    ground_given: typeof purpose === "string" || typeof ground === "string" || !noGround.has(entry.because),
    hour: facts.hour,
    weekday: facts.weekday,
    off_hours: facts.offHours,
    conflict: facts.conflict,
    body: entry.body,
  };
}
