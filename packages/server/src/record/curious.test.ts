import assert from "node:assert/strict";
import type { MisuseCaseView } from "@tillwatch/wire";
import { digestOf } from "../access/credential.ts";
import type { Principal, Role } from "../access/principal.ts";
import { testOnServers } from "../testing/databases.ts";
import { receiver, type Received } from "../testing/receiver.ts";
import { eventually, startIn, type RunningApp } from "../testing/running-app.ts";
import { invitedPerson } from "../testing/signed-in.ts";

/** What the running server makes of curious people, with nobody who turns a handle: they sign in, look, and are flagged. */

const json = { "content-type": "application/json" };
const closedShop = "S-7001";
const otto: Principal = {
  token: "user:otto",
  kind: "person",
  organisationId: "constabulary",
  roles: ["administrator"],
  sites: null,
  regions: null,
  scopes: null,
  sessionId: null,
  signedInAtMs: null,
  steppedUpAtMs: Date.now(),
};

type Person = { readonly token: string; readonly ask: (path: string, body?: unknown) => Promise<Response> };

async function somebody(app: RunningApp, roles: readonly Role[], by = app.admin.token): Promise<Person> {
  const { cookie, token } = await invitedPerson(app.url, by, { roles });
  const headers = { cookie, "sec-fetch-site": "same-origin" };
  const ask = (path: string, body?: unknown) =>
    fetch(
      new URL(path, app.url),
      body === undefined
        ? { headers }
        : { method: "POST", headers: { ...headers, ...json }, body: JSON.stringify(body) },
    );
  return { token, ask };
}

async function done<T>(answering: Promise<Response>): Promise<T> {
  const answer = await answering;
  const text = await answer.text();
  assert.ok(answer.ok, `${answer.url}: ${answer.status} ${text}`);
  return JSON.parse(text === "" ? "{}" : text) as T;
}

async function operator<T>(app: RunningApp, path: string, body: unknown): Promise<T> {
  return done<T>(app.call(path, { method: "POST", headers: json, body: JSON.stringify(body) }));
}

/** A shop that is never open, with cases in it. */
async function casesBehindClosedDoors(app: RunningApp, count: number): Promise<readonly string[]> {
  const site = { name: "Closed", timezone: "Europe/Brussels", currency: "EUR", opening_hours: {} };
  await done(app.call(`/api/v1/sites/${closedShop}`, { method: "PUT", headers: json, body: JSON.stringify(site) }));
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const report = {
      siteId: closedShop,
      category: "shoplifting",
      occurredAt: new Date().toISOString(),
      summary: `Case ${n}`,
    };
    ids.push((await operator<{ id: string }>(app, "/api/v1/incidents", report)).id);
  }
  return ids;
}

const ground = (incidentId: string) => ({
  incidentId,
  purpose: "incident_investigation",
  ground: "legitimate_interest",
});

async function looksAt(person: Person, incidentId: string): Promise<void> {
  await done(person.ask("/api/v1/grounds", ground(incidentId)));
  await done(person.ask(`/api/v1/incidents/${incidentId}`));
}

/** Fifteen files of a case, opened one after the other. */
async function takesOut(app: RunningApp, person: Person, incidentId: string): Promise<void> {
  for (let n = 0; n < 15; n += 1) {
    const form = new FormData();
    form.set("file", new File([`file ${n}`], `${n}.txt`, { type: "text/plain" }));
    const { id } = await done<{ id: string }>(
      app.call(`/api/v1/incidents/${incidentId}/exhibits`, { method: "POST", body: form }),
    );
    await (await person.ask(`/api/v1/exhibits/${id}/content?because=reading+along`)).arrayBuffer();
  }
}

async function fileOf(app: RunningApp, incidentId: string): Promise<string> {
  const form = new FormData();
  form.set("file", new File(["a file"], "a.txt", { type: "text/plain" }));
  const path = `/api/v1/incidents/${incidentId}/exhibits`;
  return (await done<{ id: string }>(app.call(path, { method: "POST", body: form }))).id;
}

const lookup = {
  kind: "plate",
  value: "1-ABC-234",
  country: "BE",
  purpose: "security",
  because: "wondering who it is",
};

