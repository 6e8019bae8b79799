import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from "fastify";
import type { Static } from "typebox";
import type { ActionName } from "../access/actions.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { callersDb } from "../access/callers-db.ts";
import { namesOf } from "../access/names-read.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import type { Directory } from "../enrich/directory.ts";
import { changeSilence, makeSilence, type SilenceDeps } from "./change-silence-append.ts";
import { isSilenceable, silenceHoursMax, type SilencedRule } from "./check-silence.ts";
import { hiddenBy } from "./silence-hit-store.ts";
import {
  choicesShape,
  madeShape,
  newSilenceBody,
  silenceListShape,
  silenceParams,
  silenceQuery,
  silenceShape,
  stepBody,
} from "./silence-schema.ts";
import { listedSilences, silenceById, type ListedSilence } from "./silence-store.ts";

export type SilenceHttpDeps = SilenceDeps & {
  readonly directory: () => Directory;
  readonly categories: ReadonlySet<string>;
  readonly ruleOf: (ruleId: string) => SilencedRule | null;
  readonly ruleIds: () => readonly string[]; // of what runs
};

const tags = ["silences"];
const path = "/api/v1/silences";
const listedMax = 500;
const casesMax = 500;

/** What is silenced, by whom, why and until when, what that hid; made, signed and ended. */
export function silenceRoutes(deps: SilenceHttpDeps): FastifyPluginAsync {
  return async (app) => {
    listRoutes(app, deps);
    makeRoute(app, deps);
    stepRoutes(app, deps);
  };
}

// A second proof is asked about the organisation, for answers by site are kept; which sites he reaches, the wall round the table knows.
const signing = { access: { action: "silence:sign", on: "organisation" } } as const;
const asks = (action: ActionName) => ({ access: { action, on: "sites" as const } });

function listRoutes(instance: FastifyInstance, deps: SilenceHttpDeps): void {
  const app = typed(instance);
  const list = {
    tags,
    operationId: "listSilences",
    summary: "Silences of the sites that you may see: what holds, what will, and what is over",
    querystring: silenceQuery,
    response: { 200: silenceListShape },
  };
  app.get(path, { schema: list, config: asks("silence:read") }, async (request) => {
    const nowMs = deps.clock();
    const rows = await listedSilences(callersDb(deps.db, request), { nowMs, limit: listedMax });
    const items = rows.map((row) => viewOf(row, { nowMs, ruleOf: deps.ruleOf }));
    const wanted = request.query.state;
    return {
      items: wanted === undefined ? items : items.filter(({ state }) => state === wanted),
      names: await namesIn(deps, request, rows),
    };
  });
  const choices = {
    tags,
    operationId: "listSilenceChoices",
    summary: "What you may silence, and for how long",
    response: { 200: choicesShape },
  };
  app.get(`${path}/choices`, { schema: choices, config: asks("silence:write") }, async (request) => ({
    rules: silenceable(deps),
    everySite: request.scope.everySite === true,
    hoursMax: silenceHoursMax,
  }));
  const one = {
    tags,
    operationId: "getSilence",
    summary: "One silence, with the cases that it held back",
    params: silenceParams,
    response: { 200: silenceShape },
  };
  app.get(`${path}/:id`, { schema: one, config: asks("silence:read") }, async (request) => {
    const db = callersDb(deps.db, request);
    const row = await silenceById(db, request.params.id);
    if (row === null) throw unknownSilence();
    const cases = await hiddenBy(db, row.id, casesMax);
    return {
      ...viewOf(row, { nowMs: deps.clock(), ruleOf: deps.ruleOf }),
      cases: cases.map((each) => ({
        ...each,
        firstAt: each.firstAt.toISOString(),
        lastAt: each.lastAt.toISOString(),
      })),
      names: await namesIn(deps, request, [row]),
    };
  });
}

function silenceable({ ruleIds, ruleOf }: SilenceHttpDeps) {
  return ruleIds()
    .flatMap((id) => {
      const rule = ruleOf(id);
      return rule === null || !isSilenceable(rule) ? [] : [{ id, title: rule.title, level: rule.level }];
    })
    .toSorted((a, b) => a.title.localeCompare(b.title, "en") || (a.id < b.id ? -1 : 1));
}

function makeRoute(instance: FastifyInstance, deps: SilenceHttpDeps): void {
  const schema = {
    tags,
    operationId: "makeSilence",
    summary:
      "Keeps what a rule or a place finds from opening cases and from telling anybody, for a time and with a reason",
    body: newSilenceBody,
    response: { 201: madeShape },
  };
  typed(instance).post(path, { schema, config: asks("silence:write") }, async (request, reply) => {
    const { token: actor, organisationId } = actorOf(request);
    const { sites, everySite = false } = request.scope;
    const made = await makeSilence(
      { ...deps, db: callersDb(deps.db, request) },
      {
        actor,
        organisationId,
        wanted: wantedOf(request.body),
        world: { everySite, sites, ...worldOf(deps) },
      },
    );
    if (made.ok) return reply.code(201).send({ id: made.value });
    if (made.error.code === "silence_too_many") {
      throw problem(409, "silence_too_many", `${made.error.most} silences hold or will hold already`, {
        remedy: "End what is needed no longer: whoever silences everything learns nothing.",
      });
    }
    const { code, pointer, says, remedy } = made.error;
    throw problem(code === "silence_everywhere_refused" ? 403 : 422, code, says, { pointer, remedy });
  });
}

