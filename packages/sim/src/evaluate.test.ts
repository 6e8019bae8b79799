import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { evaluate, formatEvaluation, type IncidentFound } from "./evaluate.ts";
import type { Crime } from "./world.ts";

const signalIdOf = (source: string, id: string) => `${source}#${id}`;

function crime(id: string, more: Partial<Crime> = {}): Crime {
  const signals = [{ source: "S-1/C-1", id, occurredAtMs: 1_000 }];
  const where = { siteId: "S-1", zoneId: "z", startMs: 1_000, endMs: 9_000 };
  const what = { kind: "concealment", category: "shoplifting", alsoRight: ["suspicious"], level: 1 } as const;
  return { id, ...what, ...where, signals, ...more };
}

function incident(id: string, crimeIds: readonly string[], more: Partial<IncidentFound> = {}): IncidentFound {
  const signalIds = ["benign", ...crimeIds.map((one) => signalIdOf("S-1/C-1", one))];
  return { id, siteId: "S-1", category: "shoplifting", openedAtMs: 31_000, signalIds, ...more };
}

describe("evaluation against the truth", () => {
  it("C07 counts found crimes, right incidents and the time to detection", () => {
    const found = evaluate({
      crimes: [crime("a"), crime("b"), crime("c", { category: "violence", kind: "aggression", alsoRight: [] })],
      incidents: [
        incident("i1", ["a"]),
        incident("i2", ["a"], { openedAtMs: 11_000 }),
        incident("i3", []),
        incident("i4", ["c"]),
      ],
      signalIdOf,
    });
    assert.deepEqual(found.total, {
      name: "all",
      crimes: 3,
      found: 2,
      merged: 0,
      recall: 2 / 3,
      incidents: 4,
      right: 3,
      precision: 3 / 4,
      categoryRight: 2 / 3,
      medianSecondsToDetection: 10,
      p95SecondsToDetection: 30,
    });
    assert.deepEqual(found.missed, ["b"]);
    assert.deepEqual(found.falseIncidents, ["i3"]);
    assert.deepEqual(
      found.byCategory.map(({ name, crimes, incidents }) => [name, crimes, incidents]),
      [
        ["shoplifting", 2, 4],
        ["violence", 1, 0],
      ],
    );
  });

  it("C07 an incident from before the crime did not find it", () => {
    const found = evaluate({
      crimes: [crime("a")],
      incidents: [incident("i", ["a"], { openedAtMs: 999 })],
      signalIdOf,
    });
    assert.deepEqual([found.total.found, found.total.merged], [0, 1]);
  });

  it("C07 nothing to divide by is no number", () => {
    const { total } = evaluate({ crimes: [], incidents: [], signalIdOf });
    assert.deepEqual([total.recall, total.precision, total.medianSecondsToDetection], [null, null, null]);
  });

  it("C07 shares stay between nothing and all, whatever is found", () => {
    const ids = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 4 });
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom("a", "b", "c")), fc.array(ids, { maxLength: 6 }), (given, held) => {
        const crimes = given.map((id) => crime(id));
        const incidents = held.map((of, index) => incident(`i${index}`, of));
        const { total, missed, falseIncidents } = evaluate({ crimes, incidents, signalIdOf });
        const reachable = given.filter((id) => held.flat().includes(id));
        assert.equal(total.found, reachable.length);
        assert.equal(missed.length, given.length - reachable.length);
        assert.equal(total.right + falseIncidents.length, incidents.length);
      }),
    );
  });

  it("C07 the table names every category, the total and every kind", () => {
    const table = formatEvaluation(evaluate({ crimes: [crime("a")], incidents: [incident("i", ["a"])], signalIdOf }));
    assert.match(
      table,
      /^category +crimes +found +merged +recall +incidents +right +precision +category +median s +p95 s$/m,
    );
    assert.match(table, /^kind of crime +crimes +found +merged +recall +median s$/m);
    assert.match(table, /^shoplifting +1 +1 +0 +100\.0 % +1 +1 +100\.0 % +100\.0 % +30\.0 +30\.0$/m);
    assert.match(table, /^all +1/m);
    assert.match(table, /^concealment +1 +1 +0 +100\.0 %/m);
  });
});
