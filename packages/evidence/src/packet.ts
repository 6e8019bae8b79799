import type { AuditHeader } from "./audit-entry.ts";
import type { TagManifestSeal } from "./bag-write.ts";
import { toBase64, toHex, utf8 } from "./bytes.ts";
import { canonicalBytes, type Json, type JsonObject } from "./canonical-json.ts";
import type { CopyRecipe } from "./copy-recipe.ts";
import type { CustodyEntry } from "./custody.ts";
import { signDsse, type DsseEnvelope } from "./dsse.ts";
import { keyIdOf, type Signer } from "./ed25519.ts";
import type { Sha256 } from "./hashing.ts";

/** The packet's shapes. Byte form and file list: docs/formats/packet.md. */

export const packetFiles = {
  record: "data/record.json",
  timeline: "data/timeline.json",
  decisions: "data/decisions.json",
  custody: "data/custody.json",
  audit: "data/audit.json",
  report: "data/report.html",
  /** Only where an exhibit is in the packet as a copy. */
  copies: "data/copies.json",
  /** Only where a text of the case was drafted by a program. */
  drafts: "data/drafts.json",
} as const;

/** Files that a packet may do without. */
export const optionalPacketFiles: ReadonlySet<string> = new Set([packetFiles.copies, packetFiles.drafts]);

/** Tag files that prove the seal. They sign the tag manifests and so cannot be listed in them. */
export const proofFiles = {
  dsse: "dsse.json",
  tlogProof: "tlog-proof.txt",
  entry: "packet-entry.json",
  keys: "keys.json",
} as const;

export const bagFiles = [
  "bagit.txt",
  "bag-info.txt",
  "manifest-sha256.txt",
  "manifest-sha512.txt",
  "tagmanifest-sha256.txt",
  "tagmanifest-sha512.txt",
] as const;

export const statementPayloadType = "application/vnd.in-toto+json";
export const packetPredicateType = "https://tillwatch.org/packet/v1";
const statementType = "https://in-toto.io/Statement/v1";

/** Who and what a packet is about. Ids are UUIDs; `incidentRef` is the reference that people use (TW-2026-000123). */
export type PacketIdentity = { readonly packetId: string; readonly incidentId: string; readonly incidentRef: string };

/** An exhibit as the record lists it. `path` is relative to `data/`; `sha256` is of the exhibit's plain bytes. */
export type PacketExhibit = {
  readonly id: string;
  /**
   * "file": the bytes are in the packet. "copy": a copy is, made as data/copies.json says; `bytes` and `sha256` stay the original's.
   * "pointer": they stay in the vault until a release.
   */
  readonly kind: "file" | "copy" | "pointer";
  readonly path: string;
  readonly filename: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly sha256: string;
};

/** data/record.json. `incident` is the whole incident record as the API shows it. */
export type PacketRecord = { readonly v: 1 } & PacketIdentity & {
    readonly incident: JsonObject;
    readonly exhibits: readonly PacketExhibit[];
  };

/** data/exhibits/<id>/pointer.json. */
export type ExhibitPointer = {
  readonly v: 1;
  readonly exhibitId: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Where the holder keeps it, and why it is not in the packet. */
  readonly location: string;
  readonly because: string;
};

/** `because` of a pointer to bytes that were destroyed when their time was over: digest, custody and the certificate are what is left. */
export const contentDisposed = "content_disposed";

/** data/custody.json: every exhibit's chain, in order. */
export type PacketCustody = {
  readonly v: 1;
  readonly chains: readonly { readonly exhibitId: string; readonly entries: readonly CustodyEntry[] }[];
};

/** data/copies.json: how each copy in the packet was made of which original. */
export type PacketCopies = {
  readonly v: 1;
  readonly copies: readonly {
    readonly exhibitId: string;
    readonly original: { readonly bytes: number; readonly sha256: string };
    readonly copy: { readonly bytes: number; readonly sha256: string; readonly mediaType: string };
    readonly recipe: CopyRecipe;
  }[];
};

/** One audit entry with its body. `salt` is lower-case hex of 32 bytes; body and salt are null once erased. */
export type DisclosedAuditEntry = {
  readonly header: AuditHeader;
  readonly body: Json;
  readonly salt: string | null;
};

