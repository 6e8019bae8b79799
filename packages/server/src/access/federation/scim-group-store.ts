import type { Tx } from "../../schema.ts";
import type { PeopleDeps } from "../people/people-deps.ts";
import { record } from "./recorded-append.ts";
import { scimError } from "./scim-schema.ts";
import {
  deleteScimGroup,
  insertScimGroup,
  memberships,
  scimGroup,
  scimGroups,
  setGroupMembers,
  updateScimGroup,
  type Membership,
  type ScimGroupRow,
} from "./scim-store.ts";
import { remap, unknownUser, type ScimAsker } from "./scim-user-store.ts";

type Plain = { readonly [name: string]: unknown };
type At = { readonly asker: ScimAsker; readonly deps: PeopleDeps };

const nameCharsMax = 256;
const membersMax = 10_000;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export async function groupById(tx: Tx, id: string, asker: ScimAsker): Promise<Plain> {
  const row = await scimGroup(tx, asker.organisationId, id);
  if (row === null) throw unknownUser(id);
  return groupResource(row, await memberships(tx, { groups: [id] }));
}

export async function findGroups(
  tx: Tx,
  query: {
    readonly displayName: string | null;
    readonly externalId: string | null;
    readonly offset: number;
    readonly limit: number;
    readonly withMembers: boolean;
  },
  asker: ScimAsker,
): Promise<{ readonly items: readonly Plain[]; readonly total: number }> {
  const { rows, total } = await scimGroups(tx, asker.organisationId, query);
  const members = query.withMembers ? await memberships(tx, { groups: rows.map((row) => row.id) }) : [];
  return {
    items: rows.map((row) =>
      groupResource(
        row,
        members.filter((one) => one.groupId === row.id),
      ),
    ),
    total,
  };
}

export async function makeGroup(tx: Tx, group: Plain, at: At): Promise<string> {
  const { asker, deps } = at;
  const id = deps.chance.uuid();
  const text = { id, ...namesOf(group), nowMs: deps.clock() };
  if (!(await insertScimGroup(tx, asker.organisationId, text))) throw taken();
  const members = await setMembers(tx, { id, group }, at);
  await put(tx, { id, kind: "group.provisioned", because: "made by the identity provider", members }, at);
  return id;
}

export async function replaceGroup(
  tx: Tx,
  { id, resource }: { readonly id: string; readonly resource: Plain },
  at: At,
): Promise<void> {
  const { asker, deps } = at;
  const names = namesOf(resource);
  const before = await scimGroup(tx, asker.organisationId, id);
  if (!(await updateScimGroup(tx, asker.organisationId, { id, ...names, nowMs: deps.clock() }))) throw taken();
  const changed = await setMembers(tx, { id, group: resource }, at);
  // Another name is another group to the mapping: everybody in it is looked at again.
  if (before?.displayName !== names.displayName) {
    const members = await memberships(tx, { groups: [id] });
    await remap(
      tx,
      members.map((one) => one.accountId),
      at,
    );
  }
  await put(tx, { id, kind: "group.changed", because: "changed by the identity provider", members: changed }, at);
}

export async function removeGroup(tx: Tx, id: string, at: At): Promise<void> {
  const members = (await memberships(tx, { groups: [id] })).map((one) => one.accountId);
  await deleteScimGroup(tx, id);
  await remap(tx, members, at);
  await put(tx, { id, kind: "group.removed", because: "removed by the identity provider", members }, at);
}

/** Answers who came or went. */
async function setMembers(
  tx: Tx,
  { id, group }: { readonly id: string; readonly group: Plain },
  at: At,
): Promise<readonly string[]> {
  const listed = group["members"];
  const members = Array.isArray(listed) ? listed.map((one: Plain) => String(one["value"])) : [];
  if (members.length > membersMax) throw scimError(413, "tooMany", `a group has at most ${membersMax} members`);
  const unknown = members.find((one) => !uuid.test(one));
  if (unknown !== undefined) throw scimError(400, "invalidValue", "a member is named by the id that it has here");
  const { organisationId } = at.asker;
  const changed = await setGroupMembers(tx, { id, organisationId, members: [...new Set(members)] });
  await remap(tx, changed, at);
  return changed;
}

function groupResource(row: ScimGroupRow, members: readonly Membership[]): Plain {
  return {
    id: row.id,
    displayName: row.displayName,
    ...(row.externalId === null ? {} : { externalId: row.externalId }),
    // A group without members has no such attribute (RFC 7643 section 2.5).
    ...(members.length === 0 ? {} : { members: members.map(memberOf) }),
    meta: {
      resourceType: "Group",
      created: row.createdAt.toISOString(),
      lastModified: row.updatedAt.toISOString(),
      version: `W/"${row.version}"`,
    },
  };
}

function memberOf({ accountId }: Membership): Plain {
  return { value: accountId, type: "User" };
}

function namesOf(group: Plain): { readonly displayName: string; readonly externalId: string | null } {
  const displayName = typeof group["displayName"] === "string" ? group["displayName"].trim() : "";
  if (displayName === "" || displayName.length > nameCharsMax) {
    throw scimError(400, "invalidValue", `displayName must be a text of 1 to ${nameCharsMax} characters`);
  }
  const externalId = typeof group["externalId"] === "string" ? group["externalId"] : null;
  return { displayName, externalId };
}

function taken(): Error {
  return scimError(409, "uniqueness", "another group of this organisation has this displayName");
}

type Put = {
  readonly id: string;
  readonly kind: string;
  readonly because: string;
  readonly members: readonly string[];
};

async function put(tx: Tx, { id, kind, because, members }: Put, at: At): Promise<void> {
  const body = { members: members.map((member) => `user:${member}`) };
  await record(
    tx,
    {
      kind,
      actor: at.asker.actor,
      organisationId: at.asker.organisationId,
      subject: { kind: "group", id },
      because,
      body,
    },
    at.deps,
  );
}
