import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { descriptionRefusal, type DescriptorVocabulary } from "@tillwatch/wire";
import { demandAlso } from "../../access/ask-http.ts";
import { actorOf } from "../../access/authenticate-http.ts";
import { organisationDb } from "../../access/callers-db.ts";
import { namesOf } from "../../access/names-read.ts";
import { idInPath } from "../../access/route-access.ts";
import { problem, type HttpProblem } from "../../api/problem.ts";
import { typed, type TypedApp } from "../../api/typed.ts";
import { incidentBrief } from "../site/configuration-read.ts";
import { marksOf } from "../person/person-mark-store.ts";
import { descriptionOf } from "../text/people-texts-store.ts";
import {
  asActor,
  because,
  closed,
  idOf,
  idParams,
  needs,
  instant,
  personToken,
  record,
  refusalProblem,
  type PrivacyHttpDeps,
  type Work,
} from "../privacy-answer-http.ts";
import { checkApproval, checkProposal } from "./watch-entry.ts";
import {
  approveWatchEntry,
  endWatchEntry,
  insertWatchEntry,
  lockEntriesOfIncident,
  lockWatchEntry,
  minorOf,
  recordWatchUse,
  removeMinor,
  saveMinor,
  watchEntries,
  watchUsesOf,
  type WatchRow,
} from "./watch-store.ts";

export type WatchHttpDeps = PrivacyHttpDeps & {
  readonly vocabulary: DescriptorVocabulary;
};

const tags = ["privacy"];
const path = "/api/v1/watch-entries";
const picked = Type.Record(
  Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" }),
  Type.Array(Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" }), { maxItems: 20 }),
);

/** Who is watched for: on a ground, by two people, for a time, never a minor; every look is on the record. */
export function watchRoutes(deps: WatchHttpDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    proposeRoute(app, deps);
    lookRoutes(app, deps);
    decideRoutes(app, deps);
    minorRoutes(app, deps);
  };
}

function unknownEntry(): HttpProblem {
  return problem(404, "watch_entry_unknown", "there is no such entry");
}

function unknownIncident(): HttpProblem {
  return problem(404, "incident_unknown", "there is no incident with this id");
}

function proposeRoute(app: TypedApp, deps: WatchHttpDeps): void {
  const propose = {
    tags,
    operationId: "proposeWatchEntry",
    summary: "Proposes an entry; it is in force when another person approves it",
    body: Type.Object(
      {
        incidentId: Type.String({ format: "uuid" }),
        subjectToken: Type.Optional(personToken),
        ageBand: Type.String({ pattern: "^[a-z0-9_]{1,32}$" }),
        ground: Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" }),
        because,
        description: picked,
        expiresAt: instant,
      },
      closed,
    ),
  };
  app.post(path, { schema: propose, config: needs("watch:propose") }, async (request, reply) => {
    const { incidentId, subjectToken, ageBand, ground, description, expiresAt } = request.body;
    const refusal = descriptionRefusal({ persons: [description], scene: {} }, deps.vocabulary);
    if (refusal !== null) throw problem(422, refusal.code, refusal.says, { pointer: "/description" });
    const made = await asActor(deps, request, async (at) => {
      const incident = await incidentBrief(at.tx, incidentId, at.organisationId);
      if (incident === null) throw unknownIncident();
      const described = await descriptionOf(at.tx, incidentId);
      const checked = checkProposal(
        {
          ageBand,
          ground,
          expiresAtMs: Date.parse(expiresAt),
          nowMs: at.nowMs,
          incident: { ...incident, minor: (await minorOf(at.tx, incidentId)) !== null },
          described: (described?.persons ?? []).flatMap((person) => person["age_band"] ?? []),
          marks: subjectToken === undefined ? 0 : (await marksOf(at.tx, [subjectToken])).length,
        },
        deps.policy.watchList,
      );
      if (!checked.ok) return checked;
      const id = await insertWatchEntry(
        at.tx,
        {
          ...at,
          siteIds: [incident.siteId],
          incidentId,
          subjectToken: subjectToken ?? null,
          ageBand,
          ground,
          because: request.body.because,
          description,
          expiresAtMs: Date.parse(expiresAt),
        },
        deps,
      );
      await record(deps, at, {
        kind: "watch.proposed",
        subject: { kind: "watch_entry", id },
        because: ground,
        body: { incident: incidentId, ground, expires_at: expiresAt },
      });
      return { ok: true as const, value: id };
    });
    if (!made.ok) throw refusalProblem(made.error);
    return reply.code(201).send({ id: made.value });
  });
}

