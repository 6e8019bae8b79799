import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { Webhook } from "standardwebhooks";
import { systemChance } from "../platform/chance.ts";
import { systemClock } from "../platform/clock.ts";
import { Jobs } from "../platform/jobs.ts";
import { silentLog } from "../platform/log.ts";
import type { OpenDatabase, Schema } from "../schema.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { testFields } from "../testing/fields.ts";
import { changeOf } from "../testing/told-incidents.ts";
import { reviveDead } from "./delivery-store.ts";
import { deliverQueue, jobData } from "./delivery-store.ts";
import { defineWebhookJobs } from "./notify-jobs.ts";
import { listDeliveries, listEndpoints, type DeliveryView } from "./notify-read.ts";
import { notifyStage } from "./notify-stage.ts";
import { insertEndpoint } from "./notify-store.ts";
import { secretOf } from "./signature.ts";
import { webhookSender } from "./webhook-send-http.ts";

type Received = { readonly headers: IncomingHttpHeaders; readonly body: string };

/** A receiver on loopback; `answer` decides the status of the n-th request. */
async function receiver(answer: (n: number) => { status: number; location?: string } | "never") {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      const reply = answer(received.length);
      received.push({ headers: request.headers, body });
      if (reply === "never") return;
      response.writeHead(reply.status, reply.location === undefined ? {} : { location: reply.location });
      response.end("ignored");
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((done) => server.close(() => done()));
  };
  return { url, received, close };
}

const secret = secretOf(new Uint8Array(32).fill(7));

type World = { readonly database: OpenDatabase; readonly url: string; readonly schedule?: readonly number[] };

/** Registers the endpoint, starts the worker, tells of one opened incident, and hands over until `body` is done. */
async function whileDelivering(
  { database: { db }, url, schedule = [0, 0] }: World,
  body: (jobs: Jobs<Schema>) => Promise<void>,
) {
  const fields = await testFields(db);
  const jobs = await Jobs.open(db, silentLog);
  const sender = webhookSender({ allowPrivate: true, timeoutMs: 500 });
  try {
    const id = systemChance.uuid();
    const events = ["incident.opened"];
    await db
      .transaction()
      .execute((tx) =>
        insertEndpoint(tx, { id, url, secret, events, createdAtMs: systemClock(), createdBy: "user:test" }, fields),
      );
    await defineWebhookJobs(jobs, { db, fields, clock: systemClock, chance: systemChance, sender, schedule });
    const tell = notifyStage({ jobs, fields, chance: systemChance, organisationOf: () => "home" });
    await db.transaction().execute((tx) => tell([changeOf({ kind: "incident_opened" })], { tx, nowMs: systemClock() }));
    await body(jobs);
  } finally {
    await jobs.close();
    await sender.close();
  }
}

const waitMsMax = 20_000;

async function deliveryOnce({ db }: OpenDatabase, state: string): Promise<DeliveryView> {
  const until = performance.now() + waitMsMax;
  for (;;) {
    const [delivery] = await listDeliveries(db, { state: null, endpointId: null, beforeId: null, limit: 10 });
    assert.ok(delivery !== undefined, "there is a delivery");
    if (delivery.state === state) return delivery;
    assert.ok(performance.now() < until, `still ${delivery.state} (${delivery.because})`);
    await sleep(50);
  }
}

testOnDatabases(
  "B08 an opened incident reaches a receiver, which verifies it and refuses an altered body",
  async (database) => {
    const shop = await receiver(() => ({ status: 204 }));
    try {
      await whileDelivering({ database, url: shop.url }, async () => {
        const delivery = await deliveryOnce(database, "delivered");
        const [request] = shop.received;
        assert.ok(request !== undefined);
        const headers = request.headers as Record<string, string>;
        const verified = new Webhook(secret).verify(request.body, headers) as { type: string; data: { ref: string } };
        assert.equal(verified.type, "incident.opened");
        assert.equal(verified.data.ref, "TW-2026-000001");
        const altered = request.body.replace("TW-2026-000001", "TW-2026-000002");
        assert.throws(() => new Webhook(secret).verify(altered, headers), /No matching signature/);
        assert.equal(headers["webhook-id"], `msg_${delivery.id}`);
        assert.deepEqual(
          delivery.attempts.map(({ status, code }) => ({ status, code })),
          [{ status: 204, code: null }],
        );
      });
    } finally {
      await shop.close();
    }
  },
);

