import assert from "node:assert/strict";
import { connect } from "node:net";
import { sql } from "kysely";
import mqtt from "mqtt";
import { parseSiteId, type DeadLetter, type Signal, type SiteId } from "@tillwatch/wire";
import { silentLog } from "../platform/log.ts";
import type { OpenDatabase } from "../schema.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { testFields } from "../testing/fields.ts";
import { Mosquitto, mosquittoPub, skipWithout } from "../testing/mosquitto.ts";
import { cloudEvent, knownPlaces, sampleDeviceEvent, sampleNowMs } from "../testing/signals.ts";
import { listDeadLetters } from "./dead-letter-store.ts";
import { SignalLog } from "./signal-log-store.ts";
import { EmbeddedBroker, OutsideBroker, type EmbeddedBrokerDeps } from "./signal-mqtt.ts";
import type { MqttDeps } from "./take-message-mqtt.ts";

const clock = () => sampleNowMs;
const frigateSite = siteId("S-1001");
const username = "shop";
const admit: EmbeddedBrokerDeps["admit"] = async (shown) =>
  shown.username === username && shown.password === "s3cret"
    ? { ok: true, device: null, maySend: async () => true, foreign: () => {}, gone: () => {} }
    : { ok: false, returnCode: 4 };

function siteId(text: string): SiteId {
  const parsed = parseSiteId(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}

async function withLog(database: OpenDatabase, run: (deps: MqttDeps) => Promise<void>) {
  const fields = await testFields(database.db);
  const signalLog = await SignalLog.open({
    database,
    fields,
    places: knownPlaces,
    log: silentLog,
    onAppended: () => {},
  });
  try {
    await run({ signalLog, clock, log: silentLog, frigateSite });
  } finally {
    await signalLog.close();
  }
}

async function withEmbedded(
  database: OpenDatabase,
  run: (port: number) => Promise<void>,
  more: Partial<EmbeddedBrokerDeps> = {},
) {
  await withLog(database, async (deps) => {
    const broker = await EmbeddedBroker.open({
      ...deps,
      plain: { host: "127.0.0.1", port: 0 },
      tls: null,
      admit: null,
      ...more,
    });
    try {
      await run(broker.address?.port ?? 0);
    } finally {
      await broker.close();
    }
  });
}

async function loggedIds(database: OpenDatabase): Promise<readonly string[]> {
  const { rows } = await sql<{ body: Signal }>`select body from signal order by partition, seq`.execute(database.db);
  return rows.map((row) => row.body.sourceEventId);
}

async function letters(database: OpenDatabase): Promise<readonly DeadLetter[]> {
  return (
    await listDeadLetters(
      { db: database.db, fields: await testFields(database.db) },
      { state: "waiting", cursor: null, limit: 100 },
    )
  ).items;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(`not within ten seconds: ${what}`);
}

testOnDatabases("B01 the sample device event comes in from mosquitto_pub, unchanged", async (database, context) => {
  const skip = skipWithout("mosquitto_pub");
  if (skip !== false) return context.skip(skip);
  await withEmbedded(database, async (port) => {
    await mosquittoPub(port, "tillwatch/signals", JSON.stringify(sampleDeviceEvent));
    await mosquittoPub(port, "tillwatch/S-1001/C-01/signal", JSON.stringify(sampleDeviceEvent));
    await mosquittoPub(
      port,
      "tillwatch/S-1002/T-01/signal",
      JSON.stringify(cloudEvent("a", { source: "pos.example" })),
    );
    const { rows } = await sql<{ body: Signal }>`select body from signal order by received_at`.execute(database.db);
    assert.deepEqual(
      rows.map(({ body }) => [body.siteId, body.deviceId, body.type]),
      [
        ["S-1001", "C-01", "person_loitering"],
        ["S-1002", "T-01", "pos_void"],
      ],
    );
  });
});

testOnDatabases("B01 B05 a PUBACK leaves only after the commit", async (database) => {
  await withEmbedded(database, async (port) => {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4, reconnectPeriod: 0 });
    let acknowledged = false;
    let published: Promise<unknown> = Promise.resolve();
    await database.db.transaction().execute(async (tx) => {
      // Nobody can append while this lock is held (on PGlite: while this transaction is open).
      await sql`lock table log_partition in exclusive mode`.execute(tx);
      published = client
        .publishAsync("tillwatch/signals", JSON.stringify(sampleDeviceEvent), { qos: 1 })
        .then(() => (acknowledged = true));
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(acknowledged, false);
    });
    await published;
    assert.equal((await loggedIds(database)).length, 1);
    await client.endAsync(true);
  });
});

