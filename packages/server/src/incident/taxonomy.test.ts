import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { testOnDatabases } from "../testing/databases.ts";
import { nowMs, testTaxonomy } from "../testing/incidents.ts";
import { openTaxonomies } from "./taxonomy-store.ts";
import { categoryOf, parseTaxonomy } from "./taxonomy.ts";

const good = `version: "2026-11"
categories:
  - code: shoplifting
    title: Shoplifting
    level: 1
    group: loss
    evidence_checklist:
      - {code: exit_clip, title: Clip of the exit, how_to_get: Export it.}
      - {code: tally, title: Tally, how_to_get: Count., satisfied_by: [item, document]}
    sop: [Stay safe., Save the clip.]
  - {code: assault, title: Assault, level: 3, group: violence}
`;

test("F01 F18 a taxonomy file is read with its checklist and steps", () => {
  const parsed = parseTaxonomy(good, "taxonomy.yaml");
  assert.ok(parsed.ok, JSON.stringify(parsed));
  assert.equal(parsed.value.version, "2026-11");
  const [first, second] = parsed.value.categories;
  assert.deepEqual(
    first?.evidenceChecklist.map((item) => item.satisfiedBy),
    [["clip"], ["item", "document"]],
  );
  assert.deepEqual(first?.sop, ["Stay safe.", "Save the clip."]);
  assert.deepEqual([second?.level, second?.evidenceChecklist, second?.sop], [3, [], []]);
  assert.equal(categoryOf(parsed.value, "till_swap").title, "Till swap");
});

test("F01 F18 L20 an item may be defined once and named by alias; codes of outside schemes are kept", () => {
  const text = `version: v1
checklist:
  - &clip {code: exit_clip, title: Clip of the exit, how_to_get: Export it.}
categories:
  - {code: theft, title: Theft, level: 1, group: loss, evidence_checklist: [*clip], agency_codes: {nibrs: "23C"}}
  - {code: fraud, title: Fraud, level: 1, group: loss, evidence_checklist: [*clip]}
`;
  const parsed = parseTaxonomy(text, "taxonomy.yaml");
  assert.ok(parsed.ok, JSON.stringify(parsed));
  assert.deepEqual(
    parsed.value.categories.map((category) => category.evidenceChecklist.map((item) => item.code)),
    [["exit_clip"], ["exit_clip"]],
  );
  assert.deepEqual(parsed.value.categories[0]?.agencyCodes, { nibrs: "23C" });
  for (const broken of [
    text.replace("*clip]}", "*clap]}"),
    text.replace('"23C"', "23"),
    text.replace("how_to_get: Export it.", ""),
  ]) {
    assert.equal(parseTaxonomy(broken, "taxonomy.yaml").ok, false);
  }
});

test("F01 F18 the shipped taxonomy is understood, and every item of it can be satisfied by what it asks for", () => {
  const file = new URL("../../../../pack/retail/taxonomy.yaml", import.meta.url);
  const parsed = parseTaxonomy(readFileSync(file, "utf8"), "taxonomy.yaml");
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const items = parsed.value.categories.flatMap((category) => category.evidenceChecklist);
  const facts = Object.fromEntries(items.map((item) => [item.code, item.satisfiedBy.join(" ")]));
  assert.deepEqual(facts, {
    media: "clip image",
    pos_record: "till document",
    exhibit: "exhibit",
    witness_statement: "statement",
    item_list: "item",
    value: "value",
    summary: "summary",
    device_time: "checked_clock",
  });
});

test("F01 a taxonomy that is not understood is refused with file and line", () => {
  const edit = (from: string, to: string) => good.replace(from, to);
  const cases: readonly { readonly says: string; readonly text: string; readonly want: readonly [string, number] }[] = [
    { says: "broken YAML", text: edit("version:", "version: ["), want: ["taxonomy_malformed", 2] },
    { says: "a list", text: "- 1\n", want: ["taxonomy_malformed", 1] },
    { says: "empty", text: "", want: ["taxonomy_malformed", 1] },
    { says: "no version", text: edit('version: "2026-11"\n', ""), want: ["taxonomy_field_malformed", 1] },
    {
      says: "a version that YAML reads as a number",
      text: edit('"2026-11"', "2026"),
      want: ["taxonomy_field_malformed", 1],
    },
    { says: "level 4", text: edit("level: 1", "level: 4"), want: ["taxonomy_field_malformed", 5] },
    { says: "level in quotes", text: edit("level: 1", 'level: "1"'), want: ["taxonomy_field_malformed", 5] },
    {
      says: "a code with a space",
      text: edit("code: shoplifting", "code: shop lifting"),
      want: ["taxonomy_field_malformed", 3],
    },
    { says: "a code twice", text: edit("code: assault", "code: shoplifting"), want: ["taxonomy_code_repeated", 11] },
    { says: "an item twice", text: edit("code: tally", "code: exit_clip"), want: ["taxonomy_code_repeated", 9] },
    {
      says: "an unknown field",
      text: edit("group: loss", "group: loss\n    sopp: []"),
      want: ["taxonomy_field_unknown", 7],
    },
    { says: "an unknown fact", text: edit("[item, document]", "[hearsay]"), want: ["taxonomy_field_malformed", 9] },
    {
      says: "steps that are no list",
      text: edit("[Stay safe., Save the clip.]", "Stay safe."),
      want: ["taxonomy_field_malformed", 10],
    },
    { says: "a repeated key", text: edit("level: 1", "level: 1\n    level: 2"), want: ["taxonomy_malformed", 6] },
    { says: "huge", text: `#${"x".repeat(1024 * 1024)}`, want: ["taxonomy_malformed", 1] },
  ];
  for (const c of cases) {
    const parsed = parseTaxonomy(c.text, "taxonomy.yaml");
    assert.ok(!parsed.ok, c.says);
    const [first] = parsed.error;
    assert.deepEqual([first?.code, first?.line, first?.file], [...c.want, "taxonomy.yaml"], c.says);
  }
});

testOnDatabases(
  "F01 old incidents keep their version; the same version with other content is refused",
  async ({ db }) => {
    assert.ok((await openTaxonomies(db, testTaxonomy, nowMs)).ok);
    const renamed = { ...testTaxonomy, categories: testTaxonomy.categories.slice(1) };
    const refused = await openTaxonomies(db, renamed, nowMs + 1);
    assert.equal(!refused.ok && refused.error.code, "taxonomy_changed");
    const next = await openTaxonomies(db, { ...renamed, version: "2027-01" }, nowMs + 2);
    assert.ok(next.ok);
    assert.equal(next.value.current.version, "2027-01");
    assert.equal(categoryOf(next.value.of("2026-11"), "shoplifting").title, "Shoplifting");
    assert.deepEqual(next.value.of("never").categories, []);
  },
);
