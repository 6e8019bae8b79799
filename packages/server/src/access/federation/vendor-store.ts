import { sql } from "kysely";
import { sealInto } from "../../platform/keys/vault-mark.ts";
import type { DbOrTx, Tx } from "../../schema.ts";
import type { VendorAccess } from "./vendor-access.ts";

const columns = sql`
  id::text as id, organisation_id as "organisationId", account_token as "accountToken", ticket, purpose, roles, scopes, sites,
  starts_at as "startsAt", ends_at as "endsAt", requested_by as "requestedBy", requested_at as "requestedAt",
  approved_by as "approvedBy", approved_at as "approvedAt", ended_by as "endedBy", ended_at as "endedAt", because`;

/** Of an organisation, newest first, at most 500. Uses index vendor_access_organisation. */
export async function vendorAccessesOf(db: DbOrTx, organisationId: string): Promise<readonly VendorAccess[]> {
  const { rows } = await sql<VendorAccess>`
    select ${columns} from vendor_access where organisation_id = ${organisationId}
    order by requested_at desc, id limit 500`.execute(db);
  return rows;
}

/** Held until the transaction ends. Null: not there, or of another organisation. */
export async function vendorAccessForUpdate(
  tx: Tx,
  at: { readonly id: string; readonly organisationId: string },
): Promise<VendorAccess | null> {
  const { rows } = await sql<VendorAccess>`
    select ${columns} from vendor_access where id = ${at.id}::uuid and organisation_id = ${at.organisationId}
    for update`.execute(tx);
  return rows[0] ?? null;
}

/** What is open for this person at this moment; null: nothing. Uses index vendor_access_account. */
export async function openVendorAccess(db: DbOrTx, accountToken: string, nowMs: number): Promise<VendorAccess | null> {
  const now = new Date(nowMs);
  const { rows } = await sql<VendorAccess>`
    select ${columns} from vendor_access
    where account_token = ${accountToken} and ended_at is null and approved_at is not null
      and starts_at <= ${now}::timestamptz and ends_at > ${now}::timestamptz
      and exists (select from organisation o where o.id = vendor_access.organisation_id and o.ended_at is null)
    order by starts_at, id limit 1`.execute(db);
  return rows[0] ?? null;
}

/** Another approved access of the same person whose time meets this one's. Holds the person's account, so that two cannot be approved at once. */
export async function vendorOverlap(tx: Tx, access: VendorAccess): Promise<boolean> {
  await sql`select id from account where token = ${access.accountToken} for update`.execute(tx);
  const { rows } = await sql`
    select from vendor_access
    where account_token = ${access.accountToken} and id <> ${access.id}::uuid and ended_at is null and approved_at is not null
      and starts_at < ${access.endsAt}::timestamptz and ends_at > ${access.startsAt}::timestamptz limit 1`.execute(tx);
  return rows.length > 0;
}

/** The account of a vendor's person, in an organisation of kind vendor; null: there is none, or it cannot sign in. */
export async function vendorAccount(db: DbOrTx, token: string): Promise<{ readonly endsAt: Date | null } | null> {
  const { rows } = await sql<{ endsAt: Date | null }>`
    select a.ends_at as "endsAt" from account a join organisation o on o.id = a.organisation_id
    where a.token = ${token} and o.kind = 'vendor' and o.ended_at is null and a.state in ('invited', 'active')`.execute(
    db,
  );
  return rows[0] ?? null;
}

/** Whose key seals ticket, purpose and reasons. */
function vendorSubject(id: string): string {
  return `vendor:${id}`;
}

type NewAccess = Omit<VendorAccess, "approvedBy" | "approvedAt" | "endedBy" | "endedAt">;

export async function insertVendorAccess(tx: Tx, access: NewAccess): Promise<void> {
  const sites = access.sites === null ? null : [...access.sites];
  const purpose = await sealInto(tx, vendorSubject(access.id), access.purpose);
  const ticket = await sealInto(tx, vendorSubject(access.id), access.ticket);
  await sql`
    insert into vendor_access (id, organisation_id, account_token, ticket, purpose, roles, scopes, sites, starts_at, ends_at,
      requested_by, requested_at, because)
    values (${access.id}::uuid, ${access.organisationId}, ${access.accountToken}, ${ticket}, ${purpose},
      ${[...access.roles]}::text[], ${[...access.scopes]}::text[], ${sites}::text[], ${access.startsAt}::timestamptz,
      ${access.endsAt}::timestamptz, ${access.requestedBy}, ${access.requestedAt}::timestamptz, ${access.because})`.execute(
    tx,
  );
}

export async function approveVendorAccess(
  tx: Tx,
  id: string,
  by: { readonly token: string; readonly because: string; readonly nowMs: number },
): Promise<void> {
  await sql`
    update vendor_access set approved_by = ${by.token}, approved_at = ${new Date(by.nowMs)}::timestamptz,
      because = ${await sealInto(tx, vendorSubject(id), by.because)}
    where id = ${id}::uuid`.execute(tx);
}

export async function endVendorAccess(
  tx: Tx,
  id: string,
  by: { readonly token: string; readonly because: string; readonly nowMs: number },
): Promise<void> {
  await sql`
    update vendor_access set ended_by = ${by.token}, ended_at = ${new Date(by.nowMs)}::timestamptz,
      because = ${await sealInto(tx, vendorSubject(id), by.because)}
    where id = ${id}::uuid and ended_at is null`.execute(tx);
}
