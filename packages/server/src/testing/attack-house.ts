import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { digestOf } from "../access/credential.ts";
import { actionNames } from "../access/actions.ts";
import { roles, type Principal, type Role } from "../access/principal.ts";
import { seedVictim, victimsThings, type Ask, type Victim } from "./attack-victim.ts";
import { enrolledKey, signedToken } from "./device-client.ts";
import { countingQueries } from "./query-count.ts";
import { startIn, type RunningApp } from "./running-app.ts";
import { SoftAuthenticator } from "./soft-authenticator.ts";
import { invitedPerson } from "./signed-in.ts";

export const ownShop = "S-1001";
export const foreignShop = "nw-1";
const northwind = "northwind";
const constabulary = "constabulary";
const json = { "content-type": "application/json" };

/** `within`: of the victim's own organisation, bound to another shop. */
export type Attacker = {
  readonly name: string;
  readonly within: boolean;
  readonly headers: () => Readonly<Record<string, string>>;
};

const tokenOf = (name: string) => `attack:${name.replaceAll(" ", "-")}`;

function staticPerson(
  name: string,
  organisationId: string,
  of: { readonly roles: readonly Role[]; readonly sites: readonly string[] | null },
) {
  const principal: Principal = {
    token: `user:${name}`,
    kind: "person",
    organisationId,
    roles: of.roles,
    sites: of.sites,
    regions: null,
    scopes: null,
    sessionId: null,
    signedInAtMs: null,
    steppedUpAtMs: Date.now() + 3_600_000, // proved it, for as long as the suite runs
  };
  return { sha256: digestOf(tokenOf(name)), principal };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const staticAttacker = (name: string, within: boolean): Attacker => ({
  name,
  within,
  headers: () => bearer(tokenOf(name)),
});

// Of the same organisation, bound to another shop; of another retailer, everywhere; of the police.
const staff = roles.filter((role) => role !== "partner_officer");
const neighbours = staff.map((role) => `${role} of another shop`);
const strangers = staff.map((role) => `${role} of another retailer`);
const officer = "officer of the police";

const credentials = [
  ...staff.map((role, at) => staticPerson(neighbours[at] ?? "", "home", { roles: [role], sites: [ownShop] })),
  ...staff.map((role, at) => staticPerson(strangers[at] ?? "", northwind, { roles: [role], sites: null })),
  staticPerson(officer, constabulary, { roles: ["partner_officer"], sites: null }),
  staticPerson("police administrator", constabulary, { roles: ["administrator"], sites: null }),
  staticPerson("mender", "mender", { roles: ["administrator"], sites: null }),
  staticPerson("investigator", "home", { roles: ["investigator"], sites: null }),
  staticPerson("counsel", "home", { roles: ["counsel"], sites: null }),
  staticPerson("data protection", "home", { roles: ["data_protection_officer"], sites: null }),
];

export type Answered = { readonly status: number; readonly text: string; readonly queries: number };
type Asked = { readonly method?: string; readonly body?: unknown };

/** Asks the application without a socket, and counts what it asked of its database until it answered. */
export function asking(app: RunningApp, headers: () => Readonly<Record<string, string>>) {
  return async (path: string, { method = "GET", body }: Asked = {}): Promise<Answered> => {
    // Nothing is sent before somebody waits for the answer: the waiting must be within what is counted.
    const { done, queries } = await countingQueries(async () => {
      const answer = await app.server.inject({
        method: method as "GET",
        url: path,
        headers: { ...headers(), ...(body === undefined ? {} : json) },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
      return answer;
    });
    return { status: done.statusCode, text: done.body, queries };
  };
}

/**
 * The application with a victim that has one of everything, and everybody who might look: each role by a static token, and some who
 * really signed in, a program with a key for everything, a device, and nobody.
 */
export async function attackHouse(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "tw-attack-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  await seedVictim(folder);
  const env = { TILLWATCH_RATE_PER_ADDRESS: "0", TILLWATCH_RATE_PER_IDENTITY: "0" };
  const app = await startIn(folder, env, { credentials });
  context.after(() => app.close());
  const as = (name: string) => asking(app, () => bearer(tokenOf(name)));
  const owner = asking(app, () => bearer(app.admin.token));
  const post = async (ask: Ask, path: string, body: unknown) => {
    const answer = await ask(path, { method: "POST", body });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text === "" ? "{}" : answer.text) as Readonly<Record<string, string>>;
  };
  const retailer = { kind: "retailer", sitePrefix: "nw-", referenceLetters: "NW" };
  await post(owner, "/api/v1/organisations", { id: northwind, name: "Northwind", ...retailer });
  await post(owner, "/api/v1/organisations", { id: constabulary, name: "Constabulary", kind: "police" });
  const shop = {
    name: "Northwind one",
    timezone: "Europe/Brussels",
    currency: "EUR",
    devices: [{ id: "C-1", kind: "camera", name: "Door" }],
  };
  const ofNorthwind = as("administrator of another retailer");
  const placed = await ofNorthwind(`/api/v1/sites/${foreignShop}`, { method: "PUT", body: shop });
  if (placed.status !== 200) throw new Error(placed.text);
  const cookies = await signedInAttackers(app);
  const victimsPerson = await invitedPerson(app.url, app.admin.token, { roles: ["investigator"] });
  const person = asking(app, () => byCookie(victimsPerson.cookie));
  const { port } = new URL(app.url);
  const victim: Victim = await victimsThings({
    owner,
    investigator: as("investigator"),
    counsel: as("counsel"),
    officer: as("data protection"),
    mender: as("mender"),
    person: {
      id: victimsPerson.id,
      ask: person,
      authenticator: new SoftAuthenticator({ origin: `http://localhost:${port}`, rpId: "localhost" }),
    },
    keyed: (key) => asking(app, () => bearer(key)),
  });
  const attackers: readonly Attacker[] = [
    ...neighbours.map((name) => staticAttacker(name, true)),
    ...strangers.map((name) => staticAttacker(name, false)),
    staticAttacker(officer, false),
    ...cookies,
    await keyedAttacker(ofNorthwind, post),
    await deviceAttacker(app),
    { name: "nobody", within: false, headers: () => ({}) },
  ];
  return { app, owner, victim, attackers };
}

function byCookie(cookie: string) {
  return { cookie, "sec-fetch-site": "same-origin" };
}

/** People with a session of their own: they came by invitation, with password and code. */
async function signedInAttackers(app: RunningApp): Promise<readonly Attacker[]> {
  const invite = async (name: string, by: string, person: Parameters<typeof invitedPerson>[2]) => {
    const { cookie } = await invitedPerson(app.url, by, person);
    return { name, within: by === app.admin.token, headers: () => byCookie(cookie) };
  };
  return [
    await invite("signed-in manager of another shop", app.admin.token, { roles: ["store_manager"], sites: [ownShop] }),
    await invite(
      "signed-in administrator and investigator of another retailer",
      tokenOf("administrator of another retailer"),
      {
        roles: ["administrator", "investigator", "data_protection_officer"],
      },
    ),
    await invite("signed-in officer of the police", tokenOf("police administrator"), { roles: ["partner_officer"] }),
  ];
}

async function keyedAttacker(
  ask: Ask,
  post: (ask: Ask, path: string, body: unknown) => Promise<Readonly<Record<string, string>>>,
): Promise<Attacker> {
  const scopes = actionNames.filter((action) => action !== "account:recover" && action !== "device:renew");
  const program = { name: "Probe", purpose: "tries doors", roles: ["administrator", "investigator"], scopes };
  const { id } = await post(ask, "/api/v1/service-accounts", program);
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  const { key = "" } = await post(ask, `/api/v1/service-accounts/${id}/keys`, { expiresAt, because: "tries doors" });
  return { name: "program of another retailer", within: false, headers: () => bearer(key) };
}

async function deviceAttacker(app: RunningApp): Promise<Attacker> {
  const device = `${foreignShop}/C-1`;
  const call: RunningApp["call"] = (path, init = {}) =>
    fetch(new URL(path, app.url), {
      ...init,
      headers: { ...(init.headers as object), ...bearer(tokenOf("administrator of another retailer")) },
    });
  const key = await enrolledKey({ ...app, call }, device);
  const headers = () => bearer(signedToken(key, { device, audience: key.audience }));
  return { name: "camera of another retailer", within: false, headers };
}
