import assert from "node:assert/strict";
import { sql } from "kysely";
import { appendAudit, type AuditRecord } from "../audit/audit-append.ts";
import { packOf } from "../cli/configured.ts";
import { shippedPack } from "../cli/shipped.ts";
import { Directory } from "../enrich/directory.ts";
import { systemChance } from "../platform/chance.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { silentLog } from "../platform/log.ts";
import { testFields } from "../testing/fields.ts";
import { testServer, bearer } from "../testing/server.ts";
import { onLog, type LogHouse } from "../testing/log-house.ts";
import { misuseRoutes } from "./misuse-http.ts";
import { MisuseWatch } from "./misuse-step-append.ts";
import { speakingRules } from "./misuse-rules.ts";
import { casesOf } from "./misuse-store.ts";
import { searchMarks } from "./search-words.ts";

const pack = packOf(shippedPack);
const noon = Date.parse("2026-11-20T12:00:00.000Z");
const incident = "11111111-1111-4111-8111-111111111111";
const dpo = { token: "user:dpo", organisationId: "home" };

type Guarded = {
  readonly house: LogHouse;
  readonly vault: FieldVault;
  readonly time: { nowMs: number };
  readonly index: (word: string) => Uint8Array;
  readonly makeWatch: () => MisuseWatch;
  readonly happened: (...records: AuditRecord[]) => Promise<void>;
};

async function guarded(house: LogHouse): Promise<Guarded> {
  const { db, sequencer } = house;
  const vault = await testFields(db);
  const time = { nowMs: noon + 60_000 };
  const index = (word: string) => vault.blindIndex("record.search", word);
  const makeWatch = () =>
    new MisuseWatch({
      db,
      rules: pack.misuse,
      directory: () => new Directory(pack.directory),
      vault,
      wordIndex: index,
      clock: () => time.nowMs,
      chance: systemChance,
      log: silentLog,
    });
  const happened = async (...records: AuditRecord[]) => {
    await db.transaction().execute((tx) => appendAudit(tx, records, systemChance));
    await sequencer.integrateNow();
  };
  return { house, vault, time, index, makeWatch, happened };
}

function look(actor: string, over: Partial<AuditRecord> = {}): AuditRecord {
  return {
    kind: "exhibit.accessed",
    actor,
    subject: { kind: "exhibit", id: "22222222-2222-4222-8222-222222222222" },
    because: "the case of the razors",
    atMs: noon,
    body: { incidentId: incident, purpose: "investigation" },
    ...over,
  };
}

onLog(
  "O08 a curious colleague is flagged by the next step, with the entries and a sentence, and nobody sees his own case",
  async (house) => {
    const { makeWatch, happened } = await guarded(house);
    const watch = makeWatch();
    const at = Date.parse("2026-11-20T23:10:00.000Z");
    await happened(...[0, 1, 2].map((n) => look("user:curious", { atMs: at + n * 60_000 })), look("user:calm"));
    assert.equal(await watch.step(), 1);
    const [found, ...more] = await casesOf(house.db, dpo, "open");
    assert.equal(more.length, 0);
    assert.deepEqual(
      [found?.title, found?.actor, found?.counted, found?.entries.length, found?.level],
      ["Browsing outside of working hours", "user:curious", 3, 3, "medium"],
    );
    assert.match(found?.says ?? "", /user:curious looked at 3 things/);
    assert.equal((await casesOf(house.db, { ...dpo, token: "user:curious" }, null)).length, 0);
    assert.equal((await casesOf(house.db, { ...dpo, organisationId: "police" }, null)).length, 0);
    const { rows } = await sql<{ body: string; actor: string }>`
    select body, actor from audit_entry where kind = 'misuse.flagged'`.execute(house.db);
    assert.equal(rows.length, 1);
    assert.ok(!rows[0]?.body.includes("curious"), "the record of the flagging does not tell the flagged");
    assert.equal(await watch.step(), 0, "the same entries are no second case");
  },
);

onLog(
  "O08 the watch goes on where it stopped: counts survive a restart, and nothing is flagged twice",
  async (house) => {
    const { makeWatch, happened, time } = await guarded(house);
    await happened(...["a", "b", "c", "d"].map((who) => look(`user:${who}`)));
    assert.equal(await makeWatch().step(), 0);
    time.nowMs += 3_600_000;
    await happened(look("user:e", { atMs: noon + 3_600_000 }));
    assert.equal(await makeWatch().step(), 1);
    assert.equal(await makeWatch().step(), 0);
    const [found] = await casesOf(house.db, dpo, null);
    assert.deepEqual([found?.title, found?.actor, found?.grouped], ["One case, looked at by many", null, { incident }]);
  },
);

