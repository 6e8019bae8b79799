import type { FastifyRequest } from "fastify";
import type { Static } from "typebox";
import { parsePacketId } from "@tillwatch/wire";
import { askedOf, mayAlso, refusalOf } from "../access/ask-http.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { callersDb } from "../access/callers-db.ts";
import { checkPurposeWords } from "../access/grant/purpose-words.ts";
import { problem } from "../api/problem.ts";
import { appendAudit } from "../audit/audit-append.ts";
import { recordTouch } from "../exhibit/exhibit-store.ts";
import { packetById, type PacketRow } from "../packet/packet-read.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import { incidentSubject } from "../subjects.ts";
import { judgeRelease, type Obstacle, type Recipient, type ReleaseHold, type Releaser } from "./release.ts";
import { placeOf, unknownRelease, type ReleaseDeps } from "./release-deps.ts";
import type { releaseBody } from "./release-schema.ts";
import { situationOf } from "./release-situation-read.ts";
import {
  exhibitsIn,
  insertRelease,
  lockRelease,
  markTaken,
  releasesTo,
  withdrawRelease,
  type NewRelease,
} from "./release-store.ts";

type Asked = Static<typeof releaseBody>;
type ReadyPacket = PacketRow & { readonly sha256: string; readonly bytes: number };
type Made = { readonly id: string; readonly auditId: string; readonly sha256: string };

/**
 * Releases a sealed packet: asks what stands against it, then hands it off in one transaction with its entry of the record, a custody entry
 * of each exhibit in it, a line on the timeline and the news for webhooks. Throws 409 with what blocks, and puts that on the record too.
 */
export async function release(deps: ReleaseDeps, request: FastifyRequest, asked: Asked): Promise<Made> {
  checkPurposeWords(deps.access.engine.set, asked);
  checkSecondaryUse(deps, request, asked);
  const packet = await readyPacket(callersDb(deps.db, request), request);
  const place = placeOf(request);
  const exhibitIds = (await exhibitsIn(deps.db, packet)).map(({ id }) => id);
  const situation = await situationOf(deps.db, { ...place, nowMs: deps.clock(), exhibitIds }, deps.fields);
  const recipient = recipientOf(asked, deps);
  const despite = asked.despite?.trim() || null;
  const said = { recipient, ground: asked.ground, despite, holds: asked.holds ?? [], by: releaserOf(request) };
  const verdict = judgeRelease(said, situation, deps.grounds);
  if (verdict.blocking.length > 0) {
    await recordRefusal(deps, request, { packet, asked, blocking: verdict.blocking });
    throw blockedBy(verdict.blocking);
  }
  const { holds } = situation;
  const hand = { asked, recipient, despite, holds, actor: actorOf(request), organisationId: place.organisationId };
  const made = await callersDb(deps.db, request)
    .transaction()
    .execute((tx) => handOff(deps, tx, { ...hand, packet, noted: verdict.noted }));
  deps.released({ packetId: packet.id, incidentId: packet.incidentId });
  return { ...made, sha256: packet.sha256 };
}

/** Whoever asks, and whether he may let out what a minor is in once he proves again who he is. */
export function releaserOf(request: FastifyRequest): Releaser {
  const decision = mayAlso(request, "exhibit:release_minor");
  const mayLiftMinor =
    decision.kind === "allowed" || (decision.kind === "refused" && decision.code === "step_up_required");
  return { token: actorOf(request).token, mayLiftMinor };
}

/** Evidence is not handed out for what it must not be used for, whatever was stated for the case before. */
function checkSecondaryUse(deps: ReleaseDeps, request: FastifyRequest, { purpose, ground }: Asked): void {
  const { facts, circumstances } = askedOf(request);
  const principal = actorOf(request);
  const stated = { ...circumstances, purpose, ground };
  const decision = deps.access.engine.decide({ principal, action: "packet:release", facts, circumstances: stated });
  if (decision.kind !== "allowed") throw refusalOf(decision, facts);
}

async function readyPacket(db: DbOrTx, request: FastifyRequest): Promise<ReadyPacket> {
  const id = parsePacketId((request.params as { readonly id: string }).id);
  const packet = id.ok ? await packetById(db, id.value) : null;
  if (packet === null) throw problem(404, "packet_unknown", "there is no such packet");
  const { sha256, bytes } = packet;
  if (packet.disposedAt != null) {
    throw problem(410, "packet_disposed", `its content was destroyed on ${packet.disposedAt}`);
  }
  if (packet.state !== "ready" || sha256 === null || bytes === null) {
    throw problem(409, "release_packet_not_ready", `the packet is ${packet.state}: only a sealed one is released`, {
      remedy: packet.state === "failed" ? "Have it built again." : "Wait until it is built.",
    });
  }
  return { ...packet, sha256, bytes };
}

