import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { expectAccepted } from "@tillwatch/evidence";
import { verifyPacketFile } from "@tillwatch/verify";
import type { AuditVerification, DraftDetail, DraftView, IncidentRecord } from "@tillwatch/wire";
import { shippedPack } from "./cli/shipped.ts";
import { openDatabase } from "./platform/database/database.ts";
import { ServerProcess, serverToken } from "./testing/crash-server.ts";
import { testOnPostgres, withFreshPostgres } from "./testing/databases.ts";
import { eventually } from "./testing/running-app.ts";
import { invitedPerson } from "./testing/signed-in.ts";

const draftText = "One man took two bottles of gin and ran to the north exit.";
const editedText = "One man took three bottles of gin.";
const prompt = "Write down what the signals say, in one sentence.";
const json = { "content-type": "application/json" };

const offer = {
  key: "run-1",
  place: "note",
  text: draftText,
  model: { name: "example-writer", version: "2026-10-01" },
  promptSha256: createHash("sha256").update(prompt).digest("hex"),
  prompt,
  inputs: [],
  parameters: { seed: 7 },
  writtenAt: "2026-11-20T10:00:00.000Z",
};

type Answer = { readonly status: number; readonly bytes: Buffer; readonly json: Record<string, unknown> };

async function ask(url: string, headers: Record<string, string>, body?: object): Promise<Answer> {
  const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(url, { headers: { ...headers, ...(body === undefined ? {} : json) }, ...sent });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const isJson = /json/.test(answer.headers.get("content-type") ?? "");
  return { status: answer.status, bytes, json: isJson ? JSON.parse(bytes.toString("utf8")) : {} };
}

/**
 * A server that is killed again and again, and what one asks of it. While a kind is held, the transaction that writes such an entry waits for
 * a minute before it may commit: who is killed then is killed in the middle.
 */
class Killed {
  readonly #settings: ConstructorParameters<typeof ServerProcess>[0];
  #server: ServerProcess | null = null;
  #url = "";

  constructor(dataFolder: string, databaseUrl: string | null) {
    this.#settings = { dataFolder, databaseUrl, packFolder: shippedPack, mqtt: false };
  }

  async start(): Promise<void> {
    this.#server = new ServerProcess(this.#settings);
    this.#url = (await this.#server.ready()).url;
  }

  get url(): string {
    return this.#url;
  }

  async kill(): Promise<void> {
    await this.#server?.kill9();
    this.#server = null;
  }