onLog(
  "O08 a search for one's own name, or for what was noted as a private interest, is flagged; other searches are not",
  async (house) => {
    const {
      makeWatch,
      happened,
      vault,
      index,
      house: { db },
    } = await guarded(house);
    const anna = "user:33333333-3333-4333-8333-333333333333";
    await db.transaction().execute(async (tx) => {
      for (const [id, token, called] of [
        ["33333333-3333-4333-8333-333333333333", anna, "Anna Kowalczyk"],
        ["44444444-4444-4444-8444-444444444444", "user:other", "Bo Kidd"],
      ] as const) {
        const name = await vault.seal(tx, token, called);
        await sql`insert into account (id, token, organisation_id, name, login, login_index, roles, state, origin, because, created_at, updated_at)
        values (${id}, ${token}, 'home', ${name}, ${name}, decode(md5(${id}), 'hex'), '{investigator}', 'active', 'local', 'x', now(), now())`.execute(
          tx,
        );
      }
    });
    const search = (actor: string, text: string): AuditRecord =>
      look(actor, {
        kind: "incident.searched",
        subject: { kind: "search", id: "s" },
        body: { ...searchMarks(text, index) },
      });
    const watch = makeWatch();
    await happened(
      search(anna, "KOWALCZYK, Elm Street"),
      search(anna, "razor blades"),
      search("user:other", "kowalczyk"),
    );
    assert.equal(await watch.step(), 1);
    const [found] = await casesOf(db, dpo, null);
    assert.deepEqual([found?.actor, found?.title], [anna, "A search for one's own name or street"]);
    const { app } = await testServer({ after: () => undefined } as never, { db, routes: [routesOf(db, vault, index)] });
    const note = await app.inject({
      method: "POST",
      url: "/api/v1/misuse/conflicts",
      headers: bearer,
      payload: { actor: "user:other", words: "Elm Street" },
    });
    assert.equal(note.statusCode, 204, note.body);
    await happened(search("user:other", "elm"));
    assert.equal(await watch.step(), 1);
    await app.close();
  },
);

onLog("O08 a case is explained or confirmed once, with a reason that is sealed, and on the record", async (house) => {
  const { makeWatch, happened, vault, index } = await guarded(house);
  await happened(look("user:a", { body: {}, because: "no reason given" }));
  assert.equal(await makeWatch().step(), 1);
  const { app } = await testServer({ after: () => undefined } as never, {
    db: house.db,
    routes: [routesOf(house.db, vault, index)],
  });
  const ask = (method: "GET" | "POST", url: string, payload?: Record<string, string>) =>
    app.inject({ method, url, headers: bearer, ...(payload === undefined ? {} : { payload }) });
  const list = (await ask("GET", "/api/v1/misuse?state=open")).json<{ items: { id: string }[]; rules: unknown[] }>();
  assert.deepEqual([list.items.length, list.rules.length], [1, speakingRules(pack.misuse).length]);
  assert.ok(list.rules.length >= 10, "each that may speak is named");
  const url = `/api/v1/misuse/${list.items[0]?.id}`;
  assert.equal((await ask("GET", url)).json<{ entries: unknown[] }>().entries.length, 1);
  assert.equal((await ask("POST", `${url}/decision`, { state: "explained" })).statusCode, 400);
  const settled = await ask("POST", `${url}/decision`, { state: "explained", because: "Berta asked her to" });
  assert.equal(settled.json<{ because: string }>().because, "Berta asked her to");
  assert.equal((await ask("POST", `${url}/decision`, { state: "confirmed", because: "No, wait" })).statusCode, 409);
  assert.equal(
    (await ask("GET", "/api/v1/misuse/44444444-4444-4444-8444-444444444444")).json<{ code: string }>().code,
    "misuse_case_unknown",
  );
  const { rows } = await sql<{ because: string; kinds: string[] }>`
    select because, (select array_agg(kind) from audit_entry where kind = 'misuse.explained') as kinds from misuse_case`.execute(
    house.db,
  );
  assert.ok(!rows[0]?.because.includes("Berta"));
  assert.deepEqual(rows[0]?.kinds, ["misuse.explained"]);
  await app.close();
});

function routesOf(db: LogHouse["db"], vault: FieldVault, wordIndex: (word: string) => Uint8Array) {
  return misuseRoutes({ db, clock: () => noon, chance: systemChance, vault, wordIndex, rules: pack.misuse });
}