/** People who want to know about people, and for no case: two are refused each time, one may and leafs. */
async function viewersWithoutIncident(
  app: RunningApp,
  { cases, dpo }: { readonly cases: readonly string[]; readonly dpo: Person },
): Promise<readonly (readonly [string, string])[]> {
  const [grabber, seeker, leafer, honest] = [
    await somebody(app, ["investigator"]),
    await somebody(app, ["investigator"]),
    await somebody(app, ["investigator"]),
    await somebody(app, ["investigator"]),
  ];
  for (const incidentId of cases) {
    const refused = await grabber.ask(`/api/v1/exhibits/${await fileOf(app, incidentId)}/content`);
    assert.deepEqual([refused.status, ((await refused.json()) as { code: string }).code], [403, "purpose_required"]);
  }
  const madeUp = "00000000-0000-4000-8000-000000000000";
  const asked = [{}, { incidentId: madeUp }, { purpose: "marketing" }];
  const codes: string[] = [];
  for (const more of asked) {
    const refused = await seeker.ask("/api/v1/known-persons/lookup", { ...lookup, ...more });
    codes.push(((await refused.json()) as { code: string }).code);
  }
  assert.deepEqual(codes, ["lookup_without_case", "lookup_case_unknown", "purpose_refused"]);
  const tokens: string[] = [];
  for (let n = 0; n < 5; n += 1) {
    const person = { kind: "customer", country: "BE", source: "barring notice" };
    const known = { ...person, identifiers: [{ kind: "plate", value: `1-XYZ-10${n}` }] };
    tokens.push((await done<{ token: string }>(dpo.ask("/api/v1/known-persons", known))).token);
  }
  for (const token of tokens) await done(leafer.ask(`/api/v1/known-persons/${token}`));
  for (const incidentId of [...cases, ...cases]) {
    await done(honest.ask("/api/v1/known-persons/lookup", { ...lookup, value: "9-NOT-999", incidentId }));
  }
  return [
    ["A viewer without an incident", grabber.token],
    ["Looking for people without a case", seeker.token],
    ["Leafing through people", leafer.token],
  ];
}

async function officerOf(app: RunningApp): Promise<Person> {
  await operator(app, "/api/v1/organisations", { id: "constabulary", name: "Constabulary", kind: "police" });
  return somebody(app, ["partner_officer"], "by:otto");
}

async function casesSeenBy(reader: Person): Promise<readonly MisuseCaseView[]> {
  return (await done<{ items: readonly MisuseCaseView[] }>(reader.ask("/api/v1/misuse"))).items;
}

async function curiousPeople(app: RunningApp): Promise<string> {
  const [dpo, otherDpo, night, neighbour, greedy, guard] = [
    await somebody(app, ["data_protection_officer"]),
    await somebody(app, ["data_protection_officer", "investigator"]),
    await somebody(app, ["investigator"]),
    await somebody(app, ["investigator"]),
    await somebody(app, ["investigator"]),
    await somebody(app, ["guard"]),
  ];
  const cases = await casesBehindClosedDoors(app, 3);
  const [first = ""] = cases;
  await done(dpo.ask("/api/v1/misuse/conflicts", { actor: neighbour.token, words: "Elmstreet" }));
  await done(dpo.ask("/api/v1/misuse/conflicts", { actor: otherDpo.token, words: "Oakstreet" }));
  const startedMs = Date.now();
  for (const id of cases) await looksAt(night, id);
  await done(neighbour.ask("/api/v1/incidents?q=somebody+elmstreet"));
  await done(otherDpo.ask("/api/v1/incidents?q=oakstreet"));
  for (const person of [night, neighbour, greedy]) await done(person.ask("/api/v1/incidents?q=Zeligman"));
  await done(greedy.ask("/api/v1/grounds", ground(first)));
  await takesOut(app, greedy, first);
  for (let n = 0; n < 10; n += 1) assert.equal((await guard.ask("/api/v1/misuse")).status, 403);

  const wanted = [
    ...(await viewersWithoutIncident(app, { cases, dpo })),
    ["Browsing outside of working hours", night.token],
    ["A search for one's own name or street", neighbour.token],
    ["A search for one's own name or street", otherDpo.token],
    ["The same words or person searched by many", null],
    ["Much taken out at once", greedy.token],
    ["Many refusals", guard.token],
  ] as const;
  const seen = await eventually(async () => {
    const found = await casesSeenBy(dpo);
    const all = wanted.every(([title, actor]) => found.some((one) => one.title === title && one.actor === actor));
    return all ? found : null;
  }, 60_000).catch(async () =>
    assert.fail(JSON.stringify((await casesSeenBy(dpo)).map(({ title, actor }) => [title, actor]))),
  );
  assert.ok(Date.now() - startedMs < 120_000);
  const titles = ["A viewer without an incident", "Looking for people without a case", "Leafing through people"];
  assert.equal(seen.filter(({ title }) => titles.includes(title)).length, 3, "and nobody who looks for a case");
  await nobodyJudgesHimself(seen, { dpo, otherDpo, night });
  return first;
}