function viewOf(row: WatchRow) {
  const {
    becauseSealed: _because,
    description: _description,
    expiresAtMs,
    organisationId: _organisation,
    ...shown
  } = row;
  return { ...shown, expiresAt: new Date(expiresAtMs).toISOString() };
}

/** Who proposed and decided: nobody approves what somebody proposed whom he does not know. */
function namesIn(deps: WatchHttpDeps, request: FastifyRequest, rows: readonly WatchRow[]) {
  const actors = rows.flatMap(({ proposedBy, decidedBy }) =>
    decidedBy === null ? [proposedBy] : [proposedBy, decidedBy],
  );
  return namesOf({ db: deps.db, vault: deps.vault }, actorOf(request), { actors, subjects: [] });
}

function lookRoutes(app: TypedApp, deps: WatchHttpDeps): void {
  const list = {
    tags,
    operationId: "listWatchEntries",
    summary: "Entries with their ground and end; no description, no person",
  };
  app.get(path, { schema: list, config: needs("watch:read") }, async (request) => {
    const rows = await watchEntries(organisationDb(deps.db, request), actorOf(request).organisationId);
    const items = rows.map((row) => ({ ...viewOf(row), subjectToken: null }));
    const { daysMax, grounds } = deps.policy.watchList;
    return { daysMax, grounds, items, names: await namesIn(deps, request, rows) };
  });
  const open = {
    tags,
    operationId: "openWatchEntry",
    summary: "Opens an entry with its description: a view, on the record with its reason",
    params: idParams,
    body: Type.Object({ because }, closed),
  };
  app.post(`${path}/:id/views`, { schema: open, config: needs("watch:read") }, async (request, reply) => {
    const shown = await asActor(deps, request, async (at) => {
      const row = await entry(at, request.params.id);
      if (row.state === "proposed" || row.state === "active") {
        const view = {
          entryId: row.id,
          organisationId: row.organisationId,
          kind: "view",
          siteId: null,
          incidentId: null,
          because: request.body.because,
        } as const;
        await recordWatchUse(at.tx, [{ ...view, nowMs: at.nowMs, actor: at.actor }], deps);
      }
      const reason = row.becauseSealed === null ? null : await deps.vault.open(at.tx, row.becauseSealed);
      return { ...viewOf(row), because: reason, description: row.description, uses: await watchUsesOf(at.tx, row.id) };
    });
    return reply.header("cache-control", "no-store").send(shown);
  });
  const hit = {
    tags,
    operationId: "recordWatchHit",
    summary: "Somebody of the list was seen: recorded with place and case",
    params: idParams,
    body: Type.Object(
      { because, siteId: Type.String({ maxLength: 64 }), incidentId: Type.Optional(Type.String({ format: "uuid" })) },
      closed,
    ),
  };
  app.post(`${path}/:id/hits`, { schema: hit, config: needs("watch:propose") }, async (request, reply) => {
    await asActor(deps, request, async (at) => {
      const row = await entry(at, request.params.id);
      if (row.state !== "active" || row.expiresAtMs <= at.nowMs) {
        throw refusalProblem({ code: "watch_not_running", says: "the entry is not in force" });
      }
      const { siteId, incidentId } = request.body;
      const use = {
        entryId: row.id,
        organisationId: row.organisationId,
        kind: "hit",
        siteId,
        incidentId: incidentId ?? null,
        because: request.body.because,
      } as const;
      await recordWatchUse(at.tx, [{ ...use, nowMs: at.nowMs, actor: at.actor }], deps);
    });
    return reply.code(204).send();
  });
}

async function entry(at: Work, raw: string): Promise<WatchRow> {
  const row = await lockWatchEntry(at.tx, at.organisationId, idOf(raw, unknownEntry));
  if (row === null) throw unknownEntry();
  return row;
}

function decideRoutes(app: TypedApp, deps: WatchHttpDeps): void {
  const decide = {
    tags,
    operationId: "decideWatchEntry",
    summary: "Another person approves or refuses a proposal, or ends an entry before its time",
    params: idParams,
    body: Type.Object({ decision: Type.Enum(["approve", "refuse", "end"]), because }, closed),
  };
  app.post(`${path}/:id/decision`, { schema: decide, config: needs("watch:decide") }, (request) =>
    asActor(deps, request, async (at) => {
      const { decision } = request.body;
      const row = await entry(at, request.params.id);
      if (decision === "approve") await approve(deps, at, { row, because: request.body.because });
      else {
        const wanted = decision === "refuse" ? "proposed" : "active";
        if (row.state !== wanted)
          throw refusalProblem({ code: "watch_not_running", says: `the entry is ${row.state}` });
        const end = decision === "refuse" ? "refused" : "ended";
        await endWatchEntry(at.tx, { row, end, because: "a person decided", nowMs: at.nowMs, actor: at.actor }, deps);
      }
      return viewOf(await entry(at, row.id));
    }),
  );
}

