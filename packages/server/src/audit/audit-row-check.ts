import {
  concatBytes,
  equalBytes,
  parseAuditEntry,
  toHex,
  utf8,
  type AuditHeader,
  type Sha256,
} from "@tillwatch/evidence";
import { incidentOf, purposeOf } from "./audit-question.ts";

/** A row of the record as it is stored. `body` is the canonical text; body and salt are both null once erased. */
export type VerifiedRow = {
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  readonly actor: string;
  readonly subjectKind: string;
  readonly subjectId: string;
  readonly because: string;
  readonly body: string | null;
  readonly salt: Uint8Array | null;
  readonly entry: Uint8Array;
  /** What questions find the row by; the body says the same. */
  readonly incidentId: string | null;
  readonly purpose: string | null;
};

/**
 * What is wrong with a row, in a sentence that names what changed; undefined if it is what the log holds. `logged` is the log's entry
 * at its place, undefined where the log's file cannot be read.
 */
export function rowProblem(
  sha256: Sha256,
  row: VerifiedRow | undefined,
  logged: Uint8Array | undefined,
): string | undefined {
  if (row === undefined)
    return `the row was deleted${logged === undefined ? "" : `: the log holds ${describe(logged)}`}`;
  const entry = logged ?? row.entry;
  if (equalBytes(row.entry, entry) && equalBytes(entryOf(sha256, row), entry)) return foundByProblem(row);
  const header = parseAuditEntry(entry);
  if (!header.ok) return `the entry is malformed: ${header.error.says}`;
  const changed = changedColumns(row, header.value);
  if (changed.length > 0) return `the row was changed: ${changed.join("; ")}`;
  if (!equalBytes(row.entry, entry)) return "the row was changed: its entry is not the one that the log holds";
  return bodyProblem(sha256, row, header.value);
}

/** A row that is found under another incident or purpose than its body names would be missing from an answer. */
function foundByProblem(row: VerifiedRow): string | undefined {
  const incident = incidentOf({ kind: row.subjectKind, id: row.subjectId }, row.body);
  if (incident !== null && incident !== row.incidentId) {
    return `the row was changed: it is found under incident ${quote(row.incidentId ?? "none")}, its body names ${quote(incident)}`;
  }
  const purpose = purposeOf(row.body);
  if (purpose !== null && purpose !== row.purpose) {
    return `the row was changed: it is found under purpose ${quote(row.purpose ?? "none")}, its body names ${quote(purpose)}`;
  }
  return undefined;
}

/** The id in a log entry, for a row that is gone. */
export function entryIdOf(entry: Uint8Array | undefined): string | null {
  const header = entry === undefined ? undefined : parseAuditEntry(entry);
  return header?.ok === true ? header.value.id : null;
}

/**
 * The entry that a row with a body must have, written straight in canonical order: ten times faster than parsing the stored
 * one. Where it differs, for whatever reason, the slow way decides and finds the words.
 */
function entryOf(sha256: Sha256, row: VerifiedRow): Uint8Array {
  if (row.body === null || row.salt === null) return new Uint8Array(0);
  const { actor, because, id, kind } = row;
  const bodyDigest = toHex(sha256(concatBytes(row.salt, utf8(row.body))));
  const subject = { id: row.subjectId, kind: row.subjectKind };
  const at = row.at.toISOString();
  return utf8(JSON.stringify({ actor, at, because, body_digest: bodyDigest, id, kind, subject, v: 1 }));
}

function changedColumns(row: VerifiedRow, header: AuditHeader): readonly string[] {
  const pairs: readonly [string, string, string][] = [
    ["id", row.id, header.id],
    ["at", row.at.toISOString(), header.at],
    ["kind", row.kind, header.kind],
    ["actor", row.actor, header.actor],
    ["subject kind", row.subjectKind, header.subject.kind],
    ["subject", row.subjectId, header.subject.id],
    ["because", row.because, header.because],
  ];
  return pairs
    .filter(([, stored, logged]) => stored !== logged)
    .map(([name, stored, logged]) => `${name} is ${quote(stored)}, the log holds ${quote(logged)}`);
}

function bodyProblem(sha256: Sha256, row: VerifiedRow, header: AuditHeader): string | undefined {
  if (row.body === null && row.salt === null) return undefined;
  if (row.body === null || row.salt === null) return "the row was changed: of body and salt only one was erased";
  const digest = toHex(sha256(concatBytes(row.salt, utf8(row.body))));
  return digest === header.body_digest
    ? undefined
    : "the row was changed: its body is not the one that the log commits to";
}

function describe(entry: Uint8Array): string {
  const header = parseAuditEntry(entry);
  return header.ok ? `${header.value.kind} of ${header.value.at} there, entry ${header.value.id}` : "an entry there";
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
