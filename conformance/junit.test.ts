import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { junitXml } from "../packages/server/src/cli/junit.ts";
import { pythonTool, runTool, skipWithout } from "./tools.ts";

/** Reports for build servers, read by a JUnit parser that we did not write. */

const python = pythonTool(["junitparser==4.0.2"]);
const skip = skipWithout("junitparser", python);
const folder = mkdtempSync(join(tmpdir(), "tillwatch-junit-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const script = `
import json, sys
from junitparser import JUnitXml, TestSuite
read = JUnitXml.fromfile(sys.argv[1])
if not isinstance(read, JUnitXml): raise SystemExit("the root is no testsuites")
out = []
for suite in read:
    cases = [[case.classname, case.name, [[r.message, r.type, r.text] for r in case.result]] for case in suite]
    # What the file states must be what it holds.
    stated = [suite.tests, suite.failures, suite.errors, suite.skipped]
    suite.update_statistics()
    if stated != [suite.tests, suite.failures, suite.errors, suite.skipped]: raise SystemExit("the counts are wrong")
    out.append([suite.name, {p.name: p.value for p in suite.properties()}, cases])
print(json.dumps(out))
`;

function read(xml: string) {
  const [program, file] = [join(folder, "read.py"), join(folder, "report.xml")];
  writeFileSync(program, script);
  writeFileSync(file, xml);
  return runTool(python ?? "", [program, file], { msMax: 60_000 });
}

const odd = `< & > " ' ]]> Ünïcode\u{1F6D2}`;
const report = junitXml("rules", [
  {
    name: `a rule ${odd}`,
    file: null,
    properties: { days: 30 },
    cases: [
      { name: "holds", failure: null },
      { name: odd, failure: { kind: "test", says: `expected ${odd}\nsecond line` } },
    ],
  },
  { name: "rules/empty.yml", file: "rules/empty.yml", cases: [] },
]);

describe("C09 JUnit reports against junitparser", { skip }, () => {
  it("C09 a report reads as what was said, whatever its texts hold", () => {
    const { code, output } = read(report);
    assert.equal(code, 0, output);
    assert.deepEqual(JSON.parse(output), [
      [
        `a rule ${odd}`,
        { days: "30" },
        [
          [`a rule ${odd}`, "holds", []],
          [`a rule ${odd}`, odd, [[`expected ${odd}`, "test", `expected ${odd}\nsecond line`]]],
        ],
      ],
      ["rules/empty.yml", {}, []],
    ]);
  });

  for (const [says, broken] of [
    ["is cut off", report.slice(0, -20)],
    ["states other counts than it holds", report.replaceAll(/(<testsuite [^>]*)failures="1"/g, '$1failures="2"')],
    ["has a text that was not escaped", report.replaceAll("&amp;", "&")],
    ["is of another root", "<report/>"],
  ] as const) {
    it(`C09 a report is rejected that ${says}`, () => {
      assert.notEqual(broken, report);
      assert.notEqual(read(broken).code, 0);
    });
  }
});
