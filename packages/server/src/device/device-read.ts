import { sql } from "kysely";
import type { DbOrTx } from "../schema.ts";
import type { DeviceName } from "./device-name.ts";
import type { Credential } from "./device-store.ts";

/** What the database knows of a device's identity. Instants are ISO 8601, null: never. */
export type DeviceStanding = {
  readonly siteId: string;
  readonly deviceId: string;
  readonly credentials: number; // usable now
  readonly revoked: number; // ever
  readonly enrolledUntil: string | null; // of the credential that lasts longest, also when that has passed
  readonly codeUntil: string | null; // an open code
  readonly lastProvenAt: string | null;
  readonly lastSignalAt: string | null;
  readonly refusedAttempts: number; // of the last 30 days
  readonly lastRefusal: { readonly at: string; readonly code: string; readonly says: string } | null;
};

/** Everything that a code, a credential, an attempt or a signal is known of, at these sites. */
export async function deviceStandings(
  db: DbOrTx,
  sites: readonly string[],
  nowMs: number,
): Promise<readonly DeviceStanding[]> {
  const now = new Date(nowMs).toISOString();
  const { rows } = await sql<Omit<DeviceStanding, "lastRefusal"> & Refusal>`
    with held as (
      select site_id, device_id,
        (count(*) filter (where revoked_at is null and expires_at > ${now} and (retires_at is null or retires_at > ${now})))::int4 as credentials,
        (count(revoked_at))::int4 as revoked, max(expires_at) filter (where revoked_at is null) as until, max(last_used_at) as proven
      from device_credential group by 1, 2
    ), open as (
      select site_id, device_id, max(expires_at) as code_until from device_enrolment
      where used_at is null and ended_at is null and expires_at > ${now} group by 1, 2
    ), refused as (
      select distinct on (site_id, device_id) site_id, device_id, last_at, code, last_says,
        (sum(attempts) over (partition by site_id, device_id))::float8 as attempts
      from device_refusal where day > (${now}::timestamptz at time zone 'UTC')::date - 30 order by site_id, device_id, last_at desc
    ), heard as (
      select site_id, device_id, max(last_received_at) as last_signal from source where device_id is not null group by 1, 2
    ), named as (
      select site_id, device_id from held union select site_id, device_id from open union select site_id, device_id from refused
      union select site_id, device_id from heard
    )
    select site_id as "siteId", device_id as "deviceId", coalesce(credentials, 0) as credentials, coalesce(revoked, 0) as revoked,
      until as "enrolledUntil", code_until as "codeUntil", proven as "lastProvenAt", last_signal as "lastSignalAt",
      coalesce(attempts, 0) as "refusedAttempts", last_at as "refusedAt", code as "refusedCode", last_says as "refusedSays"
    from named left join held using (site_id, device_id) left join open using (site_id, device_id)
      left join refused using (site_id, device_id) left join heard using (site_id, device_id)
    where site_id = any(${sites}::text[])
    order by site_id, device_id`.execute(db);
  return rows.map(({ refusedAt, refusedCode, refusedSays, ...row }) => ({
    ...row,
    enrolledUntil: instant(row.enrolledUntil),
    codeUntil: instant(row.codeUntil),
    lastProvenAt: instant(row.lastProvenAt),
    lastSignalAt: instant(row.lastSignalAt),
    lastRefusal:
      refusedAt === null ? null : { at: instant(refusedAt) ?? "", code: refusedCode ?? "", says: refusedSays ?? "" },
  }));
}

type Refusal = {
  readonly refusedAt: string | null;
  readonly refusedCode: string | null;
  readonly refusedSays: string | null;
};

export type CredentialRow = {
  readonly id: string;
  readonly kind: Credential["kind"];
  readonly name: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly retiresAt: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
  readonly revokedBecause: string | null;
  readonly lastUsedAt: string | null;
};

export type RefusalRow = {
  readonly code: string;
  readonly via: string;
  readonly attempts: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly says: string;
  readonly address: string;
};

/** What a device holds and held, newest first, and its refused attempts of the last 30 days. */
export async function deviceHistory(
  db: DbOrTx,
  { siteId, deviceId }: DeviceName,
  nowMs: number,
): Promise<{ readonly credentials: readonly CredentialRow[]; readonly refusals: readonly RefusalRow[] }> {
  const held = await sql<CredentialRow>`
    select id, kind, name, issued_at as "issuedAt", expires_at as "expiresAt", retires_at as "retiresAt", revoked_at as "revokedAt",
      revoked_by as "revokedBy", revoked_because as "revokedBecause", last_used_at as "lastUsedAt"
    from device_credential where site_id = ${siteId} and device_id = ${deviceId} order by issued_at desc, id limit 100`.execute(
    db,
  );
  const refused = await sql<RefusalRow>`
    select code, via, attempts::float8 as attempts, first_at as "firstAt", last_at as "lastAt", last_says as says, last_address as address
    from device_refusal where site_id = ${siteId} and device_id = ${deviceId}
      and day > (${new Date(nowMs).toISOString()}::timestamptz at time zone 'UTC')::date - 30
    order by last_at desc limit 100`.execute(db);
  return {
    credentials: held.rows.map((row) => ({
      ...row,
      issuedAt: instant(row.issuedAt) ?? "",
      expiresAt: instant(row.expiresAt) ?? "",
      retiresAt: instant(row.retiresAt),
      revokedAt: instant(row.revokedAt),
      lastUsedAt: instant(row.lastUsedAt),
    })),
    refusals: refused.rows.map((row) => ({
      ...row,
      firstAt: instant(row.firstAt) ?? "",
      lastAt: instant(row.lastAt) ?? "",
    })),
  };
}

/** Of these credentials, those that no longer hold. */
export async function endedCredentials(db: DbOrTx, ids: readonly string[], nowMs: number): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const now = new Date(nowMs).toISOString();
  const { rows } = await sql<{ id: string }>`
    select asked.id from unnest(${ids}::uuid[]) as asked (id) left join device_credential c on c.id = asked.id
    where c.id is null or c.revoked_at is not null or c.expires_at <= ${now} or c.retires_at <= ${now}
      or exists (select from organisation o where o.id = c.organisation_id and o.ended_at is not null)`.execute(db);
  return rows.map(({ id }) => id);
}

/** Certificates that were revoked and have not expired, for the revocation list: what was replaced and has retired counts as revoked. */
export async function revokedSerials(
  db: DbOrTx,
  nowMs: number,
): Promise<readonly { readonly serial: string; readonly atMs: number }[]> {
  const now = new Date(nowMs).toISOString();
  const { rows } = await sql<{ serial: string; atMs: number }>`
    select name as serial, (extract(epoch from coalesce(revoked_at, retires_at)) * 1000)::float8 as "atMs" from device_credential
    where kind = 'certificate' and expires_at > ${now} and (revoked_at is not null or retires_at <= ${now})
    order by name limit 100000`.execute(db);
  return rows;
}

// Both drivers hand a timestamptz over as Date, whatever the query's type says.
function instant(value: string | Date | null): string | null {
  return value === null ? null : new Date(value).toISOString();
}

/** Whose a site is. */
export async function organisationOfSite(db: DbOrTx, siteId: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`select coalesce(organisation_of_site(${siteId}), 'home') as id`.execute(
    db,
  );
  return rows[0]?.id ?? "home";
}
