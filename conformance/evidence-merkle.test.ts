import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fromBase64, verifyConsistency, verifyInclusion } from "@tillwatch/evidence";
import { nodeHashing } from "@tillwatch/verify";
import { vectorsFolder } from "./tools.ts";

/** transparency-dev/merkle: what another implementation accepts and refuses. */
const folder = vectorsFolder("merkle/testdata");
const skip = folder === undefined ? "skipped: vectors not found" : false;
const { sha256 } = nodeHashing;

type Case = { readonly name: string; readonly fields: Readonly<Record<string, unknown>>; readonly refuses: boolean };

/** Some numbers lie near 2^64, where JSON.parse rounds: every number becomes a BigInt. */
function read(name: string): Case {
  const text = readFileSync(join(folder ?? "", name), "utf8");
  const quoted = text.replaceAll(/("(?:leafIdx|treeSize|size1|size2)":\s*)(-?[0-9]+)/g, '$1"$2"');
  const fields: Readonly<Record<string, unknown>> = JSON.parse(quoted);
  return { name, fields, refuses: fields["wantErr"] === true };
}

function cases(kind: string): Case[] {
  return globSync(`${kind}/**/*.json`, { cwd: folder ?? "" })
    .sort()
    .map(read);
}

function hashOf(value: unknown): Uint8Array {
  return (typeof value === "string" ? fromBase64(value) : undefined) ?? new Uint8Array(0);
}

function proofOf(value: unknown): Uint8Array[] {
  return Array.isArray(value) ? value.map(hashOf) : [];
}

function sizeOf(value: unknown): bigint {
  return typeof value === "string" ? BigInt(value) : 0n;
}

function includes({ fields }: Case): boolean {
  return verifyInclusion({
    sha256,
    leafHash: hashOf(fields["leafHash"]),
    leafIndex: sizeOf(fields["leafIdx"]),
    treeSize: sizeOf(fields["treeSize"]),
    proof: proofOf(fields["proof"]),
    root: hashOf(fields["root"]),
  }).ok;
}

function isConsistent({ fields }: Case): boolean {
  return verifyConsistency({
    sha256,
    size1: sizeOf(fields["size1"]),
    size2: sizeOf(fields["size2"]),
    root1: hashOf(fields["root1"]),
    root2: hashOf(fields["root2"]),
    proof: proofOf(fields["proof"]),
  }).ok;
}

function disagreements(list: readonly Case[], accepts: (one: Case) => boolean): string[] {
  return list.filter((one) => accepts(one) === one.refuses).map((one) => one.name);
}

describe("transparency-dev/merkle", { skip }, () => {
  test("I05 every inclusion vector is judged as its authors judge it", () => {
    const list = cases("inclusion");
    assert.ok(list.length >= 40 && list.some((one) => one.refuses) && list.some((one) => !one.refuses));
    assert.deepEqual(disagreements(list, includes), []);
  });

  test("I05 every consistency vector is judged as its authors judge it", () => {
    const list = cases("consistency");
    assert.ok(list.length >= 40 && list.some((one) => one.refuses) && list.some((one) => !one.refuses));
    assert.deepEqual(disagreements(list, isConsistent), []);
  });

  test("I05 the vectors would notice a verifier that accepts or refuses everything", () => {
    assert.ok(disagreements(cases("inclusion"), () => true).length > 20);
    assert.ok(disagreements(cases("consistency"), () => false).length > 0);
  });
});
