import assert from "node:assert/strict";
import { openDatabase } from "../platform/database/database.ts";
import { migrate, readMigrations } from "../platform/database/migrate.ts";
import type { Schema } from "../schema.ts";
import { sql } from "kysely";
import { idsIn, type Loot } from "./attack-plan.ts";
import { migrationsFolder } from "./databases.ts";
import { eventually } from "./running-app.ts";
import type { SoftAuthenticator } from "./soft-authenticator.ts";

/** In everything of the victim's that is words: of the one shop, and of the organisation as a whole. */
export const canary = "Zinnober";
const canaryOfAll = "Karmesin";
export const otherShop = "S-1002";

/**
 * The victim's things. `objects`: an id for each place in a path, by the path up to and including the parameter. `loot`: what nobody of another
 * organisation may learn; `ofShop`: what nobody of the same organisation may learn who is bound to another shop.
 */
export type Victim = {
  readonly objects: ReadonlyMap<string, string>;
  readonly loot: Loot;
  readonly ofShop: Loot;
  readonly incidentId: string;
};

type Answer = { readonly status: number; readonly text: string };
export type Ask = (
  path: string,
  asked?: { readonly method?: string; readonly body?: unknown; readonly type?: string },
) => Promise<Answer>;

const seeded = {
  misuse: "aaaaaaa1-0000-4000-8000-000000000001",
  mark: "aaaaaaa1-0000-4000-8000-000000000002",
  backtest: "aaaaaaa1-0000-4000-8000-000000000004",
  // Of things that stand behind a case or an exhibit, whose wall comes first, and take a month or a camera to make.
  behind: "aaaaaaa1-0000-4000-8000-000000000003",
};

/** What no request makes at once: a case of misuse and a mark on a person. Before the start of the application on this folder. */
export async function seedVictim(folder: string): Promise<void> {
  const database = await openDatabase<Schema>(`pglite:${folder}/database`);
  try {
    await migrate(database, readMigrations(migrationsFolder));
    const { db } = database;
    await sql`
      insert into misuse_case (id, organisation_id, rule_id, title, level, actor, says, grouped, counted, entries, first_at, last_at,
        opened_at, state)
      values (${seeded.misuse}, 'home', 'r-1', ${canaryOfAll}, 'high', 'user:1', ${canaryOfAll}, '{}', 1, '[]', now(), now(), now(), 'open')`.execute(
      db,
    );
    await sql`
      insert into rule_backtest (id, organisation_id, state, asked_by, asked_at, from_at, to_at, rules_before, rules_after, subjects,
        alive_at, ended_at)
      values (${seeded.backtest}, 'home', 'stopped', 'user:1', now(), now(), now(), ${canaryOfAll}, ${canaryOfAll}, '[]', now(), now())`.execute(
      db,
    );
    await sql`
      insert into person_mark (id, organisation_id, token, kind, because, at, actor)
      values (${seeded.mark}, 'home', 'person:1', 'objection', ${canaryOfAll}, now(), 'user:1')`.execute(db);
  } finally {
    await database.close();
  }
}

type Plain = Readonly<Record<string, unknown>>;

async function made(ask: Ask, path: string, body: unknown): Promise<Plain> {
  return done(path, await ask(path, { method: "POST", body }));
}

async function put(ask: Ask, path: string, body: unknown): Promise<Plain> {
  return done(path, await ask(path, { method: "PUT", body }));
}

function done(path: string, answer: Answer): Plain {
  assert.ok(answer.status < 300, `${path}: ${answer.status} ${answer.text}`);
  return answer.text.startsWith("{") ? (JSON.parse(answer.text) as Plain) : {};
}

function idOf(answer: Readonly<Record<string, unknown>>, name = "id"): string {
  const id = answer[name];
  assert.ok(typeof id === "string" && id !== "", `no ${name} in ${JSON.stringify(answer)}`);
  return id;
}

async function firstItem(ask: Ask, path: string): Promise<Readonly<Record<string, unknown>>> {
  return eventually(async () => {
    const { items } = (await read(ask, path)) as { items: readonly Record<string, unknown>[] };
    return items[0] ?? null;
  });
}

async function read(ask: Ask, path: string): Promise<Readonly<Record<string, unknown>>> {
  const answer = await ask(path);
  assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  return JSON.parse(answer.text) as Record<string, unknown>;
}

const why = `${canary} is the reason for it`;
const whyOfAll = `${canaryOfAll} is the reason for it`;
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const justNow = () => new Date(Date.now() - 60_000).toISOString();

