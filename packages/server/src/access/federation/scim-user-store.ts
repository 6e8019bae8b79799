import type { Tx } from "../../schema.ts";
import { loginCharsMax, nameCharsMax } from "../people/account.ts";
import {
  accountForUpdate,
  insertAccount,
  loginIndexOf,
  renameAccount,
  updateAccount,
} from "../people/account-store.ts";
import type { PeopleDeps } from "../people/people-deps.ts";
import { endSessions } from "../people/person-session-store.ts";
import type { MappingRule } from "./role-mapping.ts";
import { record } from "./recorded-append.ts";
import { claimTexts, mapAccess, sameAccess } from "./role-mapping.ts";
import { scimError } from "./scim-schema.ts";
import {
  dropScimUser,
  externalIdIsFree,
  insertScimUser,
  memberships,
  scimUser,
  updateScimUser,
  type ScimUserRow,
} from "./scim-store.ts";

type Plain = { readonly [name: string]: unknown };

/** Who provisions, for which organisation, and by which mapping (null: this organisation's roles are given by hand). */
export type ScimAsker = {
  readonly actor: string;
  readonly organisationId: string;
  readonly mapping: readonly MappingRule[] | null;
};

const provisioned = "provisioned by the identity provider";
const deactivated = "deactivated by the identity provider";
const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/** What is kept of a resource: not what we make ourselves (id, meta, groups), and not what the account says (active). */
export function keptOf(user: Plain): Plain {
  const { id: _id, meta: _meta, groups: _groups, active: _active, ...kept } = user;
  return kept;
}

/** The resource as SCIM knows it, out of the row, its opened attributes and its groups. */
export function userResource(
  row: ScimUserRow,
  opened: Plain,
  groups: readonly { readonly groupId: string; readonly displayName: string }[],
): Plain {
  return {
    ...opened,
    id: row.id,
    active: row.state === "active",
    groups: groups.map(({ groupId, displayName }) => ({ value: groupId, display: displayName, type: "direct" })),
    meta: {
      resourceType: "User",
      created: row.createdAt.toISOString(),
      lastModified: row.updatedAt.toISOString(),
      version: `W/"${row.version}"`,
    },
  };
}

export async function makeUser(
  tx: Tx,
  user: Plain,
  at: { readonly asker: ScimAsker; readonly deps: PeopleDeps },
): Promise<string> {
  const { asker, deps } = at;
  const id = deps.chance.uuid();
  const token = `user:${id}`;
  const nowMs = deps.clock();
  const account = {
    id,
    organisationId: asker.organisationId,
    ...namesOf(user),
    roles: [],
    sites: [],
    regions: [],
    state: isActive(user) ? "active" : "suspended",
    origin: "scim",
    externalId: externalIdOf(user),
    because: isActive(user) ? provisioned : deactivated,
  } as const;
  if (!(await insertAccount(tx, account, { vault: deps.vault, nowMs }))) throw taken();
  const attributes = await deps.vault.seal(tx, token, JSON.stringify(keptOf(user)));
  await insertScimUser(tx, { id, attributes, nowMs });
  await put(tx, { id, kind: "account.provisioned", because: account.because }, at);
  await remap(tx, [id], at);
  return id;
}

export async function changeUser(
  tx: Tx,
  change: { readonly row: ScimUserRow; readonly user: Plain },
  at: { readonly asker: ScimAsker; readonly deps: PeopleDeps },
): Promise<void> {
  const { asker, deps } = at;
  const { row, user } = change;
  const nowMs = deps.clock();
  const account = await accountForUpdate(tx, row.id);
  if (account === null) throw unknownUser(row.id);
  const externalId = externalIdOf(user);
  const other = { organisationId: asker.organisationId, exceptId: row.id };
  if (externalId !== null && !(await externalIdIsFree(tx, { ...other, externalId }))) throw taken();
  if (!(await renameAccount(tx, account, { ...namesOf(user), vault: deps.vault, nowMs }))) throw taken();
  const attributes = await deps.vault.seal(tx, row.token, JSON.stringify(keptOf(user)));
  await updateScimUser(tx, { id: row.id, attributes, externalId, nowMs });
  const state = stateAfter(account.state, account.because, isActive(user));
  if (state !== account.state) {
    const because = state === "active" ? provisioned : deactivated;
    const { roles, sites, regions } = account;
    await updateAccount(tx, row.id, { change: { state, because, roles, sites, regions }, nowMs });
    await put(tx, { id: row.id, kind: state === "active" ? "account.resumed" : "account.suspended", because }, at);
    if (state !== "active") await endSessions(tx, { accountId: row.id }, { because: "suspended", nowMs });
  }
  await remap(tx, [row.id], at);
}

