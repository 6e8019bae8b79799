import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { sql } from "kysely";
import mqtt from "mqtt";
import type { SignalsAccepted } from "@tillwatch/wire";
import { openDatabase } from "../platform/database.ts";
import type { OpenDatabase, Schema } from "../schema.ts";
import { withFreshPostgres } from "../testing/databases.ts";
import { cloudEvent } from "../testing/signals.ts";

const child = new URL("../testing/intake-child.ts", import.meta.url).pathname;
const rounds = 3;

type Ports = { readonly http: number; readonly mqtt: number };

async function startChild(url: string): Promise<{ running: ChildProcess; ports: Ports }> {
  const running = spawn(process.execPath, [child, url], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: running.stdout });
  const [line] = (await once(lines, "line")) as [string];
  return { running, ports: JSON.parse(line) as Ports };
}

/** Sends batches until the server is gone; answers the ids of those that were acknowledged. */
async function sendOverHttp(port: number, prefix: string): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  for (let batch = 0; ; batch++) {
    const ids = Array.from({ length: 20 }, (_, index) => `${prefix}-h${batch}-${index}`);
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/signals`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(ids.map((id) => cloudEvent(id))),
      });
      const body = (await answer.json()) as SignalsAccepted;
      assert.equal(answer.status, 202);
      assert.equal(body.accepted, ids.length);
      acknowledged.push(...ids);
    } catch (fault) {
      if (fault instanceof assert.AssertionError) throw fault;
      return acknowledged;
    }
  }
}

async function sendOverMqtt(port: number, prefix: string): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4, reconnectPeriod: 0 });
  const gone = new Promise<void>((resolve) => client.once("close", () => resolve()));
  client.on("error", () => {});
  let open = true;
  void gone.then(() => (open = false));
  for (let message = 0; open; message++) {
    const id = `${prefix}-m${message}`;
    const published = client.publishAsync("tillwatch/signals", JSON.stringify(cloudEvent(id)), { qos: 1 });
    const outcome = await Promise.race([published.then(() => true).catch(() => false), gone.then(() => false)]);
    if (outcome) acknowledged.push(id);
  }
  client.end(true);
  return acknowledged;
}

/** Starts, loads, kills -9, some times over the same database; then everything acknowledged must be in the log once. */
async function crashLoop(url: string): Promise<void> {
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const { running, ports } = await startChild(url);
    const exited = once(running, "exit");
    const sending = [
      sendOverHttp(ports.http, `${round}a`),
      sendOverHttp(ports.http, `${round}b`),
      sendOverMqtt(ports.mqtt, `${round}`),
    ];
    setTimeout(() => running.kill("SIGKILL"), 300 + 170 * round);
    acknowledged.push(...(await Promise.all(sending)).flat());
    await exited;
  }
  const database = await openDatabase<Schema>(url);
  try {
    await everyOneOnce(database, acknowledged);
  } finally {
    await database.close();
  }
}

async function everyOneOnce(database: OpenDatabase, acknowledged: readonly string[]): Promise<void> {
  assert.ok(acknowledged.length > 50, `only ${acknowledged.length} were acknowledged`);
  const { rows } = await sql<{ id: string; n: number }>`
    select body ->> 'sourceEventId' as id, count(*) as n from signal group by 1`.execute(database.db);
  const counts = new Map(rows.map(({ id, n }) => [id, n]));
  assert.deepEqual(
    acknowledged.filter((id) => counts.get(id) !== 1),
    [],
  );
  assert.deepEqual(
    rows.filter(({ n }) => n !== 1),
    [],
  );
  const heads = await sql<{ partition: number }>`
    select p.partition from log_partition p join signal s using (partition)
    group by p.partition, p.head having max(s.seq) > p.head`.execute(database.db);
  assert.deepEqual(heads.rows, []);
}

test("B05 B01 B03 kill -9 under load loses nothing that was acknowledged (PGlite)", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tillwatch-crash-"));
  try {
    await crashLoop(`pglite:${folder}/db`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const server = process.env["TILLWATCH_TEST_POSTGRES_URL"];
const skip =
  server === undefined && process.env["TILLWATCH_REQUIRE_ALL"] !== "1"
    ? "skipped: postgres not found (TILLWATCH_TEST_POSTGRES_URL)"
    : false;

test("B05 B01 B03 kill -9 under load loses nothing that was acknowledged (Postgres)", { skip }, async () => {
  if (server === undefined) throw new Error("TILLWATCH_REQUIRE_ALL=1, but TILLWATCH_TEST_POSTGRES_URL is not set");
  await withFreshPostgres(server, (_database, url) => crashLoop(url));
});
