import assert from "node:assert/strict";
import { bundlePath, decodeBundle } from "@tillwatch/evidence";
import { isJsonObject, type JsonObject } from "@tillwatch/wire";
import { digestOf } from "./access/credential.ts";
import type { Principal, Role } from "./access/principal.ts";
import { jsonLog } from "./platform/log.ts";
import { isPublicReason } from "./audit/public-reason.ts";
import { systemClock } from "./platform/clock.ts";
import { openDatabase } from "./platform/database/database.ts";
import type { Schema } from "./schema.ts";
import { filledPath, operationsOf, type Operation } from "./testing/attack-plan.ts";
import { canaries, filesOf, sqlDump, traces, words } from "./testing/canaries.ts";
import { testOnServers } from "./testing/databases.ts";
import { eventually, startIn, type RunningApp } from "./testing/running-app.ts";
import { ruleText, writtenId } from "./testing/rules.ts";
import { bodyOfCanaries, typedMembers } from "./testing/typed-words.ts";

const dayMs = 24 * 3_600_000;
const json = { "content-type": "application/json" };
const inDays = (days: number) => new Date(Date.now() + days * dayMs).toISOString();

/** Each proved anew who he is; two of them, because some things take two people. */
const people: readonly {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly of?: string;
  readonly kind?: "service";
}[] = [
  { name: "ada", roles: ["administrator"] },
  { name: "bea", roles: ["administrator"] },
  { name: "dina", roles: ["data_protection_officer"] },
  { name: "dora", roles: ["data_protection_officer"] },
  { name: "ina", roles: ["investigator"] },
  { name: "ana", roles: ["analyst"] },
  { name: "cleo", roles: ["counsel"] },
  { name: "emil", roles: ["auditor"] },
  { name: "vic", roles: ["administrator"], of: "tills" },
  { name: "writer", roles: [], kind: "service" },
];

function credentialOf({ name, roles, of = "home", kind }: (typeof people)[number]) {
  const principal: Principal = {
    token: `${kind ?? "user"}:${name}`,
    kind: kind ?? "person",
    organisationId: of,
    roles,
    sites: null,
    regions: null,
    scopes: null,
    sessionId: null,
    signedInAtMs: null,
    steppedUpAtMs: Date.now(),
  };
  return { sha256: digestOf(`typed:${name}`), principal };
}

/** What takes no free words, or cannot be reached by this walk, each with its reason. */
const elsewhere: Readonly<Record<string, string>> = {
  "POST /api/v1/session": "a token",
  "POST /api/v1/sign-in/passkey": "what an authenticator says",
  "POST /api/v1/sign-in/password": "a login and a password",
  "POST /api/v1/links/read": "a link",
  "POST /api/v1/links/passkey-options": "a link and one's own name, which an invitation types in here",
  "POST /api/v1/links/passkey": "what an authenticator says",
  "POST /api/v1/links/totp": "a link and one's own name, which an invitation types in here",
  "POST /api/v1/links/password": "a link and a password",
  "POST /api/v1/links/sign-in": "a link",
  "POST /api/v1/session/step-up": "what an authenticator says",
  "POST /api/v1/me/passkeys": "what an authenticator says",
  "PUT /api/v1/me/password": "a password",
  "POST /api/v1/device-enrolments": "a code and keys of a device",
  "POST /api/v1/device-enrolments/renewal": "keys of a device",
  "PATCH /api/v1/accounts/{id}": "sites and regions by id",
  "POST /api/v1/consent-texts": "a text that is shown to everybody",
  "POST /api/v1/rules/check": "a rule file, which is read and not kept",
  "POST /api/v1/incidents/{id}/clips/{token}/resolution": "needs a clip of a signal: not reached here",
  "POST /api/v1/incidents/{id}/disposals": "needs content whose time is over: not reached here",
  "POST /api/v1/incidents/{id}/disposals/{disposalId}/keep": "needs content whose time is over: not reached here",
  "POST /api/v1/organisations": "the name of a company, which the directory shows",
};

type Step = {
  readonly op: string;
  readonly by: string;
  readonly ids?: readonly string[];
  readonly given?: JsonObject;
};

class Walk {
  readonly reached = new Set<string>();
  readonly #app: RunningApp;
  readonly #operations: ReadonlyMap<string, Operation>;

