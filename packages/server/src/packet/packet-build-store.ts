import {
  buildBagTexts,
  expectAccepted,
  isJsonObject,
  measurePayload,
  packetFolder,
  packetKeys,
  packetProofFiles,
  packetSealBody,
  packetSealedKind,
  packetStatement,
  packetZipInputs,
  leafHash,
  sealedComment,
  signPacketStatement,
  writeZip,
  type BagTexts,
  type PayloadMeasure,
  type Signer,
  type ZipInput,
} from "@tillwatch/evidence";
import { nodeHashing } from "@tillwatch/verify";
import { replaceSealedIn, type IncidentId, type JsonObject, type PacketId, type PacketSummary } from "@tillwatch/wire";
import { appendAudit } from "../audit/audit-append.ts";
import { readLogRow } from "../audit/audit-log-store.ts";
import { proofOf } from "../audit/audit-proof-files.ts";
import { disclosedEntry, type DisclosedEntry } from "../audit/audit-read.ts";
import { copyById } from "../exhibit/copy-read.ts";
import { exhibitById } from "../exhibit/exhibit-read.ts";
import type { Chance } from "../platform/chance.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import { putSealed, readSealed, VaultFault, type Vault } from "../platform/keys/vault.ts";
import type { Tx } from "../schema.ts";
import { packetDocuments, plainJson, type FrozenExhibit, type FrozenPacket, type PacketCopy } from "./packet-freeze.ts";
import { gather, type GatherDeps } from "./packet-gather-store.ts";
import { packetById, type PacketRow } from "./packet-read.ts";
import { packetReport } from "./packet-report.ts";
import { lockSeal, markReady, saveSeal } from "./packet-store.ts";

export type PacketDeps = GatherDeps & {
  readonly vault: Vault;
  readonly chance: Chance;
  /** Signs the statement over the packet's manifests. */
  readonly sealSigner: Signer;
  /** Who issues packets, for bag-info.txt; the log's name where it is not given. */
  readonly organization?: string;
  readonly addTimeline: (tx: Tx, lines: readonly PacketTimelineLine[]) => Promise<void>;
  /** Called after each commit that a screen should show. */
  readonly packetChanged: (packet: {
    readonly id: PacketId;
    readonly incidentId: IncidentId;
    readonly state: PacketSummary["state"];
  }) => void;
};

/** A line on the incident's timeline; the incident stage writes it, in the same transaction. */
export type PacketTimelineLine = {
  readonly id: string;
  readonly incidentId: string;
  readonly kind: "packet";
  readonly atMs: number;
  readonly says: string;
  readonly actor: string;
  readonly detail: JsonObject;
};

export class PacketFault extends Error {
  override readonly name = "PacketFault";
  readonly code: "packet_exhibit_damaged" | "packet_seal_mismatch";

