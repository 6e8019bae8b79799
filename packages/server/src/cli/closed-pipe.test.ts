import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { test } from "node:test";

const main = new URL("../main.ts", import.meta.url).pathname;

/** Runs a command whose printed words nobody reads. */
async function unread(args: readonly string[]): Promise<{ status: number | null; err: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
  child.stdout.destroy();
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const err = await text(child.stderr);
  return { status: await ended, err };
}

test("S01 a command whose reader has enough ends quietly, with its own exit code", async () => {
  const rule = new URL("../../../../pack/retail/rules", import.meta.url).pathname;
  for (const args of [
    ["help"],
    ["rules", "pipeline", "windows"],
    ["rules", "test", rule],
    ["rules", "check", "--help"],
  ]) {
    assert.deepEqual(await unread(args), { status: 0, err: "" }, args.join(" "));
  }
});