function recipientOf({ recipient }: Asked, deps: ReleaseDeps): Recipient {
  if (!("partnerId" in recipient)) {
    const { agency, person, reference, channel } = recipient;
    return { kind: "outside", agency: agency.trim(), person: person.trim(), reference: reference.trim(), channel };
  }
  if (!deps.partners().some(({ id }) => id === recipient.partnerId)) {
    throw problem(422, "share_partner_unknown", "there is no such partner", {
      pointer: "/recipient/partnerId",
      remedy: "GET the releases of the case: `partners` lists those that it is shared with.",
    });
  }
  return { kind: "partner", partnerId: recipient.partnerId };
}

function blockedBy(blocking: readonly Obstacle[]) {
  const [first] = blocking;
  const says = blocking.map((one) => one.says).join("; ");
  const remedy = blocking.map((one) => one.remedy).join(" ");
  return problem(409, first?.code ?? "release_watch_item", says, { remedy });
}

async function recordRefusal(
  deps: ReleaseDeps,
  request: FastifyRequest,
  of: { readonly packet: PacketRow; readonly asked: Asked; readonly blocking: readonly Obstacle[] },
): Promise<void> {
  const { packet, asked, blocking } = of;
  const entry = {
    kind: "packet.release_refused",
    actor: actorOf(request).token,
    subject: { kind: "packet", id: packet.id },
    because: blocking.map(({ code }) => code).join(" "),
    atMs: deps.clock(),
    body: { incidentId: packet.incidentId, purpose: asked.purpose, ground: asked.ground },
  };
  await deps.db.transaction().execute((tx) => appendAudit(tx, [entry], deps.chance));
}

type HandOff = {
  readonly organisationId: string;
  readonly packet: ReadyPacket;
  readonly asked: Asked;
  readonly recipient: Recipient;
  readonly noted: readonly Obstacle[];
  readonly despite: string | null;
  readonly holds: readonly ReleaseHold[];
  readonly actor: { readonly token: string; readonly kind: string };
};

async function handOff(deps: ReleaseDeps, tx: Tx, hand: HandOff): Promise<{ id: string; auditId: string }> {
  const { packet, actor } = hand;
  const id = deps.chance.uuid();
  const atMs = deps.clock();
  const row = await sealedRelease(deps, tx, { ...hand, id, atMs });
  await insertRelease(tx, row);
  const { incidentId, partnerId, channel, purpose, ground, because, sha256, bytes, noted } = row;
  const authority = `role:${actor.kind}`;
  const record = {
    kind: "packet.released",
    actor: actor.token,
    subject: { kind: "release", id },
    because,
    atMs,
    body: {
      incidentId,
      packetId: packet.id,
      sha256,
      bytes,
      partnerId,
      channel,
      purpose,
      ground,
      authority,
      recipient: row.recipient,
      noted: noted.map(({ code, count }) => ({ code, count })),
      despite: row.despite,
      holds: row.holds.map(({ id: hold, ground: why }) => ({ hold, ground: why })),
    },
  };
  const [auditId = ""] = await appendAudit(tx, [record], deps.chance);
  for (const exhibit of await exhibitsIn(tx, packet)) {
    const touch = {
      exhibitId: exhibit.id,
      incidentId,
      action: "released" as const,
      atMs,
      who: actor.token,
      authority,
      what: `the whole content, in packet ${packet.id}, by release ${id}`,
      why: because,
      digest: exhibit.sha256,
      auditKind: "exhibit.released",
      detail: { packetId: packet.id, releaseId: id, purpose, ground },
    };
    await recordTouch(tx, touch, deps.chance);
  }
  const says = partnerId === null ? "Packet released to somebody outside" : "Packet released to a partner";
  const detail = { packetId: packet.id, releaseId: id };
  await deps.addTimeline(tx, [
    { id: deps.chance.uuid(), incidentId, kind: "packet", atMs, says, actor: actor.token, detail },
  ]);
  const data = { releaseId: id, packetId: packet.id, incidentId, partnerId, channel, purpose, ground, sha256 };
  await deps.tell(tx, { event: "packet.released", organisationId: row.organisationId, atMs, data });
  return { id, auditId };
}

async function sealedRelease(
  deps: ReleaseDeps,
  tx: Tx,
  hand: HandOff & { readonly id: string; readonly atMs: number },
): Promise<NewRelease> {
  const { packet, asked, recipient, despite, holds, actor, noted } = hand;
  const subject = incidentSubject(packet.incidentId);
  const outside = recipient.kind === "outside" ? recipient : null;
  const texts = [
    asked.because.trim(),
    despite ?? "-",
    outside?.agency ?? "-",
    outside?.person ?? "-",
    outside?.reference ?? "-",
  ];
  // Who got it is known longer than what the case said: it lies under a key of the release.
  const sealed = await deps.fields.sealMany(
    tx,
    texts.map((text, at) => ({ subject: at < 2 ? subject : `release:${hand.id}`, text })),
  );
  const [because = "", sealedDespite = "", agency = "", person = "", reference = ""] = sealed;
  return {
    id: hand.id,
    packetId: packet.id,
    incidentId: packet.incidentId,
    organisationId: hand.organisationId,
    partnerId: recipient.kind === "partner" ? recipient.partnerId : null,
    recipient: outside === null ? null : { agency, person, reference },
    channel: outside?.channel ?? "partner",
    purpose: asked.purpose,
    ground: asked.ground,
    because,
    noted: noted.map(({ code, count }) => ({ code, count })),
    despite: despite === null ? null : sealedDespite,
    holds,
    sha256: packet.sha256,
    bytes: packet.bytes,
    releasedAtMs: hand.atMs,
    releasedBy: actor.token,
  };
}

