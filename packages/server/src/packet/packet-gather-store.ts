import {
  canonicalBytes,
  inclusionProof,
  parseJson,
  toBase64,
  type CustodyEntry,
  type JsonObject,
  type PacketAudit,
} from "@tillwatch/evidence";
import type { IncidentRecord } from "@tillwatch/wire";
import type { LogFiles } from "../audit/audit-log-files.ts";
import { publishedTree } from "../audit/audit-proof-files.ts";
import { disclosedOf, waitingOf } from "../audit/audit-read.ts";
import type { AuditSequencer } from "../audit/audit-sequencer.ts";
import { decisionById } from "../decision/decision-read.ts";
import { custodyOf, exhibitRowsOf, type ExhibitRow } from "../exhibit/exhibit-read.ts";
import { pointerOf } from "../exhibit/exhibit-pointer-read.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db, DbOrTx, Tx } from "../schema.ts";
import { packetPlace, plainJson, type FrozenExhibit, type FrozenPacket } from "./packet-freeze.ts";
import type { PacketRow } from "./packet-read.ts";
import { freezePacket, markCopies } from "./packet-store.ts";

export type GatherDeps = {
  readonly db: Db;
  readonly files: LogFiles;
  readonly sequencer: Pick<AuditSequencer, "integrated">;
  readonly clock: Clock;
  /** The whole incident record; null where there is no such incident. */
  readonly recordOf: (db: DbOrTx, incidentId: string) => Promise<IncidentRecord | null>;
  /** Adds `copied` to an exhibit's chain of custody. */
  readonly recordCopy: (tx: Tx, copy: ExhibitCopy) => Promise<void>;
};

export type ExhibitCopy = {
  readonly exhibitId: string;
  readonly packetId: string;
  readonly atMs: number;
  readonly hand: { readonly token: string; readonly why: string; readonly authority: string };
};

/**
 * Gathers all that a packet says, once, and keeps it with the packet. Custody and audit entries are those that stood under the
 * checkpoint which the packet carries; what happens to an exhibit later is in a later packet.
 */
export async function gather(deps: GatherDeps, packet: PacketRow): Promise<FrozenPacket> {
  if (packet.frozen !== null) return thaw(packet.frozen);
  const { db } = deps;
  await recordCopies(deps, packet);
  const exhibits = await exhibitRowsOf(db, packet.incidentId);
  const record = await deps.recordOf(db, packet.incidentId);
  if (record === null) throw new Error(`incident ${packet.incidentId} vanished`);
  const subjects = [
    { kind: "incident", id: packet.incidentId },
    ...exhibits.map((exhibit) => ({ kind: "exhibit", id: exhibit.id })),
  ];
  await deps.sequencer.integrated(await waitingOf(db, subjects));
  const { audit, ids } = await auditOf(deps, subjects);
  const custody: { exhibitId: string; entries: readonly CustodyEntry[] }[] = [];
  for (const { id } of exhibits) {
    const chain = await custodyOf(db, id);
    const proven = chain.findIndex((link) => !ids.has(link.auditId));
    const entries = (proven === -1 ? chain : chain.slice(0, proven)).map((link) => link.entry);
    custody.push({ exhibitId: id, entries });
  }
  const decisions: JsonObject[] = [];
  for (const id of record.decisionIds) {
    const decision = await decisionById(db, id);
    if (decision === null) continue;
    const { versions, atMs, situationId } = decision;
    const parse = (text: string) => parseJson(Buffer.from(text)) ?? null;
    decisions.push({
      id,
      situationId,
      atMs,
      versions,
      inputs: parse(decision.inputs),
      outputs: parse(decision.outputs),
    });
  }
  const frozen: FrozenPacket = {
    v: 1,
    identity: { packetId: packet.id, incidentId: packet.incidentId, incidentRef: packet.incidentRef },
    gatheredAt: new Date(deps.clock()).toISOString(),
    requestedAt: packet.requestedAt,
    requestedBy: packet.requestedBy,
    because: packet.because,
    incident: { ...record, packets: record.packets.filter((other) => other.id !== packet.id) },
    decisions,
    exhibits: exhibits.map((exhibit) => frozenExhibit(exhibit, packet.includeMedia)),
    custody,
    audit,
  };
  return thaw(await freezePacket(db, packet.id, Buffer.from(canonicalBytes(plainJson(frozen))).toString("utf8")));
}

function thaw(text: string): FrozenPacket {
  return JSON.parse(text) as FrozenPacket;
}

async function recordCopies(deps: GatherDeps, packet: PacketRow): Promise<void> {
  if (!packet.includeMedia) return;
  await deps.db.transaction().execute(async (tx) => {
    if (!(await markCopies(tx, packet.id))) return;
    const atMs = deps.clock();
    const hand = { token: packet.requestedBy, why: packet.because, authority: packet.authority };
    for (const exhibit of await exhibitRowsOf(tx, packet.incidentId)) {
      if (exhibit.object !== null)
        await deps.recordCopy(tx, { exhibitId: exhibit.id, packetId: packet.id, atMs, hand });
    }
  });
}

async function auditOf(
  { db, files }: GatherDeps,
  subjects: readonly { readonly kind: string; readonly id: string }[],
): Promise<{ readonly audit: PacketAudit; readonly ids: ReadonlySet<string> }> {
  const tree = await publishedTree(files);
  const entries: PacketAudit["entries"][number][] = [];
  const ids = new Set<string>();
  for (const { id, index, header, body, salt } of await disclosedOf(db, subjects)) {
    if (index === null || BigInt(index) >= tree.size) continue;
    const proof = (await inclusionProof(tree, BigInt(index))).map(toBase64);
    entries.push({ header, body, salt, index, proof });
    ids.add(id);
  }
  return { audit: { v: 1, checkpoint: tree.checkpoint, entries }, ids };
}

function frozenExhibit(row: ExhibitRow, includeMedia: boolean): FrozenExhibit {
  const { id, name, mediaType, sha512, capturedAt, receivedAt, receivedBy, source, note } = row;
  const common = { id, name, mediaType, sha512, capturedAt, receivedAt, receivedBy, source, note };
  const { object, bytes, sha256 } = row;
  if (object === null || bytes === null || sha256 === null) {
    const { pointer, known } = pointerOf(row);
    const stays = { location: pointer.uri, because: "media_stays_with_its_holder", digestOf: known.of };
    const place = packetPlace({ id, name, kind: "pointer" });
    return { ...common, ...place, kind: "pointer", bytes: known.bytes, sha256: known.sha256, pointer: stays };
  }
  if (includeMedia)
    return { ...common, ...packetPlace({ id, name, kind: "file" }), kind: "file", bytes, sha256, pointer: null };
  const kept = { location: `vault:${id}`, because: "packet_without_media", digestOf: "media" as const };
  return { ...common, ...packetPlace({ id, name, kind: "pointer" }), kind: "pointer", bytes, sha256, pointer: kept };
}
