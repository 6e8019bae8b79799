import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { Type } from "typebox";
import { signDsse } from "@tillwatch/evidence";
import type { JsonObject } from "@tillwatch/wire";
import { problem } from "../../api/problem.ts";
import type { TypedApp } from "../../api/typed.ts";
import { nodeSha256 } from "../../platform/keys/node-crypto.ts";
import { identifiersOf } from "../person/known-person-store.ts";
import {
  asActor,
  because,
  closed,
  identifiers,
  idOf,
  idParams,
  needs,
  optionalVersion,
  record,
  refusalProblem,
  type Work,
} from "../privacy-answer-http.ts";
import { answerPackage, answerPayloadType } from "./subject-answer.ts";
import { actorOf } from "../../access/authenticate-http.ts";
import { withstandingOnRecord } from "../../retention/withstood-append.ts";
import { applyRequest } from "./subject-effects-store.ts";
import type { SubjectFound } from "./subject-find-read.ts";
import {
  openRequest,
  requestsPath,
  searched,
  unknownRequest,
  viewNow,
  type SubjectHttpDeps,
} from "./subject-shared-http.ts";
import { mayAnswer } from "./subject-request.ts";
import {
  addStep,
  changeRequest,
  requestById,
  requestSubject,
  type Asked,
  type StoredRequest,
} from "./subject-request-store.ts";

const tags = ["privacy"];
// Beyond this an answer is sent in parts, by hand: a package is read by a person.
const recordsMax = 200;

/** What ends a request: an answer, a refusal, or that it was taken back. */
export function answerRoutes(app: TypedApp, deps: SubjectHttpDeps): void {
  const answer = {
    tags,
    operationId: "answerSubjectRequest",
    summary: "Does what was asked for, and seals the answer: found, done, withheld and why",
    params: idParams,
    body: Type.Object({ because, correction: Type.Optional(identifiers), version: optionalVersion }, closed),
  };
  app.post(`${requestsPath}/:id/answer`, { schema: answer, config: needs("subject_request:handle") }, (request) => {
    const subject = { kind: "subject_request", id: request.params.id };
    const actor = actorOf(request).token;
    const withstood = {
      code: "subject_on_hold",
      tried: "subject_request",
      actor,
      subject,
      atMs: deps.clock(),
    } as const;
    return withstandingOnRecord(deps, withstood, () =>
      asActor(deps, request, (at) => answered(deps, at, { raw: request.params.id, ...request.body })),
    );
  });
  const read = {
    tags,
    operationId: "readSubjectAnswer",
    summary: "The signed package of the answer (DSSE), with the audit entry that proves it",
    params: idParams,
  };
  app.get(
    `${requestsPath}/:id/answer`,
    { schema: read, config: needs("subject_request:handle") },
    async (request, reply) => {
      const id = idOf(request.params.id, unknownRequest);
      const envelope = await asActor(deps, request, async (at) => {
        const found = await requestById(at.tx, at.organisationId, id);
        if (found === null) throw unknownRequest();
        const sealed = found.answerSealed;
        const text = sealed === null ? null : await deps.vault.open(at.tx, sealed);
        if (text === null) throw problem(404, "subject_answer_unknown", "there is no answer to this request");
        await record(deps, at, {
          kind: "subject_request.answer_taken",
          subject: { kind: "subject_request", id },
          because: "handing the answer to the subject",
          body: { ref: found.ref, answer_sha256: found.answerSha256 },
        });
        return { ref: found.ref, text, sha256: found.answerSha256 ?? "", auditId: found.answerAuditId ?? "" };
      });
      return reply
        .header("cache-control", "no-store")
        .header("content-disposition", `attachment; filename="${envelope.ref}.dsse.json"`)
        .header("x-audit-entry", envelope.auditId)
        .header("repr-digest", `sha-256=:${createHash("sha256").update(envelope.text).digest("base64")}:`)
        .type("application/json")
        .send(envelope.text);
    },
  );
  closingRoute(app, deps);
}

