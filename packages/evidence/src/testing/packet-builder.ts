import { auditLeaf, type AuditFields, type AuditLeaf } from "../audit-entry.ts";
import { buildBagTexts, type BagTexts } from "../bag-write.ts";
import { joinBytes, toBase64, toHex, utf8 } from "../bytes.ts";
import { canonicalJson, type Json } from "../canonical-json.ts";
import { signCheckpoint } from "../checkpoint.ts";
import { custodyDigest, nextCustodyEntry, type CustodyEntry } from "../custody.ts";
import { signerFromSeed, type Signer } from "../ed25519.ts";
import { pureHashing, type Hashing } from "../hashing.ts";
import { inclusionProof } from "../merkle-proof.ts";
import {
  custodyDigestField,
  exhibitPath,
  packetFolder,
  packetKeys,
  packetProofFiles,
  packetSealBody,
  packetSealedKind,
  packetStatement,
  signPacketStatement,
  type DisclosedAuditEntry,
  type PacketAudit,
  type PacketExhibit,
  type PacketIdentity,
} from "../packet.ts";
import { packetZipInputs } from "../packet-assemble.ts";
import { expectAccepted } from "../refusal.ts";
import { formatVkey, noteKey } from "../signed-note.ts";
import { emptyEdge, tilesForAppend, type TreeEdge } from "../tiles.ts";
import { formatTlogProof } from "../tlog-proof.ts";
import type { ByteSource } from "../zip-archive.ts";
import { sealedComment } from "../zip-form.ts";
import { measurePayload, writeZip, type ZipInput } from "../zip-write.ts";

/** Builds whole, valid packets for tests, and opens places at which a test can break them. Everything is deterministic. */

export const testOrigin = "tillwatch.example/log";
export const testIdentity: PacketIdentity = {
  packetId: "6f9f2e0c-5b53-4f0e-9d4a-3f1f7a3e8b11",
  incidentId: "0b8d1a52-9a0c-4f63-8d39-51f1f9d0a7c2",
  incidentRef: "TW-2026-000123",
};
export const testSealedAtMs = Date.UTC(2026, 10, 20, 10, 0, 0);

/** A log in memory, written with the same functions that the server writes its files with. */
export class TestLog {
  readonly files = new Map<string, Uint8Array>();
  readonly signer: Signer;
  readonly hashing: Hashing;
  edge: TreeEdge = emptyEdge;
  root: Uint8Array;

  constructor(signer: Signer, hashing: Hashing = pureHashing) {
    this.signer = signer;
    this.hashing = hashing;
    this.root = hashing.sha256(new Uint8Array(0));
  }

  /** Appends entries and returns the index of the first. */
  append(...entries: readonly Uint8Array[]): bigint {
    const index = this.edge.size;
    const append = tilesForAppend({ sha256: this.hashing.sha256, edge: this.edge, entries });
    for (const { path, bytes } of append.files) this.files.set(path, bytes);
    this.edge = append.edge;
    this.root = append.root;
    return index;
  }

  checkpoint(): Promise<string> {
    const { size } = this.edge;
    return signCheckpoint(this.hashing.sha256, { origin: testOrigin, size, root: this.root }, this.signer);
  }

  proof(index: bigint): Promise<Uint8Array[]> {
    const read = (path: string) => Promise.resolve(this.files.get(path));
    return inclusionProof({ sha256: this.hashing.sha256, size: this.edge.size, read }, index);
  }
}

export type TestPacket = {
  readonly folder: string;
  readonly inputs: readonly ZipInput[];
  readonly zip: Uint8Array;
  readonly logVkey: string;
  readonly statementKey: Uint8Array;
  readonly log: TestLog;
};

/** Where a test may reach in: each gets the true value and returns what is to be built in instead. */
export type PacketBreaks = {
  readonly custody?: (chain: readonly CustodyEntry[]) => readonly unknown[];
  readonly audit?: (audit: PacketAudit) => unknown;
  readonly exhibits?: (exhibits: readonly PacketExhibit[]) => readonly unknown[];
  readonly statementSigner?: Signer;
  readonly logSigner?: Signer;
  /** Replaces payload or tag files after all was computed; undefined removes one. Path within the folder. */
  readonly files?: (files: Map<string, Uint8Array>) => void;
  readonly comment?: string;
};

export function testSeed(fill: number): Uint8Array {
  return new Uint8Array(32).fill(fill);
}

const filmId = "3d0c7a3e-3f4b-4b27-8a53-0d6a3f9f5b01";
const pointerId = "3d0c7a3e-3f4b-4b27-8a53-0d6a3f9f5b02";
const film = utf8("not really a film, but the same bytes every time\n".repeat(200));
const farAway = utf8("the film that stays in the vault\n");

