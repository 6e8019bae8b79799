import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { actorOf } from "../access/authenticate-http.ts";
import { callersDb } from "../access/callers-db.ts";
import { namesOf } from "../access/names-read.ts";
import { typed } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Db } from "../schema.ts";
import { dismissalSwitch, placeVerdicts, turnDismissals, type PlaceVerdicts } from "./dismissal-store.ts";
import { dismissalsAt, shareOf, type DismissalSettings } from "./dismissals.ts";

export type DismissalHttpDeps = {
  readonly db: Db;
  readonly vault: FieldVault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly settings: DismissalSettings | undefined;
  readonly titleOf: (ruleId: string) => string | null;
};

const tags = ["silences"];
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const count = Type.Integer({ minimum: 0 });
const instant = Type.String({ format: "date-time" });
const verdictsMax = 20_000;

const shape = Type.Object({
  on: Type.Boolean({ description: "whether dismissals lower a rank; false also where score.yaml has no `dismissals`" }),
  changedAt: nullable(instant),
  changedBy: nullable(Type.String()),
  days: nullable(count),
  items: Type.Array(
    Type.Object({
      ruleId: Type.String(),
      ruleTitle: nullable(Type.String()),
      siteId: Type.String(),
      zoneId: nullable(Type.String()),
      dismissed: count,
      judged: count,
      share: Type.Integer({ description: "how much of the rule's points is taken there now, in thousandths" }),
      lastAt: instant,
    }),
    { description: "places where something is taken, the most first" },
  ),
  names: Type.Record(Type.String(), Type.String()),
});
const turnBody = Type.Object(
  { on: Type.Boolean(), because: Type.String({ minLength: 1, maxLength: 500, pattern: "\\S" }) },
  { additionalProperties: false },
);

/** What ranks lower because people dismissed it, and the switch that ends that. */
export function dismissalRoutes(deps: DismissalHttpDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const list = {
      tags,
      operationId: "listDismissals",
      summary: "Rules that rank lower at a place, because people dismissed what they found there",
      response: { 200: shape },
    };
    app.get(
      "/api/v1/dismissals",
      { schema: list, config: { access: { action: "silence:read", on: "sites" } } },
      async (request) => {
        const { isOn, at, by } = await dismissalSwitch(deps.db);
        const named = { actors: by === null ? [] : [by], subjects: [] };
        return {
          on: isOn && deps.settings !== undefined,
          changedAt: at?.toISOString() ?? null,
          changedBy: by,
          days: deps.settings?.days ?? null,
          items: await itemsOf(deps, callersDb(deps.db, request)),
          names: await namesOf(deps, actorOf(request), named),
        };
      },
    );
    const turn = {
      tags,
      operationId: "switchDismissals",
      summary: "Lets dismissals lower ranks no more, or again, from the next batch on in every process",
      body: turnBody,
      response: { 200: Type.Object({ on: Type.Boolean() }) },
    };
    app.post(
      "/api/v1/dismissals/switch",
      { schema: turn, config: { access: { action: "dismissal:switch", on: "installation" } } },
      async (request) => {
        const { on, because } = request.body;
        const { token: actor } = actorOf(request);
        await turned(deps, { on, because, actor });
        return { on };
      },
    );
  };
}

async function turned(
  { db, clock, chance }: DismissalHttpDeps,
  { on, because, actor }: { readonly on: boolean; readonly because: string; readonly actor: string },
): Promise<void> {
  const nowMs = clock();
  await db.transaction().execute(async (tx) => {
    if (!(await turnDismissals(tx, { isOn: on, nowMs, by: actor }))) return; // it is so already
    const kind = on ? "dismissal.switched_on" : "dismissal.switched_off";
    const subject = { kind: "installation", id: "dismissals" };
    await appendAudit(tx, [{ kind, actor, subject, because, atMs: nowMs, body: {} }], chance);
  });
}

async function itemsOf({ settings, clock, titleOf }: DismissalHttpDeps, db: Db) {
  if (settings === undefined) return [];
  const nowMs = clock();
  const fromMs = nowMs - settings.days * 86_400_000;
  const verdicts = await placeVerdicts(db, { fromMs, limit: verdictsMax });
  const places = Map.groupBy(verdicts, ({ siteId, zoneId, ruleId }) => JSON.stringify([siteId, zoneId, ruleId]));
  return [...places.values()]
    .flatMap((here) => itemOf(here, { nowMs, settings }))
    .map((item) => ({ ...item, ruleTitle: titleOf(item.ruleId) }))
    .toSorted((a, b) => b.share - a.share || b.dismissed - a.dismissed || (a.ruleId < b.ruleId ? -1 : 1));
}

function itemOf(here: readonly PlaceVerdicts[], at: { nowMs: number; settings: DismissalSettings }) {
  const last = here.at(-1);
  if (last === undefined) return [];
  const { siteId, zoneId, ruleId } = last;
  const known = dismissalsAt(here, { zoneId, ruleIds: new Set([ruleId]), atMs: at.nowMs }, at.settings);
  return known.flatMap((one) => {
    const share = shareOf(one, at.settings);
    const { dismissed, judged } = one;
    const lastAt = new Date(last.atMs).toISOString();
    return share === 0 ? [] : [{ ruleId, siteId, zoneId, dismissed, judged, share, lastAt }];
  });
}
