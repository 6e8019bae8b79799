import { sql } from "kysely";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { DbOrTx } from "../schema.ts";
import type { Principal } from "./principal.ts";

export type NamesDeps = { readonly db: DbOrTx; readonly vault: Pick<FieldVault, "openMany"> };

type Row = { token: string; name: string; kind: "person" | "program" | "other" };

/** Who acted in the record of the reader's organisation, and of whom it speaks. */
export type Named = { readonly actors: readonly string[]; readonly subjects: readonly string[] };

/**
 * Whom these tokens stand for, for readers of the record in `reader`'s organisation: names of its people and programs. Of somebody from
 * another organisation who acted in it that one's name alone ("somebody of City police"); of who is only spoken of nothing, or a guessed
 * token would tell that it exists. Left out: the machine, who was erased, and what is no token.
 */
export async function namesOf(
  { db, vault }: NamesDeps,
  reader: Pick<Principal, "organisationId">,
  { actors, subjects }: Named,
): Promise<Readonly<Record<string, string>>> {
  const asked = [...new Set([...actors, ...subjects])].filter((token) => /^(?:user|service):/.test(token));
  if (asked.length === 0) return {};
  const acting = new Set(actors);
  const own = reader.organisationId;
  const { rows } = await sql<Row>`
    select a.token, case when a.organisation_id = ${own} then a.name else o.name end as name,
      case when a.organisation_id = ${own} then 'person' else 'other' end as kind
    from account a join organisation o on o.id = a.organisation_id where a.token = any(${asked}::text[])
    union all
    select s.token, case when s.organisation_id = ${own} then s.name else o.name end as name,
      case when s.organisation_id = ${own} then 'program' else 'other' end as kind
    from service_account s join organisation o on o.id = s.organisation_id where s.token = any(${asked}::text[])`.execute(
    db,
  );
  const people = rows.filter((row) => row.kind === "person");
  const opened = await vault.openMany(
    db,
    people.map((row) => row.name),
  );
  const names = people.flatMap((row, at) => {
    const name = opened[at] ?? null;
    return name === null ? [] : [[row.token, name] as const];
  });
  const others = rows
    .filter(({ kind, token }) => kind === "program" || (kind === "other" && acting.has(token)))
    .map((row) => [row.token, row.kind === "program" ? row.name : `somebody of ${row.name}`] as const);
  return Object.fromEntries([...names, ...others]);
}

/** People of an organisation whose accounts did not end, by name (sealed), but for the one who asks: to choose somebody from. */
export async function peopleIn(
  db: DbOrTx,
  { organisationId, but }: { readonly organisationId: string; readonly but: string },
): Promise<
  readonly { readonly id: string; readonly token: string; readonly name: string; readonly roles: readonly string[] }[]
> {
  const { rows } = await sql<{ id: string; token: string; name: string; roles: readonly string[] }>`
    select id::text as id, token, name, roles from account
    where organisation_id = ${organisationId} and state <> 'ended' and token <> ${but}
    order by created_at, id limit 5000`.execute(db);
  return rows;
}
