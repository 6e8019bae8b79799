import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessGrant } from "@tillwatch/wire";
import { ownEmergencies, sortGrants } from "./grant-order.ts";

const nowMs = Date.parse("2026-11-21T10:00:00Z");

function grant(id: string, more: Partial<AccessGrant>): AccessGrant {
  return {
    id,
    kind: "granted",
    actor: "user:other",
    incidentId: null,
    ref: null,
    siteId: "S-1",
    purpose: "safety",
    ground: "vital_interest",
    because: "because of it",
    askedAt: "2026-11-21T09:00:00Z",
    hours: 8,
    state: "requested",
    decidedBy: null,
    endsAt: null,
    reviewBy: null,
    reviewedBy: null,
    reviewBecause: null,
    review: null,
    overdue: false,
    ...more,
  };
}

test("N07 N08 each grant stands once, and nobody is offered to decide on or review the own", () => {
  const glass = { kind: "break_glass", state: "active", endsAt: "2026-11-21T11:00:00Z" } as const;
  const all = [
    grant("own request", { actor: "user:me" }),
    grant("own emergency", { actor: "user:me", ...glass }),
    grant("request", {}),
    grant("emergency", glass),
    grant("reviewed", { ...glass, reviewedBy: "user:me", review: "justified" }),
    grant("held", { state: "active", endsAt: "2026-11-21T12:00:00Z" }),
  ];
  const sorted = sortGrants(all, "user:me");
  const ids = (grants: readonly AccessGrant[]) => grants.map(({ id }) => id);
  assert.deepEqual(ids(sorted.mine), ["own request", "own emergency"]);
  assert.deepEqual(ids(sorted.toDecide), ["request"]);
  assert.deepEqual(ids(sorted.toReview), ["emergency"]);
  assert.deepEqual(ids(sorted.others), ["reviewed", "held"]);
  assert.deepEqual(ids(ownEmergencies(all, "user:me", nowMs)), ["own emergency"]);
  assert.deepEqual(ids(ownEmergencies(all, "user:me", Date.parse(glass.endsAt))), [], "its time is over");
  assert.deepEqual(ids(ownEmergencies(all, "user:third", nowMs)), []);
});
