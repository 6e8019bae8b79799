import type { Static } from "typebox";
import { canonicalBytes, signDsse } from "@tillwatch/evidence";
import { callersDb } from "../access/callers-db.ts";
import { problem } from "../api/problem.ts";
import type { TypedApp } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import type { Tx } from "../schema.ts";
import { inCase, ofCase, over, path, placeOf, tags, viewOf, type By, type RetentionDeps } from "./case-http.ts";
import {
  disposalsOf,
  endedCase,
  listDisposal,
  lockDisposal,
  markConfirmed,
  markKept,
  markRequested,
  type Disposal,
} from "./disposal-store.ts";
import { dueOf, exhibitDueAtMs, type KeepDays } from "./retention.ts";
import {
  caseParams,
  certificateShape,
  disposalParams,
  disposalShape,
  keepBody,
  madeShape,
  requestBody,
} from "./retention-schema.ts";

const one = `${path}/disposals/:disposalId`;
export const certificatePayloadType = "application/vnd.tillwatch.disposal-certificate+json";
const dayMs = 86_400_000;
const keepDaysMax = 3 * 366;

/** The end of a case's content: asked for by one person, confirmed by another or kept on, certified. */
export function disposalRoutes(app: TypedApp, deps: RetentionDeps): void {
  requestRoute(app, deps);
  decideRoutes(app, deps);
  certificateRoute(app, deps);
}

function requestRoute(app: TypedApp, deps: RetentionDeps): void {
  const ask = {
    tags,
    operationId: "requestDisposal",
    summary: "Asks that content whose time is over be destroyed; another person confirms",
    params: caseParams,
    body: requestBody,
    response: { 201: madeShape },
  };
  app.post(`${path}/disposals`, { schema: ask, config: ofCase("disposal:decide") }, async (request, reply) => {
    // Before the transaction: on an embedded database a question beside it would wait for its end.
    const keep = (await deps.keepOf())(placeOf(request).siteId);
    if (request.body.kind === "exhibit") await demandExhibit(deps, placeOf(request).incidentId, request.body.exhibitId);
    const id = await inCase(deps, request, (tx, by) => requestOne(deps, tx, { ...by, ...request.body, keep }));
    return reply.code(201).send({ id });
  });
}

type Asked = By & Static<typeof requestBody> & { readonly keep: KeepDays };

async function requestOne(deps: RetentionDeps, tx: Tx, asked: Asked): Promise<string> {
  const { incidentId, kind, actor, nowMs, keep } = asked;
  const exhibitId = kind === "exhibit" ? (asked.exhibitId ?? null) : null;
  const row = await endedCase(tx, incidentId);
  if (row === null) throw problem(404, "incident_unknown", "there is no incident with this id");
  if (row.held) throw heldProblem();
  const all = await disposalsOf(tx, incidentId);
  refuseGone(all);
  const known = all.filter((found) => found.kind === kind && found.exhibitId === exhibitId);
  let id = known.find(({ state }) => state === "due")?.id ?? null;
  if (known.some(({ state }) => state === "requested" || state === "confirmed" || state === "done")) {
    throw problem(409, "disposal_under_way", "this was asked for before, or is done");
  }
  const kept = known.find(({ state, keptUntil }) => state === "kept" && (keptUntil?.getTime() ?? 0) > nowMs);
  if (kept?.keptUntil != null) throw keptOn(kept.keptUntil);
  const ended = { endedAtMs: row.endedAt.getTime(), everIncident: row.everIncident };
  const due = dueOf(ended, keep).find((each) => each.kind === kind);
  const dueAtMs = kind === "exhibit" ? exhibitDueAtMs(ended, keep) : due?.dueAtMs;
  if (!over.has(row.state) || dueAtMs === undefined || dueAtMs > nowMs) throw tooEarly(row.state, dueAtMs);
  if (id === null) {
    const basis = {
      days: due?.days ?? null,
      endedAt: row.endedAt.toISOString(),
      dueAt: new Date(dueAtMs).toISOString(),
      policy: deps.policyVersion,
    };
    const { organisationId, siteId } = row;
    id = await listDisposal(tx, {
      id: deps.chance.uuid(),
      organisationId,
      siteId,
      incidentId,
      exhibitId,
      kind,
      basis,
      nowMs,
    });
  }
  if (id === null) throw problem(409, "disposal_under_way", "this was asked for at the same moment");
  const because = await deps.fields.seal(tx, `disposal:${id}`, asked.because.trim());
  await markRequested(tx, id, { actor, nowMs, because });
  await note(deps, tx, {
    kind: "disposal.requested",
    id,
    actor,
    nowMs,
    because,
    body: { incidentId, kind, exhibitId },
  });
  return id;
}

