import { sql } from "kysely";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { asMachine } from "../platform/database/scoped.ts";
import type { Tx } from "../schema.ts";
import { incidentSubject, signalSubject } from "../subjects.ts";
import { searchWordsOf } from "./search-words.ts";

/** How a word of a summary is found without being told: which incidents share one can be seen, not which word it is. */
export function wordIndex(fields: FieldVault, word: string): string {
  return Buffer.from(fields.blindIndex("incident_word", word).subarray(0, wordBytes)).toString("hex");
}

// Enough that two of a million words are never taken for one.
const wordBytes = 12;

/** Makes the incidents findable by the words of these texts, and by no earlier ones. */
export async function saveSearchWords(
  tx: Tx,
  fields: FieldVault,
  texts: readonly { readonly incidentId: string; readonly text: string }[],
): Promise<void> {
  if (texts.length === 0) return;
  await forgetSearchWords(
    tx,
    texts.map(({ incidentId }) => incidentId),
  );
  const rows = texts.flatMap(({ incidentId, text }) =>
    searchWordsOf(text).map((word) => ({ incident_id: incidentId, word: wordIndex(fields, word) })),
  );
  await sql`
    insert into incident_word (incident_id, word)
    select incident_id, decode(word, 'hex') from json_to_recordset(${JSON.stringify(rows)}::json) as w (incident_id uuid, word text)
    on conflict do nothing`.execute(tx);
}

export async function forgetSearchWords(tx: Tx, incidentIds: readonly string[]): Promise<void> {
  await sql`
    delete from incident_word where incident_id in (
      select value::uuid from json_array_elements_text(${JSON.stringify(incidentIds)}::json))`.execute(tx);
}

/**
 * Erases what people said about an incident: its notes, reasons and summary, the reports that belong to it and its exhibits' names. Numbers,
 * states, machine facts and the record stay. False: there was nothing. The entry in the audit record is the caller's.
 */
export async function eraseIncidentText(
  tx: Tx,
  fields: FieldVault,
  erase: { readonly incidentId: string; readonly because: string },
): Promise<boolean> {
  const { incidentId, because } = erase;
  const { rows } = await sql<{ id: string }>`
    select signal_id as id from incident_signal where incident_id = ${incidentId}::uuid`.execute(tx);
  let erased = false;
  for (const subject of [incidentSubject(incidentId), ...rows.map(({ id }) => signalSubject(id))]) {
    erased = (await fields.purge(tx, subject, because)) || erased;
  }
  await forgetSearchWords(tx, [incidentId]);
  await asMachine(tx, (machine) =>
    sql`update audit_entry set ground_words = null where incident_id = ${incidentId}::uuid and ground_words is not null`.execute(
      machine,
    ),
  );
  return erased;
}
