import { sql } from "kysely";
import type { Chance } from "../../platform/chance.ts";
import type { FieldVault } from "../../platform/keys/field-vault.ts";
import type { DbOrTx, Tx } from "../../schema.ts";
import { indexUse, normalIdentifier, type Identifier, type IdentifierKind } from "../text/identifiers.ts";

export type PersonKind = "customer" | "employee" | "reporter" | "other";

export type PrivacyTools = { readonly vault: FieldVault; readonly chance: Chance };

export type NewPerson = {
  readonly organisationId: string;
  readonly kind: PersonKind;
  readonly source: string;
  readonly identifiers: readonly Identifier[];
  readonly country: string;
  readonly nowMs: number;
  readonly actor: string;
};

export function indexHexOf(vault: FieldVault, identifier: Identifier, country: string): string {
  const index = vault.blindIndex(indexUse(identifier.kind), normalIdentifier(identifier, country));
  return Buffer.from(index).toString("hex");
}

/** Makes a token for a person who is known by these; the values are sealed under it. Answers the token. */
export async function savePerson(tx: Tx, person: NewPerson, tools: PrivacyTools): Promise<string> {
  const token = `person:${tools.chance.uuid()}`;
  const at = new Date(person.nowMs);
  const source = await tools.vault.seal(tx, token, person.source);
  await sql`
    insert into known_person (token, organisation_id, kind, source, at, actor)
    values (${token}, ${person.organisationId}, ${person.kind}, ${source}, ${at}::timestamptz, ${person.actor})
  `.execute(tx);
  await saveIdentifiers(tx, { ...person, token }, tools);
  return token;
}

type Identified = Pick<NewPerson, "organisationId" | "identifiers" | "country" | "nowMs"> & { readonly token: string };

/** Adds identifiers to a token; one that it has already stays. */
export async function saveIdentifiers(tx: Tx, person: Identified, tools: PrivacyTools): Promise<void> {
  const { token, country } = person;
  const texts = person.identifiers.map(({ value }) => ({ subject: token, text: value.trim() }));
  const sealed = await tools.vault.sealMany(tx, texts);
  const rows = person.identifiers.map((identifier, at) => ({
    id: tools.chance.uuid(),
    kind: identifier.kind,
    value: sealed[at] ?? "",
    value_index: indexHexOf(tools.vault, identifier, country),
  }));
  await sql`
    insert into person_identifier (id, token, organisation_id, kind, value, value_index, at)
    select id, ${token}, ${person.organisationId}, kind, value, decode(value_index, 'hex'), ${new Date(person.nowMs)}::timestamptz
    from json_to_recordset(${JSON.stringify(rows)}::json) as row (id uuid, kind text, value text, value_index text)
    on conflict (token, kind, value_index) do nothing
  `.execute(tx);
}

/** Takes the identifiers of a kind from a token, for a correction. */
export async function removeIdentifiers(tx: Tx, token: string, kind: IdentifierKind): Promise<void> {
  await sql`delete from person_identifier where token = ${token} and kind = ${kind}`.execute(tx);
}

export type FoundPerson = { readonly token: string; readonly kind: PersonKind; readonly by: IdentifierKind };

/** Who is known by any of these in the organisation. Uses person_identifier_by_index. */
export async function personsBy(
  db: DbOrTx,
  asked: { readonly organisationId: string; readonly identifiers: readonly Identifier[]; readonly country: string },
  vault: FieldVault,
): Promise<readonly FoundPerson[]> {
  const wanted = asked.identifiers
    .filter((identifier) => normalIdentifier(identifier, asked.country) !== "")
    .map((identifier) => ({ kind: identifier.kind, value_index: indexHexOf(vault, identifier, asked.country) }));
  if (wanted.length === 0) return [];
  const { rows } = await sql<FoundPerson>`
    select distinct p.token, p.kind, i.kind as by
    from json_to_recordset(${JSON.stringify(wanted)}::json) as w (kind text, value_index text)
    join person_identifier i on i.kind = w.kind and i.value_index = decode(w.value_index, 'hex')
    join known_person p on p.token = i.token
    where p.organisation_id = ${asked.organisationId} order by p.token limit 200
  `.execute(db);
  return rows;
}

export type PersonFacts = {
  readonly token: string;
  readonly kind: PersonKind;
  readonly source: string;
  readonly at: string;
  readonly erasedAt: string | null;
  readonly identifierKinds: readonly IdentifierKind[];
};

/** What is known about a token, without a value; null: nobody. */
export async function personFacts(db: DbOrTx, organisationId: string, token: string): Promise<PersonFacts | null> {
  type Row = {
    token: string;
    kind: PersonKind;
    source: string;
    at: Date;
    erased_at: Date | null;
    kinds: IdentifierKind[];
  };
  const { rows } = await sql<Row>`
    select p.token, p.kind, p.source, p.at, p.erased_at,
      coalesce((select json_agg(distinct i.kind) from person_identifier i where i.token = p.token), '[]'::json) as kinds
    from known_person p where p.token = ${token} and p.organisation_id = ${organisationId}
  `.execute(db);
  const [row] = rows;
  if (row === undefined) return null;
  return {
    token: row.token,
    kind: row.kind,
    source: row.source,
    at: row.at.toISOString(),
    erasedAt: row.erased_at?.toISOString() ?? null,
    identifierKinds: row.kinds,
  };
}

/** The values that are kept of a token, opened; those of an erased person are gone. */
export async function identifiersOf(db: DbOrTx, token: string, vault: FieldVault): Promise<readonly Identifier[]> {
  const { rows } = await sql<{ kind: IdentifierKind; value: string }>`
    select kind, value from person_identifier where token = ${token} order by kind, at
  `.execute(db);
  const values = await vault.openMany(
    db,
    rows.map((row) => row.value),
  );
  return rows.flatMap(({ kind }, at) => {
    const value = values[at] ?? null;
    return value === null ? [] : [{ kind, value }];
  });
}

/** Forgets what a token is known by; the token stays, so that figures and the record stay. */
export async function forgetPerson(tx: Tx, token: string, nowMs: number): Promise<void> {
  await sql`delete from person_identifier where token = ${token}`.execute(tx);
  await sql`update known_person set erased_at = ${new Date(nowMs)}::timestamptz where token = ${token}`.execute(tx);
}

/** Whether this case is there for whoever asks: `tx` sees what he sees. */
export async function seesIncident(tx: Tx, incidentId: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from incident where id = ${incidentId}::uuid) as found`.execute(tx);
  return rows[0]?.found === true;
}
