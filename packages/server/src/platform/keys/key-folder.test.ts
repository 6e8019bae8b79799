import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { changePassphrase, KeyFolder, lockKeys } from "./key-folder.ts";
import { openKeys } from "./keys.ts";

const passphrase = "correct horse battery staple";

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "keys-"));
  context.after(() => rm(folder, { recursive: true }));
  return join(folder, "keys");
}

async function bytesOf(folder: string): Promise<string> {
  const names = await readdir(folder);
  return (await Promise.all(names.map((name) => readFile(join(folder, name), "latin1")))).join("\n");
}

void test("J09 I16 a folder that begins with a passphrase never holds a key in the clear, and opens with it alone", async (context) => {
  const path = await folderOf(context);
  const first = await openKeys(await KeyFolder.open(path, passphrase));
  const names = (await readdir(path)).sort();
  assert.deepEqual(names, ["identity.age", "log.key", "master.key", "seal.key"]);
  for (const name of names) {
    assert.equal((await stat(join(path, name))).mode & 0o777, 0o600);
    assert.match(await readFile(join(path, name), "utf8"), /^-----BEGIN AGE ENCRYPTED FILE-----\n/);
  }
  for (const secret of [first.logSeed, first.sealSeed]) {
    assert.ok(!(await bytesOf(path)).includes(Buffer.from(secret).toString("base64")));
  }
  assert.equal((await openKeys(await KeyFolder.open(path, passphrase))).master.id, first.master.id);
  await assert.rejects(KeyFolder.open(path, `${passphrase}!`), { code: "key_passphrase_wrong" });
  await assert.rejects(KeyFolder.open(path, null), { code: "key_passphrase_missing" });
});

void test("J09 I16 keys of before are refused with a passphrase until they are locked, and are the same afterwards", async (context) => {
  const path = await folderOf(context);
  const before = await openKeys(await KeyFolder.open(path, null));
  await writeFile(join(path, "device-ca.pem"), "public");
  await assert.rejects(KeyFolder.open(path, passphrase), { code: "key_folder_in_clear", message: /master\.key/ });
  assert.equal(await lockKeys(path, passphrase), 3);
  assert.equal(await lockKeys(path, passphrase), 0, "nothing is left to lock");
  const after = await openKeys(await KeyFolder.open(path, passphrase));
  assert.deepEqual([after.master.id, after.logSeed], [before.master.id, before.logSeed]);
  assert.equal(await readFile(join(path, "device-ca.pem"), "utf8"), "public");
});

void test("J09 I16 a locking that was stopped goes on: what it left in the clear is named, and locked by the next", async (context) => {
  const path = await folderOf(context);
  await openKeys(await KeyFolder.open(path, null));
  const left = await readFile(join(path, "seal.key"), "utf8");
  await lockKeys(path, passphrase);
  await writeFile(join(path, "seal.key"), left, { mode: 0o600 });
  await assert.rejects(KeyFolder.open(path, passphrase), { code: "key_folder_in_clear", message: /^seal\.key in/ });
  await assert.rejects(lockKeys(path, "another passphrase that is long"), { code: "key_passphrase_wrong" });
  assert.equal(await lockKeys(path, passphrase), 1);
  await openKeys(await KeyFolder.open(path, passphrase));
});

void test("J09 I16 a changed passphrase opens, the one before does not, and a short one is refused", async (context) => {
  const path = await folderOf(context);
  const { master } = await openKeys(await KeyFolder.open(path, passphrase));
  await assert.rejects(changePassphrase(path, passphrase, "too short"), { code: "key_passphrase_weak" });
  await changePassphrase(path, passphrase, "a longer one that comes next");
  await assert.rejects(KeyFolder.open(path, passphrase), { code: "key_passphrase_wrong" });
  assert.equal((await openKeys(await KeyFolder.open(path, "a longer one that comes next"))).master.id, master.id);
});

void test("J09 I16 a locked file that was altered, or is for another identity, is refused and never replaced", async (context) => {
  const [path, other] = [await folderOf(context), await folderOf(context)];
  await openKeys(await KeyFolder.open(path, passphrase));
  await openKeys(await KeyFolder.open(other, passphrase));
  const foreign = await readFile(join(other, "master.key"), "utf8");
  await writeFile(join(path, "master.key"), foreign);
  await assert.rejects(KeyFolder.open(path, passphrase).then(openKeys), { code: "key_file_malformed" });
  assert.equal(await readFile(join(path, "master.key"), "utf8"), foreign);
});

const age = ageVersion();

void test(
  "J09 I16 age itself opens a locked key with the identity, and not with another one",
  { skip: age === null ? "skipped: age not found" : false },
  async (context) => {
    const [path, other] = [await folderOf(context), await folderOf(context)];
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "master.key"), `${Buffer.alloc(32, 7).toString("base64")}\n`, { mode: 0o600 });
    await lockKeys(path, passphrase);
    // age asks for a passphrase on a terminal only: the identity is opened here, the key by age.
    const identityOf = async (folder: string) => {
      const { Decrypter, armor } = await import("age-encryption");
      const decrypter = new Decrypter();
      decrypter.addPassphrase(passphrase);
      const file = `${folder}.txt`;
      await writeFile(
        file,
        await decrypter.decrypt(armor.decode(await readFile(join(folder, "identity.age"), "utf8"))),
      );
      return file;
    };
    await KeyFolder.open(other, passphrase);
    const open = (identity: string) =>
      execFileSync("age", ["--decrypt", "--identity", identity, join(path, "master.key")], {
        encoding: "utf8",
        stdio: "pipe",
      });
    assert.equal(open(await identityOf(path)), `${Buffer.alloc(32, 7).toString("base64")}\n`);
    const foreign = await identityOf(other);
    assert.throws(() => open(foreign), /no identity matched/);
  },
);

function ageVersion(): string | null {
  try {
    return execFileSync("age", ["--version"], { encoding: "utf8" });
  } catch {
    return null;
  }
}
