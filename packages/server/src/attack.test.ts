import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@tillwatch/wire";
import { asking, attackHouse, type Answered, type Attacker } from "./testing/attack-house.ts";
import { eventStream } from "./testing/asking.ts";
import {
  comparable,
  filledPath,
  idsIn,
  leaked,
  nothingLike,
  operationAt,
  operationsOf,
  smallestOf,
  type Loot,
  type Operation,
} from "./testing/attack-plan.ts";
import { aCaseAt, canary, otherShop, type Victim } from "./testing/attack-victim.ts";
import type { RunningApp } from "./testing/running-app.ts";

/**
 * The attacker's suite: everybody tries every operation on everybody else's things: those of the OpenAPI document, and the routes that it does
 * not show. What they may not have must not come out, neither as words nor as a difference between "not yours" and "not there": in status,
 * words, length, or in what the server did to find out (its round trips to the database; a clock would tell the same and lie at times).
 */

// What is named in these places is a kind of page or a piece of a public log, and nobody's.
const nobodysPlaces = new Map([
  // Rules are the installation's: they name no shop, and who may see them sees all of them.
  ["/api/v1/rules/{id}", "e7f683ba-b405-4375-8e45-5419fe8fd82b"],
  ["/api/v1/rules/{id}/versions/{number}", "0"],
  // So are models, which know windows of counts and no shop by name.
  ["/api/v1/models/{id}", "site-windows"],
  ["/api/v1/sites/{id}/privacy/{page}", "notice"],
  ["/api/v1/privacy/reviews/{quarter}", "2026-Q3"],
  ["/scim/v2/Schemas/{id}", "User"],
  ["/scim/v2/ResourceTypes/{id}", "User"],
  ["/log/tile/{*}", "0/000"],
  ["/scim/v2/{*}", "Nothing"],
]);
// Left out, each with its reason.
const leftOut: readonly (readonly [RegExp, string])[] = [
  [/^GET \/api\/v1\/events$/, "it does not end; tried by itself below"],
  [/^(?:DELETE|POST) \/api\/v1\/session$/, "ends the attacker's own session, or takes the installation's token"],
  [/^DELETE \/api\/v1\/me\/(?:sessions|password)$/, "ends the attacker's own session"],
  [/^POST \/api\/v1\/sign-in\/password$/, "counts attempts by address, and is tried in sign-in.test.ts"],
  [/^GET \/(?:healthz|readyz|openapi\.json|docs.*|log\/.*)$/, "says the same to everybody"],
];

/** Every operation of the document, and every registered route that the document hides. */
async function operationsIn(app: RunningApp): Promise<readonly Operation[]> {
  const document = JSON.parse((await app.server.inject("/openapi.json")).body) as JsonObject;
  const shown = operationsOf(document);
  const known = new Set(shown.map(({ method, path }) => `${method} ${path}`));
  const hidden = app.server.routeTable.all
    .filter(({ method }) => method !== "HEAD" && method !== "OPTIONS")
    .map(({ method, url }) => ({ method, path: url.replaceAll(/:([A-Za-z]+)/g, "{$1}").replace(/\*$/, "{*}") }))
    .filter(({ method, path }) => !known.has(`${method} ${path}`))
    .map(({ method, path }) =>
      operationAt(method, path, { queries: [], body: path.startsWith("/scim/") ? scimBody(method) : null }),
    );
  assert.ok(
    hidden.some(({ path }) => path === "/scim/v2/Users/{id}"),
    "the hidden routes were found",
  );
  return [...shown, ...hidden].filter(({ method, path }) => !leftOut.some(([form]) => form.test(`${method} ${path}`)));
}

function scimBody(method: string): JsonObject | null {
  const schema = (name: string) => ({ type: "array", minItems: 1, items: { const: `urn:ietf:params:scim:${name}` } });
  if (method === "GET" || method === "DELETE") return null;
  const patch = { schemas: schema("api:messages:2.0:PatchOp"), Operations: { type: "array" } };
  const user = { schemas: schema("schemas:core:2.0:User"), userName: { type: "string", minLength: 3 } };
  const properties = method === "PATCH" ? patch : user;
  return { type: "object", required: Object.keys(properties), properties };
}

