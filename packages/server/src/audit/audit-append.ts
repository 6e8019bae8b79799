import { auditLeaf, canonicalBytes, expectAccepted, saidDigest, saltBytes, toHex } from "@tillwatch/evidence";
import { sql } from "kysely";
import { replaceSealedTexts, sealedTextsIn, type JsonObject } from "@tillwatch/wire";
import type { Chance } from "../platform/chance.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import { vaultOf } from "../platform/keys/vault-mark.ts";
import type { Tx } from "../schema.ts";
import { incidentSubject } from "../subjects.ts";
import { incidentOf, purposeOf } from "./audit-question.ts";
import { groundMarks } from "./ground-words.ts";
import { isPublicReason, reasonInBody } from "./public-reason.ts";

/**
 * One line of the record. `actor` is a token ("machine", "user:...", "device:..."); `because` is the reason in a word or
 * sentence, in clear or sealed, and is never empty: what is no reason of the program's own choosing goes sealed into the body, and the
 * header says `said`. `body` holds personal data only as tokens and sealed text.
 */
export type AuditRecord = {
  readonly kind: string; // incident.opened, exhibit.received, signal.redriven ...: area.verb
  readonly actor: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly because: string;
  readonly atMs: number;
  readonly body: JsonObject;
  /**
   * Who may read it: told by its incident or site where they are not given, else the scope's organisation. Not part of the digested
   * entry. An incident that is the subject, or named by the body's `incidentId`, need not be given.
   */
  readonly organisationId?: string;
  readonly siteId?: string;
  readonly incidentId?: string;
};

/**
 * Appends to the record, in the transaction of what is recorded. Answers the new entries' ids in order. Throws an EvidenceFault
 * on a record that has no canonical form, an empty field, or more than 65,535 bytes besides its body: a bug of the caller.
 */
export async function appendAudit(tx: Tx, records: readonly AuditRecord[], chance: Chance): Promise<readonly string[]> {
  if (records.length === 0) return [];
  const rows = (await withReasons(tx, records, chance)).map((record) => toRow(record, chance));
  await sql`
    insert into audit_entry (id, at, kind, actor, subject_kind, subject_id, because, body, salt, entry, incident_id, purpose,
      organisation_id, site_id, ground_words)
    select id, at, kind, actor, subject_kind, subject_id, because, body, decode(salt, 'hex'), decode(entry, 'hex'), incident_id, purpose,
      coalesce(row.organisation_id, organisation_of_incident(coalesce(of_incident, incident_id)), organisation_of_site(site_id),
        organisation_in_scope()),
      coalesce(site_id, site_of_incident(coalesce(of_incident, incident_id))), ground_words
    from json_to_recordset(${JSON.stringify(rows)}::json) as row (
      id uuid, at timestamptz, kind text, actor text, subject_kind text, subject_id text, because text, body text, salt text, entry text,
      incident_id uuid, purpose text, organisation_id text, site_id text, of_incident uuid, ground_words text[])
  `.execute(tx);
  return rows.map((row) => row.id);
}

type Ready = AuditRecord & { readonly id: string; readonly groundWords: readonly string[] | null };

/**
 * The records with their reasons as they are kept. A reason that somebody gave is sealed under the case that it is about, and erased with
 * it; else under a key of the entry alone. A digest with a salt of its own commits to the words, so that who is shown them later can
 * check that they are those.
 */
async function withReasons(tx: Tx, records: readonly AuditRecord[], chance: Chance): Promise<readonly Ready[]> {
  const given = records.map((record) => ({ ...record, id: chance.uuid(), groundWords: null }));
  const spoken = given.filter((record) => !isPublicReason(record.because));
  if (spoken.length === 0) return given;
  const vault = await vaultOf(tx);
  const texts = await opened(
    tx,
    spoken.map(({ because }) => because),
  );
  const salts = spoken.map(() => chance.bytes(saltBytes));
  const subjects = spoken.map((record) => reasonSubject(record));
  const sealed = await vault.sealMany(tx, [
    ...texts.map((text, at) => ({ subject: subjects[at] ?? "", text })),
    ...salts.map((salt, at) => ({ subject: subjects[at] ?? "", text: toHex(salt) })),
  ]);
  const ready = new Map<string, Ready>();
  for (const [at, record] of spoken.entries()) {
    const [text = "", salt = new Uint8Array(0)] = [texts[at], salts[at]];
    const said = {
      text: sealed[at] ?? "",
      salt: sealed[spoken.length + at] ?? "",
      sha256: saidDigest(nodeSha256, text, salt),
    };
    const groundWords = record.actor === "machine" ? null : groundMarks(vault, text);
    ready.set(record.id, { ...record, because: reasonInBody, body: { ...record.body, said }, groundWords });
  }
  return given.map((record) => ready.get(record.id) ?? record);
}

/** Some callers keep the reason sealed already; the digest is of what it says. */
async function opened(tx: Tx, texts: readonly string[]): Promise<readonly string[]> {
  const vault = await vaultOf(tx);
  const kept = texts.flatMap((text) => sealedTextsIn(text));
  if (kept.length === 0) return texts;
  const plain = await vault.texts(tx, kept);
  return texts.map((text) => replaceSealedTexts(text, (one) => plain.get(one) ?? one));
}

function reasonSubject({ id, kind, incidentId, subject, body }: AuditRecord & { readonly id: string }): string {
  // Why something was erased outlives what was erased.
  if (kind === "vault.erased") return `reason:${id}`;
  const incident = incidentId ?? incidentOf(subject, JSON.stringify(body));
  return incident === null ? `reason:${id}` : incidentSubject(incident);
}

function toRow(record: Ready, chance: Chance) {
  const { kind, actor, subject, because, body, id } = record;
  const at = new Date(record.atMs).toISOString();
  const salt = chance.bytes(saltBytes);
  const leaf = expectAccepted(auditLeaf(nodeSha256, { fields: { id, at, kind, actor, subject, because }, body, salt }));
  const bodyText = Buffer.from(canonicalBytes(body)).toString("utf8");
  return {
    id,
    at,
    kind,
    actor,
    subject_kind: subject.kind,
    subject_id: subject.id,
    incident_id: incidentOf(subject, bodyText),
    purpose: purposeOf(bodyText),
    because,
    body: bodyText,
    salt: Buffer.from(salt).toString("hex"),
    entry: Buffer.from(leaf.entryBytes).toString("hex"),
    organisation_id: record.organisationId ?? null,
    site_id: record.siteId ?? null,
    of_incident: record.incidentId ?? null,
    ground_words: record.groundWords,
  };
}