/** The people of the victim that its things take: two for what takes two, and one with a session of his own. */
export type VictimsPeople = {
  readonly owner: Ask; // the installation's token
  readonly investigator: Ask;
  readonly counsel: Ask;
  readonly officer: Ask; // of data protection
  readonly mender: Ask; // administers a vendor
  readonly person: { readonly id: string; readonly ask: Ask; readonly authenticator: SoftAuthenticator };
  readonly keyed: (key: string) => Ask;
};

/** A case at a shop with everything that a case has. */
export async function aCaseAt(
  owner: Ask,
  siteId: string,
): Promise<{ readonly incidentId: string; readonly record: string }> {
  const report = { siteId, category: "shoplifting", occurredAt: justNow(), summary: `${canary} took two bottles` };
  const incidentId = idOf(await made(owner, "/api/v1/incidents", report));
  await made(owner, `/api/v1/incidents/${incidentId}/notes`, { text: `${canary} came back` });
  const pointer = { uri: `https://nvr.example/${canary}`, mediaType: "video/mp4" };
  await made(owner, `/api/v1/incidents/${incidentId}/exhibits/pointer`, pointer);
  await made(owner, `/api/v1/incidents/${incidentId}/packets`, { includeMedia: false, because: why });
  const record = await eventually(async () => {
    const answer = await owner(`/api/v1/incidents/${incidentId}`);
    return answer.text.includes('"ready"') ? answer.text : null; // the packet; it is the last to change the case
  });
  return { incidentId, record };
}

export async function victimsThings(people: VictimsPeople): Promise<Victim> {
  const { owner } = people;
  const { incidentId, record } = await aCaseAt(owner, otherShop);
  const ofCase = await caseThings(people, { incidentId, record });
  const ofShop = new Map([...ofCase, ...(await shopThings(people))]);
  const ofOrganisation = new Map([
    ...(await privacyThings(people, incidentId)),
    ...(await federationThings(people)),
    ...(await recordThings(people, incidentId)),
  ]);
  const objects = new Map([...ofShop, ...ofOrganisation]);
  // What stands in a path or a policy for everybody is no secret.
  const ids = (map: ReadonlyMap<string, string>) =>
    [...map.values()].filter((id) => /[0-9a-f]{8}-|TW-|SR-|twk_|clip:|person:/.test(id));
  return {
    objects,
    incidentId,
    loot: { ids: new Set([...idsIn(record), ...ids(objects)]), words: new Set([canary, canaryOfAll]) },
    ofShop: { ids: new Set([...idsIn(record), ...ids(ofShop)]), words: new Set([canary]) },
  };
}

type Things = readonly (readonly [string, string])[];
type Case = { readonly incidentId: string; readonly record: string };

async function caseThings(
  { owner, investigator, counsel }: VictimsPeople,
  { incidentId, record }: Case,
): Promise<Things> {
  const seen = JSON.parse(record) as { exhibits: { id: string }[]; packets: { id: string }[] };
  const share = { partnerId: "insurer", ground: why, endsAt: inAnHour() };
  await made(owner, "/api/v1/organisations", { id: "insurer", name: "Insurer", kind: "insurer" });
  const shared = await made(investigator, `/api/v1/incidents/${incidentId}/shares`, share);
  const asked = { incidentId, purpose: "case_building", ground: "legitimate_interest", because: why, hours: 1 };
  const grant = await made(investigator, "/api/v1/grants", asked);
  const hold = { matter: why, ground: "legal_claim", because: why };
  const held = await made(counsel, `/api/v1/incidents/${incidentId}/holds`, hold);
  const recipient = { agency: canary, person: canary, reference: canary, channel: "post" };
  const release = { recipient, purpose: "insurance_claim", ground: "legal_claim", because: why, despite: why };
  const packetId = seen.packets[0]?.id ?? "";
  const released = await made(counsel, `/api/v1/packets/${packetId}/releases`, { ...release, holds: [idOf(held)] });
  const link = await made(counsel, `/api/v1/packets/${packetId}/releases/${idOf(released)}/links`, { days: 1 });
  return [
    ["/api/v1/packets/{id}/releases/{releaseId}/links/{linkId}", idOf(link)],
    ["/take/{secret}", String(link["path"]).split("/").at(-1) ?? ""],
    ["/api/v1/incidents/{id}/holds/{holdId}", idOf(held)],
    ["/api/v1/incidents/{id}/disposals/{disposalId}", seeded.behind],
    ["/api/v1/incidents/{id}/drafts/{draftId}", seeded.behind],
    ["/api/v1/incidents/{id}/conflict/withdrawals/{withdrawal}", seeded.behind],
    ["/api/v1/exhibits/{id}/original-requests/{request}", seeded.behind],
    ["/api/v1/packets/{id}/releases/{releaseId}", idOf(released)],
    ["/api/v1/incidents/{id}", incidentId],
    ["/api/v1/incidents/{id}/shares/{shareId}", idOf(shared)],
    ["/api/v1/incidents/{id}/clips/{token}", "clip:00112233445566778899aabbccddeeff"],
    ["/api/v1/exhibits/{id}", seen.exhibits[0]?.id ?? ""],
    ["/api/v1/packets/{id}", seen.packets[0]?.id ?? ""],
    ["/api/v1/grants/{id}", idOf(grant)],
  ];
}