/** What goes into the places of a path, into a body and into a query, once stolen and once made up. */
type Try = { readonly path: string; readonly body: unknown; readonly said: readonly string[] };

function tryOf(operation: Operation, victim: Victim, as: (id: string) => string): Try {
  const object = (place: string) => as(victim.objects.get(place) ?? "");
  const person = as(victim.objects.get("/api/v1/known-persons/{token}") ?? "");
  const account = as(`user:${victim.objects.get("/api/v1/accounts/{id}") ?? ""}`);
  const stolen: Readonly<Record<string, string>> = {
    siteId: as(otherShop),
    site: as(otherShop),
    sites: as(otherShop),
    incidentId: as(victim.incidentId),
    incident: as(victim.incidentId),
    token: person,
    subject: person,
    subjectToken: person,
    accountToken: account,
    actor: account,
    organisationId: as("home"),
    organisation: as("home"),
    partnerId: as("insurer"),
    name: as("probe 1001"), // another one each time: a name that is taken is refused
    userName: as("probe 1001"),
  };
  const values = operation.places.map((place) => nobodysPlaces.get(place) ?? object(place));
  const query = operation.queries.flatMap((name) =>
    stolen[name] === undefined ? [] : [`${name}=${encodeURIComponent(stolen[name])}`],
  );
  const path = `${filledPath(operation, values)}${query.length === 0 ? "" : `?${query.join("&")}`}`;
  const body = operation.body === null ? undefined : smallestOf(operation.body, stolen);
  const all = `${path} ${JSON.stringify(body ?? "")}`;
  const named = Object.values(stolen).filter((id) => all.includes(id) || all.includes(encodeURIComponent(id)));
  return { path, body, said: [...values, ...named] };
}

type Tried = { readonly victim: Victim; readonly attacker: Attacker; readonly operation: Operation };
type Asks = ReturnType<typeof asking>;

/** Tries what is stolen against what is made up; answers what an attacker learns by it. */
async function learned(ask: Asks, { victim, attacker, operation }: Tried): Promise<readonly string[]> {
  const { method } = operation;
  const loot = attacker.within ? victim.ofShop : victim.loot;
  const [stolen, madeUp] = [tryOf(operation, victim, (id) => id), tryOf(operation, victim, nothingLike)];
  const where = `${attacker.name}: ${method} ${stolen.path}`;
  const once = async ({ path, body, said }: Try) => {
    const answer = await ask(path, { method, body });
    return { ...answer, shown: comparable(answer.status, answer.text, said) };
  };
  if (stolen.path === madeUp.path && JSON.stringify(stolen.body) === JSON.stringify(madeUp.body)) {
    return secretsIn(await once(stolen), loot, "").map((what) => `${where}: ${what}`);
  }
  let [nobodys, yours] = [await once(madeUp), await once(stolen)];
  const found = secretsIn(yours, loot, `${stolen.path} ${JSON.stringify(stolen.body ?? "")}`);
  // What is remembered between requests (a scope, a key) is there the second time; what still differs is a difference.
  if (yours.queries !== nobodys.queries) [nobodys, yours] = [await once(madeUp), await once(stolen)];
  return [...found, ...differences(yours, nobodys)].map((what) => `${where}: ${what}`);
}

function secretsIn(answer: Answered, loot: Loot, said: string): readonly string[] {
  const faults = answer.status >= 500 || answer.status === 429 ? [`${answer.status} ${answer.text}`] : [];
  return [...leaked(answer.text, loot, said).map((secret) => `tells ${secret}`), ...faults];
}

type Shown = Pick<Answered, "queries"> & { readonly shown: string };

