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
import { openDatabase } from "../platform/database/database.ts";
import type { OpenDatabase, Schema } from "../schema.ts";
import { testOnPostgres, withFreshPostgres } from "../testing/databases.ts";
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

/** One life of the server. `noted` is told every acknowledged id; it kills the server when it has heard enough. */
type Life = { readonly ports: Ports; readonly prefix: string; readonly noted: (ids: readonly string[]) => void };

/** Sends batches until the server is gone. */
async function sendOverHttp({ ports, prefix, noted }: Life): Promise<void> {
  for (let batch = 0; ; batch++) {
    const ids = Array.from({ length: 20 }, (_, index) => `${prefix}-h${batch}-${index}`);
    let answer: Response;
    let accepted: SignalsAccepted;
    try {
      answer = await fetch(`http://127.0.0.1:${ports.http}/api/v1/signals`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(ids.map((id) => cloudEvent(id))),
      });
      accepted = (await answer.json()) as SignalsAccepted;
    } catch {
      return;
    }
    assert.deepEqual([answer.status, accepted.accepted], [202, ids.length]);
    noted(ids);
  }
}

/** Sends single messages until the server is gone. */
async function sendOverMqtt({ ports, prefix, noted }: Life): Promise<void> {
  const url = `mqtt://127.0.0.1:${ports.mqtt}`;
  const client = await mqtt.connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 });
  const gone = new Promise<"gone">((resolve) => client.once("close", () => resolve("gone")));
  client.on("error", () => {});
  for (let message = 0; ; message++) {
    const id = `${prefix}-m${message}`;
    const published = client.publishAsync("tillwatch/signals", JSON.stringify(cloudEvent(id)), { qos: 1 });
    const outcome = await Promise.race([gone, published.catch(() => "gone" as const)]);
    if (outcome === "gone") break;
    noted([id]);
  }
  client.end(true);
}

/** Starts, loads, kills -9, some times over the same database; then everything acknowledged must be in the log once. */
async function crashLoop(url: string): Promise<void> {
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const { running, ports } = await startChild(url);
    const exited = once(running, "exit");
    // A little more each time, so that the blow falls at different moments of a batch.
    const enough = acknowledged.length + 60 + 47 * round;
    const noted = (ids: readonly string[]) => {
      acknowledged.push(...ids);
      if (acknowledged.length >= enough) running.kill("SIGKILL");
    };
    const lives = ["a", "b", "c"].map((name) => ({ ports, prefix: `${round}${name}`, noted }));
    try {
      await Promise.all([...lives.map(sendOverHttp), ...lives.map(sendOverMqtt)]);
    } finally {
      running.kill("SIGKILL");
    }
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

testOnPostgres("B05 B01 B03 kill -9 under load loses nothing that was acknowledged", (server) =>
  withFreshPostgres(server, (_database, url) => crashLoop(url)),
);
