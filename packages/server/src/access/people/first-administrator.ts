import { homeOrganisation } from "../principal.ts";
import { firstAdministrator, insertAccount, noAccountYet } from "./account-store.ts";
import { makeLink } from "./one-time-link-store.ts";
import { recordPeople, type PeopleDeps } from "./people-deps.ts";
import type { Tx } from "../../schema.ts";

type Deps = Pick<PeopleDeps, "db" | "clock" | "chance" | "vault">;
export type MadeLink = { readonly secret: string; readonly expiresAtMs: number };

const installation = "machine";

/**
 * At the first start of an installation: an administrator without any way to sign in, and the link by which that person chooses one.
 * null: there are accounts already. There is no default password because there is no default anything.
 */
export async function makeFirstAdministrator(deps: Deps): Promise<MadeLink | null> {
  return deps.db.transaction().execute(async (tx) => {
    if (!(await noAccountYet(tx))) return null;
    return addAdministrator(tx, deps, installation);
  });
}

/**
 * A new link for an administrator of the home organisation who has none: who never came gets the first link anew; who lost every way to
 * sign in, a way back. Where no administrator is left, one is made. For the operator at the machine.
 */
export async function makeSetUpLink(deps: Deps, by: string): Promise<MadeLink> {
  return deps.db.transaction().execute(async (tx) => {
    const account = await firstAdministrator(tx, homeOrganisation);
    if (account === null) return addAdministrator(tx, deps, by);
    const use = account.state === "invited" ? ("set_up" as const) : ("recovery" as const);
    const entry = { kind: "account.link_made", actor: by, accountId: account.id, because: "the operator asked" };
    await recordPeople(tx, [{ ...entry, organisationId: homeOrganisation, body: { use } }], deps);
    return makeLink(tx, { accountId: account.id, use, by, nowMs: deps.clock() }, deps.chance);
  });
}

async function addAdministrator(tx: Tx, deps: Deps, by: string): Promise<MadeLink> {
  const id = deps.chance.uuid();
  const nowMs = deps.clock();
  const account = {
    id,
    organisationId: homeOrganisation,
    name: "Administrator",
    login: `administrator-${id.slice(0, 8)}`, // a place-holder: the person chooses the own one
    roles: ["administrator"],
    sites: null,
    regions: null,
    state: "invited",
    origin: "local",
    because: "the first administrator",
  } as const;
  if (!(await insertAccount(tx, account, { vault: deps.vault, nowMs }))) throw new Error("a new UUID is taken");
  const body = { roles: ["administrator"], sites: null, regions: null };
  const entry = { kind: "account.invited", actor: by, accountId: id, because: "the first administrator", body };
  await recordPeople(tx, [{ ...entry, organisationId: homeOrganisation }], deps);
  return makeLink(tx, { accountId: id, use: "set_up", by, nowMs }, deps.chance);
}