function differences(yours: Shown, nobodys: Shown): readonly string[] {
  if (yours.shown !== nobodys.shown) return [`not yours is ${yours.shown}, not there is ${nobodys.shown}`];
  if (yours.queries !== nobodys.queries)
    return [`not yours takes ${yours.queries} queries, not there ${nobodys.queries}`];
  return [];
}

/** Whether the thing is of the shop, of the person, or (for a neighbour his own organisation's) no secret. */
function isForeign({ attacker, operation, victim }: Tried): boolean {
  if (!attacker.within) return true;
  if (operation.path.startsWith("/api/v1/me")) return true;
  const ofShop = ["incidents", "sites", "exhibits", "packets", "grants"];
  return operation.places.some((place) => ofShop.includes(place.split("/")[3] ?? "")) && victim.objects.size > 0;
}

function placesWithout(operations: readonly Operation[], victim: Victim): readonly string[] {
  const places = [...new Set(operations.flatMap((operation) => operation.places))];
  return places.filter((place) => !nobodysPlaces.has(place) && !victim.objects.get(place));
}

test("N02 N09 every role tries every route on the things of others: nothing comes out, and 'not yours' is 'not there'", async (context) => {
  const { app, owner, victim, attackers } = await attackHouse(context);
  const operations = await operationsIn(app);
  assert.deepEqual(
    placesWithout(operations, victim),
    [],
    "make the victim one of these in testing/attack-victim.ts, or say that it is nobody's",
  );
  const versionOf = async () =>
    (JSON.parse((await owner(`/api/v1/incidents/${victim.incidentId}`)).text) as { version: number }).version;
  const before = await versionOf();
  const found: string[] = [];
  // Reads first: what attackers write names what they stole, and would be found in their own lists.
  for (const writes of [false, true]) {
    for (const attacker of attackers) {
      const ask = asking(app, attacker.headers);
      for (const operation of operations) {
        if ((operation.method !== "GET") !== writes) continue;
        const tried = { victim, attacker, operation };
        if (operation.places.length === 0 && attacker.within) found.push(...(await listed(ask, tried)));
        else if (isForeign(tried)) found.push(...(await learned(ask, tried)));
      }
    }
  }
  assert.deepEqual(found.slice(0, 20), [], `${found.length} findings`);
  assert.equal(await versionOf(), before, "nobody changed it");
});

test("N09 the attacker's suite finds what is planted: a word, a foreign id, another status, another length, one question more to the database", async (context) => {
  const { app, victim, attackers } = await attackHouse(context);
  const attacker = attackers.find(({ name }) => name === "investigator of another retailer");
  const operation = (await operationsIn(app)).find(
    ({ method, path }) => method === "GET" && path === "/api/v1/incidents/{id}",
  );
  assert.ok(attacker !== undefined && operation !== undefined);
  const ask = asking(app, attacker.headers);
  const honest = await ask(tryOf(operation, victim, (id) => id).path);
  assert.ok(honest.queries > 0, "round trips are counted");
  const tried = { victim, attacker, operation };
  assert.deepEqual(await learned(ask, tried), []);
  const isTheirs = (path: string) => path.includes(victim.incidentId);
  const other = [...victim.loot.ids].find((id) => id !== victim.incidentId) ?? "";
  const plants: readonly (readonly [string, (answer: Answered) => Answered, RegExp])[] = [
    ["a word", (answer) => ({ ...answer, text: `${answer.text} ${canary}` }), /tells Zinnober/],
    ["an id", (answer) => ({ ...answer, text: answer.text.replace("}", `,"x":"${other}"}`) }), /tells (?!Zinnober)/],
    ["another status", (answer) => ({ ...answer, status: 403 }), /not yours is 403/],
    ["a longer answer", (answer) => ({ ...answer, text: `${answer.text} ` }), /not yours is/],
    ["a round trip", (answer) => ({ ...answer, queries: answer.queries + 1 }), /takes \d+ queries/],
    ["a fault", (answer) => ({ ...answer, status: 500 }), /500/],
  ];
  for (const [says, plant, want] of plants) {
    const planted: Asks = async (path, asked) => {
      const answer = await ask(path, asked);
      return isTheirs(path) ? plant(answer) : answer;
    };
    assert.match((await learned(planted, tried)).join("\n"), want, says);
  }
  // A place for which the victim has nothing.
  const unknown = operationAt("GET", "/api/v1/moons/{id}");
  assert.deepEqual(placesWithout([unknown], victim), ["/api/v1/moons/{id}"]);
});

