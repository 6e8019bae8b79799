import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { parsePacketId, type IncidentId, type PacketId } from "@tillwatch/wire";
import { askedOf, demandAlso } from "../access/ask-http.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { openedBecause } from "../access/opened-because-http.ts";
import { idInPath } from "../access/route-access.ts";
import { inScope, sharedOnly } from "../access/callers-db.ts";
import { askerOf, type Principal } from "../access/principal.ts";
import { problem } from "../api/problem.ts";
import { minorVerdict, type MinorFlag, type Minors } from "../minors.ts";
import { appendAudit } from "../audit/audit-append.ts";
import { parseRange, type ByteSpan } from "../platform/http-range.ts";
import type { Jobs } from "../platform/jobs.ts";
import type { Db, Schema, Tx } from "../schema.ts";
import { incidentSubject } from "../subjects.ts";
import { sendPacket } from "./packet-bytes-http.ts";
import { enqueueBuild, type PacketJobDeps } from "./packet-jobs.ts";
import { downloadedLately, packetById, type PacketRow } from "./packet-read.ts";
import { insertPacket, reopenPacket } from "./packet-store.ts";

export type PacketRouteDeps = PacketJobDeps & {
  /**
   * Records that a partner's people take a packet; answers by which releases. None: it was not released to them, and nothing leaves. In the
   * transaction of the download's entry.
   */
  readonly takenByPartner: (
    tx: Tx,
    of: { readonly packetId: string; readonly partnerId: string; readonly actor: string; readonly atMs: number },
  ) => Promise<readonly string[]>;
  readonly jobs: Jobs<Schema>;
  /** The human reference of an incident, null where there is none. */
  readonly incidentRefOf: (db: Db, id: string) => Promise<string | null>;
  /** Exhibits of the case whose originals nobody approved for this person and purpose. */
  readonly stillSealed: (
    db: Db,
    asked: { readonly incidentId: string; readonly by: string; readonly purpose: string | null },
  ) => Promise<readonly string[]>;
  /** Who said that a minor is in the case or in one of its exhibits. */
  readonly minorsOf: (
    db: Db,
    incidentId: string,
  ) => Promise<{ readonly ofCase: Minors["ofCase"]; readonly ofExhibits: ReadonlyMap<string, MinorFlag> }>;
  /** Legal grounds on which what a minor is in may leave. */
  readonly minorGrounds: readonly string[];
};

const tags = ["packets"];
const params = Type.Object({ id: Type.String({ maxLength: 64 }) });
const because = Type.Optional(Type.String({ maxLength: 1000, description: "why; it goes into the record" }));
const requestBody = Type.Object(
  {
    includeMedia: Type.Optional(Type.Boolean({ description: "false: pointers in place of the media" })),
    originals: Type.Optional(
      Type.Boolean({ description: "true: originals in place of copies, each under two keys that you hold now" }),
    ),
    minorGround: Type.Optional(
      Type.String({
        pattern: "^[a-z][a-z0-9_]{0,63}$",
        description:
          "the legal ground on which what a minor is in goes into it too; without, a pointer stands in its place",
      }),
    ),
    because,
  },
  { additionalProperties: false },
);

type ById = { Params: { id: string } };
type Asked = Static<typeof requestBody>;

/** Ask for a packet, follow its building, take it. */
export function packetRoutes(deps: PacketRouteDeps): FastifyPluginAsync {
  return async (app) => {
    const ask = {
      tags,
      operationId: "requestPacket",
      summary: "Starts building a sealed packet",
      params,
      body: requestBody,
    };
    app.post<ById & { Body: Asked }>(
      "/api/v1/incidents/:id/packets",
      {
        schema: ask,
        preValidation: emptyBody,
        config: { access: { action: "packet:build", on: "incident", id: idInPath() } },
      },
      (request, reply) => requestPacket(inScope(deps, request), request, reply),
    );
    const take = {
      tags,
      operationId: "readPacket",
      summary: "202 while it is built, then the zip; the download is on the record",
      params,
      querystring: Type.Object({ because }),
    };
    app.get<ById & { Querystring: { because?: string } }>(
      "/api/v1/packets/:id",
      {
        schema: take,
        exposeHeadRoute: false,
        config: { access: { action: "packet:open", on: "packet", id: idInPath() } },
      },
      (request, reply) => takePacket(inScope(deps, request), request, reply),
    );
    const again = { tags, operationId: "retryPacket", summary: "Builds a failed packet again", params };
    app.post<ById>(
      "/api/v1/packets/:id/retry",
      { schema: again, config: { access: { action: "packet:build", on: "packet", id: idInPath() } } },
      (request, reply) => retryPacket(inScope(deps, request), request, reply),
    );
  };
}

