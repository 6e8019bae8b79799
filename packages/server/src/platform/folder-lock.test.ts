import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FolderInUse, lockFolder } from "./folder-lock.ts";

const folderOf = () => mkdtempSync(join(tmpdir(), "tw-lock-"));

test("B05 a folder has one writer: the second is refused, and taken in once the first has closed", async () => {
  const folder = folderOf();
  const first = await lockFolder(folder);
  await assert.rejects(lockFolder(folder), FolderInUse);
  await first.close();
  await (await lockFolder(folder)).close();
});

test("B05 what a killed process held is free at once", async () => {
  const folder = folderOf();
  const module = JSON.stringify(new URL("./folder-lock.ts", import.meta.url).href);
  const script = `const { lockFolder } = await import(${module}); await lockFolder(${JSON.stringify(folder)}); console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  await assert.rejects(lockFolder(folder), FolderInUse);
  child.kill("SIGKILL");
  await once(child, "exit");
  await (await lockFolder(folder)).close();
});
