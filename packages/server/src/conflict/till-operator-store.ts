import { sql, type RawBuilder } from "kysely";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import { normalOperator, operatorIndexOf, operatorMembers } from "./till-operator.ts";

export type TillOperator = {
  readonly id: string;
  readonly organisationId: string;
  readonly accountToken: string;
  readonly siteId: string | null;
  readonly operator: string; // in clear; sealed here
  readonly because: string; // likewise
  readonly actor: string;
  readonly atMs: number;
};

/** False where the account has this operator at this place already. */
export async function insertTillOperator(tx: Tx, joined: TillOperator, fields: FieldVault): Promise<boolean> {
  const [operator, because] = await fields.sealMany(tx, [
    { subject: joined.accountToken, text: joined.operator },
    { subject: joined.accountToken, text: joined.because },
  ]);
  const { rows } = await sql`
    insert into till_operator (id, organisation_id, account_token, site_id, operator, operator_index, at, actor, because)
    values (${joined.id}::uuid, ${joined.organisationId}, ${joined.accountToken}, ${joined.siteId}, ${operator},
      decode(${operatorIndexOf(fields, joined.operator)}, 'hex'), ${new Date(joined.atMs)}::timestamptz, ${joined.actor}, ${because})
    on conflict do nothing returning id`.execute(tx);
  return rows.length === 1;
}

export type KeptOperator = {
  readonly id: string;
  readonly siteId: string | null;
  readonly operator: string; // sealed
  readonly because: string; // sealed
  readonly actor: string;
  readonly at: Date;
};

/** What an account is joined to now, oldest first. */
export async function tillOperatorsOf(
  db: DbOrTx,
  of: { readonly organisationId: string; readonly accountToken: string },
): Promise<readonly KeptOperator[]> {
  const { rows } = await sql<KeptOperator>`
    select id, site_id as "siteId", operator, because, actor, at from till_operator
    where organisation_id = ${of.organisationId} and account_token = ${of.accountToken} and ended_at is null
    order by at, id limit 200`.execute(db);
  return rows;
}

/** All that are joined now in an organisation, with whose they are (name: sealed); but for those of the one who asks. */
export async function tillOperatorsIn(
  db: DbOrTx,
  { organisationId, but }: { readonly organisationId: string; readonly but: string },
): Promise<readonly (KeptOperator & { readonly accountId: string; readonly name: string })[]> {
  const { rows } = await sql<KeptOperator & { accountId: string; name: string }>`
    select o.id, o.site_id as "siteId", o.operator, o.because, o.actor, o.at, a.id::text as "accountId", a.name
    from till_operator o join account a on a.token = o.account_token and a.organisation_id = o.organisation_id
    where o.organisation_id = ${organisationId} and o.ended_at is null and o.account_token <> ${but}
    order by o.at desc, o.id limit 5000`.execute(db);
  return rows;
}

/** From now on it names nobody in further cases; where it did, the wall stands. False: there is none in force. */
export async function endTillOperator(
  tx: Tx,
  ending: {
    readonly id: string;
    readonly organisationId: string;
    readonly accountToken: string;
    readonly because: string;
    readonly actor: string;
    readonly atMs: number;
  },
  fields: FieldVault,
): Promise<boolean> {
  const because = await fields.seal(tx, ending.accountToken, ending.because);
  const { rows } = await sql`
    update till_operator set ended_at = ${new Date(ending.atMs)}::timestamptz, ended_by = ${ending.actor}, ended_because = ${because}
    where id = ${ending.id}::uuid and organisation_id = ${ending.organisationId} and account_token = ${ending.accountToken}
      and ended_at is null returning id`.execute(tx);
  return rows.length === 1;
}

// Signals that are being taken in while an operator is joined must be seen by one of both: batches hold it shared, joining holds it alone.
const joiningLock = 490_013;

/** Before a batch of the pipeline locks a case: the other way round, it and a joining would wait for each other. */
export async function holdTillOperators(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(${joiningLock})`.execute(tx);
}

type Naming = { readonly chance: Chance; readonly nowMs: number };

/** What a signal says of who worked at the till, by signal of a case. */
export type OperatorsInCase = { readonly incidentId: string; readonly operators: readonly string[] };

/** Walls cases from the accounts that these operators are joined to, on the record; from this commit on. */
export async function nameTillOperators(
  tx: Tx,
  cases: readonly OperatorsInCase[],
  given: Naming & { readonly fields: FieldVault },
): Promise<void> {
  const indexes = new Map<string, string>();
  const named = cases.flatMap(({ incidentId, operators }) =>
    operators.map((operator) => {
      const index = indexes.get(operator) ?? operatorIndexOf(given.fields, operator);
      indexes.set(operator, index);
      return { incident_id: incidentId, operator_index: index };
    }),
  );
  if (named.length === 0) return;
  const found = sql`
    select i.id as incident_id, o.account_token as token
    from json_to_recordset(${JSON.stringify(named)}::json) as named (incident_id uuid, operator_index text)
    join incident i on i.id = named.incident_id
    join till_operator o on o.organisation_id = i.organisation_id and o.operator_index = decode(named.operator_index, 'hex')
      and o.ended_at is null and (o.site_id is null or o.site_id = i.site_id)`;
  await nameFound(tx, found, given);
}

/** The same for cases that are there already, when an operator is joined. Waits for the batches that are being taken in. */
export async function nameInEarlierCases(tx: Tx, joined: TillOperator, given: Naming): Promise<void> {
  const ofSignals = sql`
    from incident i join incident_signal l on l.incident_id = i.id join signal s on s.id = l.signal_id
    cross join lateral (values ${sql.join(operatorMembers.map((member) => sql`(s.body->'data'->>${member})`))}) as said (operator)
    where i.organisation_id = ${joined.organisationId} and (${joined.siteId}::text is null or i.site_id = ${joined.siteId})
      and said.operator is not null`;
  const { rows } = await sql<{ operator: string }>`select distinct said.operator ${ofSignals}`.execute(tx);
  // Compared here, so that old and new signals are compared in the one way.
  const wanted = normalOperator(joined.operator);
  const spelt = rows.map(({ operator }) => operator).filter((operator) => normalOperator(operator) === wanted);
  if (spelt.length === 0) return;
  const found = sql`
    select i.id as incident_id, ${joined.accountToken}::text as token ${ofSignals} and said.operator = any(${spelt}::text[])`;
  await nameFound(tx, found, given);
}

/** Keeps signals from being taken in until the commit. */
export async function holdBatches(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${joiningLock})`.execute(tx);
}

async function nameFound(tx: Tx, found: RawBuilder<unknown>, { chance, nowMs }: Naming): Promise<void> {
  const { rows } = await sql<{ incidentId: string; token: string }>`
    insert into incident_subject (incident_id, token, at, actor, through)
    select distinct found.incident_id, found.token, ${new Date(nowMs)}::timestamptz, 'machine', 'till' from (${found}) as found
    where not exists (select from naming_withdrawal w
      where w.incident_id = found.incident_id and w.token = found.token and w.state = 'done')
    on conflict do nothing returning incident_id as "incidentId", token`.execute(tx);
  const entries = rows.map(({ incidentId, token }) => ({
    kind: "incident.colleague_named",
    actor: "machine",
    subject: { kind: "incident", id: incidentId },
    because: "a till names the colleague",
    atMs: nowMs,
    body: { subjects: [token], through: "till" },
  }));
  if (entries.length > 0) await appendAudit(tx, entries, chance);
}
