import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Unusable } from "./command.ts";
import { modelCommand } from "./model-command.ts";

const shipped = new URL("../../../../pack/retail/models/site-windows.json", import.meta.url);

async function said(args: readonly string[]) {
  const words = { out: "", err: "" };
  const code = await modelCommand.run({
    args,
    env: {},
    out: (text) => (words.out += text),
    err: (text) => (words.err += text),
    stopped: new AbortController().signal,
  });
  return { code, ...words };
}

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "tw-model-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("C12 C13 model check tells the card of a file, and refuses one that was changed", async (context) => {
  const file = join(folderOf(context), "model.json");
  const text = readFileSync(shipped, "utf8");
  writeFileSync(file, text);
  const fine = await said(["check", file]);
  assert.equal(fine.code, 0);
  assert.match(fine.out, /trained on \d+ windows of \d+ sites/);
  assert.match(fine.out, /limit: It was trained on simulated shops/);
  assert.match(fine.out, /sha256 [0-9a-f]{64}/);
  writeFileSync(file, text.replace('"approvedBy": "', '"approvedBy": "Nobody, really '));
  const changed = await said(["check", file]);
  assert.equal(changed.code, 1);
  assert.match(changed.err, /model_digest_wrong: sha256: The content has [0-9a-f]{64}\.\n {4}The file was changed/);
});

test("C12 model list tells the models of the pack", async () => {
  const { code, out } = await said(["list"]);
  assert.equal(code, 0);
  assert.match(out, /^site-windows 1: /);
});

test("C06 C13 model train from a simulated world writes a file that check accepts, the same for the same seed", async (context) => {
  const folder = folderOf(context);
  const train = (name: string) =>
    said(
      `train --simulated --days 0.25 --from 2026-03-02T10:00:00Z --seed 5 --trees 10 --sample 64 --by A-test --version t1 --out ${join(folder, name)}`.split(
        " ",
      ),
    );
  const first = await train("one.json");
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /site-windows t1/);
  assert.match(first.out, /approved by: nobody yet/);
  await train("two.json");
  assert.equal(readFileSync(join(folder, "one.json"), "utf8"), readFileSync(join(folder, "two.json"), "utf8"));
  assert.equal((await said(["check", join(folder, "one.json")])).code, 0);
});

test("C12 model without a verb, a name or a time that is one says what it needs", async () => {
  for (const args of [
    [],
    ["check"],
    ["train"],
    ["train", "--by", "x", "--from", "yesterday"],
    ["train", "--by", "x", "--trees", "many"],
  ])
    await assert.rejects(said(args), Unusable);
  await assert.rejects(said(["check", "/nowhere/model.json"]), /cannot be read/);
});
