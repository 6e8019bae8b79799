import assert from "node:assert/strict";
import { installationPrincipal } from "../access/principal.ts";
import { administratorCredential, digestOf } from "../access/credential.ts";
import { systemChance } from "../platform/chance.ts";
import { Jobs } from "../platform/jobs.ts";
import { silentLog } from "../platform/log.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { testFields } from "../testing/fields.ts";
import { bearer, testServer, token } from "../testing/server.ts";
import { defineWebhookJobs } from "./notify-jobs.ts";
import type { AttemptOutcome } from "./notify.ts";
import { webhookRoutes } from "./webhooks-http.ts";

const clock = () => Date.parse("2026-11-20T10:00:00.000Z");

testOnDatabases(
  "B08 an endpoint is added, tested, and its dead letter redriven, over the API",
  async ({ db }, context) => {
    const fields = await testFields(db);
    const jobs = await Jobs.open(db, silentLog);
    context.after(() => jobs.close());
    const outcomes: AttemptOutcome[] = [{ kind: "failed", status: 503, code: "webhook_status_refused" }];
    const sender = {
      send: async () => outcomes.shift() ?? ({ kind: "delivered", status: 200 } as const),
      close: async () => {},
    };
    await defineWebhookJobs(jobs, { db, fields, clock, chance: systemChance, sender, schedule: [] });
    const routes = [
      webhookRoutes({ db, fields, clock, chance: systemChance, jobs, allowPrivate: false, schedule: [] }),
    ];
    const { app } = await testServer(context, { db, routes });
    const call = async (method: "GET" | "POST" | "DELETE", url: string, payload?: object) => {
      const answer = await app.inject({ method, url, headers: bearer, ...(payload === undefined ? {} : { payload }) });
      const body: unknown = answer.body === "" ? null : answer.json();
      return { status: answer.statusCode, body: body as Record<string, never> };
    };

    const added = await call("POST", "/api/v1/webhooks", { url: "https://receiver.example/hook" });
    assert.equal(added.status, 201);
    assert.match(String(added.body["secret"]), /^whsec_[A-Za-z0-9+/]{43}=$/);
    const id = String(added.body["id"]);
    const listed = await app.inject({ url: "/api/v1/webhooks", headers: bearer });
    assert.deepEqual(listed.json(), {
      items: [
        {
          id,
          url: "https://receiver.example/hook",
          events: [
            "incident.opened",
            "incident.changed",
            "access.alarm",
            "silence.ended",
            "misuse.flagged",
            "control.failed",
            "control.passed",
            "packet.released",
            "packet.release_withdrawn",
          ],
          state: "active",
          because: "added",
          createdAt: "2026-11-20T10:00:00.000Z",
        },
      ],
    });

    const tested = await call("POST", `/api/v1/webhooks/${id}/test`);
    assert.equal(tested.status, 202);
    const deliveryId = String(tested.body["deliveryId"]);
    type Listed = { items: readonly { id: string; state: string; attempts: readonly { code: string | null }[] }[] };
    const waitFor = async (state: string) => {
      for (let n = 0; n < 200; n += 1) {
        const answer = await app.inject({ url: `/api/v1/webhooks/deliveries?state=${state}`, headers: bearer });
        const [first] = answer.json<Listed>().items;
        if (first !== undefined) return first;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`no delivery became ${state}`);
    };
    const dead = await waitFor("dead");
    assert.equal(dead.id, deliveryId);
    assert.deepEqual(
      dead.attempts.map(({ code }) => code),
      ["webhook_status_refused"],
    );
    assert.equal((await call("POST", `/api/v1/webhooks/deliveries/${deliveryId}/redrive`)).status, 202);
    const delivered = await waitFor("delivered");
    assert.equal(delivered.attempts.length, 2);
    const again = await call("POST", `/api/v1/webhooks/deliveries/${deliveryId}/redrive`);
    assert.deepEqual([again.status, again.body["code"]], [409, "webhook_delivery_not_dead"]);
    assert.deepEqual((await call("POST", "/api/v1/webhooks/deliveries/redrive")).body, { redriven: 0 });

    assert.equal((await call("DELETE", `/api/v1/webhooks/${id}`)).status, 204);
    assert.equal((await call("DELETE", `/api/v1/webhooks/${id}`)).status, 404);
    assert.deepEqual((await app.inject({ url: "/api/v1/webhooks", headers: bearer })).json(), { items: [] });
  },
);

testOnDatabases("B08 what cannot be an endpoint is refused with its code and place", async ({ db }, context) => {
  const jobs = { enqueueAll: async () => {} };
  const { app } = await testServer(context, {
    db,
    routes: [
      webhookRoutes({ db, fields: await testFields(db), clock, chance: systemChance, jobs, allowPrivate: false }),
    ],
    credentials: [
      administratorCredential(token),
      {
        sha256: digestOf("person-token"),
        principal: { ...installationPrincipal, token: "user:p1", kind: "person", roles: ["guard"] },
      },
    ],
  });
  const unknown = "/api/v1/webhooks/3f0c5a0e-5b1f-4a57-9d0e-0d9f6a1b2c3d";
  const person = { authorization: "Bearer person-token" };
  const refused = [
    { url: "/api/v1/webhooks", payload: { url: "https://127.0.0.1/" }, want: [422, "webhook_address_refused"] },
    { url: "/api/v1/webhooks", payload: { url: "ftp://a.example/" }, want: [422, "webhook_url_scheme_refused"] },
    { url: "/api/v1/webhooks", payload: { url: "nonsense" }, want: [422, "webhook_url_malformed"] },
    { url: "/api/v1/webhooks", payload: { url: "https://a.example", events: ["all"] }, want: [400, "request_invalid"] },
    { url: "/api/v1/webhooks", payload: {}, want: [400, "request_invalid"] },
    { url: `${unknown}/test`, want: [404, "webhook_unknown"] },
    { url: `${unknown}/enable`, want: [404, "webhook_unknown"] },
    { url: "/api/v1/webhooks/not-an-id/test", want: [400, "request_invalid"] },
    {
      url: "/api/v1/webhooks/deliveries/3f0c5a0e-5b1f-4a57-9d0e-0d9f6a1b2c3d/redrive",
      want: [404, "webhook_delivery_unknown"],
    },
    { url: "/api/v1/webhooks/deliveries/redrive", headers: person, want: [403, "access_refused"] },
    {
      url: "/api/v1/webhooks",
      headers: person,
      payload: { url: "https://a.example" },
      want: [403, "access_refused"],
    },
  ];
  for (const { url, payload, headers = bearer, want } of refused) {
    const answer = await app.inject({ method: "POST", url, headers, ...(payload === undefined ? {} : { payload }) });
    assert.deepEqual([answer.statusCode, answer.json<{ code: string }>().code], want, url);
  }
});
