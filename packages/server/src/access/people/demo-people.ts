import type { Tx } from "../../schema.ts";
import type { Role } from "../principal.ts";
import { accountsByLogin, insertAccount, livingOrganisations, siteOf } from "./account-store.ts";
import { makeLink } from "./one-time-link-store.ts";
import { recordPeople, type PeopleDeps } from "./people-deps.ts";

/** Somebody who can be tried: `secret` is of a link that signs in once. */
export type DemoPerson = {
  readonly organisation: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly site: string | null; // null: everywhere
  readonly secret: string;
};

type Cast = { readonly name: string; readonly login: string; readonly roles: readonly Role[]; readonly bound?: true };

const retailer: readonly Cast[] = [
  { name: "Tess Moreau", login: "tess", roles: ["colleague"], bound: true },
  { name: "Joost de Wit", login: "joost", roles: ["guard"], bound: true },
  { name: "Ana Sousa", login: "ana", roles: ["store_manager"], bound: true },
  { name: "Priya Raman", login: "priya", roles: ["investigator"] },
  { name: "Nils Brouwer", login: "nils", roles: ["investigator"] }, // curious: cli/demo-curious.ts
  { name: "Ben Okafor", login: "ben", roles: ["analyst"] },
  { name: "Clara Weiss", login: "clara", roles: ["counsel"] },
  { name: "Dina Haddad", login: "dina", roles: ["data_protection_officer"] },
  { name: "Emil Novak", login: "emil", roles: ["auditor"] },
  { name: "Mara Ilves", login: "mara", roles: ["administrator"] },
];
const otherRetailer: readonly Cast[] = [
  { name: "Henrik Dahl", login: "henrik", roles: ["store_manager"], bound: true },
  { name: "Yuki Tanaka", login: "yuki", roles: ["investigator"] },
  { name: "Rosa Marin", login: "rosa", roles: ["administrator"] },
];
const partner: readonly Cast[] = [
  { name: "Lena Brandt", login: "lena", roles: ["partner_officer"] },
  { name: "Otto Krause", login: "otto", roles: ["administrator"] },
];

/**
 * People to try a demo with, in every organisation that is there: made once, with new sign-in links each time. They have no password and
 * no passkey; their links are the only way in, and only a demo makes such links.
 */
export async function makeDemoPeople(deps: PeopleDeps): Promise<readonly DemoPerson[]> {
  return deps.db.transaction().execute(async (tx) => {
    const people: DemoPerson[] = [];
    for (const { id, name, kind } of await livingOrganisations(tx)) {
      const cast = kind !== "retailer" ? partner : id === "home" ? retailer : otherRetailer;
      const site = await siteOf(tx, id);
      for (const one of cast)
        people.push(await person(tx, { one, organisationId: id, organisation: name, site }, deps));
    }
    return people;
  });
}

type Placed = {
  readonly one: Cast;
  readonly organisationId: string;
  readonly organisation: string;
  readonly site: string | null;
};

async function person(tx: Tx, placed: Placed, deps: PeopleDeps): Promise<DemoPerson> {
  const { one, organisationId, organisation } = placed;
  const { name, roles } = one;
  const nowMs = deps.clock();
  const login = `${one.login}@${organisationId}.demo`;
  const site = one.bound === true ? placed.site : null;
  const [known] = await accountsByLogin(tx, { login, organisationId }, deps.vault);
  const accountId = known?.id ?? deps.chance.uuid();
  if (known === undefined) {
    const sites = site === null ? null : [site];
    const fixed = { state: "active", origin: "local", because: "a person of the demo", regions: null } as const;
    const account = { ...fixed, id: accountId, organisationId, name, login, roles, sites };
    if (!(await insertAccount(tx, account, { vault: deps.vault, nowMs }))) throw new Error("a new UUID is taken");
    const entry = { kind: "account.invited", actor: "machine", accountId, organisationId, because: fixed.because };
    await recordPeople(tx, [{ ...entry, body: { roles: [...roles], sites, regions: null } }], deps);
  }
  const { secret } = await makeLink(tx, { accountId, use: "sign_in", by: "machine", nowMs }, deps.chance);
  return { organisation, name, roles, site, secret };
}
