import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { IncidentPage } from "@tillwatch/wire";
import { asking, colleague, stated } from "./testing/media-house.ts";
import { eventually, runningApp } from "./testing/running-app.ts";

const addresses = ["https://nvr.internal/clips/Zaphodine Quux.mp4", "https://nvr.internal/clips/17.mp4"];

// One address in the field for it, one in what the device adds of its own.
const press = (id: string, siteId: string) => ({
  device_id: "P-01",
  store_id: siteId,
  event_id: id,
  event_type: "panic_button",
  timestamp: new Date().toISOString(),
  thumbnail_url: addresses[1],
  evidence_refs: addresses,
});

const people = [
  colleague("ines", "investigator"),
  colleague("ana", "analyst"),
  colleague("gus", "guard"),
  colleague("carla", "counsel"),
];

test("D09 a clip is a keyed token in records, lists, streams and packets: useless without a grant, and of one case only", async (context) => {
  const app = await runningApp(context, {}, { credentials: people });
  const admin = asking(app, app.admin.token);
  const as = (name: string) => asking(app, `person:${name}`);
  const stream = await app.call("/api/v1/events");
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.ok(reader);
  for (const site of ["S-1001", "S-1002"]) {
    const sent = await admin("POST /api/v1/signals", press(`press-${site}`, site));
    assert.equal(sent.body["accepted"], 1, sent.bytes.toString());
  }
  const caseAt = (site: string) =>
    eventually(async () => {
      const page = (await admin(`GET /api/v1/incidents?site=${site}`)).body as unknown as IncidentPage;
      return page.items[0]?.id ?? null;
    });
  const [here, there] = [await caseAt("S-1001"), await caseAt("S-1002")];
  const tokensOf = async (id: string) => {
    const answer = await admin(`GET /api/v1/incidents/${id}`);
    assert.doesNotMatch(answer.bytes.toString(), /nvr\.internal|Zaphodine/, "no address and no name of it");
    return [...new Set(answer.bytes.toString().match(/clip:[0-9a-f]{32}/g) ?? [])];
  };
  const tokens = await tokensOf(here);
  assert.equal(tokens.length, 2);
  assert.deepEqual(await tokensOf(here), tokens, "the same each time");
  for (const token of tokens) {
    assert.match(token, /^clip:[0-9a-f]{32}$/);
    for (const address of addresses) {
      // Without the key nobody finds the address by trying addresses.
      for (const text of [address, `${here}\n${address}`]) {
        for (const kind of ["sha256", "sha512", "md5"]) {
          assert.notEqual(token.slice(5), createHash(kind).update(text).digest("hex").slice(0, 32));
        }
      }
    }
  }
  const foreign = await tokensOf(there);
  assert.ok(
    foreign.every((token) => !tokens.includes(token)),
    "another token in every case",
  );

  const said = { because: "looking at what the camera saw" };
  const resolution = (id: string, token: string) => `POST /api/v1/incidents/${id}/clips/${token}/resolution`;
  const [first = "", second = ""] = tokens;
  const strange = `${first.slice(0, -1)}${first.endsWith("0") ? "1" : "0"}`;
  for (const [ask, line, code] of [
    [as("ana"), resolution(here, first), "access_refused"],
    [as("gus"), resolution(here, first), "purpose_required"],
    [admin, resolution(there, first), "clip_unknown"],
    [admin, resolution(here, strange), "clip_unknown"],
  ] as const) {
    const refused = await ask(line, said);
    assert.equal(refused.body["code"], code, refused.bytes.toString());
    assert.doesNotMatch(refused.bytes.toString(), /nvr|Zaphodine/);
  }

  // A grant of another person, for this case and a time, opens it; its end shuts it.
  const purpose = { purpose: "incident_investigation", ground: "legitimate_interest" };
  const asked = await as("ana")("POST /api/v1/grants", {
    incidentId: here,
    ...purpose,
    because: "the pattern needs a look at the clip",
    hours: 1,
  });
  assert.equal(asked.status, 201, asked.bytes.toString());
  const grant = `/api/v1/grants/${String(asked.body["id"])}`;
  assert.equal((await as("carla")(`POST ${grant}/decision`, { approve: true })).status, 200);
  await stated(as("ana"), here, "incident_investigation");
  const found: string[] = [];
  for (const token of [first, second]) found.push(String((await as("ana")(resolution(here, token), said)).body["uri"]));
  assert.deepEqual(found.sort(), [...addresses].sort(), "also the one whose address is kept sealed");
  assert.equal((await as("carla")(`POST ${grant}/end`)).status, 204);
  assert.equal((await as("ana")(resolution(here, first), said)).body["code"], "access_refused");
  const log = (await admin(`GET /api/v1/audit?subject=${here}&kind=clip.resolved`)).bytes.toString();
  assert.match(log, /clip\.resolved/);
  assert.doesNotMatch(log, /nvr\.internal|Zaphodine/);

  const packet = await admin(`POST /api/v1/incidents/${here}/packets`, { includeMedia: false });
  const zip = await eventually(async () => {
    const answer = await admin(`GET /api/v1/packets/${String(packet.body["id"])}`);
    return answer.status === 200 ? answer.bytes : null;
  }, 30_000);
  assert.doesNotMatch(zip.toString("latin1"), /nvr\.internal|Zaphodine/);
  assert.ok(zip.includes(first), "the packet names the clip by its token");
  const told = (await reader.read()).value ?? "";
  await reader.cancel();
  assert.doesNotMatch(told, /nvr\.internal|Zaphodine/);
});
