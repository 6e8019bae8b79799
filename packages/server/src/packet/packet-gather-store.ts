import {
  canonicalBytes,
  contentDisposed,
  draftIdField,
  inclusionProof,
  parseJson,
  toBase64,
  type CustodyEntry,
  type JsonObject,
  type PacketAudit,
  type PacketDraft,
} from "@tillwatch/evidence";
import { replaceSealedTexts, sealedIn, sealedTextsIn, type IncidentRecord } from "@tillwatch/wire";
import type { LogFiles } from "../audit/audit-log-files.ts";
import { publishedTree } from "../audit/audit-proof-files.ts";
import { disclosedOf, waitingOf } from "../audit/audit-read.ts";
import type { AuditSequencer } from "../audit/audit-sequencer.ts";
import { decisionById } from "../decision/decision-read.ts";
import { custodyOf, exhibitRowsOf, type ExhibitRow } from "../exhibit/exhibit-read.ts";
import { pointerOf } from "../exhibit/exhibit-pointer-read.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Db, DbOrTx, Tx } from "../schema.ts";
import { incidentSubject } from "../subjects.ts";
import { packetPlace, plainJson, type FrozenExhibit, type FrozenPacket, type PacketCopy } from "./packet-freeze.ts";
import type { PacketRow } from "./packet-read.ts";
import { freezePacket, markCopies } from "./packet-store.ts";

export type GatherDeps = {
  readonly db: Db;
  readonly fields: FieldVault;
  readonly files: LogFiles;
  readonly sequencer: Pick<AuditSequencer, "integrated">;
  readonly clock: Clock;
  /** The whole incident record; null where there is no such incident. */
  readonly recordOf: (db: DbOrTx, incidentId: string) => Promise<IncidentRecord | null>;
  /** Where its texts come from that a program drafted. Salts in their sealed form. */
  readonly draftsOf: (db: DbOrTx, incidentId: string) => Promise<readonly PacketDraft[]>;
  /** What of an exhibit goes into this packet; makes its copy where there is none yet. */
  readonly goingOf: (packet: PacketRow, exhibit: ExhibitRow) => Promise<PacketGoing>;
  /** Adds `copied` to an exhibit's chain of custody. */
  readonly recordCopy: (tx: Tx, copy: ExhibitCopy) => Promise<void>;
};

/** The original, a copy in its place, or neither, with the reason. */
export type PacketGoing =
  | { readonly kind: "original"; readonly underTwoKeys: boolean }
  | { readonly kind: "copy"; readonly copy: PacketCopy; readonly filename: string }
  | { readonly kind: "sealed"; readonly because: string };

export type ExhibitCopy = {
  readonly what: string;
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
  const { db, fields } = deps;
  if (packet.frozen !== null) return thaw(fields, db, packet.frozen);
  const going = await recordCopies(deps, packet);
  const exhibits = (await openedExhibits(deps, packet.incidentId)).filter(({ id }) => going.has(id));
  const record = await deps.recordOf(db, packet.incidentId);
  if (record === null) throw new Error(`incident ${packet.incidentId} vanished`);
  const drafts = await draftsIn(deps, record);
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
    because: await fields.openWithin(db, packet.because),
    incident: await fields.openJson(db, {
      ...record,
      packets: record.packets.filter((other) => other.id !== packet.id),
    }),
    decisions,
    exhibits: exhibits.map((exhibit) => frozenExhibit(exhibit, going.get(exhibit.id) ?? null)),
    custody,
    audit,
    drafts,
    texts: Object.fromEntries(await fields.texts(db, sealedTextsIn(JSON.stringify([custody, audit, decisions])))),
  };
  const text = Buffer.from(canonicalBytes(plainJson(frozen))).toString("utf8");
  const sealed = await fields.seal(db, incidentSubject(packet.incidentId), text);
  return thaw(fields, db, await freezePacket(db, packet.id, sealed));
}

/** It says everything in clear, so it waits sealed. */
async function thaw(fields: FieldVault, db: Db, sealed: string): Promise<FrozenPacket> {
  const [text] = await fields.openKept(db, [sealed]);
  if (text === undefined || text === null) throw new Error("what the packet was to say was erased while it was built");
  return JSON.parse(text) as FrozenPacket;
}