function closingRoute(app: TypedApp, deps: SubjectHttpDeps): void {
  const close = {
    tags,
    params: idParams,
    body: Type.Object({ because, outcome: Type.Enum(["refused", "withdrawn"]), version: optionalVersion }, closed),
    operationId: "closeSubjectRequest",
    summary: "Refuses a request with its reason, or notes that it was withdrawn",
  };
  app.post(`${requestsPath}/:id/closing`, { schema: close, config: needs("subject_request:handle") }, (request) =>
    asActor(deps, request, async (at) => {
      const { outcome, version } = request.body;
      const found = await openRequest(at, request.params.id, version);
      const sealed = await deps.vault.seal(at.tx, requestSubject(found.id), request.body.because);
      const auditId = await record(deps, at, {
        kind: `subject_request.${outcome}`,
        subject: { kind: "subject_request", id: found.id },
        because: outcome === "refused" ? "refused with a reason" : "the subject took it back",
        body: { ref: found.ref, in_time: at.nowMs <= found.dueAtMs },
      });
      const end = {
        state: outcome,
        because: sealed,
        by: at.actor,
        atMs: at.nowMs,
        answer: null,
        answerSha256: null,
        auditId,
      } as const;
      await changeRequest(at.tx, { id: found.id, closed: end });
      await addStep(at.tx, { ...at, requestId: found.id, kind: outcome, says: request.body.because }, deps);
      return viewNow(at, found.id);
    }),
  );
}

type AnswerAsked = {
  readonly raw: string;
  readonly because: string;
  readonly correction?: Asked["identifiers"] | undefined;
  readonly version?: number | undefined;
};

/** The effect, the package, its seal and its proof in one transaction: none of them without the others. */
async function answered(deps: SubjectHttpDeps, at: Work, asked: AnswerAsked) {
  const request = await openRequest(at, asked.raw, asked.version);
  const may = mayAnswer(request);
  if (!may.ok) throw refusalProblem(may.error);
  const { asked: wanted, found } = await searched(deps, at, request);
  // Before anything is erased: the answer tells what there was.
  const known = (await inTurn(found.tokens, (token) => identifiersOf(at.tx, token, deps.vault))).flat();
  const ids = found.incidentIds.slice(0, recordsMax);
  const records = (await inTurn(ids, (id) => deps.plainRecord(at.tx, id))).filter((one) => one !== null);
  const effect = await applyRequest(
    at.tx,
    {
      ...at,
      request,
      found,
      identifiers: wanted.identifiers,
      correction: asked.correction ?? [],
      because: asked.because,
    },
    deps,
  );
  if (!effect.ok) throw refusalProblem(effect.error);
  const withheld = [...effect.value.withheld, ...tooMany(found.incidentIds.length)];
  const content = answerPackage({
    request,
    controller: deps.policy.controller,
    answeredAtMs: at.nowMs,
    tokens: found.tokens,
    identifiers: wanted.identifiers,
    known,
    records: request.kind === "access" ? records : [],
    counts: countsOf(found),
    textsRead: found.textsRead,
    complete: found.complete && ids.length === found.incidentIds.length,
    profiles: deps.policy.redaction,
    done: effect.value.done,
    withheld,
  });
  const sealed = await seal(deps, at, { request, content });
  const token = effect.value.token ?? found.tokens[0] ?? null;
  const end = { state: "answered", because: null, by: at.actor, atMs: at.nowMs, ...sealed } as const;
  await changeRequest(at.tx, { id: request.id, subjectToken: token, closed: end });
  await addStep(at.tx, { ...at, requestId: request.id, kind: "answered", says: asked.because }, deps);
  const shown = await viewNow(at, request.id);
  return { ...shown, done: effect.value.done, withheld };
}

async function seal(
  deps: SubjectHttpDeps,
  at: Work,
  answer: { readonly request: StoredRequest; readonly content: JsonObject },
) {
  const { request, content } = answer;
  const payload = new TextEncoder().encode(canonicalize(content) ?? "");
  const answerSha256 = createHash("sha256").update(payload).digest("hex");
  const envelope = await signDsse(nodeSha256, { payloadType: answerPayloadType, payload }, [deps.signer]);
  const auditId = await record(deps, at, {
    kind: "subject_request.answered",
    subject: { kind: "subject_request", id: request.id },
    because: `a request for ${request.kind} was answered`,
    body: { ref: request.ref, kind: request.kind, answer_sha256: answerSha256, in_time: at.nowMs <= request.dueAtMs },
  });
  return {
    answer: await deps.vault.seal(at.tx, requestSubject(request.id), JSON.stringify(envelope)),
    answerSha256,
    auditId,
  };
}

/** One after the other: they share one connection inside a transaction. */
async function inTurn<A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<B[]> {
  const done: B[] = [];
  for (const item of items) done.push(await work(item));
  return done;
}

function tooMany(incidents: number): readonly { what: string; because: string }[] {
  if (incidents <= recordsMax) return [];
  return [
    { what: `${incidents - recordsMax} further incidents`, because: "too many for one package; ask for the rest" },
  ];
}

function countsOf(found: SubjectFound): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of found.places) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
