import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { incidentStates, type FieldChange, type IncidentState, type TriageLevel } from "@tillwatch/wire";
import type { SituationMember } from "../flow.ts";
import { memberOf, nowMs, scoredOf } from "../testing/incidents.ts";
import { agingOut } from "./aging.ts";
import { decideIncidents } from "./incident.ts";
import { runCommand, type Command } from "./incident-command.ts";
import { fieldsOf, type Effects } from "./incident-effects.ts";
import { fieldsAt } from "./incident-read.ts";
import type { IncidentRow } from "./incident-row.ts";

const situationId = "5a1c2a62-0d9e-4e3f-9d7e-0f3f1f1a2b3c";
const ttlMs = 3_600_000;

/** The table of the lead's plan, written a second time on purpose: the code must agree with it. */
const legal: Readonly<Record<IncidentState, string>> = {
  watch: "open closed",
  open: "acknowledged investigating handed_over closed",
  acknowledged: "investigating handed_over closed",
  investigating: "handed_over closed",
  handed_over: "investigating closed",
  closed: "open",
  aged_out: "open closed",
};

type Step =
  | { readonly kind: "signal"; readonly severity: number; readonly level: TriageLevel }
  | { readonly kind: "idle" }
  | { readonly kind: "person"; readonly command: Command };

const because = fc.constantFrom("", "resolved", "dismissed: seen on the clip", "no such reason");
const severity = fc.constantFrom(0.02, 0.2, 0.5, 0.8999, 0.9, 0.97, 1);
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("signal" as const), severity, level: fc.constantFrom<TriageLevel>(1, 2, 3) }),
  fc.constant({ kind: "idle" as const }),
  fc
    .record({ kind: fc.constant("transition" as const), to: fc.constantFrom(...incidentStates), because })
    .map((command) => ({ kind: "person" as const, command })),
  fc
    .oneof(
      fc.record({
        kind: fc.constant("verdict" as const),
        verdict: fc.constantFrom("true", "false", "unsure"),
        because: fc.constant(null),
      }),
      fc.record({
        kind: fc.constant("override" as const),
        severity: fc.option(severity),
        because: fc.constant("seen"),
      }),
      fc.record({ kind: fc.constant("note" as const), text: fc.string({ minLength: 1 }), covers: fc.constant(null) }),
      fc.record({
        kind: fc.constant("edit" as const),
        fields: fc.record(
          { level: fc.constantFrom(1, 2, 3), valueLostMinor: fc.option(fc.nat()), ownerToken: fc.option(fc.string()) },
          { requiredKeys: [] },
        ),
        because: fc.constant(null),
      }),
    )
    .map((command) => ({ kind: "person" as const, command: command as Command })),
);

class World {
  row: IncidentRow;
  atMs = nowMs;
  readonly members: SituationMember[] = [memberOf()];
  readonly history: FieldChange[] = [];
  readonly seen: { readonly atMs: number; readonly row: IncidentRow }[] = [];
  #ids = 0;

  constructor(first: number) {
    const scored = scoredOf({ severity: first, members: this.members, situationId });
    const [row] = decideIncidents([scored], [], this.context()).rows.values();
    assert.ok(row);
    this.row = row;
    this.seen.push({ atMs: this.atMs, row });
  }

  context() {
    const newId = () => `00000000-0000-4000-8000-${String((this.#ids += 1)).padStart(12, "0")}`;
    return { nowMs: this.atMs, newId, references: ["TW-2026-000001"], taxonomyVersion: "v", facts: new Map() };
  }

  take(effects: Effects): void {
    const next = effects.rows.get(this.row.id);
    this.history.push(...effects.fields);
    if (next === undefined) return;
    assert.ok(next.version > this.row.version, "every change raises the version");
    this.row = next;
    this.seen.push({ atMs: this.atMs, row: next });
  }

  step(step: Step): void {
    this.atMs += 1000;
    const before = this.row;
    if (step.kind === "signal") {
      this.members.push(memberOf());
      const score = { level: step.level };
      const scored = scoredOf({ severity: step.severity, members: this.members, added: 1, situationId, score });
      const knownSignalIds: readonly string[] = [];
      const effects = decideIncidents([scored], [{ row: this.row, knownSignalIds }], this.context());
      this.take(effects);
      this.#checkMachine(before, effects);
    } else if (step.kind === "idle") {
      this.atMs += ttlMs;
      this.take(agingOut([this.row], { ...this.context(), ttlMs }));
      assert.equal(this.row.state, before.state === "watch" ? "aged_out" : before.state);
    } else this.#person(before, step.command);
  }

  #checkMachine(before: IncidentRow, effects: Effects): void {
    assert.notEqual(this.row.state === "closed" && before.state !== "closed", true, "the machine closes nothing");
    if (before.incidentSinceMs !== null) assert.equal(this.row.state, before.state);
    if (before.incidentSinceMs !== null) assert.ok(this.row.level >= before.level);
    assert.equal(effects.changes.length, 1);
  }

  #person(before: IncidentRow, command: Command): void {
    const digestOf = (text: string) => `digest of ${text.length}`;
    const outcome = runCommand(before, command, { ...this.context(), actor: "user:a", digestOf, kept: (text) => text });
    if (command.kind === "transition") {
      const allowed = legal[before.state].split(" ").includes(command.to);
      if (!allowed) assert.equal(!outcome.ok && outcome.error.code, "incident_transition_illegal");
      if (outcome.ok) assert.ok(allowed && this.#hasReason(before.state, command));
    }
    if (!outcome.ok) return;
    this.take(outcome.value);
    assert.equal(outcome.value.audits.length, 1, "every command is one audit entry");
    assert.equal(outcome.value.timeline.length, 1, "and one line on the timeline");
    assert.equal(this.row.severity, this.row.override?.severity ?? this.row.machineSeverity);
  }

  #hasReason(from: IncidentState, { to, because: why }: Extract<Command, { kind: "transition" }>): boolean {
    if (to === "closed") return why.startsWith("resolved") || why.startsWith("dismissed");
    return why !== "" || !(to === "handed_over" || ["closed", "aged_out", "handed_over"].includes(from));
  }
}

test("F06 F26 any sequence of commands: illegal jumps are refused, and the history gives back every state there was", () => {
  fc.assert(
    fc.property(severity, fc.array(steps, { maxLength: 30 }), (first, sequence) => {
      const world = new World(first);
      for (const step of sequence) world.step(step);
      for (const { atMs, row } of world.seen) {
        assert.deepEqual(fieldsAt(world.row, world.history, atMs), { ...fieldsOf(row) });
      }
    }),
    { numRuns: 300 },
  );
});

test("F26 every column of a piece of work is in the history, or is known not to need one", () => {
  const rest = [
    ["id", "ref", "situationId", "taxonomyVersion", "siteId", "openedAtMs"], // never change
    ["updatedAtMs", "version", "incidentSinceMs", "personFields"], // follow from the changes themselves
    ["deviceId", "lastSignalAtMs", "score", "signalCount", "evidence"], // the timeline and the decisions have them
  ].flat();
  const { row } = new World(0.5);
  const tracked = Object.keys(fieldsOf(row)).map((name) => (name === "occurredAt" ? "occurredAtMs" : name));
  assert.deepEqual([...tracked, ...rest].sort(), Object.keys(row).sort());
});
