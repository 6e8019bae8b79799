import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { documentedCodes } from "./error-codes.ts";
import { renderErrorsPage } from "./errors-page.ts";
import { findTestNames, type BadName, type NamedTest } from "./test-names.ts";

const patterns = [
  "packages/*/src/**/*.test.{ts,tsx}",
  "packages/*/test/**/*.test.{ts,tsx}",
  "script/lib/**/*.test.ts",
  "conformance/**/*.test.ts",
];

function main(root: string, check: boolean): number {
  const { tests, bad } = findAllTests(root);
  for (const { file, line, says } of bad) console.log(`${file}:${line}: ${says}`);
  const pages: Readonly<Record<string, string>> = {
    "docs/traceability.md": renderTraceability(tests),
    "docs/errors.md": renderErrorsPage(documentedCodes(root)),
  };
  const stale = Object.entries(pages).filter(([page, wanted]) => readPage(join(root, page)) !== wanted);
  if (!check) for (const [page, wanted] of stale) writeFileSync(join(root, page), wanted);
  if (check) for (const [page] of stale) console.log(`${page} is not current: run script/trace`);
  return bad.length > 0 || (check && stale.length > 0) ? 1 : 0;
}

export function findAllTests(root: string): { readonly tests: readonly NamedTest[]; readonly bad: readonly BadName[] } {
  const files = globSync(patterns, { cwd: root, exclude: (path) => path.includes("node_modules") }).sort();
  const found = files.map((file) => findTestNames(file, readFileSync(join(root, file), "utf8")));
  return { tests: found.flatMap((f) => f.tests), bad: found.flatMap((f) => f.bad) };
}

/** One table a group letter; a test that proves several requirements stands under each. No line numbers: they change daily. */
export function renderTraceability(tests: readonly NamedTest[]): string {
  const byId = new Map<string, Set<string>>();
  for (const test of tests) {
    for (const id of test.ids.filter((known) => known !== "ground")) {
      const rows = byId.get(id) ?? new Set<string>();
      rows.add(`| ${id} | ${cell(test.name)} | \`${test.file}\` |`);
      byId.set(id, rows);
    }
  }
  const ids = [...byId.keys()].sort();
  const letters = [...new Set(ids.map((id) => id.slice(0, 1)))];
  const tables = letters.map((letter) => {
    const rows = ids.filter((id) => id.startsWith(letter)).flatMap((id) => [...(byId.get(id) ?? [])].sort());
    return `## ${letter}\n\n| ID | Test | File |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  return `${heading}\n${tables.join("\n")}`;
}

const heading = `# Which test proves which requirement

Written by \`script/trace\` from the names of the tests; \`script/test\` fails when it is not current. A test under an ID proves part of
that requirement, not all of it. An ID that is absent has no test.
`;

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function readPage(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

if (process.argv[1] === import.meta.filename) {
  process.exit(main(resolve(import.meta.dirname, "../.."), process.argv.includes("--check")));
}