export async function buildTestPacket(breaks: PacketBreaks = {}, hashing: Hashing = pureHashing): Promise<TestPacket> {
  const { sha256 } = hashing;
  const [trueLogSigner, trueSigner] = await Promise.all([signerFromSeed(testSeed(1)), signerFromSeed(testSeed(2))]);
  const statementSigner = breaks.statementSigner ?? trueSigner;
  const log = new TestLog(breaks.logSigner ?? trueLogSigner, hashing);
  const earlier = Array.from({ length: 300 }, (_, i) =>
    testLeaf(hashing, { id: `earlier-${i}`, kind: "signal.refused" }, null),
  );
  log.append(...earlier.map((leaf) => leaf.entryBytes));
  const chains = [testChain(hashing, filmId, film), testChain(hashing, pointerId, farAway)];
  const audit = await testAudit(log, hashing, chains.flat());
  const exhibits: PacketExhibit[] = [
    {
      id: filmId,
      kind: "file",
      path: exhibitPath(filmId, "till 3.mp4"),
      filename: "till 3.mp4",
      mediaType: "video/mp4",
      bytes: film.length,
      sha256: toHex(sha256(film)),
    },
    {
      id: pointerId,
      kind: "pointer",
      path: exhibitPath(pointerId),
      filename: "door.mp4",
      mediaType: "video/mp4",
      bytes: farAway.length,
      sha256: toHex(sha256(farAway)),
    },
  ];
  const pointer = {
    v: 1,
    exhibitId: pointerId,
    bytes: farAway.length,
    sha256: toHex(sha256(farAway)),
    location: "vault:3d0c7a3e",
    because: "no_release_yet",
  };
  const custody = {
    v: 1,
    chains: chains.map((entries, i) => ({
      exhibitId: entries[0]?.exhibitId ?? "",
      entries: i === 0 ? (breaks.custody?.(entries) ?? entries) : entries,
    })),
  };
  const contents = new Map<string, Uint8Array>([
    ["audit.json", json(breaks.audit?.(audit) ?? audit)],
    ["custody.json", json(custody)],
    ["decisions.json", json({ v: 1, decisions: [] })],
    [exhibitPath(filmId, "till 3.mp4"), film],
    [exhibitPath(pointerId), json(pointer)],
    [
      "record.json",
      json({ v: 1, ...testIdentity, incident: { level: 1 }, exhibits: breaks.exhibits?.(exhibits) ?? exhibits }),
    ],
    ["report.html", utf8("<!doctype html><title>TW-2026-000123</title>\n")],
    ["timeline.json", json({ v: 1, timeline: [] })],
  ]);
  return sealTestPacket({ contents, log, hashing, statementSigner, breaks });
}

async function sealTestPacket(input: {
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly log: TestLog;
  readonly hashing: Hashing;
  readonly statementSigner: Signer;
  readonly breaks: PacketBreaks;
}): Promise<TestPacket> {
  const { hashing, log, statementSigner, breaks } = input;
  const payload = await Promise.all(
    [...input.contents].map(async ([path, bytes]) => ({
      path,
      ...(await measurePayload(hashing, [bytes])),
      open: () => [bytes],
    })),
  );
  const info = [
    ["Source-Organization", "Example Stores"],
    ["External-Identifier", testIdentity.incidentRef],
  ] as const;
  const bag = expectAccepted(buildBagTexts(hashing, { payload, info }));
  const proofs = await testProofs({ bag, log, hashing, statementSigner });
  const folder = packetFolder(testIdentity);
  let inputs = packetZipInputs(hashing, { folder, bag, payload, proofs: proofs.files });
  if (breaks.files !== undefined) inputs = await changedInputs(inputs, { folder, hashing, change: breaks.files });
  const zip = await zipBytes(inputs, hashing, breaks.comment ?? sealedComment);
  return { folder, inputs, zip, logVkey: proofs.logVkey, statementKey: statementSigner.publicKey, log };
}

async function testProofs(input: {
  readonly bag: BagTexts;
  readonly log: TestLog;
  readonly hashing: Hashing;
  readonly statementSigner: Signer;
}): Promise<{ readonly files: { path: string; bytes: Uint8Array }[]; readonly logVkey: string }> {
  const { bag, log, hashing, statementSigner } = input;
  const { sha256 } = hashing;
  const { seals } = bag;
  const body = packetSealBody(sha256, { identity: testIdentity, seals, statementKey: statementSigner.publicKey });
  const leaf = testLeaf(hashing, { id: "sealing", kind: packetSealedKind }, body);
  const index = log.append(leaf.entryBytes);
  const checkpoint = await log.checkpoint();
  const statement = packetStatement({
    identity: testIdentity,
    seals,
    sealedAt: new Date(testSealedAtMs).toISOString(),
    auditLeaf: leaf.leafHash,
  });
  const logVkey = formatVkey(noteKey(sha256, testOrigin, log.signer.publicKey));
  const files = packetProofFiles({
    envelope: await signPacketStatement(sha256, statement, statementSigner),
    tlogProof: formatTlogProof({ index, proof: await log.proof(index), checkpoint }),
    entry: { header: leaf.header, body, salt: toHex(testSalt("sealing")) },
    keys: packetKeys(logVkey, statementSigner.publicKey),
  });
  return { files, logVkey };
}

