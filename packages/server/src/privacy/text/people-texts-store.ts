import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { sql } from "kysely";
import {
  ok,
  refused,
  type DescriptorVocabulary,
  type KeptDescription,
  type KeptText,
  type PeopleDescription,
  type Result,
} from "@tillwatch/wire";
import type { Chance } from "../../platform/chance.ts";
import type { FieldVault } from "../../platform/keys/field-vault.ts";
import type { Db, DbOrTx, Tx } from "../../schema.ts";

export type VocabularyChanged = { readonly code: "descriptors_changed"; readonly version: string };

/** Keeps the content of the vocabulary in force. Refuses where this version was used before with another content. */
export async function openVocabulary(
  db: Db,
  current: DescriptorVocabulary,
  nowMs: number,
): Promise<Result<DescriptorVocabulary, VocabularyChanged>> {
  const content = canonicalize(current) ?? "";
  const sha256 = createHash("sha256").update(content).digest("hex");
  await sql`
    insert into descriptor_vocabulary (version, content, sha256, first_used_at)
    values (${current.version}, ${content}, ${sha256}, ${new Date(nowMs)}::timestamptz)
    on conflict (version) do nothing
  `.execute(db);
  const { rows } = await sql<{ sha256: string }>`
    select sha256 from descriptor_vocabulary where version = ${current.version}
  `.execute(db);
  return rows[0]?.sha256 === sha256 ? ok(current) : refused({ code: "descriptors_changed", version: current.version });
}

/** The words of an old version; null: it was never used here. */
export async function vocabularyOf(db: DbOrTx, version: string): Promise<DescriptorVocabulary | null> {
  const { rows } = await sql<{ content: string }>`
    select content from descriptor_vocabulary where version = ${version}
  `.execute(db);
  return rows[0] === undefined ? null : (JSON.parse(rows[0].content) as DescriptorVocabulary);
}

export type NewDescription = {
  readonly incidentId: string;
  readonly description: PeopleDescription;
  readonly vocabularyVersion: string;
  readonly nowMs: number;
  readonly actor: string;
};

export async function saveDescription(tx: Tx, given: NewDescription): Promise<void> {
  const { persons, scene } = given.description;
  await sql`
    insert into person_description (incident_id, vocabulary_version, body, at, actor)
    values (${given.incidentId}::uuid, ${given.vocabularyVersion}, ${JSON.stringify({ persons, scene })}::json,
      ${new Date(given.nowMs)}::timestamptz, ${given.actor})
    on conflict (incident_id) do nothing
  `.execute(tx);
}

export type NewKeptText = {
  readonly incidentId: string;
  readonly place: "summary" | "note";
  readonly traits: readonly string[];
  readonly wordsVersion: string;
  readonly because: string;
  readonly nowMs: number;
  readonly actor: string;
};

/** Marks a text that was kept although it names a protected trait. The reason is the reporter's: it is sealed with the incident. */
export async function saveKeptText(
  tx: Tx,
  given: NewKeptText,
  deps: { vault: FieldVault; chance: Chance },
): Promise<void> {
  const because = await deps.vault.seal(tx, `incident:${given.incidentId}`, given.because);
  await sql`
    insert into kept_text (id, incident_id, place, traits, words_version, because, at, actor)
    values (${deps.chance.uuid()}::uuid, ${given.incidentId}::uuid, ${given.place}, ${[...given.traits]}::text[],
      ${given.wordsVersion}, ${because}, ${new Date(given.nowMs)}::timestamptz, ${given.actor})
  `.execute(tx);
}

/** A summary that was corrected and names nothing any more is searched again. */
export async function forgetKeptSummary(tx: Tx, incidentId: string): Promise<void> {
  await sql`delete from kept_text where incident_id = ${incidentId}::uuid and place = 'summary'`.execute(tx);
}

export async function descriptionOf(db: DbOrTx, incidentId: string): Promise<KeptDescription | null> {
  type Row = { vocabulary_version: string; body: PeopleDescription; at: Date; actor: string };
  const { rows } = await sql<Row>`
    select vocabulary_version, body, at, actor from person_description where incident_id = ${incidentId}::uuid
  `.execute(db);
  const [row] = rows;
  if (row === undefined) return null;
  return { ...row.body, vocabularyVersion: row.vocabulary_version, at: row.at.toISOString(), actor: row.actor };
}

/** Which texts of an incident were kept against the challenge, newest last. The reasons stay sealed. */
export async function keptTextsOf(db: DbOrTx, incidentId: string): Promise<readonly KeptText[]> {
  type Row = { place: KeptText["place"]; traits: KeptText["traits"]; at: Date; actor: string };
  const { rows } = await sql<Row>`
    select place, traits, at, actor from kept_text where incident_id = ${incidentId}::uuid order by at, id limit 1000
  `.execute(db);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