/** What the provider deactivated it may activate again; what people here suspended or ended it may not. */
export function stateAfter(state: ScimUserRow["state"], because: string, active: boolean): ScimUserRow["state"] {
  if (state === "ended") return state;
  if (!active) return "suspended";
  return state === "suspended" && because !== deactivated ? state : "active";
}

/** Ends the account for good and forgets what the provider told; the record keeps the token. */
export async function endUser(
  tx: Tx,
  row: ScimUserRow,
  at: { readonly asker: ScimAsker; readonly deps: PeopleDeps },
): Promise<void> {
  const { deps } = at;
  const nowMs = deps.clock();
  const because = "removed by the identity provider";
  await accountForUpdate(tx, row.id);
  await updateAccount(tx, row.id, { change: { state: "ended", because, roles: [], sites: [], regions: [] }, nowMs });
  await endSessions(tx, { accountId: row.id }, { because: "ended", nowMs });
  const loginIndex = Buffer.from(loginIndexOf(deps.vault, `ended:${row.id}`)).toString("hex");
  await dropScimUser(tx, row.id, { loginIndex, nowMs });
  await put(tx, { id: row.id, kind: "account.ended", because }, at);
}

/** Gives people what the mapping makes of their groups and attributes now. Without a mapping, roles are given by hand and stay. */
export async function remap(
  tx: Tx,
  ids: readonly string[],
  at: { readonly asker: ScimAsker; readonly deps: PeopleDeps },
): Promise<void> {
  const { asker, deps } = at;
  if (asker.mapping === null || ids.length === 0) return;
  const groups = await memberships(tx, { accounts: ids });
  for (const id of ids) {
    const row = await scimUser(tx, asker.organisationId, id);
    const account = row === null ? null : await accountForUpdate(tx, id);
    if (row === null || account === null) continue;
    const opened = JSON.parse((await deps.vault.open(tx, row.attributes)) ?? "{}") as Plain;
    const names = groups.filter((one) => one.accountId === id).map((one) => one.displayName);
    const access =
      mapAccess(asker.mapping, { groups: names, valuesOf: (name) => attributeTexts(opened, name) }) ?? nothing;
    if (sameAccess(account, access)) continue;
    const because = "the identity provider's groups changed";
    const change = { state: account.state, because: account.because, ...access };
    await updateAccount(tx, id, { change, nowMs: deps.clock() });
    await put(tx, { id, kind: "account.mapped", because, body: { ...access } }, at);
    if (access.roles.length === 0) {
      await endSessions(tx, { accountId: id }, { because: "identity_provider", nowMs: deps.clock() });
    }
  }
}

const nothing = { roles: [], sites: [], regions: [] };

/** As the mapping names them: `title`, `name.familyName`, and of the enterprise extension by their own name (`department`). */
function attributeTexts(user: Plain, name: string): readonly string[] {
  const own = claimTexts(user, name);
  const extension = user[enterprise];
  if (own.length > 0 || typeof extension !== "object" || extension === null) return own;
  return claimTexts(extension as Plain, name);
}

function namesOf(user: Plain): { readonly login: string; readonly name: string } {
  const text = (value: unknown) => (typeof value === "string" && value.trim() !== "" ? value.trim() : null);
  const login = text(user["userName"]);
  if (login === null || login.length > loginCharsMax) {
    throw scimError(400, "invalidValue", `userName must be a text of 1 to ${loginCharsMax} characters`);
  }
  const parts = (typeof user["name"] === "object" && user["name"] !== null ? user["name"] : {}) as Plain;
  const joined = [text(parts["givenName"]), text(parts["familyName"])].filter((part) => part !== null).join(" ");
  const name = text(user["displayName"]) ?? text(parts["formatted"]) ?? (joined === "" ? login : joined);
  return { login, name: name.slice(0, nameCharsMax) };
}

function isActive(user: Plain): boolean {
  return user["active"] !== false;
}

function externalIdOf(user: Plain): string | null {
  const id = user["externalId"];
  return typeof id === "string" && id !== "" ? id : null;
}

function taken(): Error {
  return scimError(409, "uniqueness", "another account of this organisation has this userName or externalId");
}

export function unknownUser(id: string): Error {
  return scimError(404, null, `Resource ${id} not found`);
}

type Put = {
  readonly id: string;
  readonly kind: string;
  readonly because: string;
  readonly body?: { roles: readonly string[] };
};

async function put(tx: Tx, entry: Put, at: { readonly asker: ScimAsker; readonly deps: PeopleDeps }): Promise<void> {
  const { id, kind, because, body = {} } = entry;
  const subject = { kind: "account", id };
  await record(
    tx,
    { kind, actor: at.asker.actor, organisationId: at.asker.organisationId, subject, because, body: { ...body } },
    at.deps,
  );
}