/** Nothing said is nothing special wanted: a request without a body is `{}`. */
async function emptyBody(request: FastifyRequest): Promise<void> {
  request.body ??= {};
}

async function requestPacket(
  deps: PacketRouteDeps,
  request: FastifyRequest<ById & { Body: Asked }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const incidentId = request.params.id;
  const incidentRef = await deps.incidentRefOf(deps.db, incidentId);
  if (incidentRef === null) throw problem(404, "incident_unknown", "there is no incident with this id");
  const actor = actorOf(request);
  const id = deps.chance.uuid();
  const includeMedia = request.body.includeMedia ?? true;
  const originals = includeMedia && (request.body.originals ?? false);
  const { purpose } = askedOf(request).circumstances;
  if (originals) await demandOriginals(deps, { incidentId, by: actor.token, purpose });
  const minorGround = await minorGroundOf(deps, request);
  const said = clean(request.body.because);
  const requestedAtMs = deps.clock();
  await deps.db.transaction().execute(async (tx) => {
    const why = said === undefined ? "a packet was asked for" : await sealReason(deps, tx, { incidentId, said });
    const authority = `role:${actor.kind}`;
    const { token: requestedBy, keyId: requestedWith } = askerOf(actor);
    await insertPacket(tx, {
      id,
      incidentId,
      incidentRef,
      includeMedia,
      originals,
      purpose,
      minorGround,
      because: why,
      authority,
      requestedAtMs,
      requestedBy,
      requestedWith,
    });
    const record = {
      kind: "packet.requested",
      actor: actor.token,
      subject: { kind: "packet", id },
      because: why,
      atMs: requestedAtMs,
      body: { incidentId, incidentRef, includeMedia, originals, purpose, minorGround, authority },
    };
    await appendAudit(tx, [record], deps.chance);
    await enqueueBuild(deps.jobs, tx, id);
  });
  deps.packetChanged({ id: id as PacketId, incidentId: incidentId as IncidentId, state: "building" });
  return reply.code(202).header("location", `/api/v1/packets/${id}`).send({ id });
}

async function demandOriginals(
  deps: PacketRouteDeps,
  asked: { readonly incidentId: string; readonly by: string; readonly purpose: string | null },
): Promise<void> {
  const sealed = await deps.stillSealed(deps.db, asked);
  if (sealed.length === 0) return;
  throw problem(403, "two_keys_needed", `${sealed.length} originals are sealed: another person has to approve each`, {
    pointer: "/originals",
    remedy: `Ask for each with POST /api/v1/exhibits/{id}/original-requests: ${sealed.slice(0, 10).join(", ")}. Copies need none.`,
  });
}

/** The ground under which what a minor is in goes in; null: nobody asked for that. Throws where the rule of minors refuses it (J11). */
async function minorGroundOf(
  deps: PacketRouteDeps,
  request: FastifyRequest<ById & { Body: Asked }>,
): Promise<string | null> {
  const ground = request.body.minorGround;
  if (ground === undefined) return null;
  demandAlso(request, "exhibit:release_minor");
  if (!deps.minorGrounds.includes(ground)) throw minorRefusal(false, deps.minorGrounds);
  const lift = { ground, by: actorOf(request).token, mayLift: true };
  const { ofCase, ofExhibits } = await deps.minorsOf(deps.db, request.params.id);
  for (const ofExhibit of [null, ...ofExhibits.values()]) {
    const verdict = minorVerdict({ ofCase, ofExhibit }, lift, deps.minorGrounds);
    if (verdict.kind === "withheld") throw minorRefusal(true, deps.minorGrounds);
  }
  return ground;
}

function minorRefusal(samePerson: boolean, grounds: readonly string[]) {
  if (samePerson) {
    return problem(403, "two_persons_needed", "whoever said that a minor is in it does not let it out", {
      remedy: "Another person of those who may asks for the packet.",
    });
  }
  return problem(422, "minor_ground_unknown", "this is no ground on which what a minor is in may go out", {
    pointer: "/minorGround",
    remedy: `Grounds: ${grounds.join(", ")}.`,
  });
}

