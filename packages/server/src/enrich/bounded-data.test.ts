import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { JsonObject } from "@tillwatch/wire";
import { boundedData, viewDataCharsMax } from "./bounded-data.ts";

test("B17 A08 what rules need survives any padding, and the padding does not", () => {
  const facts = { part: "card_reader", tag_count: 3, epcs: Array.from({ length: 900 }, (_, n) => `urn:epc:${n}`) };
  assert.deepEqual(boundedData(facts), { data: facts, isCut: false });
  const padded = { pad: "x".repeat(200_000), deep: { pad: "y".repeat(20_000) }, ...facts };
  const { data, isCut } = boundedData(padded);
  assert.equal(isCut, true);
  assert.equal(data["part"], "card_reader");
  assert.equal(data["tag_count"], 3);
  assert.deepEqual(data["epcs"], facts.epcs.slice(0, 100));
  assert.equal(data["deep"], undefined);
  const pad = data["pad"];
  assert.ok(typeof pad === "string" && pad.length === 1_024);
});

test("B17 property: never longer than the limit, always storable, never a value under another name", () => {
  const anyData = fc.dictionary(
    fc.string(),
    fc.oneof(fc.jsonValue(), fc.string({ minLength: 9_000, maxLength: 30_000 })),
  );
  fc.assert(
    fc.property(anyData, (given) => {
      const { data } = boundedData(given as JsonObject);
      assert.ok(JSON.stringify(data).length <= viewDataCharsMax);
      for (const name of Object.keys(data)) assert.ok(Object.hasOwn(given, name));
    }),
  );
});
