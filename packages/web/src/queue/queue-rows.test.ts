import assert from "node:assert/strict";
import { test } from "node:test";
import type { IncidentSummary } from "@tillwatch/wire";
import { belongs, byRisk, freeze, newest, queueRows } from "./queue-rows.ts";

const row = (id: string, news: Partial<IncidentSummary> = {}): IncidentSummary =>
  ({
    id,
    ref: `TW-${id}`,
    state: "open",
    level: 1,
    category: "shoplifting",
    categoryTitle: "Shoplifting",
    title: `Title ${id}`,
    siteId: "S-1",
    siteName: "Site",
    severity: 0.9,
    openedAt: "2026-11-20T10:00:00Z",
    version: 1,
    ...news,
  }) as IncidentSummary;

const known = (...rows: readonly IncidentSummary[]) => new Map(rows.map((each) => [String(each.id), each]));
const filter = { view: "incidents" } as const;

test("E01 the order is risk, then the youngest, then the id: likely violence stands above certain theft", () => {
  const ordered = [
    row("b", { level: 3, severity: 0.5 }),
    row("f", { level: 2, severity: 0.6 }),
    row("a", { severity: 0.95 }),
    row("g", { level: 3, severity: 0.23 }),
    row("c", { openedAt: "2026-11-20T11:00:00Z" }),
    row("e"),
    row("d"),
  ];
  assert.deepEqual([...ordered].reverse().sort(byRisk), ordered);
});

const belongCases: readonly {
  readonly says: string;
  readonly news: Partial<IncidentSummary>;
  readonly want: boolean;
}[] = [
  { says: "an open incident belongs", news: {}, want: true },
  { says: "a watch item does not", news: { state: "watch" }, want: false },
  { says: "a closed one does not", news: { state: "closed" }, want: false },
  { says: "another level does not", news: { level: 2 }, want: false },
  { says: "text is found in the title, in any case", news: { title: "SMASH and grab" }, want: true },
  { says: "text that is nowhere is not", news: { title: "Refund" }, want: false },
];
for (const { says, news, want } of belongCases) {
  test(`E01 F03 ${says}`, () => {
    const narrow = { ...filter, level: 1, q: "smash" };
    assert.equal(belongs(row("a", { title: "smash", ...news }), narrow), want);
  });
}

test("E01 the newest version wins, whichever way it came", () => {
  const fetched = [row("a", { version: 3, title: "fetched" }), row("b", { version: 1, title: "fetched" })];
  const live = known(row("a", { version: 2, title: "live" }), row("b", { version: 2, title: "live" }));
  const merged = newest(fetched, live);
  assert.equal(merged.get("a")?.title, "fetched");
  assert.equal(merged.get("b")?.title, "live");
});

test("E01 content changes in place, the order does not, and both are counted", () => {
  const frozen = [
    { id: "a", risk: 0.95 },
    { id: "b", risk: 0.9 },
  ];
  const now = known(row("a", { severity: 0.95 }), row("b", { severity: 0.99 }), row("c", { severity: 0.97 }));
  const { rows, newIds, movedCount } = queueRows({ frozen, known: now, filter, openEnd: false });
  assert.deepEqual(
    rows.map((each) => [each.id, each.severity]),
    [
      ["a", 0.95],
      ["b", 0.99],
    ],
  );
  assert.deepEqual(newIds, ["c"]);
  assert.equal(movedCount, 1);
  assert.deepEqual(
    freeze(["a", "b", "c"], now, filter).map((each) => each.id),
    ["b", "c", "a"],
  );
});

test("E01 what ranks below the last row of an unfinished list is not new: it stands on a further page", () => {
  const frozen = [{ id: "a", risk: 0.95 }];
  const now = known(row("a", { severity: 0.95 }), row("low", { severity: 0.91 }));
  assert.deepEqual(queueRows({ frozen, known: now, filter, openEnd: true }).newIds, []);
  assert.deepEqual(queueRows({ frozen, known: now, filter, openEnd: false }).newIds, ["low"]);
});

test("E01 a row that left the list stays in sight until the reader lets go, and then leaves", () => {
  const frozen = [{ id: "a", risk: 0.9 }];
  const now = known(row("a", { state: "closed" }));
  const shown = queueRows({ frozen, known: now, filter, openEnd: false });
  assert.equal(shown.rows.length, 1);
  assert.equal(shown.movedCount, 1);
  assert.deepEqual(freeze(["a"], now, filter), []);
});