/** Zips inputs to one array. */
export async function zipBytes(inputs: readonly ZipInput[], hashing: Hashing, comment = ""): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of writeZip(inputs, { hashing, modifiedAtMs: testSealedAtMs, comment })) parts.push(part);
  return joinBytes(parts);
}

async function changedInputs(
  inputs: readonly ZipInput[],
  by: { readonly folder: string; readonly hashing: Hashing; readonly change: (files: Map<string, Uint8Array>) => void },
): Promise<ZipInput[]> {
  const files = new Map<string, Uint8Array>();
  for (const input of inputs) {
    const parts: Uint8Array[] = [];
    for await (const part of input.open()) parts.push(part);
    files.set(input.path.slice(by.folder.length + 1), joinBytes(parts));
  }
  by.change(files);
  return [...files].map(([path, bytes]) => ({
    path: `${by.folder}/${path}`,
    bytes: bytes.length,
    crc32: by.hashing.crc32(bytes, 0),
    open: () => [bytes],
  }));
}

function testChain(hashing: Hashing, exhibitId: string, bytes: Uint8Array): CustodyEntry[] {
  const digest = toHex(hashing.sha256(bytes));
  const chain: CustodyEntry[] = [];
  for (const [i, action] of (["received", "accessed", "sealed"] as const).entries()) {
    const at = new Date(testSealedAtMs - (3 - i) * 60_000).toISOString();
    const words = { who: "person:7", what: `the film, ${action}`, why: "investigation", authority: "policy:lp-1" };
    chain.push(nextCustodyEntry(hashing.sha256, chain.at(-1), { exhibitId, at, action, digest, ...words }));
  }
  return chain;
}

async function testAudit(log: TestLog, hashing: Hashing, chain: readonly CustodyEntry[]): Promise<PacketAudit> {
  const disclosed: (DisclosedAuditEntry & { index: number })[] = [];
  for (const entry of chain) {
    const body = { [custodyDigestField]: custodyDigest(hashing.sha256, entry) };
    const id = `custody-${entry.exhibitId.slice(-2)}-${entry.seq}`;
    const leaf = testLeaf(hashing, { id, kind: "exhibit.custody" }, body);
    const index = Number(log.append(leaf.entryBytes));
    disclosed.push({ index, header: leaf.header, body, salt: toHex(testSalt(id)) });
  }
  const erased = testLeaf(hashing, { id: "erased", kind: "note.added" }, { text: "gone" });
  disclosed.push({ index: Number(log.append(erased.entryBytes)), header: erased.header, body: null, salt: null });
  const proofs = await Promise.all(disclosed.map(async ({ index }) => (await log.proof(BigInt(index))).map(toBase64)));
  const entries = disclosed.map((entry, i) => ({ ...entry, proof: proofs[i] ?? [] }));
  return { v: 1, checkpoint: await log.checkpoint(), entries };
}

/** A salt that differs from entry to entry; real ones are random. */
function testSalt(id: string): Uint8Array {
  return pureHashing.sha256(utf8(`salt ${id}`));
}

export function testLeaf(hashing: Hashing, given: Pick<AuditFields, "id" | "kind">, body: Json): AuditLeaf {
  const fields: AuditFields = {
    ...given,
    at: "2026-11-20T09:00:00.000Z",
    actor: "person:7",
    subject: { kind: "incident", id: testIdentity.incidentId },
    because: "test",
  };
  return expectAccepted(auditLeaf(hashing.sha256, { fields, body, salt: testSalt(given.id) }));
}

/** A source over bytes in memory that refuses to read outside, as a file does. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) =>
      offset >= 0 && offset + length <= bytes.length
        ? Promise.resolve(bytes.slice(offset, offset + length))
        : Promise.reject(new RangeError(`read of ${length} at ${offset} in ${bytes.length}`)),
  };
}

/** Canonical where it can be; a test may also build in what has no canonical form. */
function json(value: unknown): Uint8Array {
  const canonical = canonicalJson(value);
  return canonical.ok ? canonical.value : utf8(JSON.stringify(value));
}