/** With the whole case everything of it is gone, or about to be: nobody decides on a part any more. */
function refuseGone(all: readonly Disposal[]): void {
  const whole = all.find(({ kind }) => kind === "case" || kind === "watch_item");
  if (whole === undefined || (whole.state !== "confirmed" && whole.state !== "done")) return;
  throw problem(409, "disposal_under_way", "the whole case is destroyed, and this with it", {
    remedy: "GET /api/v1/disposals?state=done lists its certificate.",
  });
}

async function demandExhibit(deps: RetentionDeps, incidentId: string, exhibitId: string | undefined): Promise<void> {
  const facts = exhibitId === undefined ? null : ((await deps.access.finders.exhibit?.(exhibitId)) ?? null);
  if (facts === null || !("incidentId" in facts) || facts.incidentId !== incidentId) {
    throw problem(422, "exhibit_unknown", "there is no such exhibit in this case", { pointer: "/exhibitId" });
  }
}

function tooEarly(state: string, dueAtMs: number | undefined) {
  const when =
    !over.has(state) || dueAtMs === undefined
      ? "the case is not over"
      : `it is due on ${new Date(dueAtMs).toISOString()}`;
  return problem(409, "disposal_too_early", `what is kept may be destroyed when its time is over: ${when}`, {
    remedy: "Close the case, or wait. The site's privacy settings say how long what is kept.",
  });
}

// Somebody decided that it stays: that falls by another decision that is as much on the record, not by asking once more.
function keptOn(until: Date) {
  return problem(409, "disposal_too_early", `it is kept on until ${until.toISOString()}`, {
    remedy: "Wait, or have it kept until an earlier day, with the reason.",
  });
}

function heldProblem() {
  return problem(409, "disposal_on_hold", "a legal hold stands against it: nothing of this case is destroyed", {
    remedy: "Whoever set the hold ends it when the matter is over; then ask again.",
  });
}

