import assert from "node:assert/strict";
import { test } from "node:test";
import { memberOf, nowMs, scoredOf, testTaxonomy } from "../testing/incidents.ts";
import { completenessOf } from "./completeness.ts";
import { factsFor, factsOfExhibit, isStatement } from "./evidence-fact.ts";
import { decideIncidents } from "./incident.ts";
import type { IncidentRow } from "./incident-row.ts";

function row(edit: Partial<IncidentRow>): IncidentRow {
  const context = {
    nowMs,
    newId: () => "id",
    references: ["TW-2026-000001"],
    taxonomyVersion: "2026-11",
    facts: new Map(),
  };
  const [made] = decideIncidents([scoredOf({ severity: 0.95, members: [memberOf()] })], [], context).rows.values();
  assert.ok(made);
  return { ...made, evidence: [], zoneId: null, ...edit };
}

test("F19 completeness is the share of required fields and checklist items that are there", () => {
  const cases: readonly { readonly says: string; readonly edit: Partial<IncidentRow>; readonly want: number }[] = [
    { says: "nothing", edit: {}, want: 0 },
    { says: "one of four fields and two items", edit: { zoneId: "Z-exit" }, want: 0.1667 },
    { says: "a fact satisfies an item", edit: { evidence: ["clip"] }, want: 0.1667 },
    { says: "another fact does not", edit: { evidence: ["image"] }, want: 0 },
    { says: "a person named the item", edit: { evidence: ["covers:item_list"] }, want: 0.1667 },
    { says: "a loss of nothing is stated too", edit: { valueLostMinor: 0 }, want: 0.1667 },
    {
      says: "everything",
      edit: { zoneId: "Z", summary: "s", valueLostMinor: 1, peopleInvolved: 1, evidence: ["clip", "item"] },
      want: 1,
    },
    { says: "a category without checklist", edit: { category: "pos_tampering", zoneId: "Z" }, want: 0.25 },
    { says: "a category of no version", edit: { category: "gone", summary: "s" }, want: 0.25 },
  ];
  for (const c of cases) {
    const { value, ruleVersion, items } = completenessOf(row(c.edit), testTaxonomy);
    assert.equal(value, c.want, c.says);
    assert.equal(ruleVersion, "completeness-1+2026-11");
    assert.ok(
      items.every((item) => item.howToGet !== ""),
      "each item says how to get it",
    );
  }
});

test("F19 what the checklist asks for is not asked for twice", () => {
  const [category] = testTaxonomy.categories;
  assert.ok(category);
  const ask = (code: string, fact: "summary" | "value") => ({
    code,
    title: code,
    howToGet: "Do it.",
    satisfiedBy: [fact],
  });
  const evidenceChecklist = [ask("summary", "summary"), ask("value", "value")];
  const taxonomy = { version: "v", categories: [{ ...category, evidenceChecklist }] };
  const { items } = completenessOf(row({ summary: "s" }), taxonomy);
  assert.deepEqual(
    items.map((item) => [item.code, item.present]),
    [
      ["field_zone", false],
      ["field_people_involved", false],
      ["summary", true],
      ["value", false],
    ],
  );
});

test("F18 what satisfies an item follows from its code where the taxonomy does not say", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["pos_clip", "clip"],
    ["still_image", "image"],
    ["repair_invoice", "document"],
    ["deposit_slip", "document"],
    ["staff_roster", "document"],
    ["refund_receipt", "till document"],
    ["terminal_serial", "device"],
  ];
  for (const [code, want] of cases) assert.equal(factsFor(code).join(" "), want, code);
  assert.deepEqual(factsOfExhibit("video/mp4"), ["exhibit", "clip"]);
  assert.deepEqual(factsOfExhibit("application/pdf"), ["exhibit", "document"]);
  assert.deepEqual(factsOfExhibit(null), ["exhibit"]);
  assert.deepEqual(["Statement: I saw", " statement : x", "A statement: x"].map(isStatement), [true, true, false]);
});
