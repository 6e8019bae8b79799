import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { judgeRelease, obstaclesOf, type Recipient, type Releaser, type ReleaseSituation } from "./release.ts";

const calm: ReleaseSituation = {
  incidentState: "investigating",
  minor: null,
  minorExhibits: [],
  objections: 0,
  restrictions: 0,
  sharedWith: ["police"],
  holds: [],
};
const grounds = { minorGrounds: ["legal_obligation"], objectionGrounds: ["legal_claim", "legal_obligation"] };
const counsel: Releaser = { token: "user:counsel", mayLiftMinor: true };
const investigator: Releaser = { token: "user:ines", mayLiftMinor: false };
const minor = { flaggedBy: "user:guard" };
const inPicture = { flaggedBy: "user:ines", ground: null };
const hold = { id: "11111111-2222-4333-8444-555555555555", ground: "legal_claim" };
const police: Recipient = { kind: "partner", partnerId: "police" };
const outside: Recipient = {
  kind: "outside",
  agency: "Insurer",
  person: "A. Person",
  reference: "C-1",
  channel: "post",
};

test("J11 J13 N05 what stands against a release, and what overcomes it", () => {
  const cases: readonly {
    readonly says: string;
    readonly situation?: Partial<ReleaseSituation>;
    readonly recipient?: Recipient;
    readonly ground?: string;
    readonly despite?: string | null;
    readonly holds?: readonly string[];
    readonly by?: Releaser;
    readonly blocking: readonly string[];
    readonly noted?: readonly string[];
  }[] = [
    { says: "a plain case to a partner that it is shared with", blocking: [] },
    {
      says: "to somebody outside, whatever is shared",
      recipient: outside,
      situation: { sharedWith: [] },
      blocking: [],
    },
    {
      says: "to a partner that it is not shared with",
      situation: { sharedWith: [] },
      blocking: ["release_not_shared"],
    },
    { says: "a watch item", situation: { incidentState: "watch" }, blocking: ["release_watch_item"] },
    { says: "one that aged out", situation: { incidentState: "aged_out" }, blocking: ["release_watch_item"] },
    { says: "a minor", situation: { minor }, blocking: ["release_minor"] },
    {
      says: "a minor, with a ground that allows it and no reason",
      situation: { minor },
      ground: "legal_obligation",
      blocking: ["release_minor"],
    },
    {
      says: "a minor, with a reason and a ground that does not allow it",
      situation: { minor },
      ground: "legal_claim",
      despite: "it must",
      blocking: ["release_minor"],
    },
    {
      says: "a minor, with both",
      situation: { minor },
      ground: "legal_obligation",
      despite: "a court's order",
      blocking: [],
      noted: ["release_minor"],
    },
    {
      says: "somebody objected, and a claim needs it",
      situation: { objections: 1, restrictions: 1 },
      ground: "legal_claim",
      despite: "the claim of the shop",
      blocking: [],
      noted: ["release_objection"],
    },
    {
      says: "a watch item is overcome by nothing",
      situation: { incidentState: "watch", minor },
      ground: "legal_obligation",
      despite: "a court's order",
      blocking: ["release_watch_item"],
      noted: ["release_minor"],
    },
    {
      says: "a minor, with both, by who may not let out minors",
      situation: { minor },
      ground: "legal_obligation",
      despite: "the law",
      by: investigator,
      blocking: ["release_minor"],
    },
    {
      says: "a minor, with both, by who said so",
      situation: { minor: { flaggedBy: counsel.token } },
      ground: "legal_obligation",
      despite: "the law",
      blocking: ["release_minor"],
    },
    { says: "a minor in an exhibit", situation: { minorExhibits: [inPicture] }, blocking: ["release_minor_exhibit"] },
    {
      says: "a minor in an exhibit that a ground was stated for",
      situation: { minorExhibits: [{ ...inPicture, ground: "legal_obligation" }] },
      by: investigator,
      blocking: [],
    },
    {
      says: "a minor in an exhibit and in the case, with both",
      situation: { minor, minorExhibits: [inPicture, inPicture] },
      ground: "legal_obligation",
      despite: "the law",
      blocking: [],
      noted: ["release_minor", "release_minor_exhibit"],
    },
    {
      says: "two exhibits with a minor, one flagged by who releases",
      situation: { minorExhibits: [inPicture, { ...inPicture, flaggedBy: counsel.token }] },
      ground: "legal_obligation",
      despite: "the law",
      blocking: ["release_minor_exhibit"],
    },
    { says: "a case under hold that nobody named", situation: { holds: [hold] }, blocking: ["release_hold_not_named"] },
    {
      says: "a case under two holds, one named",
      situation: { holds: [hold, { ...hold, id: "another" }] },
      holds: [hold.id],
      blocking: ["release_hold_not_named"],
    },
    { says: "a case under hold, named", situation: { holds: [hold] }, holds: [hold.id], blocking: [] },
    { says: "a hold named that is over", holds: [hold.id], blocking: [] },
  ];
  for (const { says, situation, recipient = police, ground = "official_request", ...want } of cases) {
    const { despite = null, holds = [], by = counsel } = want;
    const asked = { recipient, ground, despite, holds, by };
    const verdict = judgeRelease(asked, { ...calm, ...situation }, grounds);
    const codes = (list: readonly { readonly code: string }[]) => list.map(({ code }) => code);
    assert.deepEqual(codes(verdict.blocking), want.blocking, says);
    assert.deepEqual(codes(verdict.noted), want.noted ?? [], says);
    for (const { remedy } of verdict.blocking) assert.ok(remedy.length > 20, says);
  }
});

test("J11 J13 no ground and no reason make an obstacle disappear: it blocks, or it is noted", () => {
  const situations = fc.record({
    incidentState: fc.constantFrom("watch", "open", "closed", "aged_out"),
    minor: fc.constantFrom(null, minor),
    minorExhibits: fc.constantFrom<readonly (typeof inPicture)[]>([], [inPicture], [inPicture, inPicture]),
    objections: fc.nat(3),
    restrictions: fc.nat(3),
    sharedWith: fc.constantFrom<readonly string[]>([], ["police"], ["insurer"]),
    holds: fc.constantFrom<readonly (typeof hold)[]>([], [hold]),
  });
  const asks = fc.record({
    recipient: fc.constantFrom(police, outside),
    ground: fc.constantFrom("legal_claim", "legal_obligation", "consent", ""),
    despite: fc.constantFrom(null, "why"),
    holds: fc.constantFrom<readonly string[]>([], [hold.id]),
    by: fc.constantFrom(counsel, investigator),
  });
  fc.assert(
    fc.property(situations, asks, (situation, asked) => {
      const { blocking, noted } = judgeRelease(asked, situation, grounds);
      const known = [...blocking, ...noted].map(({ code }) => code);
      for (const { code } of obstaclesOf(situation, grounds, asked.by))
        assert.equal(known.filter((one) => one === code).length, 1);
      if (noted.length > 0) assert.notEqual(asked.despite, null);
    }),
  );
});