async function openedExhibits({ db, fields }: GatherDeps, incidentId: string): Promise<readonly ExhibitRow[]> {
  const rows = await exhibitRowsOf(db, incidentId);
  const texts = await fields.texts(
    db,
    rows.flatMap(({ name, note, source, uri }) => sealedIn([name, note, source, uri])),
  );
  const opened = (text: string) => replaceSealedTexts(text, (sealed) => texts.get(sealed) ?? sealed);
  return rows.map((row) => ({
    ...row,
    name: opened(row.name),
    note: opened(row.note),
    source: opened(row.source),
    uri: row.uri === null ? null : opened(row.uri),
  }));
}

/**
 * What goes into the packet of each exhibit that there is now (null: it is a pointer); what leaves the vault stands in the chains of
 * custody, once. An exhibit that comes later is in a later packet.
 */
async function recordCopies(deps: GatherDeps, packet: PacketRow): Promise<ReadonlyMap<string, PacketGoing | null>> {
  const going = new Map<string, PacketGoing | null>();
  for (const exhibit of await exhibitRowsOf(deps.db, packet.incidentId)) {
    const sealed = packet.includeMedia
      ? () => deps.goingOf(packet, exhibit)
      : async () => ({ kind: "sealed", because: "packet_without_media" }) as const;
    going.set(exhibit.id, exhibit.object === null ? null : await sealed());
  }
  await deps.db.transaction().execute(async (tx) => {
    if (!(await markCopies(tx, packet.id))) return;
    const atMs = deps.clock();
    const hand = { token: packet.requestedBy, why: packet.because, authority: packet.authority };
    for (const [exhibitId, goes] of going) {
      if (goes === null || goes.kind === "sealed") continue;
      await deps.recordCopy(tx, { exhibitId, packetId: packet.id, what: whatGoes(goes), atMs, hand });
    }
  });
  return going;
}

function whatGoes(going: Exclude<PacketGoing, { kind: "sealed" }>): string {
  if (going.kind === "copy") return `the copy with sha256 ${going.copy.sha256}`;
  return going.underTwoKeys ? "the sealed original, under two keys" : "the whole content";
}

/** Those whose texts are in the record: one that was accepted since it was read is in a later packet. A salt that was erased with its text is null. */
async function draftsIn({ db, fields, draftsOf }: GatherDeps, record: IncidentRecord): Promise<readonly PacketDraft[]> {
  const told = new Set(record.timeline.map(({ detail }) => detail[draftIdField]));
  const drafts = (await draftsOf(db, record.id)).filter(({ draftId }) => told.has(draftId));
  const salts = await fields.openMany(
    db,
    drafts.map(({ accepted }) => accepted.salt ?? ""),
  );
  return drafts.map((draft, at) => ({ ...draft, accepted: { ...draft.accepted, salt: salts[at] ?? null } }));
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

function frozenExhibit(row: ExhibitRow, going: PacketGoing | null): FrozenExhibit {
  const { id, name, mediaType, sha512, capturedAt, receivedAt, receivedBy, source, note } = row;
  const common = { id, name, mediaType, sha512, capturedAt, receivedAt, receivedBy, source, note };
  const { object, bytes, sha256 } = row;
  if (row.disposedAt != null && bytes !== null && sha256 !== null) {
    const gone = { location: `disposed:${row.disposedAt}`, because: contentDisposed, digestOf: "media" as const };
    return { ...common, ...packetPlace({ id, name, kind: "pointer" }), kind: "pointer", bytes, sha256, pointer: gone };
  }
  if (going === null || object === null || bytes === null || sha256 === null) {
    const { pointer, known } = pointerOf(row);
    const stays = { location: pointer.uri, because: "media_stays_with_its_holder", digestOf: known.of };
    const place = packetPlace({ id, name, kind: "pointer" });
    return { ...common, ...place, kind: "pointer", bytes: known.bytes, sha256: known.sha256, pointer: stays };
  }
  switch (going.kind) {
    case "original":
      return { ...common, ...packetPlace({ id, name, kind: "file" }), kind: "file", bytes, sha256, pointer: null };
    case "copy": {
      const place = packetPlace({ id, name: going.filename, kind: "copy" });
      return { ...common, ...place, kind: "copy", bytes, sha256, pointer: null, copy: going.copy };
    }
    case "sealed": {
      const kept = { location: `vault:${id}`, because: going.because, digestOf: "media" as const };
      return {
        ...common,
        ...packetPlace({ id, name, kind: "pointer" }),
        kind: "pointer",
        bytes,
        sha256,
        pointer: kept,
      };
    }
  }
}
