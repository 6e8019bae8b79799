import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { callersDb, inScope } from "../access/callers-db.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db } from "../schema.ts";
import { deliverQueue, jobData, reviveDead, type DeliverJobs } from "./delivery-store.ts";
import { deliveryState, listDeliveries, type DeliveryView } from "./notify-read.ts";
import { defaultSchedule, plannedAttempts, type Schedule } from "./notify.ts";

export type DeliveryRoutesDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly jobs: DeliverJobs;
  readonly schedule?: Schedule;
};

const tags = ["webhooks"];
const redrivenMax = 1_000;

const idParams = Type.Object({ id: Type.String({ format: "uuid" }) });
const time = Type.String({ format: "date-time" });
const deliveryShape = Type.Object({
  id: Type.String(),
  webhookId: Type.String(),
  url: Type.String(),
  event: Type.String(),
  state: Type.Enum(["waiting", "delivered", "dead"]),
  because: Type.String(),
  createdAt: time,
  attempts: Type.Array(
    Type.Object({
      at: time,
      tookMs: Type.Integer(),
      status: Type.Union([Type.Integer(), Type.Null()]),
      code: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
  planned: Type.Array(time), // the attempts to come if all of them fail
});
const query = Type.Object(
  {
    state: Type.Optional(Type.Enum(["waiting", "delivered", "dead"])),
    webhookId: Type.Optional(Type.String({ format: "uuid" })),
    cursor: Type.Optional(Type.String({ format: "uuid" })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  },
  { additionalProperties: false },
);
const redriven = Type.Object({ redriven: Type.Integer() });

/** What became of each message, its attempts with their schedule, and the way to send a dead letter again. */
export function deliveryRoutes(instance: Parameters<FastifyPluginAsync>[0], deps: DeliveryRoutesDeps): void {
  const app = typed(instance);
  const list = {
    tags,
    operationId: "listWebhookDeliveries",
    summary: "Webhook messages, newest first, each with its attempts and their schedule",
    querystring: query,
    response: {
      200: Type.Object({
        items: Type.Array(deliveryShape),
        nextCursor: Type.Union([Type.String(), Type.Null()]),
      }),
    },
  };
  app.get(
    "/api/v1/webhooks/deliveries",
    { schema: list, config: { access: { action: "webhook:read", on: "organisation" } } },
    async (request) => {
      const { state, webhookId, cursor, limit = 50 } = request.query;
      const rows = await listDeliveries(callersDb(deps.db, request), {
        state: state ?? null,
        endpointId: webhookId ?? null,
        beforeId: cursor ?? null,
        limit: limit + 1,
      });
      const page = rows.slice(0, limit);
      const last = rows.length > limit ? page.at(-1) : undefined;
      return { items: page.map((row) => viewOf(row, deps)), nextCursor: last?.id ?? null };
    },
  );
  const one = {
    tags,
    operationId: "redriveWebhookDelivery",
    summary: "Sends a dead letter again",
    params: idParams,
    response: { 202: redriven },
  };
  app.post(
    "/api/v1/webhooks/deliveries/:id/redrive",
    { schema: one, config: { access: { action: "webhook:write", on: "organisation" } } },
    async (request, reply) => {
      const actor = actorOf(request).token;
      const own = inScope(deps, request);
      const count = await redrive({ id: request.params.id, limit: 1 }, actor, own);
      if (count === 0) await refuseRedrive(request.params.id, own);
      return reply.code(202).send({ redriven: count });
    },
  );
  const all = {
    tags,
    operationId: "redriveWebhookDeliveries",
    summary: `Sends the dead letters of active endpoints again, oldest first, at most ${redrivenMax} a call`,
    response: { 202: redriven },
  };
  app.post(
    "/api/v1/webhooks/deliveries/redrive",
    { schema: all, config: { access: { action: "webhook:write", on: "organisation" } } },
    async (request, reply) => {
      const count = await redrive({ id: null, limit: redrivenMax }, actorOf(request).token, inScope(deps, request));
      return reply.code(202).send({ redriven: count });
    },
  );
}

async function redrive(
  which: { readonly id: string | null; readonly limit: number },
  actor: string,
  { db, jobs, clock, chance }: DeliveryRoutesDeps,
): Promise<number> {
  const atMs = clock();
  return db.transaction().execute(async (tx) => {
    const revived = await reviveDead(tx, which, atMs);
    const queued = revived.map(({ id, attempts }) => ({ data: jobData(id, attempts) }));
    await jobs.enqueueAll(tx, deliverQueue, queued);
    const records = revived.map(({ id, attempts }) => ({
      kind: "webhook.redriven",
      actor,
      subject: { kind: "webhook_delivery", id },
      because: "a person asked",
      atMs,
      body: { attempts },
    }));
    await appendAudit(tx, records, chance);
    return revived.length;
  });
}

async function refuseRedrive(id: string, { db }: DeliveryRoutesDeps): Promise<never> {
  const found = await deliveryState(db, id);
  if (found === null) throw problem(404, "webhook_delivery_unknown", "there is no such message");
  if (found.state !== "dead") {
    throw problem(409, "webhook_delivery_not_dead", `the message is ${found.state}; only a dead letter is sent again`);
  }
  throw problem(409, "webhook_disabled", `the endpoint of this message is ${found.endpoint}`, {
    remedy: "Enable the endpoint, or register a new one.",
  });
}

function viewOf(row: DeliveryView, { schedule = defaultSchedule }: DeliveryRoutesDeps) {
  const { id, url, event, state, because, roundAttempts, nextAttemptAt } = row;
  const planned =
    nextAttemptAt === null || state !== "waiting"
      ? []
      : plannedAttempts(nextAttemptAt.getTime(), roundAttempts, schedule);
  return {
    id,
    webhookId: row.endpointId,
    url,
    event,
    state,
    because,
    createdAt: row.createdAt.toISOString(),
    attempts: row.attempts.map((attempt) => ({ ...attempt, at: new Date(attempt.at).toISOString() })),
    planned: planned.map((atMs) => new Date(atMs).toISOString()),
  };
}
