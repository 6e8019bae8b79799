import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { DraftDetail, DraftView } from "@tillwatch/wire";
import type { ActionName } from "../access/actions.ts";
import { demandAlso } from "../access/ask-http.ts";
import { callersDb } from "../access/callers-db.ts";
import { idInPath } from "../access/route-access.ts";
import { problem } from "../api/problem.ts";
import { typed, type TypedApp } from "../api/typed.ts";
import { incidentIdOf } from "../incident/incident-answer-http.ts";
import { versionOf } from "../incident/incident-command-http.ts";
import type { Db } from "../schema.ts";
import { acceptDraft, editDraft, offerDraft, refuseDraft, unknownDraft, type DraftDeps } from "./draft-append.ts";
import { draftById, draftsOf, revisionsOf, type Draft, type Revision } from "./draft-read.ts";
import {
  acceptBody,
  caseParams,
  detailShape,
  diffQuery,
  diffShape,
  draftParams,
  draftShape,
  draftsShape,
  editBody,
  ifMatch,
  offerBody,
  offeredShape,
  refuseBody,
} from "./draft-schema.ts";
import { diffWords } from "./word-diff.ts";

const tags = ["drafts"];
const on = (action: ActionName) => ({ access: { action, on: "incident", id: idInPath() } }) as const;
const offers = on("draft:write");
const reads = on("draft:read");
const decides = on("draft:decide");

/** Texts that programs draft for a case, and what people make of them: a program hands in, a person edits, accepts or refuses. */
export function draftRoutes(deps: DraftDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const offer = {
      tags,
      operationId: "offerDraft",
      summary: "A program hands in a draft: kept beside the case, no text of it until a person accepts it",
      params: caseParams,
      body: offerBody,
      response: { 200: offeredShape, 201: offeredShape },
    };
    app.post("/api/v1/incidents/:id/drafts", { schema: offer, config: offers }, async (request, reply) => {
      const incidentId = incidentIdOf(request.params.id);
      const { repeated, ...made } = await offerDraft(deps, request, { incidentId, offer: request.body });
      if (repeated) return reply.header("idempotency-replayed", "true").send({ ...made, incidentId });
      const location = `/api/v1/incidents/${incidentId}/drafts/${made.id}`;
      return reply
        .code(201)
        .header("location", location)
        .send({ ...made, incidentId });
    });
    readRoutes(app, deps);
    decideRoutes(app, deps);
  };
}

function readRoutes(app: TypedApp, deps: DraftDeps): void {
  const list = {
    tags,
    operationId: "listDrafts",
    summary: "What programs drafted for a case, and what became of it",
    params: caseParams,
    response: { 200: draftsShape },
  };
  app.get("/api/v1/incidents/:id/drafts", { schema: list, config: reads }, async (request, reply) => {
    const incidentId = incidentIdOf(request.params.id);
    const db = callersDb(deps.db, request);
    const drafts = await draftsOf(db, incidentId);
    await deps.looks.openedIncident(request, incidentId);
    const ids = drafts.map(({ id }) => id);
    const revisions = Map.groupBy(await revisionsOf(db, ids, "first_and_last"), ({ draftId }) => draftId);
    const items = drafts.map((draft) => viewOf(draft, revisions.get(draft.id) ?? []));
    return reply.header("cache-control", "no-store").send({ items });
  });
  const read = {
    tags,
    operationId: "readDraft",
    summary: "One draft with its prompt and every revision",
    params: draftParams,
    response: { 200: detailShape },
  };
  app.get("/api/v1/incidents/:id/drafts/:draftId", { schema: read, config: reads }, async (request, reply) => {
    const { draft, revisions } = await theDraft(callersDb(deps.db, request), request.params);
    await deps.looks.openedIncident(request, draft.incidentId);
    const texts = revisions.map(({ number, text, salt }) => ({ number, text, salt }));
    const shown = { ...viewOf(draft, revisions), prompt: draft.prompt, texts } satisfies DraftDetail;
    return reply.header("etag", `"${draft.revision}"`).header("cache-control", "no-store").send(shown);
  });
  const diff = {
    tags,
    operationId: "compareDraft",
    summary: "Two revisions word by word: the program's with the last where nothing else is asked",
    params: draftParams,
    querystring: diffQuery,
    response: { 200: diffShape },
  };
  app.get("/api/v1/incidents/:id/drafts/:draftId/diff", { schema: diff, config: reads }, async (request, reply) => {
    const { draft, revisions } = await theDraft(callersDb(deps.db, request), request.params);
    const { from = 0, to = draft.revision } = request.query;
    const [before, after] = [revisionAt(revisions, from, "/from"), revisionAt(revisions, to, "/to")];
    await deps.looks.openedIncident(request, draft.incidentId);
    const opened = await deps.fields.texts(deps.db, [before.text, after.text]);
    const found = diffWords(opened.get(before.text) ?? "", opened.get(after.text) ?? "");
    return reply.header("cache-control", "no-store").send({ from, to, ...found, parts: [...found.parts] });
  });
}