/** data/audit.json. With `checkpoint`, each entry carries its inclusion proof (base64 lines) under it. */
export type PacketAudit = {
  readonly v: 1;
  /** A signed checkpoint of the log, from before the sealing. */
  readonly checkpoint?: string;
  readonly entries: readonly (DisclosedAuditEntry & { readonly index: number; readonly proof?: readonly string[] })[];
};

/** keys.json: which keys the packet was sealed with. Information only: trust comes from elsewhere. */
export type PacketKeys = {
  readonly v: 1;
  /** vkey of the log. */
  readonly log: string;
  /** base64 of the 32-byte Ed25519 key that signs the statement. */
  readonly statement: string;
};

/** The one top folder of the zip. */
export function packetFolder(identity: Pick<PacketIdentity, "incidentRef" | "packetId">): string {
  if (
    !/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(identity.incidentRef) ||
    !/^[A-Za-z0-9-]{1,64}$/.test(identity.packetId)
  ) {
    throw new RangeError("incident reference and packet id consist of letters, digits and hyphens");
  }
  return `${identity.incidentRef}-${identity.packetId}`;
}

/** Path of an exhibit's file, or of its pointer when `filename` is undefined, relative to `data/`. */
export function exhibitPath(exhibitId: string, filename?: string): string {
  return `exhibits/${exhibitId}/${filename ?? "pointer.json"}`;
}

/** Kind of the audit entry that records a sealing. */
export const packetSealedKind = "packet.sealed";

/** Body of that entry: it names the tag manifests, and through them every file; and the key that signs the statement. */
export type PacketSealBody = PacketIdentity & {
  readonly seals: readonly TagManifestSeal[];
  /** keyIdOf the statement's key: the log vouches for it. */
  readonly statementKeyId: string;
};

export function packetSealBody(
  sha256: Sha256,
  seal: {
    readonly identity: PacketIdentity;
    readonly seals: readonly TagManifestSeal[];
    readonly statementKey: Uint8Array;
  },
): PacketSealBody {
  const { packetId, incidentId, incidentRef } = seal.identity;
  return { packetId, incidentId, incidentRef, seals: seal.seals, statementKeyId: keyIdOf(sha256, seal.statementKey) };
}

/** Body field by which an audit entry names a custody entry: `{ custodyDigest: custodyDigest(entry) }`. */
export const custodyDigestField = "custodyDigest";

/** in-toto Statement v1 over the tag manifests. */
export type PacketStatement = {
  readonly _type: typeof statementType;
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: typeof packetPredicateType;
  readonly predicate: PacketIdentity & {
    /** RFC 3339, UTC, milliseconds. */
    readonly sealedAt: string;
    /** Lower-case hex leaf hash of the sealing's audit entry. */
    readonly auditLeaf: string;
  };
};

export function packetStatement(about: {
  readonly identity: PacketIdentity;
  readonly seals: readonly TagManifestSeal[];
  readonly sealedAt: string;
  readonly auditLeaf: Uint8Array;
}): PacketStatement {
  const { packetId, incidentId, incidentRef } = about.identity;
  return {
    _type: statementType,
    subject: about.seals.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: packetPredicateType,
    predicate: { packetId, incidentId, incidentRef, sealedAt: about.sealedAt, auditLeaf: toHex(about.auditLeaf) },
  };
}

export function signPacketStatement(sha256: Sha256, statement: PacketStatement, signer: Signer): Promise<DsseEnvelope> {
  return signDsse(sha256, { payloadType: statementPayloadType, payload: canonicalBytes(statement) }, [signer]);
}

export function packetKeys(logVkey: string, statementKey: Uint8Array): PacketKeys {
  return { v: 1, log: logVkey, statement: toBase64(statementKey) };
}

/** The proof files' bytes. The three JSON files MUST be canonical; the verifier refuses another spelling. */
export function packetProofFiles(proofs: {
  readonly envelope: DsseEnvelope;
  /** Text of formatTlogProof for the sealing's entry. */
  readonly tlogProof: string;
  readonly entry: DisclosedAuditEntry;
  readonly keys: PacketKeys;
}): { readonly path: string; readonly bytes: Uint8Array }[] {
  return [
    { path: proofFiles.dsse, bytes: canonicalBytes(proofs.envelope) },
    { path: proofFiles.tlogProof, bytes: utf8(proofs.tlogProof) },
    { path: proofFiles.entry, bytes: canonicalBytes(proofs.entry) },
    { path: proofFiles.keys, bytes: canonicalBytes(proofs.keys) },
  ];
}