/** Takes a release back. What the recipient has by then is out, and the answer says so. */
export async function recordWithdrawal(
  deps: ReleaseDeps,
  request: FastifyRequest,
  of: { readonly id: string; readonly releaseId: string; readonly because: string },
): Promise<{ readonly withdrawnAt: string; readonly says: string }> {
  const actor = actorOf(request).token;
  const atMs = deps.clock();
  const { organisationId } = placeOf(request);
  const found = await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx) => {
      const before = await lockRelease(tx, { id: of.releaseId, packetId: of.id.toLowerCase() });
      if (before === null) throw unknownRelease();
      if (before.withdrawnAt !== null) {
        throw problem(409, "release_already_withdrawn", "this release was taken back before");
      }
      const { incidentId, packetId, partnerId } = before;
      const because = await deps.fields.seal(tx, incidentSubject(incidentId), of.because.trim());
      await withdrawRelease(tx, before.id, { actor, because, atMs });
      const taken = before.takenAt?.toISOString() ?? null;
      const body = { incidentId, packetId, partnerId, taken };
      const subject = { kind: "release", id: before.id };
      await appendAudit(tx, [{ kind: "packet.release_withdrawn", actor, subject, because, atMs, body }], deps.chance);
      const detail = { packetId, releaseId: before.id };
      const line = { id: deps.chance.uuid(), incidentId, kind: "packet" as const, atMs, actor, detail };
      await deps.addTimeline(tx, [{ ...line, says: "Release of a packet taken back" }]);
      const data = { releaseId: before.id, ...body };
      await deps.tell(tx, { event: "packet.release_withdrawn", organisationId, atMs, data });
      return before;
    });
  deps.released({ packetId: found.packetId, incidentId: found.incidentId });
  return { withdrawnAt: new Date(atMs).toISOString(), says: goneOut(found.takenAt) };
}

function goneOut(takenAt: Date | null): string {
  if (takenAt === null)
    return "It was not taken yet, as far as is recorded here: nobody can take it by this release any more.";
  const since = takenAt.toISOString();
  return `It was taken on ${since}: what was taken is gone out and cannot be called back. Nobody can take it again by this release.`;
}

/** Somebody outside has it now: his release cannot be told from a download, so whoever handed it over says so. */
export async function recordTaken(
  deps: ReleaseDeps,
  request: FastifyRequest,
  of: { readonly id: string; readonly releaseId: string; readonly note: string | null },
): Promise<void> {
  const actor = actorOf(request).token;
  const atMs = deps.clock();
  const place = await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx) => {
      const found = await lockRelease(tx, { id: of.releaseId, packetId: of.id.toLowerCase() });
      if (found === null) throw unknownRelease();
      if (found.withdrawnAt !== null) {
        throw problem(409, "release_already_withdrawn", "this release was taken back: nothing is handed over by it");
      }
      if (found.partnerId !== null) {
        throw problem(
          409,
          "release_taken_by_partner",
          "the partner's people take it by themselves; that is recorded then",
        );
      }
      if (found.takenAt !== null) throw problem(409, "release_already_taken", "this was recorded before");
      const { incidentId, packetId, sha256 } = found;
      const said = of.note ?? "handed over to the recipient";
      const because = of.note === null ? said : await deps.fields.seal(tx, incidentSubject(incidentId), said);
      await markTaken(tx, found.id, { actor, atMs });
      const subject = { kind: "release", id: found.id };
      const body = { incidentId, packetId, sha256, channel: found.channel };
      await appendAudit(tx, [{ kind: "packet.handed_over", actor, subject, because, atMs, body }], deps.chance);
      return { packetId, incidentId };
    });
  deps.released(place);
}

/**
 * A partner's people take a packet: that is the recipient's receipt. Answers by which releases; none: it was not released to them. Run with
 * the rights of the machine, in the transaction of the download's entry.
 */
export async function takenByPartner(
  tx: DbOrTx,
  of: { readonly packetId: string; readonly partnerId: string; readonly actor: string; readonly atMs: number },
): Promise<readonly string[]> {
  const ids = await releasesTo(tx, of);
  for (const id of ids) await markTaken(tx, id, of);
  return ids;
}
