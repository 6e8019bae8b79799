import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import type { ExhibitView } from "@tillwatch/wire";
import { promisify } from "node:util";
import { connectAsync } from "mqtt";
import { sql } from "kysely";
import type { IncidentRecord } from "@tillwatch/wire";
import { openDatabase } from "./platform/database/database.ts";
import type { Schema } from "./schema.ts";
import {
  canaries,
  control,
  filesOf,
  personName,
  plate,
  saysNothingOf,
  sqlDump,
  traces,
  words,
} from "./testing/canaries.ts";
import { testOnPostgres, withFreshPostgres } from "./testing/databases.ts";
import { eventually, startIn, type RunningApp } from "./testing/running-app.ts";

/** What the tests below look for is only worth something if it can be found: the same search in a table that holds it in clear. */
test("J09 the search for canaries finds them in clear, in hexadecimal, in base64", () => {
  for (const canary of canaries) {
    const forms = [Buffer.from(`x ${canary.toUpperCase()} y`), Buffer.from(Buffer.from(canary).toString("hex"))];
    for (const text of [`${canary} and`, `a${canary} and`, `ab${canary} and`]) {
      forms.push(Buffer.from(Buffer.from(text).toString("base64")));
    }
    for (const form of forms) assert.ok(traces(canary, form).length > 0, `${canary} in ${form.toString()}`);
    // In text of each length after it, and with nothing after it; four letters of it stand in sealed text by chance.
    for (const before of ["", "é", "xyz"]) {
      for (const after of ["", " ", "ü", " and more"]) {
        const form = Buffer.from(`${before}${canary}${after}`).toString("base64");
        assert.deepEqual(traces(canary, Buffer.from(form)), ["base64"], form);
        assert.deepEqual(traces(canary, Buffer.from(form.slice(4, -4).slice(0, 4))), [], "what chance writes");
      }
    }
    assert.deepEqual(traces(canary, Buffer.from("nothing of it")), []);
  }
});

test("J09 a search for a word that chance writes into a digest is refused", () => {
  saysNothingOf("8f0ada-4111/Byron", ["Ada Byron", "41111111", "Zaphodine"]);
  assert.throws(() => saysNothingOf("Signed, ADA byron", ["Ada Byron"]), /"Ada Byron" in Signed/);
  for (const short of ["ada", "4111", "DE8937", "Byron", ""]) {
    assert.throws(() => saysNothingOf("nothing", [short]), /found by chance/, short);
  }
});

const dumpTimeout = { timeout: 180_000 };

