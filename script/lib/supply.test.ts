import assert from "node:assert/strict";
import { test } from "node:test";
import { supplyProblems } from "./supply-rules.ts";

const part = (name: string, licence: object | null) => ({
  name,
  version: "1.0.0",
  ...(licence === null ? {} : { licenses: [licence] }),
});

test("ground a part without a licence that we may pass on is named", () => {
  const cases = [
    [{ license: { id: "MIT" } }, 0],
    [{ expression: "(MIT OR GPL-3.0-only)" }, 0],
    [{ expression: "MIT AND GPL-3.0-only" }, 1],
    [{ license: { id: "AGPL-3.0-only" } }, 1],
    [{ license: { name: "SEE LICENSE IN x" } }, 1],
    [null, 1],
  ] as const;
  for (const [licence, want] of cases) {
    const found = supplyProblems({ components: [part("x", licence)] }, { packages: {} });
    assert.equal(found.length, want, JSON.stringify(licence));
  }
  assert.deepEqual(supplyProblems({ components: [part("@tillwatch/x", null)] }, { packages: {} }), []);
});

test("ground a part that runs a script at install, or is not pinned by a digest, is named", () => {
  const packages = {
    "": {},
    "packages/server": { version: "1" },
    "node_modules/good": { version: "1", integrity: "sha512-x" },
    "node_modules/tool": { version: "1", dev: true, hasInstallScript: true },
    "node_modules/script": { version: "1", integrity: "sha512-x", hasInstallScript: true },
    "node_modules/loose": { version: "1" },
  };
  const found = supplyProblems({ components: [] }, { packages });
  assert.equal(found.length, 2);
  assert.match(found[0] ?? "", /script 1 runs a script/);
  assert.match(found[1] ?? "", /loose 1 is not pinned/);
});

test("ground a shared library under the LGPL may ship where it can be replaced, and nothing else under it", () => {
  const lgpl = { license: { id: "LGPL-3.0-or-later" } };
  const found = (name: string, licence: object) =>
    supplyProblems({ components: [part(name, licence)] }, { packages: {} }).length;
  assert.equal(found("@img/sharp-libvips-linux-x64", lgpl), 0);
  assert.equal(found("@img/sharp-libvips-linux-x64", { license: { id: "GPL-3.0-only" } }), 1);
  assert.equal(found("x", lgpl), 1);
});
