import assert from "node:assert/strict";
import { createReadStream, globSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { bagVersions, validateBag, type BagProblemCode, type BagReader } from "@tillwatch/evidence";
import { nodeHashing } from "@tillwatch/verify";
import { vectorsFolder } from "./tools.ts";

/** LibraryOfCongress/bagit-conformance-suite. We read 0.97 and 1.0; the older versions are refused by name. */
const folder = vectorsFolder("bagit");
const skip = folder === undefined ? "skipped: vectors not found" : false;

/** A bag as a folder on disk, opened by the paths of its manifests only: nothing outside is ever touched. */
function folderReader(path: string): BagReader {
  const files = globSync("**", { cwd: path, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const hidden = globSync("**/.*", { cwd: path }).map((name) => join(path, name));
  const all = [...new Set([...files, ...hidden])].filter((file) => statSync(file).isFile());
  return {
    files: all.map((file) => ({ path: file.slice(path.length + 1), bytes: statSync(file).size })),
    open: (name) => createReadStream(join(path, name)),
  };
}

async function problemsOf(bag: string): Promise<BagProblemCode[]> {
  const reader = folderReader(join(folder ?? "", bag));
  const report = await validateBag(reader, { hashing: nodeHashing, fetch: "judge" });
  return report.problems.map((problem) => problem.code);
}

function bags(version: string, kind: string): string[] {
  const path = join(folder ?? "", version, kind);
  return globSync("*", { cwd: path })
    .sort()
    .map((name) => join(version, kind, name));
}

/** Where one platform may be harmed we refuse on all; "warning" bags we may refuse, and each that we do is listed here. */
const refusedWarnings: Readonly<Record<string, readonly BagProblemCode[]>> = {
  // Two names that macOS takes for one.
  "v0.97/warning/same-filename-listed-twice-with-different-normalization": [
    "bag_version_unsupported",
    "bag_path_collision",
  ],
  // Its .DS_Store is listed and does not survive every copy.
  "v0.97/warning/special-system-files": ["bag_oxum_mismatch", "bag_file_missing"],
};

describe("bagit-conformance-suite", { skip }, () => {
  test("I07 every valid bag of the versions we read is valid", async () => {
    const list = bagVersions.flatMap((version) => bags(`v${version}`, "valid"));
    assert.ok(list.length >= 8);
    for (const bag of list) assert.deepEqual(await problemsOf(bag), [], bag);
  });

  test("I07 every invalid bag, and every bag that is dangerous on some platform, is refused", async () => {
    const kinds = ["invalid", "linux-only", "windows-only"];
    const list = bagVersions.flatMap((version) => kinds.flatMap((kind) => bags(`v${version}`, kind)));
    assert.ok(list.length >= 12);
    for (const bag of list) assert.notDeepEqual(await problemsOf(bag), [], bag);
  });

  test("I07 bags that deserve a warning are accepted, but for those named here", async () => {
    for (const bag of bagVersions.flatMap((version) => bags(`v${version}`, "warning"))) {
      const allowed = new Set(refusedWarnings[bag]);
      for (const code of await problemsOf(bag)) assert.ok(allowed.has(code), `${bag}: ${code}`);
    }
  });

  test("I07 bags of versions that we do not read are refused by name, never half read", async () => {
    const versions = readdirSync(folder ?? "").filter(
      (name) => name.startsWith("v") && !bagVersions.some((one) => name === `v${one}`),
    );
    const list = versions.flatMap((version) => bags(version, "valid"));
    assert.ok(list.length >= 3);
    for (const bag of list) assert.deepEqual(await problemsOf(bag), ["bag_version_unsupported"], bag);
  });
});
