import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, test } from "node:test";
import ts from "typescript";
import { settings } from "../../packages/server/src/config/config.ts";
import { stageNames } from "../../packages/server/src/pipeline.ts";
import { documentedCodes, findErrorCodes, readCodeTable } from "./error-codes.ts";
import { parseSource, shippedFiles } from "./source-files.ts";

const root = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("ground error codes", () => {
  // A score's additions and the items of a checklist have codes too: names of factors, not of refusals.
  const notErrors = /^packages\/server\/src\/(score\/|incident\/completeness\.ts)/;
  const used = shippedFiles(root, ["packages/*/src/**/*.{ts,tsx}"])
    .filter((file) => !notErrors.test(file))
    .flatMap((file) => findErrorCodes(file, read(file)));
  const documented = documentedCodes(root);

  test("every code that is made stands in docs/errors", () => {
    const known = new Set(documented.map((row) => row.code));
    const first = used.filter(({ code }, index) => used.findIndex((other) => other.code === code) === index);
    const missing = first.filter(({ code }) => !known.has(code));
    assert.deepEqual(
      missing.map(({ code, file, line }) => `${code} (${file}:${line})`),
      [],
    );
  });

  test("every code in docs/errors is made somewhere", () => {
    const made = new Set(used.map(({ code }) => code));
    const stale = documented.filter(({ code }) => !made.has(code));
    assert.deepEqual(
      stale.map(({ code, page }) => `${code} (docs/errors/${page})`),
      [],
    );
  });

  test("every row says what the code means and what to do, and no code has two rows", () => {
    const incomplete = documented.filter(({ cells }) => cells.length !== 3 || cells.includes(""));
    assert.deepEqual(incomplete, []);
    const twice = documented.filter(({ code }, index) => documented.findIndex((row) => row.code === code) !== index);
    assert.deepEqual(
      twice.map(({ code, page }) => `${code} again in ${page}`),
      [],
    );
  });

  test("docs/errors.md holds every code, in order, with its anchor", () => {
    const shown = [...read("docs/errors.md").matchAll(/^\| <a id="([a-z0-9_]+)"><\/a>/gm)].map((match) => match[1]);
    assert.deepEqual(shown, documented.map(({ code }) => code).sort());
  });

  const sources: readonly { readonly says: string; readonly text: string; readonly want: readonly string[] }[] = [
    { says: "a member called code", text: `const a = { code: "a_b", kind: "c_d" };`, want: ["a_b"] },
    { says: "a choice", text: `const a = { code: x ? "a_b" : ("c_d" as const) };`, want: ["a_b", "c_d"] },
    { says: "a type", text: `type R = { readonly code: "a_b" | "c_d" };`, want: ["a_b", "c_d"] },
    { says: "a type of codes", text: `type AttemptCode = "a_b"; type Kind = "c_d";`, want: ["a_b"] },
    { says: "a list of codes", text: `const allCodes = ["a_b"] as const;`, want: ["a_b"] },
    { says: "a problem", text: `throw problem(404, "a_b", "no_sentence here");`, want: ["a_b"] },
    { says: "a fault", text: `throw new StorageFault("a_b", "says", cause);`, want: ["a_b"] },
    { says: "a parameter", text: `const no = (n: number, code: string) => n; no(1, "a_b");`, want: ["a_b"] },
    { says: "nothing else", text: `const kind = "a_b"; call("c_d"); // code: "e_f"`, want: [] },
  ];
  for (const { says, text, want } of sources) {
    test(`the scan finds ${says}`, () => {
      assert.deepEqual(
        findErrorCodes("x.ts", text).map(({ code }) => code),
        want,
      );
    });
  }

  test("a row is a code in the first cell; other tables and headings are not rows", () => {
    const table =
      "| code | meaning | remedy |\n| --- | --- | --- |\n| `a_b` | one \\| two | three |\n| Other | x | y |";
    assert.deepEqual(readCodeTable("p.md", table), [
      { code: "a_b", page: "p.md", cells: ["`a_b`", "one \\| two", "three"] },
    ]);
  });
});

