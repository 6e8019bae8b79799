import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { KnownItem } from "../flow.ts";
import { explainBySales } from "./sale-explains.ts";

const minute = 60_000;
const window = { beforeMs: 20 * minute, afterMs: 10 * minute, unknownItemsMs: 90_000 };
const tagged = (epc: string): KnownItem => ({ sku: "WHISKY", epc, valueMinor: 4500, quantity: 1 });
const line = (sku: string, quantity: number): KnownItem => ({ sku, epc: null, valueMinor: 4500, quantity });
const exit = (items: readonly KnownItem[]) => ({ signalId: "exit", atMs: 0, items });
const sale = (atMs: number, items: readonly KnownItem[]) => ({ signalId: `sale${atMs}`, atMs, items });

const cases: readonly {
  readonly says: string;
  readonly items: readonly KnownItem[];
  readonly sales: readonly ReturnType<typeof sale>[];
  readonly want: "all" | "some" | "none";
}[] = [
  { says: "no sale explains nothing", items: [tagged("a")], sales: [], want: "none" },
  { says: "the very tag was sold", items: [tagged("a")], sales: [sale(-minute, [tagged("a")])], want: "all" },
  {
    says: "another tag of the article was sold",
    items: [tagged("a")],
    sales: [sale(-minute, [tagged("b")])],
    want: "none",
  },
  {
    says: "a line without tag covers one of the article",
    items: [tagged("a")],
    sales: [sale(-minute, [line("WHISKY", 1)])],
    want: "all",
  },
  {
    says: "one line does not cover two",
    items: [tagged("a"), tagged("b")],
    sales: [sale(-minute, [line("WHISKY", 1)])],
    want: "some",
  },
  {
    says: "20 minutes before is outside (half-open)",
    items: [tagged("a")],
    sales: [sale(-20 * minute, [tagged("a")])],
    want: "none",
  },
  { says: "just inside 20 minutes", items: [tagged("a")], sales: [sale(1 - 20 * minute, [tagged("a")])], want: "all" },
  {
    says: "a till that posts 9 minutes late",
    items: [tagged("a")],
    sales: [sale(9 * minute, [tagged("a")])],
    want: "all",
  },
  {
    says: "10 minutes after is outside (half-open)",
    items: [tagged("a")],
    sales: [sale(10 * minute, [tagged("a")])],
    want: "none",
  },
  {
    says: "an alarm without items right after a sale",
    items: [],
    sales: [sale(-minute, [line("GUM", 1)])],
    want: "some",
  },
  {
    says: "an alarm without items, no sale near",
    items: [],
    sales: [sale(-2 * minute, [line("GUM", 1)])],
    want: "none",
  },
];
for (const c of cases) {
  test(`D05 D06 ${c.says}: ${c.want}`, () =>
    assert.equal(explainBySales(exit(c.items), c.sales, window).verdict, c.want));
}

test("D06 property: what stays unexplained never exceeds what left, and a full receipt explains everything", () => {
  const epcs = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 20 });
  fc.assert(
    fc.property(epcs, fc.nat(20), (names, sold) => {
      const items = names.map(tagged);
      const part = explainBySales(exit(items), [sale(0, items.slice(0, sold))], window);
      assert.equal(part.unexplained.length, Math.max(0, items.length - sold));
      if (items.length > 0) assert.equal(explainBySales(exit(items), [sale(0, items)], window).verdict, "all");
    }),
  );
});