  async stop(): Promise<number | null> {
    const code = (await this.#server?.stop()) ?? null;
    this.#server = null;
    return code;
  }

  /** While no server runs. Null: nothing is held. */
  async hold(kind: string | null): Promise<void> {
    const { databaseUrl, dataFolder } = this.#settings;
    const database = await openDatabase<unknown>(databaseUrl ?? `pglite:${join(dataFolder, "database")}`);
    try {
      // Postgres goes on waiting for whoever is dead.
      if (databaseUrl !== null) {
        await sql`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()`.execute(database.db);
      }
      await sql`drop trigger if exists held on audit_entry`.execute(database.db);
      if (kind === null) return;
      await sql`create or replace function held() returns trigger language plpgsql as $$
        begin perform pg_sleep(60); return new; end $$`.execute(database.db);
      await sql
        .raw(
          `create trigger held before insert on audit_entry for each row when (new.kind = '${kind}') execute function held()`,
        )
        .execute(database.db);
    } finally {
      await database.close();
    }
  }

  /** Sends, and kills before there is an answer. */
  async killWhileAsking(path: string, headers: Record<string, string>, body: object): Promise<void> {
    const asked = ask(`${this.#url}${path}`, headers, body).then(
      ({ status }) => status,
      () => null,
    );
    const waited = new Promise<"waits">((resolve) => setTimeout(resolve, 2_000, "waits"));
    assert.equal(await Promise.race([asked, waited]), "waits", `${path}: it was not held`);
    await this.kill();
    assert.equal(await asked, null, `${path}: nobody was told that it was done`);
  }
}

type Case = { readonly id: string; readonly program: Record<string, string>; readonly person: Record<string, string> };

async function newCase(url: string): Promise<Case> {
  const operator = { authorization: `Bearer ${serverToken}` };
  const made = async (path: string, body: object, headers: Record<string, string> = operator) => {
    const answer = await ask(`${url}${path}`, headers, body);
    assert.ok(answer.status < 300, `${path}: ${answer.bytes.toString()}`);
    return answer.json as Record<string, string>;
  };
  const account = { name: "case writer", purpose: "drafts notes", roles: [], scopes: ["draft:write"] };
  const { id: service } = await made("/api/v1/service-accounts", account);
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  const { key } = await made(`/api/v1/service-accounts/${service}/keys`, { expiresAt, because: "first key" });
  const { cookie } = await invitedPerson(url, serverToken, { roles: ["investigator"] });
  const person = { cookie, "sec-fetch-site": "same-origin" };
  const occurredAt = new Date(Date.now() - 60_000).toISOString();
  const report = { siteId: "S-1001", category: "shoplifting", occurredAt, summary: "Bottles were taken." };
  const { id = "" } = await made("/api/v1/incidents", report, person);
  const ground = { incidentId: id, purpose: "case_building", ground: "legitimate_interest" };
  await made("/api/v1/grounds", ground, person);
  return { id, program: { authorization: `Bearer ${key}` }, person };
}

async function stateOf({ url }: Killed, of: Case) {
  const got = async <T>(path: string) => {
    const answer = await ask(`${url}/api/v1/incidents/${of.id}${path}`, of.person);
    assert.equal(answer.status, 200, answer.bytes.toString());
    return answer.json as T;
  };
  const { items } = await got<{ items: readonly DraftView[] }>("/drafts");
  const record = await got<IncidentRecord>("");
  const notes = record.timeline.filter(({ kind }) => kind === "note").map(({ says }) => says);
  const [draft] = items;
  const texts = draft === undefined ? [] : (await got<DraftDetail>(`/drafts/${draft.id}`)).texts;
  const operator = { authorization: `Bearer ${serverToken}` };
  const log = await ask(`${url}/api/v1/audit?incident=${of.id}&area=draft&order=oldest`, operator);
  const entries = (log.json["items"] as readonly { readonly kind: string }[]).map(({ kind }) => kind);
  const shown = draft === undefined ? null : [draft.state, draft.revision, draft.text];
  return { id: draft?.id ?? "", shown, notes, texts: texts.map(({ text }) => text), entries };
}

async function killedBetweenTheSteps(databaseUrl: string | null): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tw-draft-crash-"));
  const server = new Killed(join(folder, "data"), databaseUrl);
  const restarted = async (held: string | null) => {
    await server.kill();
    await server.hold(held);
    await server.start();
  };
  try {
    await server.start();
    const of = await newCase(server.url);
    const path = `/api/v1/incidents/${of.id}/drafts`;
    const done = async (status: number, [at, headers, body]: readonly [string, Record<string, string>, object]) => {
      const answer = await ask(`${server.url}${at}`, headers, body);
      assert.equal(answer.status, status, answer.bytes.toString());
    };

    await restarted("draft.offered");
    await server.killWhileAsking(path, of.program, offer);
    await restarted(null);
    const nothing = await stateOf(server, of);
    assert.deepEqual(nothing, { id: "", shown: null, notes: [], texts: [], entries: [] });
    await done(201, [path, of.program, offer]);

    await restarted("draft.edited");
    const offered = await stateOf(server, of);
    const kept = { id: offered.id, shown: ["offered", 0, draftText], notes: [], texts: [draftText] };
    assert.deepEqual(offered, { ...kept, entries: ["draft.offered"] });
    await done(200, [path, of.program, offer]);
    const edit = { revision: 0, text: editedText };
    await server.killWhileAsking(`${path}/${offered.id}/revisions`, of.person, edit);
    await restarted(null);
    assert.deepEqual(await stateOf(server, of), offered, "half an edit is none");
    await done(200, [`${path}/${offered.id}/revisions`, of.person, edit]);

    await restarted("draft.accepted");
    const edited = await stateOf(server, of);
    assert.deepEqual(
      [edited.shown, edited.texts, edited.entries, edited.notes],
      [["offered", 1, editedText], [draftText, editedText], ["draft.offered", "draft.edited"], []],
    );
    const accept = { revision: 1 };
    await server.killWhileAsking(`${path}/${offered.id}/accept`, of.person, accept);
    await restarted(null);
    assert.deepEqual(await stateOf(server, of), edited, "half an acceptance is none: no note, no entry");
    await done(200, [`${path}/${offered.id}/accept`, of.person, accept]);

    // Killed as soon as it was told, before the log had to have it.
    await restarted(null);
    const accepted = await stateOf(server, of);
    assert.deepEqual([accepted.shown?.[0], accepted.notes], ["accepted", [editedText]]);
    assert.deepEqual(accepted.entries, ["draft.offered", "draft.edited", "draft.accepted"]);
    const again = await ask(`${server.url}${path}/${offered.id}/accept`, of.person, accept);
    assert.equal(again.status, 409, "once");
    await provenanceVerifies(server, of, folder);
    assert.equal(await server.stop(), 0);
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function provenanceVerifies({ url }: Killed, of: Case, folder: string): Promise<void> {
  const operator = { authorization: `Bearer ${serverToken}` };
  const verified = await eventually(async () => {
    const answer = (await ask(`${url}/api/v1/audit/verify`, operator, {})).json as unknown as AuditVerification;
    return answer.ok ? answer : null;
  }, 30_000);
  assert.deepEqual(verified.problems, []);
  const asked = await ask(`${url}/api/v1/incidents/${of.id}/packets`, operator, {});
  assert.equal(asked.status, 202, asked.bytes.toString());
  const packet = await eventually(async () => {
    const answer = await ask(`${url}/api/v1/packets/${String(asked.json["id"])}`, operator);
    return answer.status === 200 ? answer.bytes : null;
  }, 60_000);
  const file = join(folder, "packet.zip");
  writeFileSync(file, packet);
  const report = expectAccepted(await verifyPacketFile(file));
  const check = report.checks.find(({ name }) => name === "drafts");
  assert.deepEqual([report.verdict, check?.ok], ["verified", true], report.firstProblem ?? "");
}

// Side by side: most of it is waiting for a start.
describe("kill -9 within and between the steps of a draft", { concurrency: true }, () => {
  test("O12 B05 none is half done, and the provenance verifies (PGlite)", () => killedBetweenTheSteps(null));
  testOnPostgres("O12 B05 none is half done, and the provenance verifies", (server) =>
    withFreshPostgres(server, (_database, url) => killedBetweenTheSteps(url)),
  );
});
