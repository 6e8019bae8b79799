import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { masterKey, openKeys } from "./keys.ts";
import { clearKeys } from "../../testing/key-folder.ts";

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "keys-"));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("I16 keys are made at first start, readable by the owner only, and the same at the next", () =>
  inFolder(async (folder) => {
    const [first, beside] = await Promise.all([
      openKeys(await clearKeys(join(folder, "keys"))),
      openKeys(await clearKeys(join(folder, "keys"))),
    ]);
    const second = await openKeys(await clearKeys(join(folder, "keys")));
    assert.equal(first.master.id, second.master.id);
    assert.equal(first.master.id, beside.master.id);
    assert.deepEqual(first.logSeed, second.logSeed);
    assert.notDeepEqual(first.logSeed, first.sealSeed);
    for (const name of ["master.key", "log.key", "seal.key"]) {
      assert.equal((await stat(join(folder, "keys", name))).mode & 0o777, 0o600);
    }
  }));

test("I16 a key that others may read stops the start", () =>
  inFolder(async (folder) => {
    await openKeys(await clearKeys(folder));
    for (const mode of [0o640, 0o604, 0o660]) {
      await chmod(join(folder, "master.key"), mode);
      await assert.rejects(openKeys(await clearKeys(folder)), { code: "key_file_exposed" });
    }
  }));

test("I16 a damaged key file is refused, never replaced", () =>
  inFolder(async (folder) => {
    await openKeys(await clearKeys(folder));
    const path = join(folder, "master.key");
    const good = await readFile(path, "utf8");
    for (const bad of ["", good.slice(0, 20), `${good.trim()}AAAA`, "not base64 at all, but long enough to be one?!"]) {
      await writeFile(path, bad);
      await assert.rejects(openKeys(await clearKeys(folder)), { code: "key_file_malformed" });
      assert.equal(await readFile(path, "utf8"), bad);
    }
  }));

test("I16 a wrapped key opens with its master key and for its object only", async () => {
  const [right, wrong] = [masterKey(new Uint8Array(32).fill(1)), masterKey(new Uint8Array(32).fill(2))];
  const key = new Uint8Array(32).fill(7);
  const wrapped = await right.wrap(key, "exhibit 1");
  assert.deepEqual(await right.unwrap(wrapped, "exhibit 1"), key);
  await assert.rejects(wrong.unwrap(wrapped, "exhibit 1"), { code: "key_master_wrong" });
  await assert.rejects(right.unwrap(wrapped, "exhibit 2"), { code: "key_master_wrong" });
  for (let at = 0; at < wrapped.length; at += 1) {
    const altered = wrapped.slice();
    altered[at] = (altered[at] ?? 0) ^ 1;
    await assert.rejects(right.unwrap(altered, "exhibit 1"), { code: "key_master_wrong" });
  }
  await assert.rejects(right.unwrap(wrapped.subarray(0, 10), "exhibit 1"), { code: "key_master_wrong" });
});
