import assert from "node:assert/strict";
import { connect, type AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import fastify, { type FastifyInstance } from "fastify";
import { sql } from "kysely";
import { auditPage } from "../audit/audit-read.ts";
import type { DeadLetter, Signal, SignalsAccepted, SourceSignal, SourceSummary } from "@tillwatch/wire";
import { homeOrganisation, installationPrincipal } from "../access/principal.ts";
import { wholeInstallation } from "../access/scope.ts";
import { HttpProblem, problemBody } from "../api/problem.ts";
import { systemChance } from "../platform/chance.ts";
import { silentLog } from "../platform/log.ts";
import type { OpenDatabase } from "../schema.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { testFields } from "../testing/fields.ts";
import { withoutAddresses } from "../privacy/redact/clip-token.ts";
import { cloudEvent, knownPlaces, sampleDeviceEvent, sampleNowMs } from "../testing/signals.ts";
import { signalRoutes } from "./signal-http.ts";
import { SignalLog, type KnownPlaces, type LogLimits } from "./signal-log-store.ts";

type Served = { readonly app: FastifyInstance; readonly post: Post; readonly nowMs: { value: number } };
type Post = (
  body: string | Buffer,
  headers?: Record<string, string>,
) => Promise<{ status: number; headers: Record<string, unknown>; body: SignalsAccepted & { code?: string } }>;

async function serve(
  database: OpenDatabase,
  run: (served: Served) => Promise<void>,
  { places = knownPlaces, limits = {} }: { places?: KnownPlaces; limits?: Partial<LogLimits> } = {},
) {
  const nowMs = { value: sampleNowMs };
  const fields = await testFields(database.db);
  const signalLog = await SignalLog.open({ database, fields, places, limits, log: silentLog, onAppended: () => {} });
  const app = fastify();
  // What the server's hooks would have found out: the installation's own token, for everything.
  app.decorateRequest("principal", null);
  app.decorateRequest("scope", { getter: () => wholeInstallation(homeOrganisation) });
  app.addHook("onRequest", async (request) => {
    request.principal = installationPrincipal;
  });
  app.setErrorHandler((fault, _request, reply) => {
    if (!(fault instanceof HttpProblem)) {
      const status = fault instanceof Error && "statusCode" in fault ? Number(fault.statusCode) : 500;
      return reply.code(status).send({ fault: String(fault) });
    }
    if (fault.more.retryAfterSeconds !== undefined) reply.header("retry-after", fault.more.retryAfterSeconds);
    return reply.code(fault.status).send(problemBody(fault, "test"));
  });
  const names = {
    device: () => null,
    expected: () => [{ siteId: "S-1001", deviceId: "C-09", kind: "camera", name: "Back door" }],
  };
  const clock = () => nowMs.value;
  const actorOf = () => ({ token: "user:test", organisationId: "home" });
  const chance = systemChance;
  await app.register(
    signalRoutes({ db: database.db, fields, signalLog, clock, chance, names, withoutAddresses, actorOf }),
  );
  const post: Post = async (body, headers = {}) => {
    const answer = await app.inject({
      method: "POST",
      url: "/api/v1/signals",
      headers: { "content-type": "application/json", ...headers },
      payload: body,
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
  };
  try {
    await run({ app, post, nowMs });
  } finally {
    await app.close();
    await signalLog.close();
  }
}

async function logged(database: OpenDatabase): Promise<readonly Signal[]> {
  const { rows } = await sql<{ body: Signal }>`select body from signal order by partition, seq`.execute(database.db);
  return rows.map((row) => row.body);
}

const nothingRefused = { deadLettered: 0, refused: [] };

testOnDatabases("B03 B05 A02 the sample device event is taken once, however often it is sent", async (database) => {
  await serve(database, async ({ post }) => {
    const body = JSON.stringify(sampleDeviceEvent);
    const first = await post(body);
    assert.deepEqual([first.status, first.body], [202, { accepted: 1, duplicates: 0, ...nothingRefused }]);
    const second = await post(body);
    assert.deepEqual([second.status, second.body], [202, { accepted: 0, duplicates: 1, ...nothingRefused }]);
    const [signal, ...others] = await logged(database);
    assert.equal(others.length, 0);
    assert.equal(signal?.source, "S-1001/C-01");
    assert.equal(signal?.occurredAt, sampleDeviceEvent.timestamp);
    assert.equal(signal?.confidence, 0.86);
  });
});

testOnDatabases("B05 repeats inside one body and across bodies count once each", async (database) => {
  await serve(database, async ({ post }) => {
    const batch = [cloudEvent("a"), cloudEvent("b"), cloudEvent("a")];
    assert.deepEqual((await post(JSON.stringify(batch))).body, { accepted: 2, duplicates: 1, ...nothingRefused });
    const next = [cloudEvent("b"), cloudEvent("c")];
    assert.deepEqual((await post(JSON.stringify(next))).body, { accepted: 1, duplicates: 1, ...nothingRefused });
    assert.equal((await logged(database)).length, 3);
  });
});

testOnDatabases("B05 a repeat that only the database remembers does not cost its neighbours", async (database) => {
  await serve(database, async ({ post }) => {
    await post(JSON.stringify([cloudEvent("a")]));
  });
  await serve(database, async ({ post }) => {
    const batch = [cloudEvent("b"), cloudEvent("a"), cloudEvent("c")];
    assert.deepEqual((await post(JSON.stringify(batch))).body, { accepted: 2, duplicates: 1, ...nothingRefused });
    assert.equal((await logged(database)).length, 3);
  });
});

testOnDatabases("B11 a bad row costs no other, and says what is wrong and where", async (database) => {
  await serve(database, async ({ post }) => {
    const rows = [
      JSON.stringify(cloudEvent("good-1")),
      '{"store_id": "S-1001", "camera_id": }',
      JSON.stringify({ ...sampleDeviceEvent, confidence: 1.5 }),
      '{"specversion":"1.0","id":"x","id":"y"}',
      JSON.stringify({ ...sampleDeviceEvent, timestamp: "2026-03-23T15:04:05" }),
      JSON.stringify(cloudEvent("good-2")),
    ];
    const expected = [
      [1, "signal_row_not_json", ""],
      [2, "signal_number_out_of_range", "/confidence"],
      [3, "signal_member_duplicated", "/id"],
      [4, "signal_timestamp_without_offset", "/timestamp"],
    ];
    const asArray = await post(`[${rows.join(",")}]`);
    assert.equal(asArray.status, 202);
    assert.equal(asArray.body.accepted, 2);
    assert.deepEqual(
      asArray.body.refused.map(({ index, code, pointer }) => [index, code, pointer]),
      expected,
    );
    const asLines = await post(rows.join("\n"), { "content-type": "application/x-ndjson" });
    assert.equal(asLines.body.duplicates, 2);
    assert.deepEqual(
      asLines.body.refused.map(({ index, code, pointer }) => [index, code, pointer]),
      expected,
    );
  });
});

testOnDatabases("B11 one refused object is a problem with its pointer", async (database) => {
  await serve(database, async ({ post }) => {
    const answer = await post(JSON.stringify({ ...sampleDeviceEvent, store_id: "no spaces please" }));
    assert.equal(answer.status, 422);
    assert.equal(answer.body.code, "signal_member_malformed");
    assert.equal((answer.body as { pointer?: string }).pointer, "/store_id");
  });
});

testOnDatabases("B03 limits: large bodies, packed bombs, wrong types", async (database) => {
  await serve(database, async ({ post }) => {
    const line = `${JSON.stringify(cloudEvent("x", { data: { note: "y".repeat(200_000) } }))}\n`;
    const lines = { "content-type": "application/x-ndjson" };
    const over = await post(line.repeat(60), lines);
    assert.deepEqual([over.status, over.body.code], [413, "body_too_large"]);
    const bomb = await post(gzipSync(Buffer.alloc(40 * 1024 * 1024, 0x20)), { ...lines, "content-encoding": "gzip" });
    assert.deepEqual([bomb.status, bomb.body.code], [413, "body_too_large"]);
    const torn = gzipSync(line).subarray(0, 60);
    const broken = await post(torn, { ...lines, "content-encoding": "gzip" });
    assert.deepEqual([broken.status, broken.body.code], [400, "signal_body_not_gzip"]);
    const packed = await post(gzipSync(JSON.stringify(cloudEvent("packed"))), { "content-encoding": "gzip" });
    assert.equal(packed.body.accepted, 1);
    const huge = JSON.stringify(cloudEvent("huge", { data: { note: "y".repeat(300_000) } }));
    const skipped = await post(`${huge}\n${JSON.stringify(cloudEvent("after"))}`, lines);
    assert.equal(skipped.body.accepted, 1);
    assert.deepEqual(skipped.body.refused[0]?.code, "signal_row_too_large");
    assert.equal((await post("<xml/>", { "content-type": "text/xml" })).status, 415);
    assert.equal((await post("{}", { "content-encoding": "br" })).status, 415);
    const latin = await post("{}", { "content-type": "application/json; charset=latin1" });
    assert.deepEqual([latin.status, latin.body.code], [415, "signal_charset_unsupported"]);
    assert.deepEqual((await post("  ")).body.code, "signal_body_empty");
    const nothing = await post(undefined as unknown as string, {});
    assert.deepEqual([nothing.status, nothing.body.code], [400, "signal_body_empty"]);
    assert.deepEqual((await post("[]")).body, { accepted: 0, duplicates: 0, ...nothingRefused });
  });
});

testOnDatabases("B07 an unknown place is kept, redriven when known, discarded with a reason", async (database) => {
  const sites = new Set(["S-1001"]);
  const places: KnownPlaces = { site: (id) => sites.has(id), device: () => "known" };
  await serve(
    database,
    async ({ app, post }) => {
      const elsewhere = cloudEvent("d1", { source: "S-2000/T-01" });
      const batch = [elsewhere, cloudEvent("d2", { source: "S-3000/T-01" }), cloudEvent("ok"), elsewhere];
      const taken = await post(JSON.stringify(batch));
      assert.deepEqual(taken.body, { accepted: 1, duplicates: 1, deadLettered: 2, refused: [] });
      assert.deepEqual((await post(JSON.stringify(batch))).body, { accepted: 0, duplicates: 4, ...nothingRefused });
      const list = async (query = "") =>
        (await app.inject(`/api/v1/dead-letters${query}`)).json<{ items: DeadLetter[]; nextCursor: string | null }>();
      const { items } = await list();
      assert.deepEqual(
        items.map(({ code, state, source }) => [code, state, source]),
        [
          ["signal_site_unknown", "waiting", "S-3000/T-01"],
          ["signal_site_unknown", "waiting", "S-2000/T-01"],
        ],
      );
      const [second, first] = items;
      const firstPage = await list("?limit=1");
      assert.equal(firstPage.items.length, 1);
      assert.equal((await list(`?limit=1&cursor=${firstPage.nextCursor}`)).items[0]?.id, first?.id);

      const early = await app.inject({ method: "POST", url: `/api/v1/dead-letters/${first?.id}/redrive` });
      assert.deepEqual([early.statusCode, early.json().code], [409, "dead_letter_place_unknown"]);
      sites.add("S-2000");
      const all = await app.inject({ method: "POST", url: "/api/v1/dead-letters/redrive" });
      assert.deepEqual(all.json(), { redriven: 1, duplicates: 0, stillUnknown: 1 });
      assert.equal((await logged(database)).length, 2);

      const discard = { method: "POST", url: `/api/v1/dead-letters/${second?.id}/discard` } as const;
      assert.equal((await app.inject({ ...discard, payload: {} })).json().code, "dead_letter_reason_missing");
      assert.equal((await app.inject({ ...discard, payload: { because: "test shop" } })).statusCode, 200);
      assert.equal(
        (await app.inject({ ...discard, payload: { because: "again" } })).json().code,
        "dead_letter_settled",
      );
      assert.deepEqual((await list()).items, []);
      const record = await auditPage(database.db, { limit: 10, order: "oldest" });
      const told = record.items.map(({ kind, actor, because }) => ({ kind, actor, because }));
      assert.ok(!JSON.stringify(told).includes("test shop"), "a person's own words are sealed");
      assert.deepEqual(await (await testFields(database.db)).openJson(database.db, told), [
        { kind: "signal.redriven", actor: "user:test", because: "redriven by hand" },
        { kind: "signal.discarded", actor: "user:test", because: "test shop" },
      ]);
    },
    { places },
  );
});

testOnDatabases("B04 B12 sources: counts, gaps that late signals close, clock offset, silence", async (database) => {
  await serve(database, async ({ app, post, nowMs }) => {
    const numbered = (sequence: number) => cloudEvent(`n${sequence}`, { sequence: String(sequence) });
    await post(JSON.stringify([numbered(7), numbered(4), numbered(9)]));
    await post(JSON.stringify([numbered(7), numbered(5)]));
    await post(JSON.stringify(sampleDeviceEvent));
    const sources = async () => {
      const answer = await app.inject("/api/v1/sources");
      assert.equal(answer.statusCode, 200, answer.body);
      return answer.json<{ items: SourceSummary[] }>().items;
    };
    const till = (await sources()).find((source) => source.source === "S-1001/T-01");
    assert.deepEqual([till?.signalsToday, till?.duplicatesToday, till?.sequenceGaps], [4, 1, 2]);
    assert.equal(till?.state, "skewed"); // its zone of time says 14:04, ours 15:04
    assert.equal(till?.clockOffsetMs, Date.parse("2026-03-23T15:04:25+01:00") - sampleNowMs);
    assert.deepEqual(
      (await sources()).map(({ source, state }) => [source, state]),
      [
        ["S-1001/C-01", "ok"],
        ["S-1001/T-01", "skewed"],
        ["S-1001/C-09", "never_seen"],
      ],
    );
    const heartbeats = Array.from({ length: 10 }, (_, n) => ({ ...sampleDeviceEvent, event_id: `beat-${n}` }));
    await post(JSON.stringify(heartbeats)); // now it has a rhythm to break
    nowMs.value += 3_600_000;
    const silent = (await sources()).filter(({ state }) => state === "silent").map(({ source }) => source);
    assert.deepEqual(silent, ["S-1001/C-01"]);
    nowMs.value += 86_400_000;
    assert.equal((await sources())[1]?.signalsToday, 0);
  });
});

testOnDatabases("B12 B11 the last signals of a source come back in the shape they came in", async (database) => {
  await serve(database, async ({ app, post }) => {
    const last = async (source: string, more = "") => {
      const answer = await app.inject(`/api/v1/signals?source=${encodeURIComponent(source)}${more}`);
      return { status: answer.statusCode, body: answer.json<{ items: SourceSignal[]; code?: string }>() };
    };
    const till = { ...cloudEvent("t-1"), sequence: "7", data: { receipt_id: "R-1", nested: { deep: [1, null, "x"] } } };
    const report = {
      incident_id: "SR-1",
      timestamp_utc: "2026-03-23T14:00:00Z",
      store_id: "S-1001",
      category: "theft",
      actor_ids: ["staff-17"],
      summary: "A man in a red coat",
      of_our_own: { kept: true },
    };
    const record = {
      incident_id: "IR-7",
      timestamp_utc: "2026-03-23T14:04:05Z",
      location_id: "S-1001",
      incident_type: "smash_and_grab",
      anonymous_token: "an-83c1",
      severity: 0.9,
    };
    await post(JSON.stringify([till, sampleDeviceEvent, report, record]));
    assert.deepEqual((await last("S-1001/T-01")).body.items[0]?.original, till);
    const [camera] = (await last("S-1001/C-01")).body.items;
    assert.equal(camera?.shape, "device-event");
    assert.deepEqual(camera?.original, { ...sampleDeviceEvent, thumbnail_url: "[address kept inside]" });
    const [staff] = (await last("staff:S-1001")).body.items;
    // What a person wrote, and the tokens of people beside it, are sealed at rest: nobody reads them here.
    const sealed = { incident_id: "[sealed]", actor_ids: ["[sealed]"], summary: "[sealed]" };
    assert.deepEqual(staff?.original, { ...report, ...sealed });
    assert.deepEqual((await last("record:S-1001")).body.items[0]?.original, {
      ...record,
      incident_id: "[sealed]",
      anonymous_token: "[sealed]",
    });
    await post(JSON.stringify([cloudEvent("t-2"), cloudEvent("t-3")]));
    const newest = (await last("S-1001/T-01", "&limit=2")).body.items;
    assert.deepEqual(
      newest.map(({ original }) => original?.["id"]),
      ["t-3", "t-2"],
    );
    const unknown = await last("S-1001/T-77");
    assert.deepEqual([unknown.status, unknown.body.code], [404, "source_unknown"]);
    const { items } = (await app.inject("/api/v1/sources")).json<{ items: SourceSummary[] }>();
    const told = items
      .filter(({ kind }) => kind === "person")
      .map(({ state, clockOffsetMs }) => [state, clockOffsetMs]);
    assert.deepEqual(
      told,
      [
        ["ok", null],
        ["ok", null],
      ],
      "what a person tells of earlier is no clock that is off",
    );
  });
});

testOnDatabases("B03 a connection that breaks half-way keeps what was whole", async (database) => {
  await serve(database, async ({ app, post }) => {
    await app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const whole = `${JSON.stringify(cloudEvent("whole"))}\n`;
    const head =
      "POST /api/v1/signals HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\ncontent-length: 9999\r\n\r\n";
    const socket = connect(port, "127.0.0.1");
    socket.end(head + whole + '{"specversion":"1.0"');
    const text = await new Promise<string>((resolve) => {
      let got = "";
      socket.on("data", (chunk) => (got += String(chunk)));
      socket.on("close", () => resolve(got));
    });
    assert.doesNotMatch(text, /^HTTP\/1\.1 2/);
    const again = await post(whole, { "content-type": "application/x-ndjson" });
    assert.equal(again.body.accepted + again.body.duplicates, 1);
    assert.equal((await logged(database)).length, 1);
  });
});

testOnDatabases("B11 the schemas that intake checks with can be downloaded", async (database) => {
  await serve(database, async ({ app }) => {
    for (const name of ["signal", "cloudevent", "device-event", "staff-report", "incident-record"]) {
      const answer = await app.inject(`/api/v1/schemas/${name}.json`);
      assert.equal(answer.json().$schema, "https://json-schema.org/draft/2020-12/schema");
      assert.equal(answer.json().type, "object");
    }
  });
});

testOnDatabases(
  "B10 B03 a full or failing log is said with 429 or 503 and Retry-After, and nothing is taken",
  async (database) => {
    await serve(database, async ({ post }) => {
      await sql`alter table signal rename to signal_away`.execute(database.db);
      const failing = await post(JSON.stringify(sampleDeviceEvent));
      assert.deepEqual([failing.status, failing.body["code"]], [503, "signal_log_unavailable"]);
      assert.match(String(failing.headers["retry-after"]), /^[1-9]/);
      await sql`alter table signal_away rename to signal`.execute(database.db);
      const taken = await post(JSON.stringify(sampleDeviceEvent));
      assert.deepEqual([taken.status, taken.body["accepted"]], [202, 1]);
    });
    await serve(
      database,
      async ({ post }) => {
        const busy = await post(JSON.stringify(cloudEvent("one-too-many")));
        assert.deepEqual([busy.status, busy.body["code"]], [429, "signal_log_busy"]);
        assert.match(String(busy.headers["retry-after"]), /^[1-9]/);
      },
      { limits: { waitingBytesMax: 0 } },
    );
    assert.equal((await logged(database)).length, 1);
  },
);
