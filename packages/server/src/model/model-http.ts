import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { actorOf } from "../access/authenticate-http.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { ReadyModel } from "../detect/model-detections.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db } from "../schema.ts";
import { modelSwitches, switchModel } from "./model-switch-store.ts";
import { modelView } from "./model-view.ts";
import type { ModelWatch } from "./model-watch.ts";

export type ModelDeps = {
  readonly db: Db;
  readonly models: readonly ReadyModel[];
  readonly watch: ModelWatch;
  readonly clock: Clock;
  readonly chance: Chance;
};

const tags = ["models"];
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()]);
const moment = Type.String({ format: "date-time" });
const count = Type.Integer({ minimum: 0 });
const feature = Type.Object({ name: Type.String(), unit: Type.String(), says: Type.String() });
const drift = Type.Object({
  feature: Type.String(),
  says: Type.String(),
  rows: count,
  index: orNull(Type.Number({ description: "population stability index; null: too few windows" })),
  verdict: Type.Enum(["too_few", "steady", "watch", "drifted"]),
});
const card = Type.Object({
  id: Type.String(),
  version: Type.String(),
  title: Type.String(),
  purpose: Type.String(),
  origin: Type.Enum(["simulated", "stored"]),
  data: Type.String(),
  from: moment,
  to: moment,
  sites: count,
  windows: count,
  personalData: Type.Enum(["none"]),
  trainedAt: moment,
  trainedBy: Type.String(),
  trainedWith: Type.String(),
  approvedBy: orNull(Type.String()),
  limits: Type.Array(Type.String()),
});
const shape = Type.Object({
  id: Type.String(),
  ruleId: Type.String({ description: "what stands for a rule's id in its detections" }),
  sha256: Type.String(),
  card,
  threshold: Type.Number(),
  features: Type.Array(feature),
  on: Type.Boolean(),
  changedAt: orNull(moment),
  changedBy: orNull(Type.String()),
  scored: Type.Object({ windows: count, odd: count }, { description: "by this process since it started" }),
  drift: Type.Array(drift),
});

/** Models with their cards, and the switch that turns one off while rules go on. A model looks at sites of the whole installation, so its switch is the installation's. */
export function modelRoutes(deps: ModelDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const list = {
      tags,
      operationId: "listModels",
      summary: "The models in use: card, on or off, drift",
      response: { 200: Type.Object({ items: Type.Array(shape) }) },
    };
    app.get(
      "/api/v1/models",
      { schema: list, config: { access: { action: "action:read", on: "organisation" } } },
      async () => ({ items: await views(deps) }),
    );
    const turn = {
      tags,
      operationId: "switchModel",
      summary: "Turns a model off, or on again, from the next batch on in every process",
      params: Type.Object({ id: Type.String({ maxLength: 63 }) }),
      body: Type.Object(
        { on: Type.Boolean(), because: Type.String({ minLength: 1, maxLength: 500, pattern: "\\S" }) },
        { additionalProperties: false },
      ),
      response: { 200: shape },
    };
    app.post(
      "/api/v1/models/:id/switch",
      { schema: turn, config: { access: { action: "model:switch", on: "installation" } } },
      async (request) => {
        const { id } = request.params;
        const ready = deps.models.find(({ model }) => model.card.id === id);
        if (ready === undefined) throw problem(404, "model_not_found", "no model in use has this id");
        await turnOne(deps, ready, { ...request.body, by: actorOf(request).token });
        const [view] = (await views(deps)).filter((one) => one.id === id);
        if (view === undefined) throw new Error(`model ${id} is in use and is not listed`);
        return view;
      },
    );
  };
}

async function views({ db, models, watch }: ModelDeps) {
  const switches = await modelSwitches(db);
  return models.map((ready) => modelView(ready, { watch, last: switches.get(ready.model.card.id) }));
}

async function turnOne(
  { db, clock, chance }: ModelDeps,
  { model, sha256 }: ReadyModel,
  { on, because, by }: { readonly on: boolean; readonly because: string; readonly by: string },
): Promise<void> {
  const atMs = clock();
  const { id, version } = model.card;
  await db.transaction().execute(async (tx) => {
    if (!(await switchModel(tx, { modelId: id, isOn: on, atMs, by }))) return; // it is so already
    const kind = on ? "model.switched_on" : "model.switched_off";
    const subject = { kind: "model", id };
    await appendAudit(tx, [{ kind, actor: by, subject, because, atMs, body: { version, sha256 } }], chance);
  });
}
