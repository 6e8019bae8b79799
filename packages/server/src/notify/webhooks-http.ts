import type { FastifyPluginAsync } from "fastify";
import { Type, type Static } from "typebox";
import { callersDb, inScope } from "../access/callers-db.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Db, Tx } from "../schema.ts";
import { parseEndpointUrl } from "./address-guard.ts";
import { killWaiting, queueDeliveries, type DeliverJobs } from "./delivery-store.ts";
import { deliveryRoutes } from "./deliveries-http.ts";
import { endpointState, listEndpoints, type EndpointView } from "./notify-read.ts";
import { insertEndpoint, setEndpointState } from "./notify-store.ts";
import { webhookEvents, type Schedule, type WebhookPayload } from "./notify.ts";
import { secretBytes, secretOf } from "./signature.ts";

export type WebhookRoutesDeps = {
  readonly db: Db;
  readonly fields: FieldVault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly jobs: DeliverJobs;
  readonly allowPrivate: boolean; // receivers inside one's own network
  readonly schedule?: Schedule;
};

const endpointsMax = 100;
const tags = ["webhooks"];

const eventShape = Type.Enum([...webhookEvents]);
const endpointShape = Type.Object({
  id: Type.String({ format: "uuid" }),
  url: Type.String(),
  events: Type.Array(eventShape),
  state: Type.Enum(["active", "disabled"]),
  because: Type.String(),
  createdAt: Type.String({ format: "date-time" }),
});
const newEndpointShape = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: 2_000 }),
    events: Type.Optional(Type.Array(eventShape, { minItems: 1, uniqueItems: true })),
  },
  { additionalProperties: false },
);
const idParams = Type.Object({ id: Type.String({ format: "uuid" }) });

/** Who is told by webhook, and what became of each message. Writing needs the administrator. */
export function webhookRoutes(deps: WebhookRoutesDeps): FastifyPluginAsync {
  return async (instance) => {
    readRoutes(instance, deps);
    changeRoutes(instance, deps);
    deliveryRoutes(instance, deps);
  };
}

type Instance = Parameters<FastifyPluginAsync>[0];

function readRoutes(instance: Instance, deps: WebhookRoutesDeps): void {
  const list = {
    tags,
    operationId: "listWebhooks",
    summary: "Endpoints that are told by webhook",
    response: { 200: Type.Object({ items: Type.Array(endpointShape) }) },
  };
  typed(instance).get(
    "/api/v1/webhooks",
    { schema: list, config: { access: { action: "webhook:read", on: "organisation" } } },
    async (request) => ({
      items: (await listEndpoints(callersDb(deps.db, request))).map(viewOf),
    }),
  );
}

function changeRoutes(instance: Instance, deps: WebhookRoutesDeps): void {
  const app = typed(instance);
  const add = {
    tags,
    operationId: "addWebhook",
    summary: "Registers an endpoint; answers its secret, once",
    body: newEndpointShape,
    response: { 201: Type.Intersect([endpointShape, Type.Object({ secret: Type.String() })]) },
  };
  app.post(
    "/api/v1/webhooks",
    { schema: add, config: { access: { action: "webhook:write", on: "organisation" } } },
    async (request, reply) => {
      const actor = actorOf(request).token;
      return reply.code(201).send(await addEndpoint(request.body, actor, inScope(deps, request)));
    },
  );
  const remove = { tags, operationId: "removeWebhook", summary: "Removes an endpoint", params: idParams };
  app.delete(
    "/api/v1/webhooks/:id",
    { schema: remove, config: { access: { action: "webhook:write", on: "organisation" } } },
    async (request, reply) => {
      const change = { id: request.params.id, to: "removed" as const, because: "removed" };
      await changeEndpoint(change, { actor: actorOf(request).token, kind: "webhook.removed" }, inScope(deps, request));
      return reply.code(204).send();
    },
  );
  const enable = { tags, operationId: "enableWebhook", summary: "Enables a disabled endpoint", params: idParams };
  app.post(
    "/api/v1/webhooks/:id/enable",
    { schema: enable, config: { access: { action: "webhook:write", on: "organisation" } } },
    async (request, reply) => {
      const change = { id: request.params.id, to: "active" as const, because: "enabled" };
      await changeEndpoint(change, { actor: actorOf(request).token, kind: "webhook.enabled" }, inScope(deps, request));
      return reply.code(204).send();
    },
  );
  const probe = {
    tags,
    operationId: "testWebhook",
    summary: "Sends a message of type webhook.test; its fate is in the deliveries",
    params: idParams,
    response: { 202: Type.Object({ deliveryId: Type.String() }) },
  };
  app.post(
    "/api/v1/webhooks/:id/test",
    { schema: probe, config: { access: { action: "webhook:write", on: "organisation" } } },
    async (request, reply) => {
      const actor = actorOf(request).token;
      return reply.code(202).send({ deliveryId: await sendTest(request.params.id, actor, inScope(deps, request)) });
    },
  );
}

