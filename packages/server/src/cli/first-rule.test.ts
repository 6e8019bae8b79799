import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { checkRule, testsPass } from "../rule/check-rule.ts";
import { asShipped } from "../rule/running-rules.ts";
import { testPack } from "../testing/pack.ts";

const page = readFileSync(new URL("../../../../docs/how-to/first-rule.md", import.meta.url), "utf8");
const main = new URL("../main.ts", import.meta.url).pathname;

function blocks(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(([, text]) => text ?? "");
}

test("C09 U02 the page for a first rule does what it says: its file is understood, its commands answer as written", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "tw-first-rule-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const [, name = ""] = /<!-- file: (\S+) -->/.exec(page) ?? [];
  const [rule = ""] = blocks("yaml");
  mkdirSync(join(folder, dirname(name)));
  writeFileSync(join(folder, name), rule);
  const [commands = ""] = blocks("sh");
  const said = commands
    .trim()
    .split("\n")
    .map((line) => {
      const [program, ...args] = line.split(" ");
      assert.equal(program, "tillwatch");
      const run = spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: "utf8" });
      assert.equal(run.status, 0, run.stderr);
      return run.stdout;
    });
  assert.deepEqual(said.join(""), blocks("text")[0]);
  // The editor would let it watch: it asks for more than the command line, which knows no taxonomy.
  const checked = checkRule(rule, { categories: new Set(["till_fraud"]), pointsOf: () => 1 }, asShipped(testPack()));
  assert.deepEqual([checked.ok, checked.ok && testsPass(checked.value.tests)], [true, true], JSON.stringify(checked));
});