/** What lists of the attacker's own organisation tell of another shop. */
async function listed(ask: Asks, { victim, attacker, operation }: Tried): Promise<readonly string[]> {
  if (operation.method !== "GET") return [];
  const { path, said } = tryOf(operation, victim, (id) => id);
  const answer = await ask(path);
  return secretsIn(answer, victim.ofShop, `${path} ${said.join(" ")}`).map(
    (what) => `${attacker.name}: ${path}: ${what}`,
  );
}

// The log is public and of the whole installation: its size, and how far the watch over it is, grow with what anybody does
// (docs/operating.md says so). The list of revoked certificates is signed anew each time.
const grows = /^\/api\/v1\/(?:audit\/checkpoint|device-authority\.crl)$/;
// What attackers are refused stands in the record of their own organisation and raises cases of misuse there.
const ownDeeds = /^\/api\/v1\/(?:audit|misuse)$/;

test("N09 what happens at others changes no list and no count, and no stream of an attacker carries anything of it", async (context) => {
  const { app, owner, attackers } = await attackHouse(context);
  const operations = (await operationsIn(app)).filter(
    ({ method, path, parameters }) => method === "GET" && parameters.length === 0 && !grows.test(path),
  );
  const outside = attackers.filter(({ within, name }) => !within && name !== "camera of another retailer");
  const lists = async () => {
    const seen = new Map<string, string>();
    for (const { name, headers } of outside) {
      const ask = asking(app, headers);
      for (const { path } of operations) {
        const { status, text } = await ask(path);
        if (ownDeeds.test(path)) continue;
        seen.set(`${name} ${path}`, comparable(status, text, []).replace(/"watch":\{[^}]*\}/, '""'));
      }
    }
    return seen;
  };
  const listening = attackers.filter(({ name }) => name !== "nobody" && name !== "camera of another retailer");
  const streams = await Promise.all(
    listening.map(async ({ name, headers }) => ({ name, stream: await eventStream(app.url, headers()) })),
  );
  await lists(); // asking leaves traces of the asker's own; they are there both times
  const before = await lists();
  const { record } = await aCaseAt(owner, otherShop);
  const letter = { event_type: canary, store_id: "S-none", camera_id: "C-9", timestamp: new Date().toISOString() };
  assert.equal((await owner("/api/v1/signals", { method: "POST", body: letter })).status, 202);
  const after = await lists();
  const changed = [...before].filter(([key, text]) => after.get(key) !== text);
  assert.deepEqual(
    changed.map(([key, text]) => `${key}: ${text.slice(0, 300)} -> ${after.get(key)?.slice(0, 300)}`),
    [],
  );
  const loot: Loot = { ids: new Set(idsIn(record)), words: new Set([canary]) };
  for (const { name, headers } of outside) {
    for (const path of ["/api/v1/audit", "/api/v1/misuse"]) {
      assert.deepEqual(leaked((await asking(app, headers)(path)).text, loot, ""), [], `${name} ${path}`);
    }
  }
  // The owner's own stream has had it: what the others have not had by now is not on its way to them.
  const own = await eventStream(app.url, { authorization: `Bearer ${app.admin.token}` });
  await aCaseAt(owner, otherShop);
  assert.match(own.said(), /event: incident/);
  await own.leave();
  for (const { name, stream } of streams) {
    await stream.leave();
    assert.deepEqual(leaked(stream.said(), loot, ""), [], `${name}: ${stream.said()}`);
    assert.doesNotMatch(stream.said(), /event: (?:incident|packet|shares)/, name);
  }
});