test("J09 J10 a stolen data folder tells no name, plate or word of people (PGlite)", dumpTimeout, async () => {
  const folder = mkdtempSync(join(tmpdir(), "tw-dump-"));
  try {
    const app = await startIn(folder, { TILLWATCH_ALLOW_PRIVATE_WEBHOOKS: "true" });
    await untilClosed(app, () => throughEveryDoor(app));
    const database = await openDatabase<Schema>(`pglite:${join(folder, "database")}`);
    const dump = await untilClosed(database, () => sqlDump(database.db));
    nothingTold(new Map([["dump", Buffer.from(dump)]]));
    nothingTold(await filesOf(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

testOnPostgres(
  "J09 J10 a dump of the database and the objects tell nothing of people",
  async (server) => {
    const folder = mkdtempSync(join(tmpdir(), "tw-dump-"));
    try {
      await withFreshPostgres(server, async ({ db }, url) => {
        const app = await startIn(folder, { TILLWATCH_DATABASE_URL: url, TILLWATCH_ALLOW_PRIVATE_WEBHOOKS: "true" });
        await untilClosed(app, () => throughEveryDoor(app));
        const options = { maxBuffer: 512 * 1024 * 1024 };
        const { stdout } = await promisify(execFile)("pg_dump", ["--inserts", url], options);
        nothingTold(
          new Map([
            ["pg_dump", Buffer.from(stdout)],
            ["dump", Buffer.from(await sqlDump(db))],
          ]),
        );
        const secrets = await sql<{ found: number }>`
        select count(*) as found from webhook_endpoint where secret like 'whsec%' or url like 'http%'`.execute(db);
        assert.equal(secrets.rows[0]?.found, 0, "secrets and addresses of receivers are sealed");
        for (const [path, bytes] of await filesOf(folder)) nothingIn(path, bytes);
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  dumpTimeout,
);

async function untilClosed<T>(open: { readonly close: () => Promise<void> }, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } finally {
    await open.close();
  }
}

/** None of the canaries anywhere, and the control somewhere. */
function nothingTold(files: ReadonlyMap<string, Buffer>): void {
  for (const [path, bytes] of files) nothingIn(path, bytes);
  const controlled = [...files.values()].some((bytes) => bytes.includes(control));
  assert.ok(controlled, `the control is not found either: ${[...files.keys()].slice(0, 5).join(", ")}`);
}

function nothingIn(path: string, bytes: Buffer): void {
  for (const canary of canaries) {
    const found = traces(canary, bytes);
    if (found.length === 0) continue;
    const at = bytes.toString("latin1").toLowerCase().indexOf(canary.toLowerCase());
    const around = at === -1 ? "" : bytes.toString("latin1").slice(Math.max(0, at - 300), at + 60);
    assert.fail(`${canary} stands in ${path} (${found.join(", ")}): ${around}`);
  }
}

const json = { "content-type": "application/json" };

/** Sends the canaries in by every way that text of people can come, and reads some of them back. */
async function throughEveryDoor(app: RunningApp): Promise<void> {
  const post = async (path: string, body: unknown, method = "POST"): Promise<{ readonly id: string }> => {
    const answer = await app.call(path, { method, headers: json, body: JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text === "" ? "{}" : text) as { id: string };
  };
  await post("/api/v1/webhooks", { url: `http://127.0.0.1:9/hook?key=purplewalrus&for=CNRY4711X` });
  const report = { siteId: "S-1001", category: "till_fraud", occurredAt: "2026-03-23T15:04:05Z", summary: words };
  const { id } = await post("/api/v1/incidents", report);
  await desk(`/api/v1/incidents/${id}`, post);
  await signals(app, post);
  await sendFiles(app, { id, post });
  const record = (await (await app.call(`/api/v1/incidents/${id}`)).json()) as IncidentRecord;
  for (const text of [personName, plate, "purplewalrus"]) {
    assert.ok(JSON.stringify(record).includes(text), `${text} is read by who may`);
  }
  const found = (await (await app.call("/api/v1/incidents?q=purpleWalrus")).json()) as { items: { id: string }[] };
  assert.ok(
    found.items.some((item) => item.id === id),
    "a whole word of a summary is found",
  );
  await eventually(async () => {
    const page = (await (await app.call("/api/v1/incidents?q=sonderzeichen")).json()) as { items: unknown[] };
    return page.items.length > 0 ? true : null;
  }, 30_000);
}

type Post = (path: string, body: unknown, method?: string) => Promise<{ readonly id: string }>;

async function desk(incident: string, post: Post): Promise<void> {
  await post(`${incident}/notes`, { text: `Note: ${words}` });
  await post(`${incident}/verdict`, { verdict: "unsure", because: `Says ${words}` });
  await post(`${incident}/override`, { severity: 0.7, because: `Told by ${words}` });
  await post(`${incident}/transitions`, { to: "acknowledged", because: `Taken up for ${words}` });
  await post(incident, { summary: `Corrected. ${words}`, because: `Asked by ${words}` }, "PATCH");
}

const atMs = Date.now() - 60_000;
const at = new Date(atMs).toISOString();
const staffReport = {
  incident_id: `R-1 ${personName}`,
  timestamp_utc: at,
  store_id: "S-1001",
  category: "violence",
  priority: "urgent",
  actor_ids: [personName],
  evidence_refs: [`clip://S-1001/${personName}.mp4`],
  summary: `Sonderzeichen. ${words}`,
  my_own: { about: personName },
};
const deviceEvent = {
  store_id: "S-1001",
  timestamp: at,
  event_type: "motion_detected",
  track_id: control,
  license_plate: plate,
  note: words,
};

async function signals(app: RunningApp, post: Post): Promise<void> {
  const { items } = (await (await app.call("/api/v1/sites")).json()) as {
    items: readonly { id: string; devices: readonly { id: string; kind: string }[] }[];
  };
  const device = items.find((site) => site.id === "S-1001")?.devices.find(({ kind }) => kind === "camera")?.id ?? "";
  const record = { incident_id: `IR ${personName}`, timestamp_utc: at, location_id: "S-1001", reporter_id: personName };
  const cloud = {
    specversion: "1.0",
    id: "e-1",
    source: `S-1001/${device}`,
    type: "com.tillwatch.person_detected",
    time: at,
  };
  await post("/api/v1/signals", [
    staffReport,
    { ...staffReport, store_id: "S-nowhere", incident_id: `lost ${personName}` },
    { ...record, incident_type: "theft", severity: personName, remark: words },
    { ...deviceEvent, camera_id: device },
    { ...cloud, subject: "x", data: { vehicle: { plate }, driver_name: personName, comment: words } },
    { ...cloud, id: "e-2", data: words },
  ]);
  const port = /:(\d+)/.exec(app.mqtt ?? "")?.[1];
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { password: app.admin.token, username: "admin" });
  const topic = `tillwatch/S-1001/${device}/signal`;
  await client.publishAsync(topic, JSON.stringify({ ...deviceEvent, event_id: "m-1", camera_id: device }), { qos: 1 });
  await client.publishAsync(topic, `no JSON but ${words}`, { qos: 1 });
  await client.endAsync();
  const letters = await eventually(async () => {
    const page = (await (await app.call("/api/v1/dead-letters")).json()) as { items: readonly { id: string }[] };
    return page.items.length >= 2 ? page.items : null;
  });
  assert.ok(JSON.stringify(letters).includes("purplewalrus"), "who may reads what was not understood");
  await post(`/api/v1/dead-letters/${letters[0]?.id}/discard`, { because: `Not ${words}` });
}

/** A picture that names a person, of which a copy is made. */
async function aPicture(app: RunningApp, incidentId: string): Promise<string> {
  const form = new FormData();
  const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#fff" } })
    .withExif({ IFD0: { Artist: personName, ImageDescription: words } })
    .jpeg()
    .toBuffer();
  form.set("file", new File([new Uint8Array(bytes)], `${personName}.jpg`, { type: "image/jpeg" }));
  const sent = await app.call(`/api/v1/incidents/${incidentId}/exhibits`, { method: "POST", body: form });
  const { id } = (await sent.json()) as { id: string };
  const copy = await eventually(async () => {
    const answer = await app.call(`/api/v1/exhibits/${id}/content`);
    const body = Buffer.from(await answer.arrayBuffer());
    return answer.status === 200 ? body : null;
  }, 60_000);
  assert.ok(!copy.includes("Zaphodine"), "the copy names nobody");
  return id;
}

/** All that people may say of an exhibit in their own words. */
async function saySomethingOf(
  app: RunningApp,
  { id, post }: { readonly id: string; readonly post: Post },
): Promise<void> {
  const because = `The original of ${words}`;
  await post(`/api/v1/exhibits/${id}/original-requests`, { because, hours: 1 });
  const corners = [[0, 0], [9, 0], [9, 9]]; // prettier-ignore
  for (const [path, said] of [
    ["camera", { deviceId: null }],
    ["regions", { regions: [{ corners, during: null }], version: 0 }],
    ["minor", {}],
  ] as const) {
    const body = JSON.stringify({ ...said, because });
    const headers = { "content-type": "application/json" };
    const answer = await app.call(`/api/v1/exhibits/${id}/${path}`, { method: "PUT", headers, body });
    assert.equal(answer.status, 200, await answer.text());
  }
  const shown = (await (await app.call(`/api/v1/exhibits/${id}`)).json()) as ExhibitView;
  const said = [shown.originalRequests[0]?.because, shown.minor?.because];
  const masked = because.replace(/\S+@\S+/, "[mail address]");
  assert.deepEqual(said, [masked, masked], "whoever may see it reads it");
}

async function sendFiles(app: RunningApp, { id, post }: { readonly id: string; readonly post: Post }): Promise<void> {
  const form = new FormData();
  form.set(
    "file",
    new File([Buffer.alloc(200_000, `${words} `)], `${personName} ${plate}.txt`, { type: "text/plain" }),
  );
  form.set("note", `Filmed by ${words}`);
  form.set("source", personName);
  form.set("because", `Brought by ${words}`);
  const uploaded = await app.call(`/api/v1/incidents/${id}/exhibits`, { method: "POST", body: form });
  assert.equal(uploaded.status, 201, await uploaded.clone().text());
  const exhibit = (await uploaded.json()) as { id: string };
  const looked = await app.call(
    `/api/v1/exhibits/${exhibit.id}/content?because=${encodeURIComponent(`Asked by ${words}`)}`,
  );
  assert.match(looked.headers.get("content-disposition") ?? "", /Zaphodine/);
  await looked.arrayBuffer();
  await saySomethingOf(app, { id: await aPicture(app, id), post });
  await post(`/api/v1/incidents/${id}/exhibits/pointer`, {
    uri: "https://nvr.example/clips/CNRY4711X.mp4",
    mediaType: "video/mp4",
    name: `${personName}.mp4`,
    note: words,
    because: `Kept by ${words}`,
  });
  const packet = await post(`/api/v1/incidents/${id}/packets`, { because: `For ${words}` });
  const taken = await eventually(async () => {
    const answer = await app.call(`/api/v1/packets/${packet.id}?because=${encodeURIComponent(`For ${words}`)}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    return answer.status === 200 ? bytes : null;
  }, 60_000);
  assert.ok(taken.length > 1_000);
  const release = await post(`/api/v1/packets/${packet.id}/releases`, {
    recipient: { agency: `Bureau ${personName}`, person: personName, reference: plate, channel: "post" },
    purpose: "insurance_claim",
    ground: "legal_claim",
    because: `Wanted by ${words}`,
    despite: `All the same: ${words}`,
  });
  const own = `/api/v1/packets/${packet.id}/releases/${release.id}`;
  const receipt = await app.call(`${own}/receipt`);
  assert.ok((await receipt.text()).includes(plate), "whoever may see it reads it");
  const taking = await app.call(`${own}/taken`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ note: words }),
  });
  assert.equal(taking.status, 204, await taking.text());
  await post(`${own}/withdraw`, { because: `Taken back for ${words}` });
}
