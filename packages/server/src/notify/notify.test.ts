import assert from "node:assert/strict";
import { test } from "node:test";
import type { IncidentChange } from "../flow.ts";
import { changeOf } from "../testing/told-incidents.ts";
import {
  announcements,
  defaultSchedule,
  judgeStatus,
  nextStep,
  plannedAttempts,
  type AttemptOutcome,
  type NextStep,
} from "./notify.ts";

const told: readonly { readonly says: string; readonly changes: readonly IncidentChange[]; readonly want: string[] }[] =
  [
    { says: "an opened incident", changes: [changeOf({ kind: "incident_opened" })], want: ["incident.opened"] },
    { says: "a promoted watch item", changes: [changeOf({ kind: "promoted" })], want: ["incident.opened"] },
    { says: "more evidence", changes: [changeOf({ kind: "extended" })], want: ["incident.changed"] },
    { says: "a person's change", changes: [changeOf({ kind: "changed_by_person" })], want: ["incident.changed"] },
    { says: "nothing about a watch item", changes: [changeOf({ kind: "watch_opened", state: "watch" })], want: [] },
    { says: "nothing about a longer watch item", changes: [changeOf({ kind: "extended", state: "watch" })], want: [] },
    { says: "nothing about an aged-out item", changes: [changeOf({ kind: "aged_out", state: "aged_out" })], want: [] },
    {
      says: "one opening for an incident that opens and grows in one batch",
      changes: [changeOf({ kind: "incident_opened" }), changeOf({ kind: "extended" })],
      want: ["incident.opened"],
    },
    {
      says: "one change for an incident that changes twice in one batch",
      changes: [changeOf({ kind: "extended" }), changeOf({ kind: "extended" })],
      want: ["incident.changed"],
    },
  ];
for (const { says, changes, want } of told) {
  test(`B08 the outside is told of ${says}`, () => {
    assert.deepEqual(
      announcements(changes).map(({ event }) => event),
      want,
    );
  });
}

test("B08 the payload holds codes and tokens, no sentence, and stays under 20 kB", () => {
  const [announcement] = announcements([changeOf({ kind: "incident_opened" })]);
  assert.ok(announcement !== undefined && announcement.body.length < 20_000);
  const payload = JSON.parse(announcement.body) as { data: Record<string, unknown> };
  assert.deepEqual(Object.keys(payload.data).sort(), [
    "category",
    "id",
    "level",
    "ref",
    "severity",
    "siteId",
    "state",
    "version",
    "zoneId",
  ]);
});

const judged: readonly (readonly [number, string])[] = [
  [200, "delivered"],
  [204, "delivered"],
  [301, "webhook_redirected"],
  [307, "webhook_redirected"],
  [400, "webhook_status_refused"],
  [410, "webhook_gone"],
  [429, "webhook_status_refused"],
  [500, "webhook_status_refused"],
];
for (const [status, want] of judged) {
  test(`B08 an answer with ${status} means ${want}`, () => {
    const outcome = judgeStatus(status);
    assert.equal(outcome.kind === "delivered" ? "delivered" : outcome.code, want);
  });
}

const refusedOnce: AttemptOutcome = { kind: "failed", status: 500, code: "webhook_status_refused" };
const gone: AttemptOutcome = { kind: "failed", status: 410, code: "webhook_gone" };
const steps: readonly { says: string; outcome: AttemptOutcome; before: number; want: NextStep }[] = [
  {
    says: "the first failure waits the first delay",
    outcome: refusedOnce,
    before: 0,
    want: { kind: "retry", delaySeconds: 5 },
  },
  {
    says: "the last failure is a dead letter",
    outcome: refusedOnce,
    before: 2,
    want: { kind: "dead", because: "attempts_used_up" },
  },
  { says: "410 is a dead letter at once", outcome: gone, before: 0, want: { kind: "dead", because: "endpoint_gone" } },
  { says: "a delivery is done", outcome: { kind: "delivered", status: 200 }, before: 1, want: { kind: "done" } },
];
for (const { says, outcome, before, want } of steps) {
  test(`B08 ${says}`, () => assert.deepEqual(nextStep(outcome, before, [5, 300]), want));
}

test("B08 the schedule grows, and its last attempt comes after about three days", () => {
  assert.deepEqual(
    [...defaultSchedule].sort((a, b) => a - b),
    defaultSchedule,
  );
  const last = plannedAttempts(0, 0, defaultSchedule).at(-1) ?? 0;
  const days = last / 86_400_000;
  assert.ok(days > 2.9 && days < 3.5, `${days} days`);
});