  constructor(code: PacketFault["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const packetBytesMax = 2 ** 45;

/**
 * Builds, seals and stores a packet. May run again after a stop at any point, and beside itself: what is said was frozen by the
 * first attempt, and the sealing is recorded once.
 */
export async function buildPacket(deps: PacketDeps, id: string): Promise<void> {
  const packet = await packetById(deps.db, id);
  if (packet === null || packet.state === "ready") return;
  const frozen = await gather(deps, packet);
  const payload = await measuredPayload(deps, frozen);
  const { origin } = await readLogRow(deps.db);
  const bag = bagOf(deps.organization ?? origin ?? "Tillwatch", { frozen, payload });
  const entry = await sealOnce(deps, { packet, frozen, bag });
  await deps.sequencer.integrated([entry.id]);
  const proofs = await proofFilesOf(deps, { frozen, bag, entry });
  const inputs = packetZipInputs(nodeHashing, { folder: packetFolder(frozen.identity), bag, payload, proofs });
  const zip = writeZip(inputs, {
    hashing: nodeHashing,
    modifiedAtMs: Date.parse(frozen.gatheredAt),
    comment: sealedComment,
  });
  // Each attempt has a key of its own: objects are never replaced, and of two attempts at once the first to commit counts.
  const object = { id, objectKey: `packets/${id}/${deps.chance.uuid()}` };
  const stored = await putSealed(deps.vault, object, { source: zip, bytesMax: packetBytesMax });
  const first = await deps.db.transaction().execute(async (tx) => {
    const atMs = deps.clock();
    if (!(await markReady(tx, id, { atMs, stored }))) return false;
    const { incidentId, requestedBy: actor } = packet;
    const detail = { packetId: id, sha256: stored.sha256, bytes: stored.bytes };
    const says = "Packet sealed";
    await deps.addTimeline(tx, [{ id: deps.chance.uuid(), incidentId, kind: "packet", atMs, says, actor, detail }]);
    return true;
  });
  if (!first) await deps.vault.objects.delete(object.objectKey);
  deps.packetChanged({ id: packet.id, incidentId: packet.incidentId, state: "ready" });
}

type Payload = ZipInput & PayloadMeasure;

/** Every payload file with its digests. Exhibits are read whole here, so that nothing is sealed that cannot be delivered. */
async function measuredPayload(deps: PacketDeps, frozen: FrozenPacket): Promise<readonly Payload[]> {
  const report = { path: "report.html", bytes: Buffer.from(packetReport(readable(frozen)), "utf8") };
  const payload: Payload[] = [];
  for (const { path, bytes } of [...packetDocuments(frozen), report]) {
    payload.push({ path, open: () => [bytes], ...(await measurePayload(nodeHashing, [bytes])) });
  }
  for (const exhibit of frozen.exhibits) {
    if (exhibit.kind === "pointer") continue;
    const open = () => exhibitBytes(deps, exhibit);
    payload.push({ path: exhibit.path, open, ...(await measurePayload(nodeHashing, open())) });
  }
  return payload;
}

/** The same with the chains of custody in words, for the report. */
function readable(frozen: FrozenPacket): FrozenPacket {
  const custody = replaceSealedIn(plainJson(frozen.custody), (sealed) => frozen.texts[sealed] ?? sealed);
  return { ...frozen, custody: custody as unknown as FrozenPacket["custody"] };
}

async function* exhibitBytes(deps: PacketDeps, exhibit: FrozenExhibit): AsyncGenerator<Uint8Array, void, void> {
  const { id, bytes, sha256, copy } = exhibit;
  if (exhibit.kind === "copy" && copy != null) return yield* copyBytes(deps, copy);
  const row = await exhibitById(deps.db, id);
  if (row?.object == null) throw new PacketFault("packet_exhibit_damaged", `exhibit ${id} is gone from the vault`);
  try {
    yield* readSealed(deps.vault, { id, bytes, sha256, ...row.object });
  } catch (fault) {
    if (!(fault instanceof VaultFault)) throw fault;
    throw new PacketFault("packet_exhibit_damaged", `exhibit ${id} is damaged: ${fault.message}`, fault);
  }
}

async function* copyBytes(deps: PacketDeps, { id, bytes, sha256 }: PacketCopy): AsyncGenerator<Uint8Array, void, void> {
  const row = await copyById(deps.db, id);
  if (row?.ready == null) throw new PacketFault("packet_exhibit_damaged", `the copy ${id} is gone from the vault`);
  try {
    yield* readSealed(deps.vault, { id, bytes, sha256, ...row.ready.object });
  } catch (fault) {
    if (!(fault instanceof VaultFault)) throw fault;
    throw new PacketFault("packet_exhibit_damaged", `the copy ${id} is damaged: ${fault.message}`, fault);
  }
}

function bagOf(
  organization: string,
  of: { readonly frozen: FrozenPacket; readonly payload: readonly Payload[] },
): BagTexts {
  const { identity, gatheredAt } = of.frozen;
  const info = [
    ["Source-Organization", organization],
    ["External-Identifier", identity.incidentRef],
    ["Internal-Sender-Identifier", identity.packetId],
    ["Internal-Sender-Description", "Tillwatch incident packet, format 1"],
    ["Bagging-Date", gatheredAt.slice(0, 10)],
  ] as const;
  return expectAccepted(buildBagTexts(nodeHashing, { payload: of.payload, info }));
}

type Sealing = { readonly packet: PacketRow; readonly frozen: FrozenPacket; readonly bag: BagTexts };

/** The one audit entry that names the packet's manifests: made by the first attempt that comes here, found by later ones. */
async function sealOnce(deps: PacketDeps, { packet, frozen, bag }: Sealing): Promise<DisclosedEntry> {
  const statementKey = deps.sealSigner.publicKey;
  const body = packetSealBody(nodeSha256, { identity: frozen.identity, seals: bag.seals, statementKey });
  const auditId = await deps.db.transaction().execute(async (tx) => {
    const known = await lockSeal(tx, packet.id);
    if (known !== null) return known;
    const record = {
      kind: packetSealedKind,
      actor: packet.requestedBy,
      subject: { kind: "packet", id: packet.id },
      because: packet.because,
      atMs: deps.clock(),
      body: { ...body, seals: body.seals.map(({ name, sha256 }) => ({ name, sha256 })) },
    };
    const [made] = await appendAudit(tx, [record], deps.chance);
    if (made === undefined) throw new Error("one record makes one entry");
    await saveSeal(tx, packet.id, made);
    return made;
  });
  const entry = await disclosedEntry(deps.db, auditId);
  if (entry === null) throw new Error(`audit entry ${auditId} vanished`);
  const sealed = isJsonObject(entry.body) ? JSON.stringify(entry.body["seals"]) : undefined;
  if (sealed !== JSON.stringify(bag.seals.map(({ name, sha256 }) => ({ name, sha256 })))) {
    throw new PacketFault(
      "packet_seal_mismatch",
      "the packet was sealed before with other contents; request a new one",
    );
  }
  return entry;
}

async function proofFilesOf(
  deps: PacketDeps,
  of: { readonly frozen: FrozenPacket; readonly bag: BagTexts; readonly entry: DisclosedEntry },
) {
  const { entry, bag, frozen } = of;
  const { header, body, salt } = entry;
  const auditLeaf = leafHash(nodeSha256, entry.entry);
  const statement = packetStatement({ identity: frozen.identity, seals: bag.seals, sealedAt: header.at, auditLeaf });
  const { vkey } = await readLogRow(deps.db);
  if (vkey === null) throw new Error("the log has no key");
  return packetProofFiles({
    envelope: await signPacketStatement(nodeSha256, statement, deps.sealSigner),
    tlogProof: await proofOf(deps, entry.id),
    entry: { header, body, salt },
    keys: packetKeys(vkey, deps.sealSigner.publicKey),
  });
}