function decideRoutes(app: TypedApp, deps: RetentionDeps): void {
  const confirm = {
    tags,
    operationId: "confirmDisposal",
    summary: "Confirms what another person asked for: the content is destroyed, for ever",
    params: disposalParams,
    response: { 202: disposalShape },
  };
  app.post(`${one}/confirm`, { schema: confirm, config: ofCase("disposal:decide") }, async (request, reply) => {
    const { disposalId: id } = request.params;
    const done = await inCase(deps, request, async (tx, { actor, nowMs, incidentId }) => {
      const found = await demand(tx, { id, incidentId });
      if (found.held) throw heldProblem();
      if (found.state === "requested") refuseGone(await disposalsOf(tx, incidentId));
      if (found.state !== "requested") {
        throw problem(
          409,
          "disposal_not_requested",
          `it is ${found.state}: nobody asked for it yet, or it was decided`,
        );
      }
      if (found.requestedBy === actor) {
        throw problem(409, "disposal_same_person", "whoever asked for it does not confirm it: another person does");
      }
      await markConfirmed(tx, id, { actor, nowMs });
      const because = "another person confirmed it";
      await note(deps, tx, {
        kind: "disposal.confirmed",
        id,
        actor,
        nowMs,
        because,
        body: { incidentId, kind: found.kind },
      });
      return demand(tx, { id, incidentId });
    });
    deps.keeper.wake();
    return reply.code(202).send(viewOf(done));
  });
  const keep = {
    tags,
    operationId: "keepOn",
    summary: "Keeps content on until a day, although its time is over",
    params: disposalParams,
    body: keepBody,
    response: { 200: disposalShape },
  };
  app.post(`${one}/keep`, { schema: keep, config: ofCase("disposal:decide") }, async (request) => {
    const { disposalId: id } = request.params;
    const untilMs = Date.parse(request.body.until);
    return inCase(deps, request, async (tx, { actor, nowMs, incidentId }) => {
      if (!(untilMs > nowMs && untilMs <= nowMs + keepDaysMax * dayMs)) {
        throw problem(422, "disposal_keep_outside", "it is kept on for three years at most from now", {
          pointer: "/until",
        });
      }
      const found = await demand(tx, { id, incidentId });
      if (found.state !== "due" && found.state !== "requested" && found.state !== "kept") {
        throw problem(409, "disposal_not_requested", `it is ${found.state}: it cannot be kept on any more`);
      }
      const because = await deps.fields.seal(tx, `disposal:${id}`, request.body.because.trim());
      await markKept(tx, id, { actor, nowMs, because, untilMs });
      const body = { incidentId, kind: found.kind, until: new Date(untilMs).toISOString() };
      await note(deps, tx, { kind: "disposal.kept", id, actor, nowMs, because, body });
      return viewOf(await demand(tx, { id, incidentId }));
    });
  });
}

async function demand(tx: Tx, at: { readonly id: string; readonly incidentId: string }): Promise<Disposal> {
  const found = await lockDisposal(tx, at);
  if (found === null) throw problem(404, "disposal_unknown", "there is no such disposal of this case");
  return found;
}

function certificateRoute(app: TypedApp, deps: RetentionDeps): void {
  const read = {
    tags,
    operationId: "readDisposalCertificate",
    summary: "The signed certificate of a destruction (DSSE), with the entry of the record that it stands on",
    params: disposalParams,
    response: { 200: certificateShape },
  };
  app.get(`${one}/certificate`, { schema: read, config: ofCase("retention:read") }, async (request, reply) => {
    const { incidentId } = placeOf(request);
    const found = (await disposalsOf(callersDb(deps.db, request), incidentId)).find(
      ({ id }) => id === request.params.disposalId,
    );
    if (found === undefined) throw problem(404, "disposal_unknown", "there is no such disposal of this case");
    if (found.doneAt === null || found.destroyedAt === null) {
      throw problem(409, "disposal_not_done", `it is ${found.state}: there is a certificate when all of it is gone`);
    }
    const certificate = {
      type: "https://tillwatch.org/formats/disposal-certificate/v1",
      disposalId: found.id,
      incident: { id: found.incidentId, ref: found.ref },
      kind: found.kind,
      exhibitId: found.exhibitId,
      basis: found.basis,
      requestedBy: found.requestedBy,
      confirmedBy: found.confirmedBy,
      destroyedAt: found.destroyedAt.toISOString(),
      doneAt: found.doneAt.toISOString(),
      destroyed: found.counts ?? {},
      stays:
        "digests, custody, statistics and the record; copies in packets that were released before are with their recipients",
      auditEntryId: found.certificateAuditId,
    };
    const payload = canonicalBytes(certificate);
    const envelope = await signDsse(nodeSha256, { payloadType: certificatePayloadType, payload }, [deps.signer]);
    return reply.header("cache-control", "no-store").send({ certificate, envelope });
  });
}

type Note = {
  readonly kind: string;
  readonly id: string;
  readonly actor: string;
  readonly nowMs: number;
  readonly because: string;
  readonly body: Parameters<typeof appendAudit>[1][number]["body"];
};

async function note(deps: RetentionDeps, tx: Tx, { kind, id, actor, nowMs, because, body }: Note): Promise<void> {
  const subject = { kind: "disposal", id };
  await appendAudit(tx, [{ kind, actor, subject, because, atMs: nowMs, body }], deps.chance);
}
