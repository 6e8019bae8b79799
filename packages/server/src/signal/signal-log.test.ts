import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { sql } from "kysely";
import type { Signal } from "@tillwatch/wire";
import { nodeDigest } from "../platform/digest.ts";
import { silentLog } from "../platform/log.ts";
import type { OpenDatabase } from "../schema.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { testFields } from "../testing/fields.ts";
import { cloudEvent, knownPlaces, sampleNowMs } from "../testing/signals.ts";
import { LogFault } from "./log-fault.ts";
import { parseSignals, signalFromRow } from "./parse-signals.ts";
import { SignalLog, type LogLimits } from "./signal-log-store.ts";

const context = { receivedAtMs: sampleNowMs, digest: nodeDigest, channel: {} };

function signal(id: string, more: Readonly<Record<string, unknown>> = {}): Signal {
  const parsed = signalFromRow(cloudEvent(id, more), context);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

async function withLog(
  database: OpenDatabase,
  run: (log: SignalLog, appended: number[][]) => Promise<void>,
  limits: Partial<LogLimits> = {},
) {
  const appended: number[][] = [];
  const onAppended = (partitions: readonly number[]) => void appended.push([...partitions]);
  const fields = await testFields(database.db);
  const log = await SignalLog.open({ database, fields, places: knownPlaces, log: silentLog, onAppended, limits });
  try {
    await run(log, appended);
  } finally {
    await log.close();
  }
}

async function logOrder(database: OpenDatabase): Promise<readonly string[]> {
  const { rows } = await sql<{ body: Signal }>`select body from signal order by partition, seq`.execute(database.db);
  return rows.map((row) => row.body.sourceEventId);
}

/** Runs while nobody can append: on PGlite the transaction itself holds the one session, on Postgres the table lock. */
async function whileLocked(database: OpenDatabase, run: () => Promise<void>): Promise<void> {
  await database.db.transaction().execute(async (tx) => {
    await sql`lock table log_partition in exclusive mode`.execute(tx);
    await run();
  });
}

testOnDatabases(
  "B05 requests that wait together share a transaction, and each hears of its own rows",
  async (database) => {
    await withLog(database, async (log, appended) => {
      const answers: Promise<unknown>[] = [];
      await whileLocked(database, async () => {
        answers.push(log.append([signal("a")]));
        await new Promise((resolve) => setTimeout(resolve, 50)); // the first one is on its way, alone
        for (const id of ["b", "a", "c"]) answers.push(log.append([signal(id), signal(`${id}2`)]));
      });
      assert.deepEqual(await Promise.all(answers), [
        { outcomes: ["accepted"] },
        { outcomes: ["accepted", "accepted"] },
        { outcomes: ["duplicate", "accepted"] },
        { outcomes: ["accepted", "accepted"] },
      ]);
      assert.equal(appended.length, 2);
      assert.deepEqual(await logOrder(database), ["a", "b", "b2", "a2", "c", "c2"]);
    });
  },
);

testOnDatabases("B03 what waits for the disk is bounded: more is refused, and taken later", async (database) => {
  await withLog(
    database,
    async (log) => {
      let first: Promise<unknown> = Promise.resolve();
      await whileLocked(database, async () => {
        first = log.append([signal("a")]);
        await assert.rejects(log.append([signal("b")]), { name: "LogFault", code: "signal_log_busy" });
        assert.equal(log.busy, true);
      });
      await first;
      assert.deepEqual(await log.append([signal("b")]), { outcomes: ["accepted"] });
    },
    { waitingBytesMax: 100 },
  );
});

testOnDatabases("B05 a database that fails makes a fault, never an acknowledgement", async (database) => {
  await withLog(
    database,
    async (log) => {
      await sql`alter table signal rename to signal_away`.execute(database.db);
      await assert.rejects(log.append([signal("a")]), (fault) => {
        return fault instanceof LogFault && fault.code === "signal_log_unavailable";
      });
      await sql`alter table signal_away rename to signal`.execute(database.db);
      assert.deepEqual(await log.append([signal("a")]), { outcomes: ["accepted"] });
    },
    { firstRetryMs: 1 },
  );
});

testOnDatabases(
  "B05 a connection that is cut in the middle is replaced, and the batch stored once",
  async (database) => {
    if (database.kind === "pglite") return; // one session, in this process: there is no connection to cut
    await withLog(database, async (log) => {
      await log.append([signal("first")]);
      let waiting: Promise<unknown> = Promise.resolve();
      await whileLocked(database, async () => {
        waiting = log.append([signal("a"), signal("b")]);
        await new Promise((resolve) => setTimeout(resolve, 100));
        const cut = await sql<{ n: number }>`
        select count(pg_terminate_backend(pid)) as n from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`.execute(database.db);
        assert.equal(cut.rows[0]?.n, 1);
      });
      assert.deepEqual(await waiting, { outcomes: ["accepted", "accepted"] });
      assert.deepEqual(await logOrder(database), ["first", "a", "b"]);
    });
  },
);

testOnDatabases("B05 two processes that append the same signals at once store each once", async (database) => {
  await withLog(database, async (one) => {
    await withLog(database, async (other) => {
      const rounds = Array.from({ length: 10 }, (_, round) => {
        const signals = Array.from({ length: 20 }, (_item, index) =>
          signal(`${round}-${index}`, { source: `S-10${10 + (index % 7)}/T-01` }),
        );
        return Promise.all([one.append(signals), other.append(signals.toReversed())]);
      });
      const outcomes = (await Promise.all(rounds)).flat().flatMap((result) => result.outcomes);
      assert.equal(outcomes.filter((outcome) => outcome === "accepted").length, 200);
      assert.equal(outcomes.length, 400);
      assert.equal(new Set(await logOrder(database)).size, 200);
      const { rows } = await sql<{ n: number }>`
        select count(*) as n from signal s join log_partition p using (partition) where s.seq > p.head`.execute(
        database.db,
      );
      assert.equal(rows[0]?.n, 0);
    });
  });
});

testOnDatabases("B04 what arrives shuffled goes into the log in the order of its source", async (database) => {
  await withLog(database, async (log) => {
    const numbered = (sequence: number) => signal(`n${sequence}`, { sequence: String(sequence) });
    await log.append([signal("x"), numbered(3), numbered(1), signal("y"), numbered(2)]);
    assert.deepEqual(await logOrder(database), ["x", "n1", "n2", "y", "n3"]);
  });
});

const samples = new URL("../../../../testdata/signals/", import.meta.url);

test("B12 B11 the samples of testdata/signals are taken, or refused as their names say", () => {
  const taken = readdirSync(new URL("valid/", samples));
  assert.ok(taken.length >= 6);
  for (const name of taken) {
    const { signals, refused } = read(`valid/${name}`);
    assert.deepEqual(refused, [], name);
    assert.ok(signals.length > 0, name);
  }
  const broken = readdirSync(new URL("refused/", samples));
  assert.ok(broken.length >= 6);
  for (const name of broken) {
    const { signals, refused } = read(`refused/${name}`);
    assert.deepEqual([signals.length, refused.map(({ code }) => code)], [0, [name.split(".")[0]]], name);
  }
});

function read(name: string) {
  const bytes = readFileSync(new URL(name, samples));
  const site = signal("any").siteId;
  const framing = name.endsWith(".ndjson") ? "lines" : "json";
  return parseSignals(bytes, framing, { ...context, channel: { frigateSite: site } });
}