async function shopThings({ owner, officer, investigator }: VictimsPeople): Promise<Things> {
  await put(officer, `/api/v1/sites/${otherShop}/privacy`, { settings: { clipDays: 9 }, because: why });
  const mask = { polygons: [[[0, 0], [10, 0], [10, 10]]], because: why, version: 0 }; // prettier-ignore
  await put(officer, `/api/v1/sites/${otherShop}/masks/C-01`, mask);
  await made(owner, `/api/v1/sites/${otherShop}/devices/C-01/enrolments`, {});
  const quiet = { siteId: otherShop, endsAt: inAnHour(), because: why };
  const silence = await made(investigator, "/api/v1/silences", quiet);
  return [
    ["/api/v1/sites/{siteId}", otherShop],
    ["/api/v1/sites/{id}", otherShop],
    ["/api/v1/sites/{siteId}/devices/{deviceId}", "C-01"],
    ["/api/v1/sites/{id}/masks/{device}", "C-01"],
    ["/api/v1/silences/{id}", idOf(silence)],
  ];
}

async function privacyThings({ owner, officer, investigator }: VictimsPeople, incidentId: string): Promise<Things> {
  const identifiers = [{ kind: "name", value: canaryOfAll }];
  const known = { kind: "customer", identifiers, country: "BE", source: "till" };
  const token = idOf(await made(officer, "/api/v1/known-persons", known), "token");
  const request = {
    kind: "access",
    subjectKind: "customer",
    identifiers,
    wording: whyOfAll,
    country: "BE",
    receivedAt: justNow(),
  };
  const asked = await made(officer, "/api/v1/subject-requests", request);
  const hold = await made(officer, "/api/v1/legal-holds", {
    subject: token,
    ground: "claim of the shop",
    because: whyOfAll,
  });
  const text = {
    id: "cctv",
    version: "1",
    language: "en",
    purpose: "safety",
    content: `${canaryOfAll} agrees to being seen.`,
  };
  await made(officer, "/api/v1/consent-texts", text);
  const given = { token, textId: "cctv", textVersion: "1", language: "en", how: "signed", givenAt: justNow() };
  const consent = await made(officer, "/api/v1/consents", given);
  const watch = {
    incidentId,
    ageBand: "a30_44",
    ground: "barring_notice",
    because: why,
    description: { upper: ["hoodie"] },
  };
  const entry = await made(investigator, "/api/v1/watch-entries", {
    ...watch,
    expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
  });
  const product = { name: canaryOfAll, value_minor: 100, currency: "EUR" };
  await put(owner, "/api/v1/products/sku-1", product);
  const period = { name: canaryOfAll, from: justNow(), to: inAnHour(), sites: [otherShop] };
  await put(owner, "/api/v1/calendar/period-1", period);
  return [
    ["/api/v1/known-persons/{token}", token],
    ["/api/v1/subject-requests/{id}", idOf(asked)],
    ["/api/v1/legal-holds/{id}", idOf(hold)],
    ["/api/v1/consents/{id}", idOf(consent)],
    ["/api/v1/person-marks/{id}", seeded.mark],
    ["/api/v1/watch-entries/{id}", idOf(entry)],
    ["/api/v1/products/{sku}", "sku-1"],
    ["/api/v1/calendar/{periodId}", "period-1"],
  ];
}

