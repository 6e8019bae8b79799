import { sql } from "kysely";
import { ok, refused, type Result } from "@tillwatch/wire";
import type { Db } from "../schema.ts";
import { installationPrincipal, type Asker, type Principal, type Role } from "./principal.ts";

type Row = {
  token: string;
  organisation_id: string;
  roles: readonly Role[];
  sites: readonly string[] | null;
  regions: readonly string[] | null;
};
type ServiceRow = Row & { readonly scopes: readonly string[]; readonly state: string; readonly holds: boolean };

const noSession = { sessionId: null, signedInAtMs: null, steppedUpAtMs: null } as const;

/**
 * Somebody as he is now, for work that is done in his name after his request was answered: a person, a program, or the
 * installation. No session and no second proof stand behind it. Refused, with the reason in words: he or his organisation is
 * suspended or ended, the key by which a program asked holds no longer (whatever other keys it has), or he is nobody that can be
 * asked about.
 */
export async function principalOfAsker(db: Db, asker: Asker, nowMs: number): Promise<Result<Principal, string>> {
  const { token } = asker;
  if (token === installationPrincipal.token) return ok(installationPrincipal);
  if (token.startsWith("service:")) return serviceOfAsker(db, asker, nowMs);
  const { rows } = await sql<Row>`
    select a.token, a.organisation_id, a.roles, a.sites, a.regions
    from account a join organisation o on o.id = a.organisation_id and o.ended_at is null
    where a.token = ${token} and a.state = 'active' and (a.ends_at is null or a.ends_at > ${new Date(nowMs)}::timestamptz)`.execute(
    db,
  );
  const [row] = rows;
  if (row === undefined) return refused("whoever asked for it has no account any more, or it is suspended");
  const { organisation_id: organisationId, roles, sites, regions } = row;
  return ok({ token, kind: "person", organisationId, roles, sites, regions, scopes: null, ...noSession });
}

/** A program asks by a key, and what it asked for dies with that key: whoever revokes one that was stolen revokes that too. */
async function serviceOfAsker(db: Db, { token, keyId }: Asker, nowMs: number): Promise<Result<Principal, string>> {
  const now = new Date(nowMs);
  const { rows } = await sql<ServiceRow>`
    select s.token, s.organisation_id, s.roles, s.sites, s.regions, s.scopes, s.state, exists (
      select from api_key k where k.id = ${keyId} and k.service_account_id = s.id and k.expires_at > ${now}::timestamptz
        and (k.revoked_at is null or k.revoked_at > ${now}::timestamptz)) as holds
    from service_account s join organisation o on o.id = s.organisation_id and o.ended_at is null where s.token = ${token}`.execute(
    db,
  );
  const [row] = rows;
  if (row === undefined) return refused("the program that asked for it is not known");
  if (row.state !== "active") return refused("the program that asked for it was ended");
  if (keyId === null || !row.holds) return refused("the API key that asked for it was revoked or has expired");
  const { organisation_id: organisationId, roles, sites, regions, scopes } = row;
  return ok({ token, kind: "service", organisationId, roles, sites, regions, scopes, keyId, ...noSession });
}