/** Codes and ids of this house's own cases; nobody's token, and nothing of another house. */
async function alarmsLeft(told: readonly Received[], own: readonly MisuseCaseView[]): Promise<void> {
  const known = new Map(own.map((one) => [one.id, one]));
  await eventually(
    async () => (own.every(({ id }) => told.some(({ data }) => data["case"] === id)) ? true : null),
    60_000,
  );
  for (const { type, data } of told) {
    assert.equal(type, "misuse.flagged");
    assert.deepEqual(Object.keys(data).sort(), ["case", "level", "rule"]);
    assert.equal(known.get(data["case"] ?? "")?.rule, data["rule"], "a case of this house");
  }
  assert.doesNotMatch(JSON.stringify(told), /user:|elmstreet|oakstreet/i);
}

async function nobodyJudgesHimself(
  seen: readonly MisuseCaseView[],
  { dpo, otherDpo, night }: { readonly dpo: Person; readonly otherDpo: Person; readonly night: Person },
): Promise<void> {
  const own = seen.find((one) => one.actor === otherDpo.token);
  const others = seen.find((one) => one.actor === night.token);
  assert.ok(own && others);
  assert.ok(!(await casesSeenBy(otherDpo)).some((one) => one.actor === otherDpo.token), "not even in the list");
  const decision = { state: "explained", because: "nothing to see here" };
  assert.equal((await otherDpo.ask(`/api/v1/misuse/${own.id}`)).status, 404);
  assert.equal((await otherDpo.ask(`/api/v1/misuse/${own.id}/decision`, decision)).status, 404);
  assert.equal((await night.ask("/api/v1/misuse")).status, 403, "an investigator reads no cases of misuse");
  const settled = await done<MisuseCaseView>(
    dpo.ask(`/api/v1/misuse/${own.id}/decision`, { state: "confirmed", because: "his own street" }),
  );
  assert.deepEqual([settled.state, settled.decidedBy], ["confirmed", dpo.token]);
  const one = await done<{ entries: readonly { actor: string }[] }>(dpo.ask(`/api/v1/misuse/${others.id}`));
  assert.deepEqual([one.entries.length, new Set(one.entries.map(({ actor }) => actor))], [3, new Set([night.token])]);
}

/** A partner's officer who looks for a neighbour is flagged to his own house, and to whoever shares cases with it. */
async function curiousOfficer(app: RunningApp, shared: string): Promise<readonly MisuseCaseView[]> {
  const officer = await officerOf(app);
  const endsAt = new Date(Date.now() + 3_600_000).toISOString();
  const share = { partnerId: otto.organisationId, ground: "asked for by letter", endsAt };
  await operator(app, `/api/v1/incidents/${shared}/shares`, share);
  const watcher = await somebody(app, ["data_protection_officer"], "by:otto");
  const host = await somebody(app, ["data_protection_officer"]);
  await done(watcher.ask("/api/v1/misuse/conflicts", { actor: officer.token, words: "Elmstreet" }));
  await done(officer.ask("/api/v1/incidents?q=elmstreet"));
  for (const reader of [watcher, host]) {
    const flagged = await eventually(async () => {
      return (await casesSeenBy(reader)).find((one) => one.actor === officer.token) ?? null;
    }, 60_000);
    assert.equal(flagged.title, "A search for one's own name or street");
  }
  assert.equal((await casesSeenBy(watcher)).length, 1, "of his hosts' people his house learns nothing");
  return casesSeenBy(host);
}

testOnServers(
  "O08 N04 curious colleagues and officers are flagged by the running server, and nobody judges himself",
  async ({ folder, databaseUrl }) => {
    const credentials = [{ sha256: digestOf("by:otto"), principal: otto }];
    const env = { TILLWATCH_DATABASE_URL: databaseUrl, TILLWATCH_ALLOW_PRIVATE_WEBHOOKS: "true" };
    const app = await startIn(folder, env, { credentials });
    const outside = await receiver();
    try {
      await operator(app, "/api/v1/webhooks", { url: outside.url, events: ["misuse.flagged"] });
      const own = await curiousOfficer(app, await curiousPeople(app));
      await alarmsLeft(outside.told, own);
    } finally {
      await app.close();
      await outside.close();
    }
  },
  { timeout: 240_000 },
);