  constructor(app: RunningApp, operations: readonly Operation[]) {
    this.#app = app;
    this.#operations = new Map(operations.map((one) => [`${one.method} ${one.path}`, one]));
  }

  async ask(by: string, path: string, init: RequestInit = {}): Promise<JsonObject> {
    const token = by === "admin" ? this.#app.admin.token : `typed:${by}`;
    const headers = { ...(typeof init.body === "string" ? json : {}), authorization: `Bearer ${token}` };
    const answer = await fetch(new URL(path, this.#app.url), { ...init, headers });
    const text = await answer.text();
    assert.ok(answer.status < 300, `${init.method ?? "GET"} ${path} by ${by}: ${answer.status} ${text}`);
    const value: unknown = text.startsWith("{") ? JSON.parse(text) : {};
    return isJsonObject(value) ? value : {};
  }

  /** Types the canaries wherever this operation lets a person type. */
  async step({ op, by, ids = [], given = {} }: Step): Promise<JsonObject> {
    const operation = this.#operations.get(op);
    assert.ok(operation, `the document has no ${op}`);
    const body = JSON.stringify(bodyOfCanaries(operation, given));
    const done = await this.ask(by, filledPath(operation, ids), { method: operation.method, body });
    this.reached.add(op);
    return done;
  }

  as(by: string) {
    return (op: string, ids: readonly string[] = [], given: JsonObject = {}) => this.step({ op, by, ids, given });
  }

  /** Operations that take typed text and were not reached. */
  missing(): readonly string[] {
    return [...this.#operations]
      .filter(
        ([op, { body }]) => !this.reached.has(op) && elsewhere[op] === undefined && typedMembers(body ?? {}).length > 0,
      )
      .map(([op, { body }]) => `${op} (${typedMembers(body ?? {}).join(", ")})`);
  }
}

const idOf = (answer: JsonObject) => textOf(answer, "id");

function textOf(answer: JsonObject, name: string): string {
  const value = answer[name];
  assert.ok(typeof value === "string", `${name} of ${JSON.stringify(answer)}`);
  return value;
}

async function aCase(walk: Walk): Promise<readonly [incident: string, packet: string]> {
  const given = { siteId: "S-1001", category: "till_fraud", occurredAt: new Date(Date.now() - 60_000).toISOString() };
  const opened = await walk.step({ op: "POST /api/v1/incidents", by: "admin", given });
  const ids = [idOf(opened)];
  const step = (op: string, more: JsonObject = {}) =>
    walk.step({ op: op.replace("/i/", "/api/v1/incidents/{id}"), by: "admin", ids, given: more });
  await step("POST /i//notes");
  await step("POST /i//verdict", { verdict: "unsure" });
  await step("POST /i//override", { severity: 0.7 });
  await step("PATCH /api/v1/incidents/{id}", { summary: `Corrected: ${words}` });
  await step("POST /i//transitions", { to: "acknowledged" });
  await step("POST /i//exhibits/pointer", {
    uri: "https://nvr.example/CNRY4711X",
    mediaType: "video/mp4",
    capturedAt: inDays(-1),
  });
  await walk.step({
    op: "POST /api/v1/grounds",
    by: "ina",
    given: { incidentId: ids[0] ?? "", purpose: "incident_investigation", ground: "legitimate_interest" },
  });
  await walk.step({
    op: "POST /api/v1/grants",
    by: "ina",
    given: { incidentId: ids[0] ?? "", purpose: "incident_investigation", ground: "legitimate_interest", hours: 1 },
  });
  const glass = await walk.step({ op: "POST /api/v1/break-glass", by: "ina", given: { incidentId: ids[0] ?? "" } });
  const judged = { ids: [idOf(glass)], given: { review: "justified" } };
  await walk.step({ op: "POST /api/v1/grants/{id}/review", by: "cleo", ...judged });
  const packet = await step("POST /i//packets", { includeMedia: false });
  await eventually(async () => {
    const path = `/api/v1/packets/${idOf(packet)}?because=${encodeURIComponent(words)}`;
    // While it is built its state is answered, then the file.
    return (await walk.ask("admin", path))["state"] === undefined ? true : null;
  }, 60_000);
  return [ids[0] ?? "", idOf(packet)];
}

async function pictures(walk: Walk, incident: string): Promise<void> {
  const form = new FormData();
  form.set("file", new File([Buffer.alloc(2_000, 7)], "Canariusova.bin", { type: "application/octet-stream" }));
  const exhibit = [
    idOf(await walk.ask("admin", `/api/v1/incidents/${incident}/exhibits`, { method: "POST", body: form })),
  ];
  const ina = walk.as("ina");
  await ina("PUT /api/v1/exhibits/{id}/camera", exhibit, { deviceId: null });
  await ina("PUT /api/v1/exhibits/{id}/regions", exhibit, { regions: [], version: 0 });
  await ina("PUT /api/v1/exhibits/{id}/minor", exhibit);
  await walk.as("dina")("PUT /api/v1/exhibits/{id}/minor/ground", exhibit, { ground: "legal_obligation" });
  const path = "POST /api/v1/exhibits/{id}/original-requests";
  const request = idOf(await ina(path, exhibit, { hours: 1 }));
  await walk.as("cleo")(`${path}/{request}/decision`, [...exhibit, request], { approve: true });
}

async function releases(walk: Walk, packet: string): Promise<void> {
  const path = "POST /api/v1/packets/{id}/releases";
  const recipient = { agency: words, person: words, reference: "CNRY4711X", channel: "post" };
  const given = { recipient, purpose: "police_request", ground: "official_request" };
  const release = idOf(await walk.as("cleo")(path, [packet], given));
  const links = `/api/v1/packets/${packet}/releases/${release}/links`;
  const link = idOf(await walk.ask("cleo", links, { method: "POST", body: JSON.stringify({ days: 2 }) }));
  await walk.as("cleo")(`${path}/{releaseId}/links/{linkId}/end`, [packet, release, link]);
  await walk.as("cleo")(`${path}/{releaseId}/taken`, [packet, release]);
  const other = idOf(await walk.as("cleo")(path, [packet], given));
  await walk.as("cleo")(`${path}/{releaseId}/withdraw`, [packet, other]);
}

async function drafts(walk: Walk, incident: string): Promise<void> {
  const path = "/api/v1/incidents/{id}/drafts";
  const stated = { place: "note", model: { name: "writer", version: "1" }, promptSha256: "0".repeat(64), inputs: [] };
  const handIn = async (key: string) =>
    idOf(await walk.as("writer")(`POST ${path}`, [incident], { ...stated, key, writtenAt: inDays(-1) }));
  const ids = [incident, await handIn("one")];
  const ina = walk.as("ina");
  await ina(`POST ${path}/{draftId}/revisions`, ids, { revision: 0, text: `Edited: ${words}` });
  await ina(`POST ${path}/{draftId}/accept`, ids, { revision: 1 });
  await ina(`POST ${path}/{draftId}/refuse`, [incident, await handIn("two")], { revision: 0 });
}

async function holds(walk: Walk, incident: string): Promise<void> {
  const path = "POST /api/v1/incidents/{id}/holds";
  const hold = idOf(await walk.as("cleo")(path, [incident], { ground: "legal_claim" }));
  await walk.as("cleo")(`${path}/{holdId}/end`, [incident, hold]);
}

/** Somebody is said to be in it who stands in no list, which is taken back; and a number at the tills is joined to an account. */
async function colleagues(walk: Walk, incident: string): Promise<void> {
  const path = "POST /api/v1/incidents/{id}";
  await walk.as("ina")(`${path}/colleagues`, [incident], { colleagues: [] });
  const withdrawal = idOf(await walk.as("cleo")(`${path}/conflict/withdrawals`, [incident], { colleague: null }));
  const decision = `${path}/conflict/withdrawals/{withdrawal}/decision`;
  await walk.as("dina")(decision, [incident, withdrawal], { approve: true });
  const ada = walk.as("ada");
  const account = idOf(await ada("POST /api/v1/accounts", [], { login: "zaph.till@example.org", roles: ["guard"] }));
  const operator = idOf(await ada("POST /api/v1/accounts/{id}/till-operators", [account], { siteId: null }));
  await ada("POST /api/v1/accounts/{id}/till-operators/{operator}/end", [account, operator]);
}

async function shares(walk: Walk, incident: string): Promise<void> {
  const police = { id: "constabulary", name: "Constabulary", kind: "police" };
  await walk.ask("admin", "/api/v1/organisations", { method: "POST", body: JSON.stringify(police) });
  const given = { partnerId: police.id, endsAt: inDays(2) };
  const share = await walk.step({ op: "POST /api/v1/incidents/{id}/shares", by: "admin", ids: [incident], given });
  const ids = [incident, idOf(share)];
  await walk.step({ op: "POST /api/v1/incidents/{id}/shares/{shareId}/revoke", by: "admin", ids });
}

async function privacy(walk: Walk, incident: string): Promise<void> {
  const step = walk.as("dina");
  const identifiers = [{ kind: "name", value: "Zaphodine Canariusova" }];
  const person = await step("POST /api/v1/known-persons", [], { kind: "customer", identifiers, country: "DE" });
  const token = textOf(person, "token");
  await step("POST /api/v1/known-persons/lookup", [], {
    kind: "name",
    country: "DE",
    purpose: "security",
    incidentId: incident,
  });
  const asked = {
    kind: "objection",
    subjectKind: "customer",
    identifiers,
    country: "DE",
    receivedAt: new Date(Date.now() - dayMs).toISOString(),
  };
  const request = idOf(await step("POST /api/v1/subject-requests", [], asked));
  await step("POST /api/v1/subject-requests/{id}/identity", [request], { outcome: "confirmed" });
  await step("POST /api/v1/subject-requests/{id}/extension", [request]);
  await step("POST /api/v1/subject-requests/{id}/answer", [request], { correction: [] });
  const other = idOf(await step("POST /api/v1/subject-requests", [], asked));
  await step("POST /api/v1/subject-requests/{id}/closing", [other], { outcome: "withdrawn" });
  const hold = await step("POST /api/v1/legal-holds", [], { subject: token });
  await step("POST /api/v1/legal-holds/{id}/end", [idOf(hold)]);
  await step("PUT /api/v1/sites/{id}/privacy", ["S-1001"], { settings: { clipDays: 40 } });
  await walk.as("cleo")("POST /api/v1/incidents/{id}/minor", [incident], { minor: false });
  const mark = await walk.ask("dina", `/api/v1/known-persons/${encodeURIComponent(token)}`);
  const marks = mark["marks"];
  assert.ok(Array.isArray(marks) && isJsonObject(marks[0]), JSON.stringify(mark));
  await step("POST /api/v1/person-marks/{id}/end", [idOf(marks[0])]);
  const camera = ["S-1001", await cameraOf(walk)];
  await step("PUT /api/v1/sites/{id}/masks/{device}", camera, { polygons: [], version: 0 });
  await walk.as("ada")("POST /api/v1/sites/{siteId}/devices/{deviceId}/revocations", camera, {});
  const account = await walk.as("ada")("POST /api/v1/accounts", [], {
    login: "zaph.street@example.org",
    roles: ["guard"],
  });
  const { items } = await walk.ask("ada", "/api/v1/accounts?limit=200");
  const of = (items as readonly JsonObject[]).find((one) => one["id"] === idOf(account)) ?? {};
  await step("POST /api/v1/misuse/conflicts", [], { actor: textOf(of, "token") });
  await step("POST /api/v1/misuse/conflicts/withdrawals", [], { actor: textOf(of, "token"), words: null });
}

async function cameraOf(walk: Walk): Promise<string> {
  const { items } = await walk.ask("admin", "/api/v1/sites");
  const site = (items as readonly JsonObject[]).find((one) => one["id"] === "S-1001");
  const devices = site?.["devices"] as readonly JsonObject[];
  return idOf(devices.find(({ kind }) => kind === "camera") ?? {});
}

async function watchList(walk: Walk, incident: string): Promise<void> {
  const path = "POST /api/v1/watch-entries";
  const [ina, dina] = [walk.as("ina"), walk.as("dina")];
  const given = {
    incidentId: incident,
    ageBand: "a30_44",
    ground: "barring_notice",
    description: {},
    expiresAt: inDays(30),
  };
  const entry = [idOf(await ina(path, [], given))];
  await dina(`${path}/{id}/decision`, entry, { decision: "approve" });
  await ina(`${path}/{id}/views`, entry);
  await ina(`${path}/{id}/hits`, entry, { siteId: "S-1001", incidentId: incident });
}

/** The installation's token was used on a case, which is flagged. */
async function misuse(walk: Walk): Promise<void> {
  const flagged = await eventually(async () => {
    const { items } = await walk.ask("dina", "/api/v1/misuse?state=open");
    return (items as readonly JsonObject[])[0] ?? null;
  });
  await walk.step({
    op: "POST /api/v1/misuse/{id}/decision",
    by: "dina",
    ids: [idOf(flagged)],
    given: { state: "explained" },
  });
}

async function others(walk: Walk): Promise<void> {
  const [vic, ada, bea] = [walk.as("vic"), walk.as("ada"), walk.as("bea")];
  const body = JSON.stringify({ id: "tills", name: "Tills", kind: "vendor" });
  await walk.ask("admin", "/api/v1/organisations", { method: "POST", body });
  const vera = await vic("POST /api/v1/accounts", [], {
    login: "zaph.canary@example.org",
    roles: ["administrator"],
  });
  const accountToken = textOf(vera, "token");
  const given = {
    accountToken,
    roles: ["administrator"],
    scopes: ["vendor:read"],
    startsAt: inDays(0),
    endsAt: inDays(0.1),
  };
  const access = [idOf(await ada("POST /api/v1/vendor-access", [], given))];
  await bea("POST /api/v1/vendor-access/{id}/approve", access);
  await bea("POST /api/v1/vendor-access/{id}/end", access);
  const review = idOf(
    await walk.ask("ada", "/api/v1/access-reviews", { method: "POST" }).catch(async () => {
      const { items } = await walk.ask("ada", "/api/v1/access-reviews");
      return (items as readonly JsonObject[])[0] ?? {};
    }),
  );
  const { lines } = await walk.ask("ada", `/api/v1/access-reviews/${review}`);
  const [line = {}] = lines as readonly JsonObject[];
  await bea("POST /api/v1/access-reviews/{id}/lines/{item}/decide", [review, idOf(line)], { decision: "keep" });
}

async function programs(walk: Walk): Promise<void> {
  const step = walk.as("ada");
  const account = idOf(
    await step("POST /api/v1/service-accounts", [], { name: "Till sync", roles: [], scopes: ["incident:read"] }),
  );
  const key = await step("POST /api/v1/service-accounts/{id}/keys", [account], { expiresAt: inDays(5) });
  await step("POST /api/v1/api-keys/{id}/revoke", [idOf(key)]);
  await step("POST /api/v1/service-accounts/{id}/end", [account]);
  await walk.as("emil")("POST /api/v1/audit/exports", [], {
    question: { ground: "Zaphodine", subject: "Canariusova" },
  });
  await walk.as("admin")("POST /api/v1/webhooks", [], { url: "https://hooks.example/CNRY4711X" });
}

/** A rule's file is kept in clear, as the pack's files are: it says what is detected, and of nobody. What is said about it is sealed. */
async function rules(walk: Walk): Promise<void> {
  const step = walk.as("ina");
  await step("POST /api/v1/rules", [], { rule: ruleText() });
  await step("POST /api/v1/rules/{id}/versions", [writtenId], { rule: ruleText({ title: "Another title" }), base: 1 });
  await step("POST /api/v1/rules/{id}/versions/{number}/shadow", [writtenId, "2"]);
  await step("POST /api/v1/rules/{id}/versions/{number}/activate", [writtenId, "2"]);
  const { sha256 } = await walk.ask("ana", `/api/v1/rules/${writtenId}/versions/2`);
  assert.ok(typeof sha256 === "string");
  await walk.as("ana")("POST /api/v1/rules/{id}/versions/{number}/sign", [writtenId, "2"], { sha256 });
  await step("POST /api/v1/rules/{id}/versions/{number}/shadow", [writtenId, "1"]);
  await step("POST /api/v1/rules/{id}/end-shadow", [writtenId]);
  const files = [{ file: "a.yml", rule: ruleText() }];
  await step("POST /api/v1/rules/backtests", [], { days: 1, files });
  await step("POST /api/v1/rules/{id}/retire", [writtenId]);
  await step("POST /api/v1/rules/{id}/roll-back", [writtenId]);
}

async function silences(walk: Walk): Promise<void> {
  const given = { ruleId: null, siteId: "S-1001", zoneId: null, deviceId: null, category: null };
  const times = { level: 2, startsAt: null, endsAt: inDays(1) };
  const silence = [idOf(await walk.as("ina")("POST /api/v1/silences", [], { ...given, ...times }))];
  await walk.as("ana")("POST /api/v1/silences/{id}/sign", silence);
  await walk.as("ina")("POST /api/v1/silences/{id}/end", silence);
  for (const on of [false, true]) await walk.as("ana")("POST /api/v1/dismissals/switch", [], { on });
}

async function models(walk: Walk): Promise<void> {
  for (const on of [false, true]) await walk.as("admin")("POST /api/v1/models/{id}/switch", ["site-windows"], { on });
}

async function everythingTyped(app: RunningApp): Promise<void> {
  const document = (await (await app.call("/openapi.json")).json()) as JsonObject;
  const walk = new Walk(app, operationsOf(document));
  const [incident, packet] = await aCase(walk);
  await releases(walk, packet);
  await holds(walk, incident);
  await drafts(walk, incident);
  await pictures(walk, incident);
  await colleagues(walk, incident);
  await shares(walk, incident);
  await privacy(walk, incident);
  await programs(walk);
  await rules(walk);
  await models(walk);
  await silences(walk);
  await watchList(walk, incident);
  await others(walk);
  await misuse(walk);
  assert.deepEqual(walk.missing(), []);
  const found = await walk.ask("emil", "/api/v1/audit?ground=canariusova&limit=500");
  const reasons = JSON.stringify(found["items"]);
  assert.ok(reasons.includes("purplewalrus umbrella"), "who may read the record finds a reason by its words");
}

/** Every entry that the log serves to anybody, and the program's own log and measurements. */
async function openToAll(app: RunningApp, lines: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  const size = await eventually(async () => {
    const text = await (await fetch(new URL("/log/checkpoint", app.url))).text();
    const { items } = (await (await app.call("/api/v1/audit?limit=1")).json()) as { items: { index: number | null }[] };
    const published = Number(text.split("\n")[1]);
    const newest = items[0]?.index ?? null;
    return newest !== null && published > newest ? published : null;
  }, 60_000);
  const bundles: Buffer[] = [];
  for (let at = 0; at * 256 < size; at += 1) {
    const path = bundlePath(BigInt(at), Math.min(256, size - at * 256));
    const answer = await fetch(new URL(`/log/${path}`, app.url));
    assert.equal(answer.status, 200, path);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const bundle = decodeBundle(bytes);
    assert.ok(bundle.ok);
    for (const entry of bundle.value) {
      const { because, kind } = JSON.parse(Buffer.from(entry).toString("utf8")) as { because: string; kind: string };
      assert.ok(because === "said" || isPublicReason(because), `${kind}: ${because}`);
    }
    bundles.push(bytes);
  }
  const metrics = Buffer.from(await (await app.call("/metrics")).arrayBuffer());
  return new Map([
    ["the served log", Buffer.concat(bundles)],
    ["the program's log", Buffer.from(lines.join(""))],
    ["metrics", metrics],
  ]);
}

function nothingIn(files: ReadonlyMap<string, Buffer>): void {
  for (const [path, bytes] of files) {
    for (const canary of canaries) {
      const forms = traces(canary, bytes);
      const at = bytes.toString("latin1").toLowerCase().indexOf(canary.toLowerCase());
      const around = at === -1 ? "" : bytes.toString("latin1").slice(Math.max(0, at - 400), at + 60);
      assert.deepEqual(forms, [], `${canary} stands in ${path}: ${around}`);
    }
  }
}

async function typedInto(folder: string, databaseUrl: string): Promise<void> {
  const lines: string[] = [];
  const log = jsonLog((line) => lines.push(line), systemClock);
  const given = { log, credentials: people.map(credentialOf) };
  const app = await startIn(folder, { TILLWATCH_DATABASE_URL: databaseUrl }, given);
  let open: ReadonlyMap<string, Buffer>;
  try {
    await everythingTyped(app);
    open = await openToAll(app, lines);
  } finally {
    await app.close();
  }
  nothingIn(open);
  const database = await openDatabase<Schema>(databaseUrl);
  try {
    nothingIn(new Map([["the dump", Buffer.from(await sqlDump(database.db))]]));
  } finally {
    await database.close();
  }
  nothingIn(await filesOf(folder));
}

testOnServers(
  "O04 J09 what people type anywhere in the API stands in clear nowhere: served log, dump, files, logs",
  ({ folder, databaseUrl }) => typedInto(folder, databaseUrl),
  { timeout: 300_000 },
);
