import assert from "node:assert/strict";
import { test } from "node:test";
import { keyState, packetBodyOf } from "./packet-words.ts";

test("J16 two keys are one's own request that another approved; another's request opens nothing", () => {
  const of = (state: "asked" | "approved" | "refused" | "ended", askedBy = "user:me") => ({ state, askedBy });
  const cases = [
    { has: [], want: "no key" },
    { has: [of("asked")], want: "one key" },
    { has: [of("approved")], want: "two keys" },
    { has: [of("refused"), of("ended")], want: "no key" },
    { has: [of("ended"), of("asked")], want: "one key" },
    { has: [of("approved", "user:other"), of("asked", "user:other")], want: "no key" },
  ] as const;
  for (const { has, want } of cases) assert.equal(keyState(has, "user:me"), want, JSON.stringify(has));
});

test("I24 J16 what is not said of a packet is not sent", () => {
  const plain = { contents: "copies", because: "  ", minorGround: "" } as const;
  assert.deepEqual(packetBodyOf(plain), {});
  assert.deepEqual(packetBodyOf({ ...plain, contents: "none" }), { includeMedia: false });
  assert.deepEqual(packetBodyOf({ contents: "originals", because: " the court ", minorGround: "official_request" }), {
    originals: true,
    because: "the court",
    minorGround: "official_request",
  });
});
