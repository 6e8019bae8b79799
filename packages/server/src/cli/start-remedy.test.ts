import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FolderFault, makeFolderSync, makeNamedFolder } from "../platform/durable-file.ts";
import { startRemedy } from "./start-remedy.ts";

test("S01 a folder that cannot be made and a database that is away name the setting", async () => {
  let made: unknown = null;
  try {
    mkdirSync("/dev/null/data", { recursive: true });
  } catch (fault) {
    made = fault;
  }
  assert.match(startRemedy(made), /TILLWATCH_DATA/);
  const refused = await new Promise<unknown>((resolve) => connect(1, "127.0.0.1").once("error", resolve));
  assert.match(startRemedy(refused), /TILLWATCH_DATABASE_URL/);
  assert.equal(startRemedy(new Error("something else")), "");
});

test("S01 a data folder that cannot be made ends the start at once, with code, place and remedy", () => {
  const main = new URL("../main.ts", import.meta.url).pathname;
  const folder = mkdtempSync(join(tmpdir(), "tw-named-"));
  try {
    writeFileSync(join(folder, "file"), "");
    // The system answers ENOENT for the first one, for ever.
    for (const [setting, path] of [
      ["TILLWATCH_DATA", "/proc/tillwatch/deeper"],
      ["TILLWATCH_DATA", join(folder, "file")],
      ["TILLWATCH_DATA", join(folder, "file", "below")],
      ["TILLWATCH_KEYS", "/proc/tillwatch"],
    ] as const) {
      const settings = { TILLWATCH_DATA: join(folder, "data"), TILLWATCH_HTTP: "127.0.0.1:0", TILLWATCH_MQTT: "off" };
      const env = { PATH: process.env["PATH"], ...settings, [setting]: path };
      const ended = spawnSync(process.execPath, [main, "start"], { env, encoding: "utf8", timeout: 60_000 });
      assert.equal(ended.signal, null, `${path}: it did not end by itself`);
      assert.equal(ended.status, 2, ended.stderr);
      assert.ok(ended.stderr.includes(`[folder_unmakeable] the folder ${path} cannot be made`), ended.stderr);
      assert.match(ended.stderr, /Name a folder that this user may write to: TILLWATCH_DATA, TILLWATCH_KEYS/);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("S01 a folder is made with its parents and again without harm, through links too, and never in a file's place", () => {
  const folder = mkdtempSync(join(tmpdir(), "tw-made-"));
  try {
    assert.equal(makeFolderSync(join(folder, "a/b/c")), join(folder, "a"));
    assert.equal(makeFolderSync(join(folder, "a/b/c/")), undefined);
    symlinkSync(join(folder, "a"), join(folder, "link"));
    assert.equal(makeFolderSync(join(folder, "link/d")), join(folder, "link/d"));
    assert.ok(existsSync(join(folder, "a/d")));
    symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));
    assert.throws(() => makeFolderSync(join(folder, "dangling")), { code: "EEXIST" });
    writeFileSync(join(folder, "file"), "");
    assert.throws(() => makeFolderSync(join(folder, "file")), { code: "EEXIST" });
    assert.throws(() => makeFolderSync(join(folder, "file/x")), { code: "ENOTDIR" });
    assert.throws(() => makeNamedFolder(join(folder, "file/x")), FolderFault);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