describe("ground documents", () => {
  test("ARCHITECTURE.md names the stages of pipeline.ts in their order", () => {
    const named = [...read("ARCHITECTURE.md").matchAll(/^\d+\. \*\*`([a-z]+)`\*\*/gm)].map((match) => match[1]);
    assert.deepEqual(named, stageNames);
  });

  test("every exported type of wire stands in docs/glossary.md", () => {
    const glossary = read("docs/glossary.md");
    const names = shippedFiles(root, ["packages/wire/src/**/*.ts"]).flatMap((file) => exportedTypes(file, read(file)));
    assert.ok(names.length > 20);
    assert.deepEqual(
      names.filter((name) => !glossary.includes(`\`${name}\``)),
      [],
    );
  });

  test("docs/operating.md lists every setting with its unit and default, and no other", () => {
    const rows = [...read("docs/operating.md").matchAll(/^\| `(TILLWATCH_[A-Z_]+)` *\| (.*?) *\| (.*?) *\|/gm)];
    assert.deepEqual(
      rows.map((row) => [row[1], row[2]?.replaceAll("\\|", "|"), row[3]?.replaceAll("`", "")]),
      settings.map(({ name, unit, standard }) => [name, unit, standard]),
    );
  });

  test("every dependency stands in docs/decisions/dependencies.md with a reason, and no other", () => {
    const listed = [...read("docs/decisions/dependencies.md").matchAll(/^- `([^`]+)` \([^)]+\): \S/gm)];
    const names = listed.map((row) => row[1] ?? "").sort();
    assert.deepEqual(names, [...new Set(manifests().flatMap(({ dependencies }) => dependencies))].sort());
  });

  test("every relative link in a document leads somewhere", () => {
    const pages = globSync(["*.md", "docs/**/*.md", "conformance/*.md", "packages/*/*.md", "pack/**/*.md"], {
      cwd: root,
      exclude: (path) => path.includes("node_modules"),
    });
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
        .map((match) => match[1] ?? "")
        .filter((target) => !/^(https?:|mailto:|#)/.test(target))
        .filter((target) => !existsSync(join(root, dirname(page), target.replace(/#.*$/, ""))))
        .map((target) => `${page}: ${target}`),
    );
    assert.deepEqual(broken, []);
  });
});

describe("ground packages", () => {
  // Few and chosen: whoever trusts a packet has to trust these.
  const allowed: Readonly<Record<string, readonly string[]>> = {
    "packages/wire": ["typebox"],
    "packages/evidence": ["@noble/hashes", "@tillwatch/wire", "canonicalize"],
    "packages/verify": ["@tillwatch/evidence", "@tillwatch/wire"],
    "packages/sigma": ["@tillwatch/wire", "re2js", "yaml"],
    "packages/forest": [],
    "packages/sim": ["@tillwatch/wire", "yaml"],
  };
  for (const [folder, names] of Object.entries(allowed)) {
    test(`${folder} depends on nothing but ${names.join(", ") || "itself"}`, () => {
      const manifest = manifests().find((one) => one.folder === folder);
      assert.deepEqual(
        manifest?.runtime.filter((name) => !names.includes(name)),
        [],
      );
    });
  }

  test("every dependency has an exact version", () => {
    const loose = manifests().flatMap(({ versions }) => versions.filter((version) => !/^(npm:.*@)?\d/.test(version)));
    assert.deepEqual(loose, []);
  });
});

type Dependencies = Readonly<Record<string, string>>;
type Manifest = { readonly dependencies?: Dependencies; readonly devDependencies?: Dependencies };

function manifests() {
  return ["package.json", ...globSync("packages/*/package.json", { cwd: root }).sort()].map((path) => {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(read(path)) as Manifest;
    const all = { ...dependencies, ...devDependencies };
    const outside = Object.keys(all).filter((name) => !name.startsWith("@tillwatch/"));
    return {
      folder: dirname(path),
      runtime: Object.keys(dependencies),
      dependencies: outside,
      versions: Object.values(all),
    };
  });
}

function exportedTypes(file: string, text: string): readonly string[] {
  return parseSource(file, text).statements.flatMap((statement) => {
    const isType = ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement);
    const isExported =
      isType && statement.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) === true;
    return isExported ? [statement.name.text] : [];
  });
}