function decideRoutes(app: TypedApp, deps: DraftDeps): void {
  const answers = { tags, params: draftParams, headers: ifMatch, response: { 200: draftShape } };
  const path = "/api/v1/incidents/:id/drafts/:draftId";
  const edit = { ...answers, operationId: "editDraft", summary: "Writes the next revision of a draft", body: editBody };
  app.post(`${path}/revisions`, { schema: edit, config: decides }, async (request, reply) => {
    await editDraft(deps, request, { ...handledIn(request, request.params), text: request.body.text });
    return reply.send(await viewNow(deps, request));
  });
  const accept = {
    ...answers,
    operationId: "acceptDraft",
    summary: "Makes the last revision a note or the summary, in one's own name",
    body: acceptBody,
  };
  app.post(`${path}/accept`, { schema: accept, config: decides }, async (request, reply) => {
    const { draft } = await theDraft(callersDb(deps.db, request), request.params);
    demandAlso(request, draft.place === "note" ? "incident:note" : "incident:edit");
    const { keptBecause } = request.body;
    await acceptDraft(deps, request, { ...handledIn(request, request.params), keptBecause });
    return reply.send(await viewNow(deps, request));
  });
  const refuse = { ...answers, operationId: "refuseDraft", summary: "Puts a draft away for good", body: refuseBody };
  app.post(`${path}/refuse`, { schema: refuse, config: decides }, async (request, reply) => {
    await refuseDraft(deps, request, { ...handledIn(request, request.params), because: request.body.because });
    return reply.send(await viewNow(deps, request));
  });
}

type Params = { readonly id: string; readonly draftId: string };

function handledIn(request: FastifyRequest, { id, draftId }: Params) {
  const tag = versionOf(request.headers["if-match"]);
  const { revision } = request.body as { readonly revision: number };
  return { incidentId: incidentIdOf(id), draftId: draftId.toLowerCase(), seen: tag ?? revision, byTag: tag !== null };
}

async function viewNow(
  deps: DraftDeps,
  request: FastifyRequest,
): Promise<DraftView & { revisions: DraftView["revisions"] }> {
  const { draft, revisions } = await theDraft(callersDb(deps.db, request), request.params as Params);
  return viewOf(draft, revisions);
}

async function theDraft(db: Db, { id, draftId }: Params) {
  const draft = await draftById(db, { id: draftId, incidentId: incidentIdOf(id) });
  if (draft === null) throw unknownDraft();
  return { draft, revisions: await revisionsOf(db, [draft.id], "every") };
}

function revisionAt(revisions: readonly Revision[], number: number, pointer: string): Revision {
  const found = revisions.find((revision) => revision.number === number);
  if (found !== undefined) return found;
  throw problem(404, "draft_revision_unknown", `the draft has no revision ${number}`, {
    pointer,
    remedy: `Ask for one from 0 to ${revisions.length - 1}.`,
  });
}

function viewOf(draft: Draft, revisions: readonly Revision[]) {
  const { settledAt, settledBy, settledBecause, prompt, offeredAt, writtenAt } = draft;
  return {
    id: draft.id,
    incidentId: draft.incidentId,
    place: draft.place,
    state: draft.state,
    model: draft.model,
    offeredBy: draft.offeredBy,
    program: draft.program,
    offeredAt: offeredAt.toISOString(),
    writtenAt: writtenAt.toISOString(),
    promptSha256: draft.promptSha256,
    promptKept: prompt !== null,
    inputs: [...draft.inputs],
    parameters: { ...draft.parameters },
    revision: draft.revision,
    draft: revisions.at(0)?.text ?? "",
    text: revisions.at(-1)?.text ?? "",
    revisions: revisions.map(({ number, by, at, textSha256, chainSha256 }) => ({
      number,
      by,
      at: at.toISOString(),
      textSha256,
      chainSha256,
    })),
    settled:
      settledAt === null || settledBy === null
        ? null
        : { at: settledAt.toISOString(), by: settledBy, because: settledBecause },
    changes: draft.changes,
  } satisfies DraftView;
}
