import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { actorOf } from "../../access/authenticate-http.ts";
import { organisationDb } from "../../access/callers-db.ts";
import { problem } from "../../api/problem.ts";
import { typed, type TypedApp } from "../../api/typed.ts";
import {
  asActor,
  closed,
  countryCode,
  identifiers,
  idOf,
  idParams,
  needs,
  instant,
  personToken,
  record,
} from "../privacy-answer-http.ts";
import { clockOf, dueAtMs } from "./request-clock.ts";
import { answerRoutes } from "./subject-answer-http.ts";
import { requestsPath, unknownRequest, viewOf, type SubjectHttpDeps } from "./subject-shared-http.ts";
import { stepRoutes } from "./subject-step-http.ts";
import { requestKinds, requestStates, subjectKinds } from "./subject-request.ts";
import {
  addStep,
  insertRequest,
  listRequests,
  openAsked,
  requestById,
  stepsOf,
  type Asked,
} from "./subject-request-store.ts";

const tags = ["privacy"];

/** Requests of subjects: entered by staff, answered within the clock, each step on the record. */
export function subjectRequestRoutes(deps: SubjectHttpDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    enterRoutes(app, deps);
    lookRoutes(app, deps);
    stepRoutes(app, deps);
    answerRoutes(app, deps);
  };
}

const newRequest = Type.Object(
  {
    kind: Type.Enum([...requestKinds]),
    subjectKind: Type.Enum([...subjectKinds]),
    identifiers,
    subjectToken: Type.Optional(personToken),
    wording: Type.String({ maxLength: 20_000, description: "what the subject wrote; sealed" }),
    country: countryCode,
    receivedAt: instant,
  },
  closed,
);

function enterRoutes(app: TypedApp, deps: SubjectHttpDeps): void {
  const enter = {
    tags,
    operationId: "enterSubjectRequest",
    summary: "Enters a request of a subject; its clock starts with receivedAt",
    body: newRequest,
  };
  app.post(requestsPath, { schema: enter, config: needs("subject_request:handle") }, async (request, reply) => {
    const { kind, subjectKind, country, wording, subjectToken, receivedAt } = request.body;
    const receivedAtMs = Date.parse(receivedAt);
    if (receivedAtMs > deps.clock()) {
      throw problem(422, "occurred_in_future", "receivedAt lies in the future", { pointer: "/receivedAt" });
    }
    if (request.body.identifiers.length === 0 && subjectToken === undefined) {
      throw problem(422, "subject_unnamed", "a request needs an identifier or a token", { pointer: "/identifiers" });
    }
    const clock = clockOf(deps.policy.clocks, country);
    const due = dueAtMs(receivedAtMs, clock);
    const made = await asActor(deps, request, async (at) => {
      const asked: Asked = { identifiers: request.body.identifiers, wording };
      const row = { ...at, kind, subjectKind, subjectToken: subjectToken ?? null, asked, country, clock, receivedAtMs };
      const entered = await insertRequest(at.tx, { ...row, dueAtMs: due }, deps);
      await addStep(at.tx, { ...at, requestId: entered.id, kind: "entered", says: `${kind} request entered` }, deps);
      await record(deps, at, {
        kind: "subject_request.entered",
        subject: { kind: "subject_request", id: entered.id },
        because: `a subject asked for ${kind}`,
        body: { ref: entered.ref, kind, country, due_at: new Date(due).toISOString() },
      });
      return entered;
    });
    return reply
      .code(201)
      .header("location", `${requestsPath}/${made.id}`)
      .send({ ...made, dueAt: new Date(due).toISOString() });
  });
}

function lookRoutes(app: TypedApp, deps: SubjectHttpDeps): void {
  const list = {
    tags,
    operationId: "listSubjectRequests",
    summary: "Requests: those that wait first, by their end; overdue ones are marked",
    querystring: Type.Object({ state: Type.Optional(Type.Enum([...requestStates])) }, closed),
  };
  app.get(requestsPath, { schema: list, config: needs("subject_request:handle") }, async (request) => {
    const { organisationId } = actorOf(request);
    const nowMs = deps.clock();
    const rows = await listRequests(organisationDb(deps.db, request), organisationId, request.query.state ?? null);
    return { items: rows.map((row) => viewOf(row, nowMs)) };
  });
  const read = {
    tags,
    operationId: "readSubjectRequest",
    summary: "One request with its steps; on the record",
    params: idParams,
  };
  app.get(`${requestsPath}/:id`, { schema: read, config: needs("subject_request:handle") }, async (request, reply) => {
    const id = idOf(request.params.id, unknownRequest);
    const shown = await asActor(deps, request, async (at) => {
      const found = await requestById(at.tx, at.organisationId, id);
      if (found === null) throw unknownRequest();
      const asked = await openAsked(at.tx, found, deps.vault);
      await record(deps, at, {
        kind: "subject_request.opened",
        subject: { kind: "subject_request", id },
        because: "handling a request of a subject",
        body: { ref: found.ref },
      });
      return { ...viewOf(found, at.nowMs), asked, steps: await stepsOf(at.tx, id, deps.vault) };
    });
    return reply.header("cache-control", "no-store").send(shown);
  });
}