async function addEndpoint(wanted: Static<typeof newEndpointShape>, actor: string, deps: WebhookRoutesDeps) {
  const parsed = parseEndpointUrl(wanted.url, deps.allowPrivate);
  if (!parsed.ok) throw problem(422, parsed.error.code, parsed.error.says, { pointer: "/url" });
  if ((await listEndpoints(deps.db)).length >= endpointsMax) {
    throw problem(409, "webhook_too_many", `there are already ${endpointsMax} endpoints`);
  }
  const createdAtMs = deps.clock();
  const secret = secretOf(deps.chance.bytes(secretBytes));
  const events = wanted.events ?? [...webhookEvents];
  const endpoint = { id: deps.chance.uuid(), url: parsed.value.href, secret, events, createdAtMs, createdBy: actor };
  await deps.db.transaction().execute(async (tx) => {
    await insertEndpoint(tx, endpoint, deps.fields);
    const body = { host: parsed.value.host, events };
    await recordChange(tx, { kind: "webhook.added", id: endpoint.id, actor, because: "a person asked", body }, deps);
  });
  const view = { ...endpoint, state: "active" as const, because: "added", createdAt: new Date(createdAtMs) };
  return { ...viewOf(view), secret };
}

type Change = { readonly id: string; readonly to: "active" | "removed"; readonly because: string };

async function changeEndpoint(change: Change, by: { actor: string; kind: string }, deps: WebhookRoutesDeps) {
  await deps.db.transaction().execute(async (tx) => {
    if (!(await setEndpointState(tx, change))) throw unknownEndpoint();
    if (change.to === "removed") await killWaiting(tx, change.id, "endpoint_removed");
    await recordChange(tx, { ...by, id: change.id, because: "a person asked", body: {} }, deps);
  });
}

async function sendTest(endpointId: string, actor: string, deps: WebhookRoutesDeps): Promise<string> {
  const nowMs = deps.clock();
  const id = deps.chance.uuid();
  const timestamp = new Date(nowMs).toISOString();
  const payload: WebhookPayload = { type: "webhook.test", timestamp, data: { webhookId: endpointId } };
  const delivery = { id, endpointId, event: payload.type, body: JSON.stringify(payload) };
  await deps.db.transaction().execute(async (tx) => {
    const state = await endpointState(tx, endpointId);
    if (state === null || state === "removed") throw unknownEndpoint();
    if (state === "disabled") throw disabledEndpoint();
    await queueDeliveries(tx, [delivery], { ...deps, nowMs });
    const body = { delivery: id };
    await recordChange(tx, { kind: "webhook.tested", id: endpointId, actor, because: "a person asked", body }, deps);
  });
  return id;
}

type Recorded = {
  readonly kind: string;
  readonly id: string;
  readonly actor: string;
  readonly because: string;
  readonly body: Readonly<Record<string, string | readonly string[]>>;
};

async function recordChange(tx: Tx, change: Recorded, deps: WebhookRoutesDeps): Promise<void> {
  const { kind, actor, because, body } = change;
  const subject = { kind: "webhook", id: change.id };
  await appendAudit(tx, [{ kind, actor, because, body, subject, atMs: deps.clock() }], deps.chance);
}

function unknownEndpoint() {
  return problem(404, "webhook_unknown", "there is no such endpoint");
}

function disabledEndpoint() {
  return problem(409, "webhook_disabled", "the endpoint is disabled: its receiver answered 410 Gone", {
    remedy: "Enable it first: POST /api/v1/webhooks/{id}/enable.",
  });
}

function viewOf({ id, url, events, state, because, createdAt }: EndpointView) {
  return { id, url, events, state, because, createdAt: createdAt.toISOString() };
}