testOnDatabases(
  "B07 B01 what is not understood is a dead letter with its reason, and acknowledged",
  async (database) => {
    await withEmbedded(database, async (port) => {
      const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4, reconnectPeriod: 0 });
      const send = (topic: string, payload: string | Buffer) => client.publishAsync(topic, payload, { qos: 1 });
      await send("tillwatch/signals", "{not json");
      await send("tillwatch/signals", "{not json");
      await send("tillwatch/signals", Buffer.from([0xff, 0x00, 0xfe]));
      await send("tillwatch/S-1002/C-01/signal", JSON.stringify(sampleDeviceEvent));
      await send("tillwatch/S 1/C-01/signal", JSON.stringify(sampleDeviceEvent));
      await send("tillwatch/S-1002/C-01/signals", JSON.stringify(sampleDeviceEvent));
      await send("tillwatch/signals", `{"note":"${"y".repeat(300_000)}"}`);
      await send("tillwatch/signals", JSON.stringify([cloudEvent("good"), { nothing: true }]));
      await send("tillwatch/signals", "");
      await send("frigate/C-01/person/snapshot", Buffer.alloc(400_000, 7));
      assert.deepEqual((await letters(database)).map(({ code, source }) => [code, source]).reverse(), [
        ["signal_row_not_json", "mqtt:tillwatch/signals"],
        ["signal_row_not_utf8", "mqtt:tillwatch/signals"],
        ["signal_topic_mismatch", "mqtt:tillwatch/S-1002/C-01/signal"],
        ["signal_topic_malformed", "mqtt:tillwatch/S 1/C-01/signal"],
        ["signal_topic_malformed", "mqtt:tillwatch/S-1002/C-01/signals"],
        ["signal_row_too_large", "mqtt:tillwatch/signals"],
        ["signal_shape_unknown", "mqtt:tillwatch/signals"],
      ]);
      assert.deepEqual(await loggedIds(database), ["good"]);
      await client.endAsync(true);
    });
  },
);

testOnDatabases("B01 the embedded broker asks for a password, gives nothing out, cuts off giants", async (database) => {
  await withEmbedded(
    database,
    async (port) => {
      const url = `mqtt://127.0.0.1:${port}`;
      const options = { protocolVersion: 4, reconnectPeriod: 0 } as const;
      await assert.rejects(mqtt.connectAsync(url, { ...options, username, password: "wrong" }), { code: 4 });
      await assert.rejects(mqtt.connectAsync(url, options), { code: 4 });
      const client = await mqtt.connectAsync(url, { ...options, username, password: "s3cret" });
      const heard: string[] = [];
      client.on("message", (topic) => heard.push(topic));
      await assert.rejects(client.subscribeAsync("#", { qos: 1 }));
      await client.publishAsync("tillwatch/signals", JSON.stringify(sampleDeviceEvent), { qos: 1 });
      await client.endAsync(true);
      assert.deepEqual(heard, []);

      // A PUBLISH that announces 200 MB, before any CONNECT.
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
      socket.write(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x60, 0x00, 0x01]));
      await closed;
    },
    { admit },
  );
});

testOnDatabases("B01 frigate/events arrive without names and plates", async (database) => {
  await withEmbedded(database, async (port) => {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4, reconnectPeriod: 0 });
    const after = {
      id: "1774278245.475377-mxklsc",
      camera: "C-01",
      label: "person",
      sub_label: ["Jane Roe", 0.93],
      recognized_license_plate: "AB12345",
      frame_time: 1774278245.475377,
      start_time: 1774278240.1,
      score: 0.79,
    };
    await client.publishAsync("frigate/events", JSON.stringify({ type: "new", before: after, after }), { qos: 1 });
    const { rows } = await sql<{ text: string }>`select body::text as text from signal`.execute(database.db);
    assert.equal(rows.length, 1);
    assert.doesNotMatch(rows[0]?.text ?? "", /Jane|AB12345/);
    assert.match(rows[0]?.text ?? "", /person_detected/);
    await client.endAsync(true);
  });
});