async function federationThings({ owner, mender, person, keyed }: VictimsPeople): Promise<Things> {
  const program = { name: canaryOfAll, purpose: whyOfAll, roles: [], scopes: ["scim:provision"] };
  const account = idOf(await made(owner, "/api/v1/service-accounts", program));
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  const key = await made(owner, `/api/v1/service-accounts/${account}/keys`, { expiresAt, because: whyOfAll });
  const provider = keyed(idOf(key, "key"));
  const user = { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: `${canaryOfAll}@example.org` };
  const scimUser = idOf(await made(provider, "/scim/v2/Users", user));
  const group = { schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], displayName: canaryOfAll };
  const scimGroup = idOf(await made(provider, "/scim/v2/Groups", { ...group, members: [{ value: scimUser }] }));
  await made(owner, "/api/v1/organisations", { id: "mender", name: "Mender", kind: "vendor" });
  const invited = { name: canaryOfAll, login: "mender@example.org", roles: ["guard"] };
  const vendor = await made(mender, "/api/v1/accounts", invited);
  const access = {
    accountToken: idOf(vendor, "token"),
    ticket: canaryOfAll,
    purpose: whyOfAll,
    roles: ["guard"],
    scopes: ["site:list"],
    startsAt: justNow(),
    endsAt: inAnHour(),
  };
  const opened = await made(owner, "/api/v1/vendor-access", access);
  const review = idOf(await made(owner, "/api/v1/access-reviews", {}));
  const { lines } = (await read(owner, `/api/v1/access-reviews/${review}`)) as { lines: { id: string }[] };
  const options = await made(person.ask, "/api/v1/me/passkeys/options", {});
  const response = person.authenticator.create(options as Parameters<SoftAuthenticator["create"]>[0]);
  const me = await made(person.ask, "/api/v1/me/passkeys", { response, name: canaryOfAll }).then(() =>
    read(person.ask, "/api/v1/me"),
  );
  const operator = { operator: canaryOfAll, because: whyOfAll };
  const joined = await made(owner, `/api/v1/accounts/${person.id}/till-operators`, operator);
  const { passkeys } = me as { passkeys: { id: string }[] };
  const sessions = (await read(person.ask, "/api/v1/me/sessions")) as { items: { id: string }[] };
  return [
    ["/api/v1/service-accounts/{id}", account],
    ["/api/v1/api-keys/{id}", idOf(key)],
    ["/scim/v2/Users/{id}", scimUser],
    ["/scim/v2/Groups/{id}", scimGroup],
    ["/api/v1/vendor-access/{id}", idOf(opened)],
    ["/api/v1/access-reviews/{id}", review],
    ["/api/v1/access-reviews/{id}/lines/{item}", lines[0]?.id ?? ""],
    ["/api/v1/accounts/{id}", person.id],
    ["/api/v1/accounts/{id}/till-operators/{operator}", idOf(joined)],
    ["/api/v1/accounts/{id}/sessions/{session}", sessions.items[0]?.id ?? ""],
    ["/api/v1/me/sessions/{id}", sessions.items[0]?.id ?? ""],
    ["/api/v1/me/passkeys/{id}", passkeys[0]?.id ?? ""],
    ["/api/v1/organisations/{id}", "insurer"],
    ["/api/v1/sign-in/oidc/{organisation}", "home"],
  ];
}

async function recordThings({ owner }: VictimsPeople, incidentId: string): Promise<Things> {
  await made(owner, "/api/v1/signals", {
    event_type: canaryOfAll,
    store_id: "S-nowhere",
    camera_id: "C-9",
    timestamp: justNow(),
  });
  const letter = await firstItem(owner, "/api/v1/dead-letters");
  const webhook = idOf(await made(owner, "/api/v1/webhooks", { url: `https://${canaryOfAll}.example/hook` }));
  const delivery = idOf(await made(owner, `/api/v1/webhooks/${webhook}/test`, {}), "deliveryId");
  const question = { question: { incident: incidentId }, because: whyOfAll };
  const exported = await made(owner, "/api/v1/audit/exports", question);
  const entry = await firstItem(owner, `/api/v1/audit?subject=${incidentId}`);
  const from = "2026-01-01T00:00:00Z";
  await made(owner, "/api/v1/analytics/exports", { from, to: justNow(), format: "csv" });
  return [
    ["/api/v1/dead-letters/{id}", idOf(letter)],
    ["/api/v1/webhooks/{id}", webhook],
    ["/api/v1/webhooks/deliveries/{id}", delivery],
    ["/api/v1/audit/exports/{id}", idOf(exported)],
    ["/api/v1/audit/{id}", idOf(entry)],
    ["/api/v1/misuse/{id}", seeded.misuse],
    ["/api/v1/rules/backtests/{id}", seeded.backtest],
  ];
}
