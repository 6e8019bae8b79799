import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReleasesView } from "@tillwatch/wire";
import {
  emptyDraft,
  groundsDespite,
  holdsText,
  linkOpens,
  linkText,
  outside,
  releaseBodyOf,
  spokenCode,
  wayPast,
  type ReleaseDraft,
} from "./release-words.ts";

const obstacle = (grounds: readonly string[]) => ({
  code: "release_minor",
  says: "a minor is among the people of this case",
  remedy: "Make it an incident first.",
  grounds,
  count: 1,
});
const minor = obstacle(["legal_obligation", "official_request"]);
const objection = obstacle(["legal_claim", "official_request"]);
const watchItem = obstacle([]);
const under = (standing: readonly ReturnType<typeof obstacle>[], holds: ReleasesView["holds"] = []) => ({
  standing,
  holds,
});
const whole: ReleaseDraft = {
  ...emptyDraft,
  to: "partner:city-police",
  purpose: "police_request",
  ground: "official_request",
  because: " They asked in writing. ",
};
const court = { agency: " Court of Ghent ", person: "J. Claes", reference: "26/417", channel: "post" };

test("N05 O02 a release names recipient, purpose, ground and why, or is not sent", () => {
  const rest = { purpose: "police_request", ground: "official_request", because: "They asked in writing." };
  assert.deepEqual(releaseBodyOf(whole, under([])), { recipient: { partnerId: "city-police" }, ...rest });
  assert.deepEqual(releaseBodyOf({ ...whole, ...court, to: outside }, under([])), {
    recipient: { ...court, agency: "Court of Ghent" },
    ...rest,
  });
  const short: readonly Partial<ReleaseDraft>[] = [
    { to: "" },
    { to: outside },
    { ...court, to: outside, person: " " },
    { ...court, to: outside, channel: "" },
    { purpose: "" },
    { ground: "" },
    { because: "  Asked.    " },
  ];
  for (const news of short) assert.equal(releaseBodyOf({ ...whole, ...news }, under([])), null, JSON.stringify(news));
});

test("J11 J13 what stands against it is overcome by one ground that serves for all of it, with a reason", () => {
  const despite = "The court ordered it.";
  assert.equal(releaseBodyOf(whole, under([minor])), null, "no reason");
  assert.equal(releaseBodyOf({ ...whole, despite, ground: "legal_claim" }, under([minor, objection])), null);
  assert.deepEqual(groundsDespite([minor, objection]), ["official_request"]);
  assert.partialDeepStrictEqual(releaseBodyOf({ ...whole, despite }, under([minor, objection])), { despite });
  assert.equal(releaseBodyOf({ ...whole, despite }, under([minor, watchItem])), null, "nothing overcomes a watch item");
  assert.equal(groundsDespite([]), null);
  assert.match(wayPast(minor), /A law that obliges us; An authority's request in writing\.$/);
  assert.equal(wayPast(watchItem), "Make it an incident first.");
});

test("K04 N05 a case under hold is released by whoever says that he knows, and the holds are named", () => {
  const hold = { id: "a-hold", ground: "legal_claim", matter: "Claim 26/88", at: "2026-11-20T08:00:00.000Z" };
  assert.equal(releaseBodyOf(whole, under([], [hold])), null, "nobody said that he knows");
  const said = releaseBodyOf({ ...whole, knowsHolds: true }, under([], [hold]));
  assert.partialDeepStrictEqual(said, { holds: ["a-hold"] });
  assert.ok(!("holds" in (releaseBodyOf({ ...whole, knowsHolds: true }, under([])) ?? {})));
  assert.equal(
    holdsText([hold, hold, { id: "other", ground: "legal_obligation" }]),
    "legal claim; A law that obliges us",
  );
});

test("N05 a link says in words how it is with it; a code is read out in two halves", () => {
  const states = ["open", "opened", "used", "expired", "ended", "tries_spent", "release_withdrawn", "release_withheld"];
  assert.deepEqual(
    states.filter((state) => linkOpens({ state })),
    ["open", "opened"],
  );
  assert.equal(new Set([...states, "packet_gone"].map((state) => linkText({ state }))).size, 9);
  assert.equal(linkText({ state: "something_new" }), "Something new");
  assert.deepEqual(["12345678", "123"].map(spokenCode), ["1234 5678", "123"]);
});
