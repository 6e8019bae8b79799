import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { runningApp } from "../testing/running-app.ts";
import { failing, ruleText } from "../testing/rules.ts";
import { who } from "../testing/town.ts";
import { junitXml } from "./junit.ts";
import { rulesCommand } from "./rules-command.ts";

async function told(context: TestContext, files: Readonly<Record<string, string>>, args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "tw-junit-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const [verb = "check", ...more] = args;
  const report = join(folder, "report.xml");
  const words = { out: "", err: "" };
  const code = await rulesCommand.run({
    args: [verb, folder, "--junit", report, ...more],
    env: {},
    out: (text) => (words.out += text),
    err: (text) => (words.err += text),
    stopped: new AbortController().signal,
  });
  return { code, ...words, xml: readFileSync(report, "utf8").replaceAll(`${folder}/`, "") };
}

test("C09 rules test --junit says which test of which rule fails, and that a rule has none", async (context) => {
  const files = {
    "a.yml": ruleText({ tests: failing }),
    "b.yml": ruleText({ id: "5f0e6c1a-3c77-4d6e-9a01-0000000000a2", title: 'Bare <rule> & "co"', tests: null }),
  };
  const { code, xml } = await told(context, files, ["test"]);
  assert.equal(code, 1);
  assert.equal(
    xml,
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="tillwatch rules test" tests="6" failures="2" errors="0" skipped="0">
  <testsuite name="a.yml" file="a.yml" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="a.yml" name="is understood"/>
  </testsuite>
  <testsuite name="b.yml" file="b.yml" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="b.yml" name="is understood"/>
  </testsuite>
  <testsuite name="A paid sale was taken back" tests="3" failures="1" errors="0" skipped="0">
    <testcase classname="A paid sale was taken back" name="after payment"/>
    <testcase classname="A paid sale was taken back" name="before payment too">
      <failure message="expected match, got no_match" type="test">expected match, got no_match</failure>
    </testcase>
    <testcase classname="A paid sale was taken back" name="a sale"/>
  </testsuite>
  <testsuite name="Bare &lt;rule&gt; &amp; &quot;co&quot;" tests="1" failures="1" errors="0" skipped="0">
    <testcase classname="Bare &lt;rule&gt; &amp; &quot;co&quot;" name="carries a test">
      <failure message="carries no test" type="missing">carries no test</failure>
    </testcase>
  </testsuite>
</testsuites>
`,
  );
});

test("C09 rules check --junit fails the file that is not understood, by place and code", async (context) => {
  const { code, xml, err } = await told(context, { "a.yml": ruleText(), "b.yml": "title: [\n" }, ["check"]);
  assert.equal(code, 1);
  assert.match(xml, /<testsuites name="tillwatch rules check" tests="2" failures="1"/);
  assert.match(
    xml,
    /<testcase classname="b.yml" name="is understood \(line \d+, column \d+\)">\n\s+<failure message="b.yml:\d+/,
  );
  assert.match(err, /nothing was loaded/);
});

test("C09 what XML has no form for is replaced", () => {
  const xml = junitXml("x", [
    { name: "a\u{0}b\u{8}\u{D800}c\u{FFFE}", file: null, cases: [{ name: "line\nbreak", failure: null }] },
  ]);
  assert.match(xml, /name="a\u{FFFD}b\u{FFFD}\u{FFFD}c\u{FFFD}"/u);
  assert.match(xml, /name="line break"/);
});

test("C10 C09 rules backtest asks a running server, tells what came of it, and its exit code says whether that is too much", async (context) => {
  const app = await runningApp(
    context,
    {},
    { credentials: [who("anna", ["home", "analyst"]), who("clerk", ["home", "colleague"])] },
  );
  const ask = (text: string, ...more: readonly string[]) =>
    told(context, { "a.yml": text }, ["backtest", "--url", app.url, "--since", "7d", ...more]);
  const fine = await ask(ruleText(), "--token", "anna", "--at-most", "0.5");
  assert.deepEqual([fine.code, fine.err], [0, ""]);
  assert.match(fine.out, /^0 signals from 2\S+Z to 2\S+Z\n/);
  assert.match(fine.out, /incidents: 0 \(0.00 a day\) made, 0 \(0.00 a day\) unmade/);
  assert.match(fine.xml, /<property name="incidents_made" value="0"\/>/);
  const broken = await ask("title: [", "--token", "anna");
  assert.equal(broken.code, 1);
  assert.match(broken.err, /sigma_yaml_syntax: given\/a.yml:1/);
  assert.match(broken.xml, /failures="1"/);
  const walled = await ask(ruleText(), "--token", "clerk");
  assert.deepEqual([walled.code, /access_refused/.test(walled.err)], [1, true]);
  await assert.rejects(ask(ruleText()), /say with which key/);
  await assert.rejects(ask(ruleText(), "--token", "anna", "--since", "a while"), /--since takes/);
});
