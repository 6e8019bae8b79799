import { concatBytes, equalBytes, fromHex, toHex, utf8 } from "./bytes.ts";
import { canonicalJson, isJsonObject, parseCanonicalJson, type CanonicalRefusal, type Json } from "./canonical-json.ts";
import type { Sha256 } from "./hashing.ts";
import { leafHash } from "./merkle-tree.ts";
import { accepted, refused, type Refusal, type Result } from "./refusal.ts";
import { entryBytesMax } from "./tiles.ts";

/** What an audit entry says in the open: ids, tokens and codes, never a person's name. */
export type AuditFields = {
  readonly id: string;
  /** RFC 3339, UTC, milliseconds: 2026-11-20T10:00:00.000Z. */
  readonly at: string;
  readonly kind: string;
  /** Token of the person, device or rule that acted. */
  readonly actor: string;
  readonly subject: { readonly kind: string; readonly id: string };
  /** A word or sentence of the program's own; `said`: somebody gave the reason, and the body commits to it (`SaidReason`). */
  readonly because: string;
};

/**
 * The member `said` of a body whose header says `said`: the reason and the salt of its digest, each sealed (only the server's vault opens
 * them), and the digest that whoever is shown both compares with.
 */
export type SaidReason = { readonly text: string; readonly salt: string; readonly sha256: string };

/** Lower-case hex of SHA-256(salt || UTF-8 of the reason). */
export function saidDigest(sha256: Sha256, text: string, salt: Uint8Array): string {
  return toHex(sha256(concatBytes(salt, utf8(text.toWellFormed()))));
}

/** True when salt (hex) and text are those that a body commits to. */
export function verifySaid(
  sha256: Sha256,
  body: Json,
  shown: { readonly text: string; readonly salt: string },
): boolean {
  const said = isJsonObject(body) ? body["said"] : undefined;
  const salt = fromHex(shown.salt);
  if (!isJsonObject(said) || salt?.length !== saltBytes) return false;
  return said["sha256"] === saidDigest(sha256, shown.text, salt);
}

/** The entry in the log: the fields and the salted digest of the body (lower-case hex). */
export type AuditHeader = { readonly v: 1 } & AuditFields & { readonly body_digest: string };

export type AuditRefusal =
  Refusal<"audit_entry_malformed" | "audit_entry_too_large" | "audit_salt_malformed"> | CanonicalRefusal;

export type AuditLeaf = {
  readonly header: AuditHeader;
  /** Canonical JSON of the header: the log entry. */
  readonly entryBytes: Uint8Array;
  readonly leafHash: Uint8Array;
  readonly bodyDigest: string;
};

export const saltBytes = 32;

/**
 * Makes the log entry for a body. `salt` is 32 random bytes of the caller, used once: without it nobody can test guesses of
 * the body against the public digest, so erasing salt and body erases the content while the tree stays as it is.
 */
export function auditLeaf(
  sha256: Sha256,
  input: { readonly fields: AuditFields; readonly body: Json; readonly salt: Uint8Array },
): Result<AuditLeaf, AuditRefusal> {
  const digest = auditBodyDigest(sha256, input.body, input.salt);
  if (!digest.ok) return digest;
  const { id, at, kind, actor, subject, because } = input.fields;
  const header: AuditHeader = {
    v: 1,
    id,
    at,
    kind,
    actor,
    subject: { kind: subject.kind, id: subject.id },
    because,
    body_digest: digest.value,
  };
  const read = readAuditHeader(header);
  if (!read.ok) return read;
  const entry = canonicalJson(header);
  if (!entry.ok) return entry;
  if (entry.value.length > entryBytesMax) {
    return refused(
      "audit_entry_too_large",
      `the entry has ${entry.value.length} bytes, a log entry at most ${entryBytesMax}`,
    );
  }
  return accepted({
    header,
    entryBytes: entry.value,
    leafHash: leafHash(sha256, entry.value),
    bodyDigest: digest.value,
  });
}

/** Lower-case hex of SHA-256(salt || canonical JSON(body)). */
export function auditBodyDigest(sha256: Sha256, body: Json, salt: Uint8Array): Result<string, AuditRefusal> {
  if (salt.length !== saltBytes)
    return refused("audit_salt_malformed", `a salt has ${saltBytes} bytes, not ${salt.length}`);
  const bytes = canonicalJson(body);
  return bytes.ok ? accepted(toHex(sha256(concatBytes(salt, bytes.value)))) : bytes;
}

/** Reads a log entry; refuses anything but the canonical bytes of a header with exactly our fields. */
export function parseAuditEntry(entryBytes: Uint8Array): Result<AuditHeader, AuditRefusal> {
  const value = parseCanonicalJson(entryBytes);
  return value === undefined
    ? refused("audit_entry_malformed", "the entry is not canonical JSON")
    : readAuditHeader(value);
}

/** True when salt and body are those whose digest the entry carries. */
export function verifyAuditBody(
  sha256: Sha256,
  entryBytes: Uint8Array,
  given: { readonly body: Json; readonly salt: Uint8Array },
): boolean {
  const header = parseAuditEntry(entryBytes);
  const digest = auditBodyDigest(sha256, given.body, given.salt);
  return header.ok && digest.ok && header.value.body_digest === digest.value;
}

/** True when the entry hashes to `leaf`. */
export function verifyAuditLeaf(sha256: Sha256, entryBytes: Uint8Array, leaf: Uint8Array): boolean {
  return equalBytes(leafHash(sha256, entryBytes), leaf);
}

const fieldNames = ["actor", "at", "because", "body_digest", "id", "kind", "subject", "v"].join();

/** Reads a header from outside; refuses missing, additional and malformed fields. */
export function readAuditHeader(value: unknown): Result<AuditHeader, AuditRefusal> {
  const wrong = (says: string) => refused("audit_entry_malformed", says);
  if (!isJsonObject(value)) return wrong("the entry is not an object");
  if (Object.keys(value).sort().join() !== fieldNames) return wrong(`the entry's fields are not exactly ${fieldNames}`);
  const { v, id, at, kind, actor, because, subject, body_digest } = value;
  if (v !== 1) return wrong("the entry's version is not 1");
  if (!isText(id) || !isText(kind) || !isText(actor) || !isText(because)) {
    return wrong("id, kind, actor or because of the entry is not a text");
  }
  if (!isText(at) || !isInstant(at)) return wrong("the entry's time is not RFC 3339 in UTC with milliseconds");
  if (!isJsonObject(subject) || Object.keys(subject).sort().join() !== "id,kind")
    return wrong("the entry's subject is not {kind, id}");
  const { kind: subjectKind, id: subjectId } = subject;
  if (!isText(subjectKind) || !isText(subjectId)) return wrong("the entry's subject is not {kind, id}");
  if (!isText(body_digest) || !/^[0-9a-f]{64}$/.test(body_digest))
    return wrong("the entry's body digest is not hex SHA-256");
  return accepted({ v: 1, id, at, kind, actor, subject: { kind: subjectKind, id: subjectId }, because, body_digest });
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** RFC 3339, UTC, exactly three fraction digits, and a time that exists. */
export function isInstant(text: string): boolean {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/.test(text)) return false;
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text;
}