testOnDatabases(
  "B07 B08 a failing receiver's attempts end as a dead letter, and a redrive delivers it",
  async (database) => {
    const shop = await receiver((n) => {
      if (n === 0) return { status: 500 };
      if (n === 1) return { status: 302, location: "/elsewhere" };
      return n === 2 ? "never" : { status: 200 };
    });
    try {
      await whileDelivering({ database, url: shop.url }, async (jobs) => {
        const dead = await deliveryOnce(database, "dead");
        assert.equal(dead.because, "attempts_used_up");
        assert.deepEqual(
          dead.attempts.map((attempt) => attempt.code),
          ["webhook_status_refused", "webhook_redirected", "webhook_timeout"],
        );
        await database.db.transaction().execute(async (tx) => {
          const revived = await reviveDead(tx, { id: dead.id, limit: 1 }, systemClock());
          await jobs.enqueueAll(
            tx,
            deliverQueue,
            revived.map((row) => ({ data: jobData(row.id, row.attempts) })),
          );
        });
        const delivered = await deliveryOnce(database, "delivered");
        assert.equal(delivered.attempts.length, 4);
        const ids = new Set(shop.received.map((request) => request.headers["webhook-id"]));
        assert.equal(ids.size, 1, "every attempt has the id by which the receiver knows it again");
        assert.equal(shop.received.length, 4, "the redirect was not followed");
      });
    } finally {
      await shop.close();
    }
  },
);

testOnDatabases("B08 410 Gone disables the endpoint and is on the record", async (database) => {
  const shop = await receiver(() => ({ status: 410 }));
  try {
    await whileDelivering({ database, url: shop.url }, async () => {
      const dead = await deliveryOnce(database, "dead");
      assert.equal(dead.because, "endpoint_gone");
      const [endpoint] = await listEndpoints(database.db);
      assert.equal(endpoint?.state, "disabled");
      const { rows } = await sql`select id from audit_entry where kind = 'webhook.disabled'`.execute(database.db);
      assert.equal(rows.length, 1);
    });
  } finally {
    await shop.close();
  }
});

testOnDatabases(
  "B08 a webhook exists only if its transaction committed, and a waiting one shows its next attempt",
  async (database) => {
    const shop = await receiver(() => ({ status: 503 }));
    try {
      await whileDelivering({ database, url: shop.url, schedule: [3_600] }, async (jobs) => {
        const fields = await testFields(database.db);
        const tell = notifyStage({ jobs, fields, chance: systemChance, organisationOf: () => "home" });
        const rolledBack = database.db.transaction().execute(async (tx) => {
          await tell([changeOf({ kind: "promoted" })], { tx, nowMs: systemClock() });
          throw new Error("roll back");
        });
        await assert.rejects(rolledBack, /roll back/);
        const until = performance.now() + waitMsMax;
        let [delivery, ...others] = await listDeliveries(database.db, everything);
        while (delivery?.attempts.length !== 1 && performance.now() < until) {
          await sleep(50);
          [delivery, ...others] = await listDeliveries(database.db, everything);
        }
        assert.equal(others.length, 0);
        assert.equal(delivery?.state, "waiting");
        const waitMs = (delivery?.nextAttemptAt?.getTime() ?? 0) - systemClock();
        assert.ok(waitMs > 3_500_000 && waitMs <= 3_600_000, `next attempt in ${waitMs} ms`);
      });
    } finally {
      await shop.close();
    }
  },
);

const everything = { state: null, endpointId: null, beforeId: null, limit: 10 };