testOnDatabases(
  "B01 Mosquitto with MQTT 5: nothing is lost while broker or server is away",
  async (database, context) => {
    const skip = skipWithout("mosquitto");
    if (skip !== false) return context.skip(skip);
    const mosquitto = await Mosquitto.start();
    try {
      await withLog(database, async (deps) => {
        const open = () =>
          OutsideBroker.open({ ...deps, url: mosquitto.url, clientId: "tillwatch-test", firstReconnectMs: 50 });
        const sent: string[] = [];
        const send = async (count: number) => {
          const ids = Array.from({ length: count }, (_, index) => `m${sent.length + index}`);
          sent.push(...ids);
          await mosquittoPub(mosquitto.port, "tillwatch/signals", JSON.stringify(ids.map((id) => cloudEvent(id))));
        };
        const first = open();
        await until("connected", () => first.connected);
        assert.equal(first.protocolVersion, 5);
        // The subscription is there once a message arrives.
        await until("first message", async () => {
          await mosquittoPub(mosquitto.port, "tillwatch/signals", JSON.stringify(cloudEvent("hello")));
          return (await loggedIds(database)).length > 0;
        });
        await send(3);
        await mosquitto.stop();
        await mosquitto.again();
        await send(3);
        await until("reconnected", () => first.connected);
        await send(3);
        await until("all before the pause", async () => (await loggedIds(database)).length === 10);
        await first.close();
        await send(3); // kept in our session by the broker
        const second = open();
        context.after(() => second.close());
        await until("all", async () => (await loggedIds(database)).length === 13);
        assert.deepEqual((await loggedIds(database)).toSorted(), ["hello", ...sent].toSorted());
        await second.close();
      });
    } finally {
      await mosquitto.remove();
    }
  },
);

testOnDatabases("B01 B05 an outside broker gets its PUBACKs after the commit", async (database, context) => {
  const skip = skipWithout("mosquitto");
  if (skip !== false) return context.skip(skip);
  const mosquitto = await Mosquitto.start();
  const sender = await mqtt.connectAsync(mosquitto.url, { reconnectPeriod: 0 });
  const send = (id: string, source = "S-1001/T-01") =>
    sender.publishAsync("tillwatch/signals", JSON.stringify(cloudEvent(id, { source })), { qos: 1 });
  const duplicates = async () => {
    const { rows } = await sql<{ n: number }>`
      select duplicates_total as n from source where source = 'S-1001/G-01'`.execute(database.db);
    return rows[0]?.n ?? 0;
  };
  try {
    await withLog(database, async (deps) => {
      const open = () => {
        const broker = OutsideBroker.open({ ...deps, url: mosquitto.url, clientId: "tillwatch-test" });
        context.after(() => broker.close());
        return broker;
      };
      const outside = open();
      let hellos = 0;
      await until("subscribed", async () => {
        await send(`hello${hellos++}`);
        return (await loggedIds(database)).length > 0;
      });
      const has = async (id: string) => (await loggedIds(database)).includes(id);
      await database.db.transaction().execute(async (tx) => {
        await sql`lock table log_partition in exclusive mode`.execute(tx);
        // Many are under way at once, none waits for the one before it.
        await Promise.all(Array.from({ length: 40 }, (_, index) => send(`p${index}`, "S-1001/G-01")));
        await new Promise((resolve) => setTimeout(resolve, 300));
        await outside.close(); // before any commit: nothing may have been acknowledged
      });
      await until("stored all the same", () => has("p39"));
      const again = open();
      await until("all 40 delivered again", async () => (await duplicates()) >= 40);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await again.close();
      // What was acknowledged does not come a third time.
      const third = open();
      await until("connected", () => third.connected);
      await send("last");
      await until("the last one", () => has("last"));
      assert.equal(await duplicates(), 40);
      await third.close();
    });
  } finally {
    await sender.endAsync(true);
    await mosquitto.remove();
  }
});

testOnDatabases("B01 a broker that speaks only 3.1.1 is spoken to in 3.1.1", async (database) => {
  await withEmbedded(database, async (port) => {
    await withLog(database, async (deps) => {
      const url = `mqtt://127.0.0.1:${port}`;
      const outside = OutsideBroker.open({ ...deps, url, clientId: "tillwatch-test", firstReconnectMs: 20 });
      await until("connected", () => outside.connected && outside.protocolVersion === 4);
      await outside.close();
    });
  });
});
