import type { FastifyReply, FastifyRequest } from "fastify";
import type { Static } from "typebox";
import type { ActionName } from "../access/actions.ts";
import { callersDb, inScope } from "../access/callers-db.ts";
import { demandAlso } from "../access/ask-http.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { idInBody, idInPath } from "../access/route-access.ts";
import { unreachable } from "@tillwatch/wire";
import { problem, type HttpProblem } from "../api/problem.ts";
import type { TypedApp } from "../api/typed.ts";
import type { Command, EditedFields } from "./incident-command.ts";
import { command, report, type DeskRefusal } from "./incident-desk-store.ts";
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
import type { CheckedText } from "../privacy/text/people-texts-http.ts";
import { checkEdit, checkReport } from "./report-check-http.ts";

const tags = ["incidents"];
const on = (action: ActionName) => ({ access: { action, on: "incident", id: idInPath() } }) as const;
// A contributor moves work along; whoever ends it decides.
const closing: ReadonlySet<string> = new Set(["closed"]);
const reports = { access: { action: "incident:report", on: "site", id: idInBody("siteId"), at: "body" } } as const;

/** What persons do: report, note, verdict, override, transition, correct. */
export function commandRoutes(app: TypedApp, deps: IncidentHttpDeps): void {
  reportRoute(app, deps);
  const answers = { tags, params: idParams, headers: ifMatch, response: { 200: summaryShape } };
  const note = { ...answers, operationId: "addNote", summary: "Writes a note", body: noteBody };
  app.post("/api/v1/incidents/:id/notes", { schema: note, config: on("incident:note") }, (request, reply) => {
    const { text, covers, keptBecause, version } = request.body;
    const checked = deps.texts.checkText(text, { pointer: "/text", keptBecause });
    const asked: Command = { kind: "note", text: text.trim(), covers: covers ?? null };
    return run(deps, {
      request,
      reply,
      id: request.params.id,
      command: asked,
      version,
      written: { place: "note", checked },
    });
  });
  const verdict = { ...answers, operationId: "giveVerdict", summary: "True, false or unsure", body: verdictBody };
  app.post("/api/v1/incidents/:id/verdict", { schema: verdict, config: on("incident:verdict") }, (request, reply) => {
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
  app.post(
    "/api/v1/incidents/:id/override",
    { schema: override, config: on("incident:override") },
    (request, reply) => {
      const { severity, because, version } = request.body;
      const asked: Command = { kind: "override", severity, because: because.trim() };
      return run(deps, { request, reply, id: request.params.id, command: asked, version });
    },
  );
  const transition = {
    ...answers,
    operationId: "moveIncident",
    summary: "Moves to another state",
    body: transitionBody,
  };
  app.post(
    "/api/v1/incidents/:id/transitions",
    { schema: transition, config: on("incident:move") },
    (request, reply) => {
      const { to, because, version } = request.body;
      if (closing.has(to)) demandAlso(request, "incident:close");
      const asked: Command = { kind: "transition", to, because: because?.trim() ?? "" };
      return run(deps, { request, reply, id: request.params.id, command: asked, version });
    },
  );
  const edit = {
    ...answers,
    operationId: "correctIncident",
    summary: "Corrects fields; the history keeps each",
    body: editBody,
  };
  app.patch("/api/v1/incidents/:id", { schema: edit, config: on("incident:edit") }, async (request, reply) => {
    const { version, because, keptBecause, ...given } = request.body;
    const { summary } = given;
    const checked = summary === undefined ? null : deps.texts.checkText(summary, { pointer: "/summary", keptBecause });
    const fields: EditedFields = await checkEdit(inScope(deps, request), incidentIdOf(request.params.id), given);
    const asked: Command = { kind: "edit", fields, because: because?.trim() || null };
    const written = checked === null ? null : ({ place: "summary", checked } as const);
    return run(deps, { request, reply, id: request.params.id, command: asked, version, written });
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
  app.post("/api/v1/incidents", { schema, config: reports }, async (request, reply) => {
    const nowMs = deps.clock();
    const checked = checkReport(deps.needs(), request.body, { nowMs, reporter: actorOf(request).token });
    const { description, keptBecause } = request.body;
    const text = deps.texts.checkText(checked.summary, { pointer: "/summary", keptBecause });
    deps.texts.checkDescription(description, "/description");
    const { aboutColleagues = [], aboutColleague = false } = request.body;
    const subjects = (await deps.colleagues?.picked(actorOf(request).organisationId, aboutColleagues)) ?? [];
    const key = request.headers["idempotency-key"];
    const idempotency = key === undefined ? null : { key, request: canonicalReport(request.body) };
    const done = await callersDb(deps.db, request)
      .transaction()
      .execute(async (tx) => {
        const outcome = await report(tx, deps, { report: checked, nowMs, idempotency });
        // First of all: nobody is told of it who must not be.
        if (outcome.ok && !outcome.value.repeated && (aboutColleague || subjects.length > 0)) {
          const routed = { incidentId: outcome.value.id, siteId: checked.siteId, subjects };
          await deps.colleagues?.route(tx, { request, ...routed });
        }
        if (outcome.ok && outcome.value.changes.length > 0) await deps.onChanges(tx, outcome.value.changes);
        if (outcome.ok && !outcome.value.repeated) {
          const written = { incidentId: outcome.value.id, nowMs, actor: checked.reporter };
          await deps.texts.keepDescription(tx, { ...written, description });
          await deps.texts.keepText(tx, { ...written, place: "summary", checked: text });
        }
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
  readonly written?: { readonly place: "summary" | "note"; readonly checked: CheckedText } | null;
};

async function run(deps: IncidentHttpDeps, { request, reply, ...asked }: Run) {
  const id = incidentIdOf(asked.id);
  const matched = versionOf(request.headers["if-match"]);
  const done = await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx) => {
      const outcome = await command(tx, deps, {
        id,
        command: asked.command,
        actor: actorOf(request).token,
        nowMs: deps.clock(),
        version: matched ?? asked.version ?? null,
      });
      if (outcome.ok && outcome.value.changes.length > 0) await deps.onChanges(tx, outcome.value.changes);
      const { written } = asked;
      if (outcome.ok && written !== undefined && written !== null) {
        const by = { incidentId: id, nowMs: deps.clock(), actor: actorOf(request).token };
        await deps.texts.keepText(tx, { ...written, ...by });
      }
      return outcome;
    });
  if (!done.ok) throw refusalOf(done.error, matched === null ? 409 : 412);
  publish(deps, done.value.changes);
  const summary = toSummary(done.value.row, deps.needs());
  return reply.header("etag", `"${summary.version}"`).send(summary);
}

/** `If-Match: "7"` (RFC 9110 section 13.1.1); null: absent or `*`. A tag that is none of ours matches nothing. */
export function versionOf(header: string | undefined): number | null {
  if (header === undefined || header.trim() === "*") return null;
  return Number(/^"(\d{1,15})"$/.exec(header.trim())?.[1] ?? -1);
}

/** What a command refuses, as people get it. `changedStatus`: 412 where the version came by If-Match. */
export function refusalOf(refusal: DeskRefusal, changedStatus: 409 | 412): HttpProblem {
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
