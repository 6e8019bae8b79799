import type { FieldVault } from "./platform/keys/field-vault.ts";

/**
 * Whose key seals which text of people: what is purged together (docs/formats/sealed-fields.md). A subject is a name without personal
 * data, for it stands beside its key in clear.
 */

/** What people say about an incident: summary, notes, reasons, its exhibits' names and notes. */
export function incidentSubject(incidentId: string): string {
  return `incident:${incidentId}`;
}

/** What one report or machine says in words: one can be forgotten without another. */
export function signalSubject(signalId: string): string {
  return `signal:${signalId}`;
}

/**
 * A name, a plate, a mail address, a reporter's token: somebody's, the same wherever it occurs. Case and surrounding space do not make
 * another person.
 */
export function personSubject(fields: FieldVault, named: string): string {
  const index = fields.blindIndex("person", named.normalize("NFKC").trim().toLowerCase());
  return `person:${Buffer.from(index).toString("hex")}`;
}

/** What stands in messages to one receiver of webhooks, his address and the secret that he shares with us. */
export function webhookSubject(endpointId: string): string {
  return `webhook:${endpointId}`;
}