function wantedOf(body: Static<typeof newSilenceBody>) {
  const { ruleId = null, siteId = null, zoneId = null, deviceId = null, category = null } = body;
  const at = (text: string | null | undefined) => (text === null || text === undefined ? null : Date.parse(text));
  return {
    ruleId,
    siteId,
    zoneId,
    deviceId,
    category,
    level: body.level ?? 1,
    startsAtMs: at(body.startsAt),
    endsAtMs: at(body.endsAt),
    because: body.because ?? "",
  };
}

function worldOf({ directory, categories, ruleOf }: SilenceHttpDeps) {
  const places = directory();
  return {
    zone: (siteId: string, zoneId: string) => places.zone(siteId, zoneId) !== null,
    device: (siteId: string, deviceId: string) => places.device(siteId, deviceId) !== null,
    categories,
    rule: ruleOf,
  };
}

function stepRoutes(instance: FastifyInstance, deps: SilenceHttpDeps): void {
  const app = typed(instance);
  const shared = { tags, params: silenceParams, body: stepBody, response: { 200: madeShape } };
  const sign = {
    ...shared,
    operationId: "signSilence",
    summary: "Another person's signature, by which a silence holds back level 2 too",
  };
  app.post(`${path}/:id/sign`, { schema: sign, config: signing }, (request) =>
    changed(deps, request, { id: request.params.id, step: "signed", because: request.body.because ?? "" }),
  );
  const end = { ...shared, operationId: "endSilence", summary: "Ends a silence before its time, or before it begins" };
  app.post(`${path}/:id/end`, { schema: end, config: asks("silence:write") }, (request) =>
    changed(deps, request, { id: request.params.id, step: "ended", because: request.body.because ?? "" }),
  );
}

async function changed(
  deps: SilenceHttpDeps,
  request: FastifyRequest,
  asked: { readonly id: string; readonly step: "signed" | "ended"; readonly because: string },
): Promise<{ id: string }> {
  const { token: actor, organisationId } = actorOf(request);
  const given = { ...asked, actor, organisationId };
  const done = await changeSilence({ ...deps, db: callersDb(deps.db, request) }, given);
  if (done.ok) return { id: asked.id };
  switch (done.error) {
    case "silence_unknown":
      throw unknownSilence();
    case "silence_reason_missing":
      throw problem(422, "silence_reason_missing", "this takes a reason", {
        pointer: "/because",
        remedy: "Write in a sentence why: it stands in the record.",
      });
    case "silence_everywhere_refused":
      throw problem(403, "silence_everywhere_refused", "it is of every site, and you are bound to some", {
        remedy: "Ask somebody who is bound to no site.",
      });
    case "silence_over":
      throw problem(409, "silence_over", "the silence is over", { remedy: "Make another one, if it is still needed." });
    case "silence_signature_not_needed":
      throw problem(409, "silence_signature_not_needed", "it is signed already, or holds back level 1 alone", {
        remedy: "Nothing is to be done.",
      });
    case "silence_second_person_needed":
      throw problem(403, "silence_second_person_needed", "whoever made a silence does not sign it", {
        remedy: "Another person who may silence there signs it.",
      });
  }
}

function unknownSilence() {
  return problem(404, "silence_unknown", "there is no silence with this id", {
    remedy: "GET /api/v1/silences lists those that you may see.",
  });
}

type Shown = { readonly nowMs: number; readonly ruleOf: SilenceHttpDeps["ruleOf"] };

function viewOf(row: ListedSilence, { nowMs, ruleOf }: Shown) {
  const { id, ruleId, siteId, zoneId, deviceId, category, level, because, hidden } = row;
  return {
    id,
    state: stateOf(row, nowMs),
    ruleId,
    ruleTitle: ruleId === null ? null : (ruleOf(ruleId)?.title ?? null),
    siteId,
    zoneId,
    deviceId,
    category,
    level,
    startsAt: row.startsAt.toISOString(),
    endsAt: row.endsAt.toISOString(),
    because,
    madeAt: row.madeAt.toISOString(),
    owner: row.madeBy,
    signed: stepOf(row.signedAt, row.signedBy, row.signedBecause),
    ended: stepOf(row.endedAt, row.endedBy, row.endedBecause),
    hidden,
  };
}

function stepOf(at: Date | null, by: string | null, because: string | null) {
  return at === null || by === null || because === null ? null : { at: at.toISOString(), by, because };
}

function stateOf({ startsAt, endsAt, endedAt }: ListedSilence, nowMs: number) {
  if (endedAt !== null || endsAt.getTime() <= nowMs) return "ended" as const;
  return startsAt.getTime() > nowMs ? ("to_come" as const) : ("active" as const);
}

function namesIn(deps: SilenceHttpDeps, request: FastifyRequest, rows: readonly ListedSilence[]) {
  const actors = rows.flatMap(({ madeBy, signedBy, endedBy }) => [madeBy, signedBy ?? madeBy, endedBy ?? madeBy]);
  return namesOf({ db: deps.db, vault: deps.vault }, actorOf(request), { actors, subjects: [] });
}
