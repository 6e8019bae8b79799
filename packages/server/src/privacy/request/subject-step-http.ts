import { Type } from "typebox";
import type { TypedApp } from "../../api/typed.ts";
import { marksOf } from "../person/person-mark-store.ts";
import {
  asActor,
  because,
  closed,
  idParams,
  needs,
  optionalVersion,
  record,
  refusalProblem,
} from "../privacy-answer-http.ts";
import { openRequest, requestsPath, searched, viewNow, type SubjectHttpDeps } from "./subject-shared-http.ts";
import { extension } from "./subject-request.ts";
import { addStep, changeRequest, requestSubject } from "./subject-request-store.ts";

const tags = ["privacy"];

/** What is done on the way to an answer. */
export function stepRoutes(app: TypedApp, deps: SubjectHttpDeps): void {
  const identity = {
    tags,
    operationId: "checkSubjectIdentity",
    summary: "Records how it was checked that the subject is who they say",
    params: idParams,
    body: Type.Object(
      {
        outcome: Type.Enum(["confirmed", "failed"]),
        how: Type.String({ minLength: 5, maxLength: 500 }),
        version: optionalVersion,
      },
      { ...closed, description: "`how` names the means, never a number of a document" },
    ),
  };
  app.post(`${requestsPath}/:id/identity`, { schema: identity, config: needs("subject_request:handle") }, (request) =>
    asActor(deps, request, async (at) => {
      const { outcome, how, version } = request.body;
      const { id, ref } = await openRequest(at, request.params.id, version);
      await changeRequest(at.tx, { id, identity: { outcome, how, by: at.actor, atMs: at.nowMs } });
      await addStep(at.tx, { ...at, requestId: id, kind: "identity", says: `identity ${outcome}: ${how}` }, deps);
      await record(deps, at, {
        kind: "subject_request.identity_checked",
        subject: { kind: "subject_request", id },
        because: `identity ${outcome}`,
        body: { ref, outcome },
      });
      return viewNow(at, id);
    }),
  );
  extensionRoute(app, deps);
  searchRoute(app, deps);
}

function extensionRoute(app: TypedApp, deps: SubjectHttpDeps): void {
  const extend = {
    tags,
    operationId: "extendSubjectRequest",
    summary: "Extends the time once, with a reason, before it is over",
    params: idParams,
    body: Type.Object({ because, version: optionalVersion }, closed),
  };
  app.post(`${requestsPath}/:id/extension`, { schema: extend, config: needs("subject_request:handle") }, (request) =>
    asActor(deps, request, async (at) => {
      const found = await openRequest(at, request.params.id, request.body.version);
      const due = extension(found, at.nowMs);
      if (!due.ok) throw refusalProblem(due.error);
      const sealed = await deps.vault.seal(at.tx, requestSubject(found.id), request.body.because);
      await changeRequest(at.tx, { id: found.id, dueAtMs: due.value, extendedAtMs: at.nowMs, extendedBecause: sealed });
      const says = `extended to ${new Date(due.value).toISOString().slice(0, 10)}: ${request.body.because}`;
      await addStep(at.tx, { ...at, requestId: found.id, kind: "extension", says }, deps);
      await record(deps, at, {
        kind: "subject_request.extended",
        subject: { kind: "subject_request", id: found.id },
        because: "the time was extended with a reason",
        body: { ref: found.ref, due_at: new Date(due.value).toISOString() },
      });
      return viewNow(at, found.id);
    }),
  );
}

function searchRoute(app: TypedApp, deps: SubjectHttpDeps): void {
  const search = {
    tags,
    operationId: "searchSubject",
    summary: "Finds everything about the subject; on the record",
    params: idParams,
  };
  app.post(`${requestsPath}/:id/search`, { schema: search, config: needs("subject_request:handle") }, (request) =>
    asActor(deps, request, async (at) => {
      const found = await openRequest(at, request.params.id, undefined);
      const result = await searched(deps, at, found);
      await addStep(
        at.tx,
        { ...at, requestId: found.id, kind: "search", says: `${result.found.places.length} places found` },
        deps,
      );
      await record(deps, at, {
        kind: "subject_request.searched",
        subject: { kind: "subject_request", id: found.id },
        because: "finding what is kept about a subject",
        body: { ref: found.ref, places: result.found.places.length, texts_read: result.found.textsRead },
      });
      const { tokens, places, textsRead, complete } = result.found;
      return { tokens, places, textsRead, complete, marks: await marksOf(at.tx, tokens) };
    }),
  );
}
