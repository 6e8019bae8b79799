import { loginCharsMax, nameCharsMax, type Account } from "../people/account.ts";
import {
  accountForUpdate,
  accountsByLogin,
  insertAccount,
  renameAccount,
  updateAccount,
} from "../people/account-store.ts";
import type { PeopleDeps } from "../people/people-deps.ts";
import { endSessions } from "../people/person-session-store.ts";
import type { Tx } from "../../schema.ts";
import type { FederatedOrganisation, OidcProvider } from "./identity-file.ts";
import { decideSignIn, type KnownAccount, type SignInDecision } from "./oidc-account.ts";
import type { SignedIn } from "./oidc-provider-http.ts";
import { isLinked, linkedAccount, saveLink, scimAccountByExternalId } from "./oidc-store.ts";
import { record } from "./recorded-append.ts";
import { claimTexts, mapAccess, type MappedAccess } from "./role-mapping.ts";

export type Entered =
  | { readonly kind: "entered"; readonly account: Pick<Account, "id" | "token" | "organisationId"> }
  | { readonly kind: "refused"; readonly code: Extract<SignInDecision, { kind: "refuse" }>["code"] };

type Person = { readonly login: string; readonly name: string };

/** Brings a proven identity to its account: found, made, changed or stripped as `decideSignIn` says. */
export async function enterAccount(
  tx: Tx,
  given: { readonly signedIn: SignedIn; readonly organisation: FederatedOrganisation; readonly provider: OidcProvider },
  deps: PeopleDeps,
): Promise<Entered> {
  const { signedIn, organisation, provider } = given;
  const { claims, subject } = signedIn;
  const identity = { organisationId: organisation.id, issuer: provider.issuer, subject };
  const person = personOf(claims, provider, subject);
  const valuesOf = (name: string) => claimTexts(claims, name);
  const mapped = mapAccess(organisation.mapping, { groups: valuesOf(provider.groupsClaim), valuesOf });

  const sameLogin = await accountWithLogin(tx, { login: person.login, organisationId: organisation.id }, deps);
  const linkedId = (await linkedAccount(tx, identity)) ?? (await scimAccountByExternalId(tx, organisation.id, subject));
  const linked = linkedId === null ? await unclaimedOfScim(tx, sameLogin) : await accountForUpdate(tx, linkedId);
  const decision = decideSignIn(
    {
      linked: linked === null ? null : knownOf(linked),
      sameLogin: sameLogin === null ? null : knownOf(sameLogin),
      mapped,
    },
    deps.clock(),
  );
  switch (decision.kind) {
    case "refuse": {
      if (decision.strip !== null && linked !== null) await strip(tx, linked, deps);
      return { kind: "refused", code: decision.code };
    }
    case "make": {
      const account = await make(
        tx,
        { person, access: decision.access, organisationId: organisation.id, subject },
        deps,
      );
      if (account === null) return { kind: "refused", code: "oidc_login_taken" };
      await saveLink(tx, { ...identity, accountId: account.id }, deps.clock());
      return { kind: "entered", account };
    }
    case "enter": {
      if (linked === null) throw new Error("an account that is entered was read");
      await changeAccount(tx, { account: linked, access: decision.change, person }, deps);
      await saveLink(tx, { ...identity, accountId: linked.id }, deps.clock());
      return { kind: "entered", account: linked };
    }
  }
}

function personOf(claims: SignedIn["claims"], provider: OidcProvider, subject: string): Person {
  const first = (name: string) => claimTexts(claims, name).find((text) => text.trim() !== "");
  const login = (first(provider.loginClaim) ?? first("email") ?? subject).slice(0, loginCharsMax);
  return { login, name: (first(provider.nameClaim) ?? login).slice(0, nameCharsMax) };
}

async function accountWithLogin(
  tx: Tx,
  asked: { readonly login: string; readonly organisationId: string },
  deps: PeopleDeps,
): Promise<Account | null> {
  const [found] = await accountsByLogin(tx, asked, deps.vault);
  return found ?? null;
}

/** The provider of an organisation also feeds its SCIM: it is believed about the login of an account that nobody signs in to yet. */
async function unclaimedOfScim(tx: Tx, account: Account | null): Promise<Account | null> {
  if (account?.origin !== "scim" || (await isLinked(tx, account.id))) return null;
  return accountForUpdate(tx, account.id);
}

function knownOf(account: Account): KnownAccount {
  return { ...account, endsAtMs: account.endsAt?.getTime() ?? null };
}

type Making = {
  readonly person: Person;
  readonly access: MappedAccess;
  readonly organisationId: string;
  readonly subject: string;
};

async function make(tx: Tx, making: Making, deps: PeopleDeps) {
  const { person, access, organisationId, subject } = making;
  const id = deps.chance.uuid();
  const because = "came by single sign-on";
  const account = {
    id,
    organisationId,
    ...person,
    ...access,
    state: "active",
    origin: "oidc",
    externalId: subject,
    because,
  } as const;
  if (!(await insertAccount(tx, account, { vault: deps.vault, nowMs: deps.clock() }))) return null;
  const token = `user:${id}`;
  await record(
    tx,
    { ...entryOf({ id, token, organisationId }, "account.provisioned", because), body: accessBody(access) },
    deps,
  );
  return { id, token, organisationId };
}

async function changeAccount(
  tx: Tx,
  { account, ...to }: { readonly account: Account; readonly access: MappedAccess | null; readonly person: Person },
  deps: PeopleDeps,
): Promise<void> {
  const nowMs = deps.clock();
  if (to.access !== null) {
    const because = "the identity provider's groups changed";
    await updateAccount(tx, account.id, { change: { state: "active", because, ...to.access }, nowMs });
    await record(tx, { ...entryOf(account, "account.mapped", because), body: accessBody(to.access) }, deps);
  }
  // What SCIM keeps is SCIM's to rename.
  if (account.origin !== "oidc") return;
  const [name, login] = await deps.vault.openMany(tx, [account.name, account.login]);
  if (name === to.person.name && login === to.person.login) return;
  // A login that somebody else has stays with that person; this one keeps the login it had.
  await renameAccount(tx, account, { ...to.person, vault: deps.vault, nowMs });
}

/** Nothing of the mapping fits any more: the account stays, without a role, and its sessions end. */
async function strip(tx: Tx, account: Account, deps: PeopleDeps): Promise<void> {
  const nowMs = deps.clock();
  const because = "the identity provider's groups give no role any more";
  if (account.roles.length > 0) {
    const none = { roles: [], sites: [], regions: [] };
    await updateAccount(tx, account.id, { change: { state: account.state, because, ...none }, nowMs });
    await record(tx, { ...entryOf(account, "account.mapped", because), body: accessBody(none) }, deps);
  }
  await endSessions(tx, { accountId: account.id }, { because: "identity_provider", nowMs });
}

function entryOf(account: Pick<Account, "id" | "token" | "organisationId">, kind: string, because: string) {
  const { organisationId } = account;
  return { kind, actor: account.token, organisationId, subject: { kind: "account", id: account.id }, because };
}

function accessBody({ roles, sites, regions }: MappedAccess) {
  return { roles, sites, regions };
}