/** What was true when it was proposed is asked again: a minor or an objection may have come since. */
async function approve(
  deps: WatchHttpDeps,
  at: Work,
  given: { readonly row: WatchRow; readonly because: string },
): Promise<void> {
  const { row } = given;
  const checked = checkApproval(row, { token: at.actor, nowMs: at.nowMs });
  if (!checked.ok) throw refusalProblem(checked.error);
  if ((await minorOf(at.tx, row.incidentId)) !== null) {
    throw refusalProblem({ code: "watch_minor", says: "minors are never put on a list" });
  }
  if (row.subjectToken !== null && (await marksOf(at.tx, [row.subjectToken])).length > 0) {
    throw refusalProblem({ code: "watch_subject_objects", says: "an objection or restriction of the person holds" });
  }
  await approveWatchEntry(at.tx, { id: row.id, because: given.because, nowMs: at.nowMs, actor: at.actor }, deps.vault);
  await record(deps, at, {
    kind: "watch.approved",
    subject: { kind: "watch_entry", id: row.id },
    because: "a second person approved",
    body: { proposed_by: row.proposedBy, ground: row.ground },
  });
}

/** To take the flag back is to let the case out: for who may state a minor's ground, and did not set the flag himself. */
async function takeBackMinor(at: Work, request: FastifyRequest, incidentId: string): Promise<void> {
  demandAlso(request, "exhibit:release_minor");
  const flag = await minorOf(at.tx, incidentId);
  if (flag?.actor === at.actor) {
    throw problem(403, "two_persons_needed", "whoever said that a minor is in the case does not take that back", {
      remedy: "Another person of those who may release what a minor is in decides.",
    });
  }
  await removeMinor(at.tx, incidentId);
}

const noteOn = { access: { action: "incident:note", on: "incident", id: idInPath() } } as const;
const readOn = { access: { action: "incident:read", on: "incident", id: idInPath() } } as const;

function minorRoutes(app: TypedApp, deps: WatchHttpDeps): void {
  const flag = {
    tags,
    operationId: "flagMinor",
    summary: "A minor is among the people of an incident: no sharing, no list (J11); entries that came from it end",
    params: idParams,
    body: Type.Object({ minor: Type.Boolean(), because }, closed),
  };
  app.post("/api/v1/incidents/:id/minor", { schema: flag, config: noteOn }, (request) =>
    asActor(deps, request, async (at) => {
      const id = idOf(request.params.id, unknownIncident);
      if ((await incidentBrief(at.tx, id, at.organisationId)) === null) throw unknownIncident();
      const { minor } = request.body;
      if (minor) await saveMinor(at.tx, { ...at, incidentId: id, because: request.body.because }, deps);
      else await takeBackMinor(at, request, id);
      const entries = minor ? await lockEntriesOfIncident(at.tx, id) : [];
      for (const row of entries) {
        const ended = "a minor is among the people";
        await endWatchEntry(at.tx, { row, end: "ended", because: ended, nowMs: at.nowMs, actor: at.actor }, deps);
      }
      await record(deps, at, {
        kind: minor ? "incident.minor_flagged" : "incident.minor_unflagged",
        subject: { kind: "incident", id },
        because: await deps.vault.seal(at.tx, `incident:${id}`, request.body.because),
        body: { entries_ended: entries.length },
      });
      return { minor, entriesEnded: entries.length };
    }),
  );
  const read = {
    tags,
    operationId: "readMinorFlag",
    summary: "Whether a minor is among the people of an incident",
    params: idParams,
  };
  app.get("/api/v1/incidents/:id/minor", { schema: read, config: readOn }, async (request) => {
    const id = idOf(request.params.id, unknownIncident);
    if ((await incidentBrief(organisationDb(deps.db, request), id, actorOf(request).organisationId)) === null)
      throw unknownIncident();
    const found = await minorOf(organisationDb(deps.db, request), id);
    const grounds = [...deps.policy.release.minorGrounds];
    return { minor: found !== null, at: found?.at ?? null, actor: found?.actor ?? null, grounds };
  });
}
