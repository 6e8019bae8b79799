import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "./bytes.ts";
import { canonicalBytes, type Json } from "./canonical-json.ts";
import { copyFields, copyMadeKind, recipeDigest, type CopyRecipe } from "./copy-recipe.ts";
import { pureHashing } from "./hashing.ts";
import { checkCopies, claimIn } from "./packet-copy-checks.ts";
import type { ExhibitLine } from "./packet-content-checks.ts";
import { exhibitPath } from "./packet.ts";
import { PacketFindings } from "./packet-report.ts";

const id = "3d0c7a3e-3f4b-4b27-8a53-0d6a3f9f5b01";
const original = { bytes: 900, sha256: "a".repeat(64) };
const copy = { bytes: 300, sha256: "b".repeat(64), mediaType: "image/jpeg" };
const recipe: CopyRecipe = {
  v: 1,
  tool: { name: "sharp", version: "0.35.5" },
  arguments: ["jpeg"],
  sound: false,
  mask: { deviceId: "C-01", version: 2, polygons: [] },
  regions: null,
};
const exhibit: ExhibitLine = { id, kind: "copy", path: exhibitPath(id, "copy-3d0c7a3e.jpg"), ...original };
const header = { kind: copyMadeKind, subject: { kind: "exhibit", id } };
const body = {
  [copyFields.original]: original.sha256,
  [copyFields.copy]: copy.sha256,
  [copyFields.recipe]: recipeDigest(pureHashing.sha256, recipe),
};

type Given = {
  readonly file?: Json | Uint8Array | undefined;
  readonly found?: { readonly bytes: number; readonly sha256: string };
  readonly header?: Json;
  readonly body?: Json;
};

const whole = { v: 1, copies: [{ exhibitId: id, original, copy, recipe: recipe as unknown as Json }] };
const [line] = whole.copies;

async function problemOf(given: Given): Promise<string | undefined> {
  const findings = new PacketFindings();
  const file = "file" in given ? given.file : whole;
  const bytes = file === undefined || file instanceof Uint8Array ? file : canonicalBytes(file);
  const payload = new Map([[`data/${exhibit.path}`, given.found ?? { bytes: copy.bytes, sha256: copy.sha256 }]]);
  const claim = claimIn(given.header ?? header, given.body === undefined ? body : given.body);
  const input = {
    sha256: pureHashing.sha256,
    folder: "x",
    logKeys: [],
    predicate: undefined,
    payload,
    read: async () => bytes,
    findings,
  };
  await checkCopies(input, [exhibit], new Set(claim === undefined ? [] : [claim]));
  const [check] = findings.list();
  return check?.ok === false ? check.detail : undefined;
}

test("J16 J19 a copy that the log recorded with its original and recipe holds", async () => {
  assert.equal(await problemOf({}), undefined);
});

const broken: readonly (readonly [string, Given, RegExp])[] = [
  ["no statement", { file: undefined }, /copies\.json is missing/],
  ["a statement that is no JSON", { file: utf8("{") }, /is malformed/],
  ["an empty statement", { file: { v: 1, copies: [] } }, /does not say how the copy/],
  ["a statement about another exhibit", { file: { v: 1, copies: [{ ...line, exhibitId: "x" }] } }, /no exhibit/],
  ["the same twice", { file: { v: 1, copies: [...whole.copies, ...whole.copies] } }, /twice of one/],
  ["another original", { file: { v: 1, copies: [{ ...line, original: copy }] } }, /another original/],
  ["another file in its place", { found: { bytes: 300, sha256: "c".repeat(64) } }, /is not the file/],
  ["the original in the copy's place", { found: original }, /is not the file/],
  ["a longer file", { found: { ...copy, bytes: 301 } }, /is not the file/],
  [
    "a recipe without the mask",
    { file: { v: 1, copies: [{ ...line, recipe: { ...recipe, mask: null } }] } },
    /not in the audit log/,
  ],
  ["a recipe of no form", { file: { v: 1, copies: [{ ...line, recipe: 7 }] } }, /malformed/],
  ["an entry of another kind", { header: { ...header, kind: "exhibit.accessed" } }, /not in the audit log/],
  [
    "an entry of another exhibit",
    { header: { ...header, subject: { kind: "exhibit", id: "y" } } },
    /not in the audit log/,
  ],
  ["an entry about a case", { header: { ...header, subject: { kind: "incident", id } } }, /not in the audit log/],
  ["an entry of another copy", { body: { ...body, [copyFields.copy]: "d".repeat(64) } }, /not in the audit log/],
  [
    "an entry of another original",
    { body: { ...body, [copyFields.original]: "d".repeat(64) } },
    /not in the audit log/,
  ],
  ["an erased entry", { body: null }, /not in the audit log/],
];

for (const [says, given, names] of broken) {
  test(`J16 J19 ${says} is found and named`, async () => {
    assert.match((await problemOf(given)) ?? "nothing was found", names);
  });
}
