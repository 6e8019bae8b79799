import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { rulesCommand } from "./rules-command.ts";

const voided = `title: A void
name: void
logsource: {product: retail, service: pos}
detection: {sel: {type: void}, condition: sel}
`;
const many = `title: Voids in a row
correlation: {type: event_count, rules: [void], group-by: [till], timespan: 1h, condition: {gte: 2}}
tests:
  match:
    - {title: two, events: [{repeat: 2, event: {type: void, till: T-1}}]}
  no_match:
    - {title: one each, events: [{repeat: 2, event: {type: void, till: "T-{n}"}}]}
`;
const filter = `title: Training tills
logsource: {product: retail}
filter: {rules: any, sel: {till: T-99}, condition: not sel}
`;

type Given = { readonly more?: readonly string[]; readonly env?: Readonly<Record<string, string>> };
type Said = { readonly code: number; readonly out: string; readonly err: string };

async function said(
  verb: string,
  files: Readonly<Record<string, string>>,
  { more = [], env = {} }: Given = {},
): Promise<Said> {
  const folder = mkdtempSync(join(tmpdir(), "tw-rules-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const words = { out: "", err: "" };
    const code = await rulesCommand.run({
      args: [verb, folder, ...more.map((one) => one.replace("FOLDER", folder))],
      env,
      out: (text) => (words.out += text),
      err: (text) => (words.err += text),
      stopped: new AbortController().signal,
    });
    return { code, out: words.out, err: words.err.replaceAll(folder, "") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("C09 rules check reads a folder of rules, correlations and filters as one set", async () => {
  const files = { "a.yml": filter, "b.yml": `${voided}---\n${many}` };
  assert.deepEqual(await said("check", files), {
    code: 0,
    out: "1 rule, 1 correlation, 1 filter, all understood\n",
    err: "",
  });
});

test("C09 rules test runs what rules and correlations carry; a rule without a test fails, unless a correlation counts it", async () => {
  assert.deepEqual(await said("test", { "b.yml": `${voided}---\n${many}` }), {
    code: 0,
    out: "1 rule, 1 correlation: 2 passed, 0 failed\n",
    err: "",
  });
  assert.deepEqual(await said("test", { "b.yml": voided }), {
    code: 1,
    out: "1 rule: 0 passed, 1 failed\n",
    err: "A void: carries no test\n",
  });
  const wrong = many.replace("repeat: 2, event: {type: void, till: T-1}", "repeat: 1, event: {type: void, till: T-1}");
  assert.deepEqual(await said("test", { "b.yml": `${voided}---\n${wrong}` }), {
    code: 1,
    out: "1 rule, 1 correlation: 1 passed, 1 failed\n",
    err: "Voids in a row: two: expected match, got no_match\n",
  });
});

test("C09 U02 rules test runs what filters carry: what is hidden, what is not, and what proves nothing", async () => {
  const files = (tests: string) => ({ "a.yml": `${filter}${tests}`, "b.yml": `${voided}---\n${many}` });
  const proven = `tests:
  match: [{title: another till, event: {type: void, till: T-1}}]
  no_match: [{title: the training till, event: {type: void, till: T-99}}]
`;
  assert.deepEqual(await said("test", files(proven)), {
    code: 0,
    out: "1 rule, 1 correlation, 1 filter: 4 passed, 0 failed\n",
    err: "",
  });
  const idle = "tests: {no_match: [{title: a sale, event: {type: sale, till: T-99}}]}\n";
  assert.deepEqual(await said("test", files(idle)), {
    code: 1,
    out: "1 rule, 1 correlation, 1 filter: 2 passed, 1 failed\n",
    err: "Training tills: a sale: no rule matches it without the filter either\n",
  });
  assert.match((await said("test", files(""))).err, /^Training tills: carries no test\n$/);
});

test("C09 rules check says file, line, column, code and remedy of what it refuses, and loads nothing", async () => {
  const { code, out, err } = await said("check", { "b.yml": `${voided}---\n${many.replace("[void]", "[voids]")}` });
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /^\/b\.yml:7:\d+: sigma_correlation_rule_unknown: .*\n {4}\S.*\n1 problem: nothing was loaded\n$/);
});

const sectioned = (own: string) => `${voided}${own}tests:
  match: [{title: a void, event: {type: void}}]
  no_match: [{title: a sale, event: {type: sale}}]
`;

test("C09 rules check and rules test refuse what a server would refuse of the section tillwatch, each at its place", async () => {
  const wrong = { "b.yml": sectioned("tillwatch:\n  category: till fraud\n  points: lots\n") };
  for (const verb of ["check", "test"]) {
    const { code, out, err } = await said(verb, wrong);
    assert.deepEqual([code, out], [1, ""]);
    const [category = "", codes = "", points = "", , end] = err.split("\n");
    assert.match(category, /^\/b\.yml:6:13: rule_category_unknown: `tillwatch\.category` \(till fraud\) is not in /);
    assert.match(codes, /^ {4}Use a code of taxonomy\.yaml: .*\bshoplifting\b.*\btill_fraud\b/);
    assert.match(points, /^\/b\.yml:7:11: rule_section_malformed: `tillwatch\.points` is not a whole number/);
    assert.equal(end, "2 problems: nothing was loaded");
  }
  const counting = many.replace("tests:", "tillwatch: {level: 4}\ntests:");
  assert.match((await said("check", { "b.yml": `${voided}---\n${counting}` })).err, /:8:20: rule_section_malformed: /);
  assert.match(
    (await said("check", { "b.yml": sectioned("tillwatch: lots\n") })).err,
    /:5:12: rule_section_malformed: /,
  );
  assert.equal(
    (await said("check", { "b.yml": sectioned("tillwatch: {category: till_fraud, points: 900}\n") })).code,
    0,
  );
});

test("C09 rules check reads the categories of the pack that TILLWATCH_PACK names, and says which file is missing", async () => {
  const files = { "b.yml": sectioned("tillwatch: {category: witchcraft}\n") };
  const own = mkdtempSync(join(tmpdir(), "tw-pack-"));
  const env = { TILLWATCH_PACK: own };
  try {
    await assert.rejects(said("check", files, { env }), /taxonomy\.yaml is missing: TILLWATCH_PACK names the pack/);
    writeFileSync(join(own, "taxonomy.yaml"), "version: [");
    await assert.rejects(
      said("check", files, { env }),
      /categories of the pack cannot be read:\n {2}.*taxonomy\.yaml:1: /,
    );
    writeFileSync(
      join(own, "taxonomy.yaml"),
      "version: '1'\ncategories: [{code: witchcraft, title: Witchcraft, level: 1, group: other, evidence_checklist: [], sop: [], agency_codes: {}}]\n",
    );
    assert.deepEqual(await said("check", files, { env }), { code: 0, out: "1 rule, all understood\n", err: "" });
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
});

const lowered = `title: By proxy
logsource: {product: okta, service: okta}
detection: {sel: {securitycontext.isproxy: true}, condition: sel}
tests:
  match: [{title: by proxy, event: {securityContext: {isProxy: true}}}]
  no_match: [{title: not, event: {securityContext: {isProxy: false}}}]
`;

test("C09 rules test reads events as their source writes them, through pipelines by name or file", async () => {
  assert.equal((await said("test", { "a.yml": lowered })).code, 1);
  const through = await said("test", { "a.yml": lowered }, { more: ["--pipeline", "okta"] });
  assert.deepEqual(through, { code: 0, out: "1 rule: 2 passed, 0 failed\n", err: "" });
  const own =
    "transformations: [{type: field_name_mapping, mapping: {securitycontext.isproxy: securityContext.isProxy}}]";
  const files = { "a.yml": lowered, "own.pipeline": own, "broken.pipeline": "transformations: [{type: nest}]" };
  assert.equal((await said("test", files, { more: ["--pipeline", "FOLDER/own.pipeline"] })).code, 0);
  const { code, err } = await said("test", files, { more: ["--pipeline", "FOLDER/broken.pipeline"] });
  assert.equal(code, 1);
  assert.match(err, /^\/broken\.pipeline:1:\d+: sigma_pipeline_unsupported: /);
  await assert.rejects(
    said("test", files, { more: ["--pipeline", "nothing"] }),
    /neither a file nor one of windows, aws_cloudtrail/,
  );
});
