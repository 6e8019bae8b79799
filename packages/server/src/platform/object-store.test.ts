import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openFileObjectStore, openObjectStore } from "./object-store-file.ts";
import { assertSafeKey, type ObjectStoreFault } from "./object-store.ts";

async function* chunks(...texts: string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "objects-"));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("I03 an object is stored once, read whole and in ranges, and never replaced", () =>
  inFolder(async (folder) => {
    const store = await openFileObjectStore(join(folder, "a", "b"));
    assert.deepEqual(await store.put("exhibits/one", chunks("hello ", "world")), { bytes: 11 });
    assert.equal(await textOf(await store.get("exhibits/one")), "hello world");
    assert.equal(await textOf(await store.get("exhibits/one", { from: 6, to: 11 })), "world");
    assert.equal(await textOf(await store.get("exhibits/one", { from: 3, to: 3 })), "");
    await assert.rejects(store.put("exhibits/one", chunks("other")), { code: "object_exists" });
    assert.equal(await textOf(await store.get("exhibits/one")), "hello world");
    const keys: string[] = [];
    for await (const found of store.list("exhibits/")) keys.push(`${found.key} ${found.bytes}`);
    assert.deepEqual(keys, ["exhibits/one 11"]);
    await store.delete("exhibits/one");
    await store.delete("exhibits/one");
    assert.equal(await store.stat("exhibits/one"), null);
    await assert.rejects(store.get("exhibits/one"), { code: "object_missing" });
  }));

test("I03 of two puts of one key at once exactly one wins", () =>
  inFolder(async (folder) => {
    const store = await openFileObjectStore(folder);
    const outcomes = await Promise.allSettled(["a", "b", "c"].map((text) => store.put("k/x", chunks(text, text))));
    assert.equal(outcomes.filter((outcome) => outcome.status === "fulfilled").length, 1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") assert.equal((outcome.reason as ObjectStoreFault).code, "object_exists");
    }
    assert.match(await textOf(await store.get("k/x")), /^(aa|bb|cc)$/);
    assert.deepEqual(await readdir(join(folder, ".incoming")), []);
  }));

test("I01 a source that fails in the middle leaves nothing behind", () =>
  inFolder(async (folder) => {
    const store = await openFileObjectStore(folder);
    const broken = (async function* () {
      yield Buffer.from("half");
      throw new Error("the line went dead");
    })();
    await assert.rejects(store.put("exhibits/x", broken), /line went dead/);
    assert.equal(await store.stat("exhibits/x"), null);
    assert.deepEqual(await readdir(join(folder, ".incoming")), []);
  }));

test("I01 what a killed process left unfinished goes at the next start", () =>
  inFolder(async (folder) => {
    await openFileObjectStore(folder);
    const running = `${process.ppid}-abc-1`;
    // Process ids end at 2^22 on Linux, so this one cannot be running.
    await writeFile(join(folder, ".incoming", "4194305-abc-1"), "half");
    await writeFile(join(folder, ".incoming", running), "half");
    await openFileObjectStore(folder);
    assert.deepEqual(await readdir(join(folder, ".incoming")), [running]);
  }));

for (const key of [
  "",
  "/etc/passwd",
  "../x",
  "a/../b",
  "a//b",
  "a/.hidden",
  ".incoming/x",
  "a\\b",
  "a/b\0",
  "a b",
  "x..y",
  "a/".repeat(9) + "a",
]) {
  test(`I16 the key ${JSON.stringify(key)} is refused`, () => {
    assert.throws(() => assertSafeKey(key), { code: "object_key_unsafe" });
  });
}

test("I16 an engine that we do not have is refused by name", async () => {
  await assert.rejects(openObjectStore("s4://bucket"), { code: "object_store_url_unknown" });
});
