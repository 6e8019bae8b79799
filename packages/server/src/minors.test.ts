import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { minorVerdict, type Lift, type MinorVerdict, type Minors } from "./minors.ts";

const grounds = ["official_request", "vital_interest"];
const ofCase = { flaggedBy: "user:guard" };
const flagged = { flaggedBy: "user:ines", ground: null };
const lift: Lift = { ground: "official_request", by: "user:counsel", mayLift: true };
const none: Minors = { ofCase: null, ofExhibit: null };

type Withheld = Extract<MinorVerdict, { kind: "withheld" }>["because"];
const cases: readonly {
  readonly says: string;
  readonly minors: Partial<Minors>;
  readonly lift?: Partial<Lift> | null;
  readonly want: "no_minor" | "ground_stated" | "lifted" | Withheld;
}[] = [
  { says: "nobody said that there is one", minors: {}, lift: null, want: "no_minor" },
  { says: "the case is flagged", minors: { ofCase }, lift: null, want: "no_ground" },
  { says: "the exhibit is flagged", minors: { ofExhibit: flagged }, lift: null, want: "no_ground" },
  { says: "both are", minors: { ofCase, ofExhibit: flagged }, lift: null, want: "no_ground" },
  {
    says: "another person stated a ground for the exhibit",
    minors: { ofExhibit: { ...flagged, ground: "vital_interest" } },
    lift: null,
    want: "ground_stated",
  },
  {
    says: "a ground for the exhibit holds against the flag of its case",
    minors: { ofCase, ofExhibit: { ...flagged, ground: "vital_interest" } },
    lift: null,
    want: "ground_stated",
  },
  { says: "a ground for this once, by who may", minors: { ofCase, ofExhibit: flagged }, want: "lifted" },
  { says: "a ground for the case as a whole", minors: { ofCase }, want: "lifted" },
  { says: "a ground that is none", minors: { ofCase }, lift: { ground: "legal_claim" }, want: "ground_does_not_allow" },
  { says: "by a role that may not", minors: { ofExhibit: flagged }, lift: { mayLift: false }, want: "role_may_not" },
  { says: "by who flagged the case", minors: { ofCase }, lift: { by: "user:guard" }, want: "same_person" },
  {
    says: "by who flagged the exhibit, in a case that somebody else flagged",
    minors: { ofCase, ofExhibit: flagged },
    lift: { by: "user:ines" },
    want: "same_person",
  },
];

for (const one of cases) {
  test(`J11 minors: ${one.says}: ${one.want}`, () => {
    const verdict = minorVerdict(
      { ...none, ...one.minors },
      one.lift === null ? null : { ...lift, ...one.lift },
      grounds,
    );
    assert.equal(verdict.kind === "lifted" ? "lifted" : verdict.because, one.want);
  });
}

test("J11 minors: a flag never opens, and nothing flagged leaves without a ground of the pack", () => {
  const flag = fc.option(
    fc.record({ flaggedBy: fc.constantFrom("a", "b"), ground: fc.constantFrom(null, "vital_interest") }),
  );
  const anyLift = fc.option(
    fc.record({
      ground: fc.constantFrom(...grounds, "consent", ""),
      by: fc.constantFrom("a", "b", "c"),
      mayLift: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(flag, flag, anyLift, (first, ofExhibit, said) => {
      const minors = { ofCase: first, ofExhibit };
      const verdict = minorVerdict(minors, said, grounds);
      const leaves = verdict.kind !== "withheld";
      if (leaves && (first !== null || ofExhibit?.ground === null) && ofExhibit?.ground == null) {
        assert.ok(said !== null && said.mayLift && grounds.includes(said.ground));
        assert.ok(said.by !== first?.flaggedBy && said.by !== ofExhibit?.flaggedBy);
      }
      // Whatever leaves under a flag leaves without it too.
      if (leaves) assert.notEqual(minorVerdict({ ...minors, ofCase: null }, said, grounds).kind, "withheld");
    }),
  );
});