async function takePacket(
  deps: PacketRouteDeps,
  request: FastifyRequest<ById & { Querystring: { because?: string } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const packet = await known(deps, request.params.id);
  if (packet.state === "failed") {
    throw problem(409, "packet_failed", packet.problem ?? "the packet could not be built", {
      remedy: `mend what is named, then POST /api/v1/packets/${packet.id}/retry`,
    });
  }
  const { object, bytes, sha256 } = packet;
  if (packet.disposedAt != null) {
    throw problem(410, "packet_disposed", `its content was destroyed on ${packet.disposedAt}`, {
      remedy: "What was released before is with its recipients; the certificate stands with the retention of the case.",
    });
  }
  if (object === null || bytes === null || sha256 === null) {
    const { id, state, requestedAt, problem: trouble } = packet;
    return reply.code(202).header("retry-after", "1").send({ id, state, requestedAt, problem: trouble });
  }
  const span = parseRange(request.headers.range, bytes);
  if (span === "unsatisfiable") {
    reply.header("content-range", `bytes */${bytes}`);
    throw problem(416, "range_not_satisfiable", `the packet has ${bytes} bytes`);
  }
  const part = span === "whole" ? undefined : span;
  await recordDownload(deps, { packet, part, request });
  return sendPacket(deps, packet, { reply, part });
}

// A download that goes on after a break is the same download.
const sameDownloadMs = 10 * 60_000;

async function recordDownload(
  deps: PacketRouteDeps,
  taken: {
    readonly packet: PacketRow;
    readonly part: ByteSpan | undefined;
    readonly request: FastifyRequest<{ Querystring: { because?: string } }>;
  },
): Promise<void> {
  const { packet, part, request } = taken;
  const actor = actorOf(request);
  const atMs = deps.clock();
  await deps.db.transaction().execute(async (tx) => {
    const goesOn = part !== undefined && part.from > 0;
    if (goesOn && (await downloadedLately(tx, packet.id, { who: actor.token, sinceMs: atMs - sameDownloadMs }))) return;
    const releaseIds = await releasesTaken(deps, tx, { packet, actor, atMs });
    const said = clean(request.query.because);
    const { incidentId } = packet;
    const { because: otherwise, stated } = openedBecause(request);
    const why = said === undefined ? otherwise : await sealReason(deps, tx, { incidentId, said });
    const record = {
      kind: "packet.downloaded",
      actor: actor.token,
      subject: { kind: "packet", id: packet.id },
      because: why,
      atMs,
      body: {
        ...stated,
        incidentId: packet.incidentId,
        sha256: packet.sha256,
        authority: `role:${actor.kind}`,
        from: part?.from ?? 0,
        ...(releaseIds.length === 0 ? {} : { releaseIds }),
      },
    };
    await appendAudit(tx, [record], deps.chance);
  });
}

/** By which releases somebody of a partner takes it; none: he is of the house. Throws the answer of an unknown packet where it was not released. */
async function releasesTaken(
  deps: PacketRouteDeps,
  tx: Tx,
  of: { readonly packet: PacketRow; readonly actor: Principal; readonly atMs: number },
): Promise<readonly string[]> {
  const { token, organisationId } = of.actor;
  if (sharedOnly(of.actor) === null) return [];
  const taking = { packetId: of.packet.id, partnerId: organisationId, actor: token, atMs: of.atMs };
  const releaseIds = await deps.takenByPartner(tx, taking);
  if (releaseIds.length === 0) throw problem(404, "packet_unknown", "there is no such packet");
  return releaseIds;
}

/** A reason is a person's own words: what is written of it is its sealed form. */
function sealReason(
  { fields }: PacketRouteDeps,
  tx: Tx,
  { incidentId, said }: { readonly incidentId: string; readonly said: string },
): Promise<string> {
  return fields.seal(tx, incidentSubject(incidentId), said);
}

async function retryPacket(
  deps: PacketRouteDeps,
  request: FastifyRequest<ById>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const packet = await known(deps, request.params.id);
  const reopened = await deps.db.transaction().execute(async (tx) => {
    if (!(await reopenPacket(tx, packet.id, askerOf(actorOf(request))))) return false;
    await enqueueBuild(deps.jobs, tx, packet.id);
    return true;
  });
  if (!reopened)
    throw problem(409, "packet_not_failed", `the packet is ${packet.state}; only a failed one is built again`);
  deps.packetChanged({ id: packet.id, incidentId: packet.incidentId, state: "building" });
  return reply.code(202).header("location", `/api/v1/packets/${packet.id}`).send({ id: packet.id });
}

async function known(deps: PacketRouteDeps, raw: string): Promise<PacketRow> {
  const id = parsePacketId(raw);
  const packet = id.ok ? await packetById(deps.db, id.value) : null;
  if (packet === null) throw problem(404, "packet_unknown", "there is no such packet");
  return packet;
}

/** A reason as it goes into the record: one well-formed line, or undefined when there is none. */
function clean(raw: string | undefined): string | undefined {
  const text = (raw ?? "")
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
  return text === "" ? undefined : text;
}
