import assert from "node:assert/strict";
import { test } from "node:test";
import type { IncidentRecord } from "@tillwatch/wire";
import { correctionOf, draftOf, type Correction, type CorrectionDraft } from "./correction.ts";

const record = {
  summary: "As it was",
  zoneId: "exit",
  value: { lostMinor: 21_400, recoveredMinor: null, currency: "EUR" },
} as IncidentRecord;

const cases: readonly {
  readonly says: string;
  readonly news: Partial<CorrectionDraft>;
  readonly want: Correction | null;
}[] = [
  { says: "an untouched form corrects nothing", news: {}, want: {} },
  { says: "a reason alone corrects nothing", news: { because: "why not" }, want: {} },
  {
    says: "only what differs is sent",
    news: { summary: "As it is", because: "seen on the clip" },
    want: { summary: "As it is", because: "seen on the clip" },
  },
  { says: "an emptied zone is taken away", news: { zoneId: "" }, want: { zoneId: null } },
  { says: "an emptied amount is taken away", news: { lost: "" }, want: { valueLostMinor: null } },
  { says: "zero is an amount", news: { recovered: "0" }, want: { valueRecoveredMinor: 0 } },
  { says: "nobody is a number of people", news: { people: "0" }, want: { peopleInvolved: 0 } },
  { says: "words are no amount", news: { lost: "a lot" }, want: null },
  { says: "words are no number of people", news: { people: "two" }, want: null },
];
for (const { says, news, want } of cases) {
  test(`F02 ${says}`, () =>
    assert.deepEqual(correctionOf({ ...draftOf(record, "EUR"), ...news }, record, "EUR"), want));
}

test("F02 amounts come back as they are typed in their currency", () => {
  assert.equal(draftOf(record, "EUR").lost, "214.00");
  assert.equal(
    draftOf({ ...record, value: { lostMinor: 500, recoveredMinor: null, currency: "JPY" } }, "JPY").lost,
    "500",
  );
});
