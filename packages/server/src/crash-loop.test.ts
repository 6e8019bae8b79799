import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { panicEvent } from "./testing/crash-pack.ts";
import { crashLoop } from "./testing/crash-loop.ts";
import { post } from "./testing/crash-senders.ts";
import { ServerProcess } from "./testing/crash-server.ts";
import { testOnPostgres, withFreshPostgres } from "./testing/databases.ts";

// bench/crash.ts runs the long form.
const rounds = 5;

const folder = mkdtempSync(join(tmpdir(), "tillwatch-crash-loop-"));
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

async function survives(databaseUrl: string | null, name: string): Promise<void> {
  const report = await crashLoop({ folder: join(folder, name), databaseUrl, rounds, random: Math.random });
  assert.deepEqual(report.problems, []);
  assert.ok(report.overMqtt, "the load came over MQTT too");
  assert.ok(report.acknowledged > 0 && report.counts.incidents > 0);
  assert.ok(report.counts.decisions > 0 && report.counts.auditEntries > 0);
}

const requireAll = process.env["TILLWATCH_REQUIRE_ALL"] === "1";

// Side by side: most of a round is waiting for a start.
describe("kill -9 of the whole server at random moments under load", { concurrency: true }, () => {
  test("B05 S06 O01 loses, doubles and breaks nothing (PGlite)", async () => {
    await survives(null, "pglite");
  });
  testOnPostgres("B05 S06 O01 loses, doubles and breaks nothing", (server) =>
    withFreshPostgres(server, (_database, url) => survives(url, "postgres")),
  );
});

const withoutStrace = spawnSync("strace", ["-V"]).error !== undefined && !requireAll && "skipped: strace not found";

test(
  "B05 B01 the system is told to sync the commit before the 202 is written (PGlite)",
  { skip: withoutStrace },
  async () => {
    const packFolder = new URL("../../../pack/retail", import.meta.url).pathname;
    const running = new ServerProcess({
      dataFolder: join(folder, "traced"),
      databaseUrl: null,
      packFolder,
      mqtt: false,
    });
    try {
      const { url } = await running.ready();
      const calls = await tracedWhile(running.pid, async () => {
        const event = { ...panicEvent("S-1001", Date.now()), id: "traced-signal" };
        assert.deepEqual(await post(url, [event]), {
          status: 202,
          body: { accepted: 1, duplicates: 0, deadLettered: 0, refused: [] },
        });
      });
      const request = calls.findIndex((call) => call.includes("POST /api/v1/signals"));
      const answer = calls.findIndex((call) => call.includes("HTTP/1.1 202"));
      assert.ok(
        request !== -1 && request < answer,
        `the trace shows the request, then its answer:\n${calls.join("\n")}`,
      );
      const synced = calls.slice(request, answer).filter((call) => /f(data)?sync\(\d+\)\s+= 0/.test(call));
      assert.ok(synced.length > 0, "nothing was synced between request and answer");
    } finally {
      await running.stop();
    }
  },
);

/** The reads, writes and syncs of a process, all its threads, in their order. */
async function tracedWhile(pid: number, work: () => Promise<void>): Promise<readonly string[]> {
  const file = join(folder, "trace");
  const args = ["-f", "-p", String(pid), "-s", "80", "-e", "trace=read,write,writev,fsync,fdatasync", "-o", file];
  const tracer = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(tracer, "exit");
  await Promise.race([once(tracer.stderr, "data"), ended]); // "Process N attached"
  await work();
  tracer.kill("SIGINT");
  await ended;
  return readFileSync(file, "utf8").split("\n");
}
