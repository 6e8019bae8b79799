import type { FastifyReply, FastifyRequest } from "fastify";
import type { Static } from "typebox";
import { actorOf } from "../access/authenticate-http.ts";
import { unreachable } from "@tillwatch/wire";
import { problem, type HttpProblem } from "../api/problem.ts";
import type { TypedApp } from "../api/typed.ts";
import type { Command, EditedFields } from "./incident-command.ts";
import { command, digestOf, report, type DeskRefusal } from "./incident-desk-store.ts";
import { incidentIdOf, publish, unknownIncident, type IncidentHttpDeps } from "./incident-answer-http.ts";
import {
  editBody,
  idParams,
  ifMatch,
  noteBody,
  overrideBody,
  reportBody,
  reported,
  reportHeaders,
  summaryShape,
  transitionBody,
  verdictBody,
} from "./incident-schema.ts";
import { toSummary } from "./incident-summary.ts";
import { checkEdit, checkReport } from "./report-check-http.ts";

const tags = ["incidents"];

/** What persons do: report, note, verdict, override, transition, correct. */
export function commandRoutes(app: TypedApp, deps: IncidentHttpDeps): void {
  reportRoute(app, deps);
  const answers = { tags, params: idParams, headers: ifMatch, response: { 200: summaryShape } };
  const note = { ...answers, operationId: "addNote", summary: "Writes a note", body: noteBody };
  app.post("/api/v1/incidents/:id/notes", { schema: note }, (request, reply) => {
    const { text, covers, version } = request.body;
    const asked: Command = { kind: "note", text: text.trim(), covers: covers ?? null };
    return run(deps, { request, reply, id: request.params.id, command: asked, version });
  });
  const verdict = { ...answers, operationId: "giveVerdict", summary: "True, false or unsure", body: verdictBody };
  app.post("/api/v1/incidents/:id/verdict", { schema: verdict }, (request, reply) => {
    const { because, version } = request.body;
    const asked: Command = { kind: "verdict", verdict: request.body.verdict, because: because?.trim() || null };
    return run(deps, { request, reply, id: request.params.id, command: asked, version });
  });
  const override = {
    ...answers,
    operationId: "overrideSeverity",
    summary: "A person's severity beside the machine's",
    body: overrideBody,
  };
  app.post("/api/v1/incidents/:id/override", { schema: override }, (request, reply) => {
    const { severity, because, version } = request.body;
    const asked: Command = { kind: "override", severity, because: because.trim() };
    return run(deps, { request, reply, id: request.params.id, command: asked, version });
  });
  const transition = {
    ...answers,
    operationId: "moveIncident",
    summary: "Moves to another state",
    body: transitionBody,
  };
  app.post("/api/v1/incidents/:id/transitions", { schema: transition }, (request, reply) => {
    const { to, because, version } = request.body;
    const asked: Command = { kind: "transition", to, because: because?.trim() ?? "" };
    return run(deps, { request, reply, id: request.params.id, command: asked, version });
  });
  const edit = {
    ...answers,
    operationId: "correctIncident",
    summary: "Corrects fields; the history keeps each",
    body: editBody,
  };
  app.patch("/api/v1/incidents/:id", { schema: edit }, async (request, reply) => {
    const { version, because, ...given } = request.body;
    const fields: EditedFields = await checkEdit(deps, incidentIdOf(request.params.id), given);
    const asked: Command = { kind: "edit", fields, because: because?.trim() || null };
    return run(deps, { request, reply, id: request.params.id, command: asked, version });
  });
}

function reportRoute(app: TypedApp, deps: IncidentHttpDeps): void {
  const schema = {
    tags,
    operationId: "reportIncident",
    summary: "A staff report: opens an incident",
    headers: reportHeaders,
    body: reportBody,
    response: { 201: reported },
  };
  app.post("/api/v1/incidents", { schema }, async (request, reply) => {
    const nowMs = deps.clock();
    const checked = checkReport(deps.needs(), request.body, { nowMs, reporter: actorOf(request).token });
    const key = request.headers["idempotency-key"];
    const idempotency = key === undefined ? null : { key, requestSha256: digestOf(canonicalReport(request.body)) };
    const done = await deps.db.transaction().execute(async (tx) => {
      const outcome = await report(tx, deps, { report: checked, nowMs, idempotency });
      if (outcome.ok && outcome.value.changes.length > 0) await deps.onChanges(tx, outcome.value.changes);
      return outcome;
    });
    if (!done.ok) {
      throw problem(422, done.error.code, "this Idempotency-Key was used for another report", {
        remedy: "Send a new key with a new report.",
      });
    }
    const { id, ref, version, repeated, changes } = done.value;
    publish(deps, changes);
    if (repeated) reply.header("idempotency-replayed", "true");
    return reply.code(201).header("location", `/api/v1/incidents/${id}`).send({ id, ref, version });
  });
}

// Members in one order: the same report written differently is the same report.
function canonicalReport(body: Static<typeof reportBody>): string {
  return JSON.stringify(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Run = {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly id: string;
  readonly command: Command;
  readonly version: number | undefined;
};

async function run(deps: IncidentHttpDeps, { request, reply, ...asked }: Run) {
  const id = incidentIdOf(asked.id);
  const matched = versionOf(request.headers["if-match"]);
  const done = await deps.db.transaction().execute(async (tx) => {
    const outcome = await command(tx, deps, {
      id,
      command: asked.command,
      actor: actorOf(request).token,
      nowMs: deps.clock(),
      version: matched ?? asked.version ?? null,
    });
    if (outcome.ok && outcome.value.changes.length > 0) await deps.onChanges(tx, outcome.value.changes);
    return outcome;
  });
  if (!done.ok) throw refusalOf(done.error, matched === null ? 409 : 412);
  publish(deps, done.value.changes);
  const summary = toSummary(done.value.row, deps.needs());
  return reply.header("etag", `"${summary.version}"`).send(summary);
}

/** `If-Match: "7"` (RFC 9110 section 13.1.1); null: absent or `*`. A tag that is none of ours matches nothing. */
function versionOf(header: string | undefined): number | null {
  if (header === undefined || header.trim() === "*") return null;
  return Number(/^"(\d{1,15})"$/.exec(header.trim())?.[1] ?? -1);
}

function refusalOf(refusal: DeskRefusal, changedStatus: 409 | 412): HttpProblem {
  switch (refusal.code) {
    case "incident_unknown":
      return unknownIncident();
    case "incident_version_changed":
      return problem(changedStatus, refusal.code, `it was changed meanwhile: its version is ${refusal.version}`, {
        remedy: "Read it again, look at what changed, and repeat with its version.",
      });
    case "incident_transition_illegal":
      return problem(
        409,
        refusal.code,
        `this is not possible from its state; possible: ${refusal.allowed.join(", ")}`,
        {
          pointer: "/to",
          remedy: `Choose one of: ${refusal.allowed.join(", ")}.`,
        },
      );
    case "incident_reason_missing":
      return problem(422, refusal.code, "this step needs a reason", {
        pointer: "/because",
        remedy: "Say why in `because`.",
      });
    case "incident_close_reason_unknown":
      return problem(422, refusal.code, "closing needs one of the known reasons as the first word of `because`", {
        pointer: "/because",
        remedy: `Begin with one of: ${refusal.known.join(", ")}; more may follow after a colon.`,
      });
    case "incident_nothing_changed":
      return problem(422, refusal.code, "every field given has this value already");
    default:
      return unreachable(refusal);
  }
}
