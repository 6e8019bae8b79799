import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, test } from "node:test";
import { formatVkey, noteKey, signerFromSeed, utf8 } from "@tillwatch/evidence";
import { TestLog, testLeaf, testOrigin, testSeed } from "@tillwatch/evidence/testing";
import { nodeHashing } from "@tillwatch/verify";
import { goTool, runTool, skipWithout } from "./tools.ts";

/** A log that our functions wrote, read whole by Tessera's checker: it rebuilds every tile and the root from the entries. */

const fsck = goTool("github.com/transparency-dev/tessera/cmd/fsck", "v1.0.4");
const skip = skipWithout("tessera fsck", fsck);
const work = mkdtempSync(join(tmpdir(), "tillwatch-log-"));
after(() => rmSync(work, { recursive: true }));

async function writeLog(name: string, batches: readonly number[]): Promise<string> {
  const folder = join(work, name);
  const log = new TestLog(await signerFromSeed(testSeed(1)), nodeHashing);
  let next = 0;
  for (const count of batches) {
    const leaves = Array.from({ length: count }, () =>
      testLeaf(nodeHashing, { id: `entry-${next++}`, kind: "signal.refused" }, { next }),
    );
    log.append(...leaves.map((leaf) => leaf.entryBytes));
  }
  log.files.set("checkpoint", utf8(await log.checkpoint()));
  const key = noteKey(nodeHashing.sha256, testOrigin, log.signer.publicKey);
  log.files.set("log.vkey", utf8(formatVkey(key)));
  for (const [path, bytes] of log.files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  return folder;
}

/**
 * Version 1.0.4 ends with code 0 whatever it found, so its words decide; and a worker that met a bad tile stops, so with a single one
 * the program would wait for ever (both seen November 2026).
 */
function check(folder: string): string {
  const storage = pathToFileURL(`${folder}/`).href;
  const where = [`--storage_url=${storage}`, `--public_key=${join(folder, "log.vkey")}`, `--origin=${testOrigin}`];
  const { output } = runTool(fsck ?? "", ["--ui=false", "--N=16", ...where], { msMax: 60_000 });
  if (output.includes("fsck failed")) return "refused";
  return output.includes("Successfully fsck'd log") ? "accepted" : output.slice(-2000);
}

const logs: readonly { readonly name: string; readonly batches: readonly number[] }[] = [
  { name: "one entry", batches: [1] },
  { name: "one full tile", batches: [256] },
  { name: "many batches", batches: [3, 250, 3, 1, 255, 256, 257, 1000] },
  { name: "three levels", batches: [65_536, 300] },
];
for (const { name, batches } of logs) {
  test(`I05 O05 tessera fsck accepts our log: ${name}`, { skip }, async () => {
    assert.equal(check(await writeLog(name, batches)), "accepted");
  });
}

for (const path of ["tile/0/001", "tile/entries/002", "tile/1/000.p/3", "checkpoint"]) {
  test(`I05 O05 tessera fsck refuses our log with one byte changed: ${path}`, { skip }, async () => {
    const folder = await writeLog(`changed ${path.replaceAll("/", " ")}`, [800]);
    assert.equal(check(folder), "accepted");
    const bytes = readFileSync(join(folder, path));
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(join(folder, path), bytes);
    assert.equal(check(folder), "refused");
  });
}
