import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { explainBySales, type SaleFact } from "./sale-explains.ts";
import { SiteMemory } from "./site-memory.ts";

const minute = 60_000;
const window = { beforeMs: 20 * minute, afterMs: 10 * minute, unknownItemsMs: minute };

const item = fc.record({
  sku: fc.constantFrom("gin", "rum", "bread", null),
  epc: fc.constantFrom("urn:1", "urn:2", "urn:3", null, null),
  valueMinor: fc.constant(100),
  quantity: fc.integer({ min: 1, max: 3 }),
});
const happening = fc.record({
  siteId: fc.constantFrom("S-1", "S-2"),
  atMs: fc.integer({ min: 0, max: 90 * minute }),
  items: fc.array(item, { maxLength: 4 }),
});

test("D08 what sells the articles of an exit explains it as all sales of its site do, also when some are forgotten", () => {
  const horizonMs = 30 * minute;
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 12 }), happening, (sold, exit) => {
      const memory = new SiteMemory(horizonMs);
      const inOrder = sold.toSorted((a, b) => a.atMs - b.atMs);
      for (const [at, { siteId, atMs, items }] of inOrder.entries()) {
        const delay = { receivedAtMs: atMs, apparentDelayMs: 0 };
        const sale: SaleFact = { signalId: `sale-${at}`, atMs, items };
        memory.remember({ siteId, deviceKey: null, receivedAtMs: atMs, delay, sale, exit: null });
        memory.forgetBefore(atMs);
      }
      const remembered = inOrder
        .map((sale, at) => ({ ...sale, signalId: `sale-${at}` }))
        .filter(({ siteId, atMs }) => siteId === exit.siteId && atMs >= (inOrder.at(-1)?.atMs ?? 0) - horizonMs);
      assert.deepEqual(
        memory.salesAt(exit.siteId).map(({ signalId }) => signalId),
        remembered.map(({ signalId }) => signalId),
      );
      const fact = { signalId: "exit", ...exit };
      memory.remember({
        siteId: exit.siteId,
        deviceKey: null,
        receivedAtMs: 99 * minute,
        delay: { receivedAtMs: 0, apparentDelayMs: 0 },
        sale: null,
        exit: fact,
      });
      for (const sale of remembered) {
        const isNamed =
          explainBySales(fact, [sale], { ...window, beforeMs: 999 * minute, afterMs: 999 * minute }).verdict !== "none";
        const found = memory.exitsOf(exit.siteId, sale.items);
        if (isNamed && exit.items.length > 0)
          assert.deepEqual(
            found.map(({ signalId }) => signalId),
            ["exit"],
          );
      }
      if (exit.items.length > 0)
        assert.deepEqual(
          explainBySales(fact, memory.salesOf(exit.siteId, exit.items), window),
          explainBySales(fact, remembered, window),
        );
      memory.forgetBefore(999 * minute);
      assert.deepEqual([memory.salesOf(exit.siteId, exit.items), memory.exitsOf(exit.siteId, exit.items)], [[], []]);
    }),
    { numRuns: 1_000 },
  );
});
