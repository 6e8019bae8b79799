import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { readZip, openZipEntry, collectBytes, verifyPacket, type ByteSource } from "@tillwatch/evidence";
import { nodeHashing } from "@tillwatch/verify";
import type { ExhibitView } from "@tillwatch/wire";
import {
  aCase,
  asking,
  colleague,
  colourAt,
  contentOf,
  frameOf,
  isBlack,
  isWhite,
  skipWithoutFfmpeg,
  stated,
  tellingClip,
  tellingPicture,
  uploaded,
  type Ask,
} from "./testing/media-house.ts";
import { eventually, runningApp } from "./testing/running-app.ts";

const people = [
  colleague("ines", "investigator"),
  colleague("carla", "counsel"),
  colleague("dora", "data_protection_officer"),
  colleague("olga", "partner_officer", { organisationId: "police" }),
];
const because = "An entrance of the neighbours stands in the picture";
const upperLeft = [[0, 0], [500, 0], [500, 500], [0, 500]] as const; // prettier-ignore
const lowerRight = [[500, 500], [1000, 500], [1000, 1000], [500, 1000]] as const; // prettier-ignore

async function place(context: TestContext) {
  const app = await runningApp(context, {}, { credentials: people });
  const admin = asking(app, app.admin.token);
  return { app, admin, as: (name: string) => asking(app, `person:${name}`), incident: await aCase(admin) };
}

async function masked(admin: Ask, polygons: readonly unknown[], version: number): Promise<void> {
  const said = await admin("PUT /api/v1/sites/S-1001/masks/C-01", { polygons, because, version });
  assert.equal(said.status, 200, said.bytes.toString());
}

/** What stands at the middle of the two masks, and between them. */
async function seen(picture: Uint8Array): Promise<string> {
  const shown = async (x: number, y: number) => {
    const colour = await colourAt(picture, x, y);
    return isBlack(colour) ? "black" : isWhite(colour) ? "white" : colour.join();
  };
  return `${await shown(250, 250)} ${await shown(750, 250)} ${await shown(750, 750)}`;
}

test("J19 a camera's mask is black in the copy and the packet, a changed one in a new copy; an unnamed camera has none", async (context) => {
  const { admin, as, incident } = await place(context);
  const bytes = await tellingPicture("jpeg");
  const picture = { bytes, name: "a.jpg", type: "image/jpeg" };
  const id = await uploaded(admin, incident, { ...picture, device: "C-01" });
  assert.equal(await seen((await contentOf(admin, id)).bytes), "white white white");

  await masked(admin, [upperLeft], 0);
  assert.equal(await seen((await contentOf(admin, id)).bytes), "black white white");
  assert.equal(await seen(bytes), "white white white", "the original is as it was");
  const other = await uploaded(admin, incident, { ...picture, device: "C-02" });
  assert.equal(await seen((await contentOf(admin, other)).bytes), "white white white", "another camera's mask");

  const unsaid = await uploaded(admin, incident, picture);
  assert.equal((await contentOf(admin, unsaid)).body["code"], "copy_camera_not_named");
  const unknown = await admin(`PUT /api/v1/exhibits/${unsaid}/camera`, { deviceId: "T-01", because });
  assert.equal(unknown.body["code"], "camera_unknown");
  await admin(`PUT /api/v1/exhibits/${unsaid}/camera`, { deviceId: "C-01", because });
  assert.equal(await seen((await contentOf(admin, unsaid)).bytes), "black white white");
  await admin(`PUT /api/v1/exhibits/${unsaid}/camera`, { deviceId: null, because });
  assert.equal(await seen((await contentOf(admin, unsaid)).bytes), "white white white", "a telephone's");

  await masked(admin, [upperLeft, lowerRight], 1);
  assert.equal(await seen((await contentOf(admin, id)).bytes), "black white black");
  const view = (await admin(`GET /api/v1/exhibits/${id}`)).body as unknown as ExhibitView;
  assert.deepEqual(
    view.copies.map(({ state, maskVersion }) => [state, maskVersion]),
    [["ready", null], ["ready", 1], ["ready", 2]],
  ); // prettier-ignore

  // The packet holds the masked copy, and the verifier ties it to the original.
  const packet = await builtPacket(admin, incident, { because: "for the police" });
  const { report, files } = await opened(packet);
  assert.equal(report.verdict, "verified", report.firstProblem ?? "");
  assert.match(report.checks.find(({ name }) => name === "copies")?.detail ?? "", /^3 copies, each as the log/);
  assert.equal(await seen(files(new RegExp(`exhibits/${id}/copy-`))), "black white black");
  assert.ok(!packet.includes(bytes.subarray(bytes.length - 300)), "the original is not in it");

  // The originals go in under two keys for each, and otherwise not.
  const asked = { originals: true, because: "the court wants originals" };
  const refused = await admin(`POST /api/v1/incidents/${incident}/packets`, asked);
  assert.deepEqual([refused.status, refused.body["code"]], [403, "two_keys_needed"]);
  for (const one of [id, other, unsaid]) {
    const request = await admin(`POST /api/v1/exhibits/${one}/original-requests`, { because, hours: 1 });
    const decision = `/api/v1/exhibits/${one}/original-requests/${String(request.body["id"])}/decision`;
    assert.equal((await as("carla")(`POST ${decision}`, { approve: true, because })).status, 200);
  }
  const whole = await opened(await builtPacket(admin, incident, asked));
  assert.equal(whole.report.verdict, "verified", whole.report.firstProblem ?? "");
  assert.ok(Buffer.from(whole.files(new RegExp(`exhibits/${id}/a.jpg`))).equals(bytes));
  assert.ok(!whole.report.checks.some(({ name }) => name === "copies"), "there is no copy to check");
});

test(
  "J19 J03 in a clip the mask is black all the time, a marked region in its time, for purposes that hide people",
  { skip: skipWithoutFfmpeg() },
  async (context) => {
    const { admin, as, incident } = await place(context);
    await masked(admin, [upperLeft], 0);
    const clip = { bytes: tellingClip("mp4"), name: "a.mp4", type: "video/mp4", device: "C-01" };
    const id = await uploaded(admin, incident, clip);
    const ines = as("ines");
    await stated(ines, incident, "case_building");
    const shown = await contentOf(ines, id);
    assert.equal(await seen(frameOf(shown.bytes, 0.3)), "black white white");
    assert.equal(await seen(frameOf(shown.bytes, 1.5)), "black white white");

    await stated(ines, incident, "insurance_claim");
    assert.equal((await contentOf(ines, id)).body["code"], "copy_people_not_marked");
    const regions = [{ corners: lowerRight, during: { fromMs: 1000, toMs: 1900 } }];
    const marked = await ines(`PUT /api/v1/exhibits/${id}/regions`, { regions, version: 0, because });
    assert.deepEqual([marked.status, marked.body["version"]], [200, 1]);
    const again = await ines(`PUT /api/v1/exhibits/${id}/regions`, { regions, version: 0, because });
    assert.equal(again.body["code"], "mask_changed");
    const crossed = [{ corners: [[0, 0], [9, 9], [9, 0], [0, 9]], during: null }]; // prettier-ignore
    const bad = await ines(`PUT /api/v1/exhibits/${id}/regions`, { regions: crossed, version: 1, because });
    assert.equal(bad.body["code"], "mask_malformed");

    // One clip, two purposes, two outputs.
    const hidden = await contentOf(ines, id);
    assert.equal(await seen(frameOf(hidden.bytes, 0.3)), "black white white");
    assert.equal(await seen(frameOf(hidden.bytes, 1.5)), "black white black");
    assert.ok(!hidden.bytes.equals(shown.bytes));
    await stated(ines, incident, "police_request");
    const police = await contentOf(ines, id);
    assert.ok(police.bytes.includes("mp4a") && !shown.bytes.includes("mp4a"), "sound where the purpose has it");
  },
);

test("J04 the shop's country changes: the same purpose has no picture any more", async (context) => {
  const { admin, as } = await place(context);
  const site = { name: "By the border", timezone: "Europe/Brussels", currency: "EUR" };
  assert.equal((await admin("PUT /api/v1/sites/S-9", { ...site, country: "BE" })).status, 200);
  const incident = await aCase(admin, "S-9");
  const id = await uploaded(admin, incident, { bytes: await tellingPicture("png"), name: "a.png", type: "image/png" });
  const ines = as("ines");
  await stated(ines, incident, "insurance_claim");
  await ines(`PUT /api/v1/exhibits/${id}/regions`, {
    regions: [{ corners: upperLeft, during: null }],
    version: 0,
    because,
  });
  assert.equal(await seen((await contentOf(ines, id)).bytes), "black white white");
  const moved = await admin("PUT /api/v1/sites/S-9", { ...site, country: "DE" });
  assert.equal(moved.status, 200, moved.bytes.toString());
  assert.equal((await contentOf(ines, id)).body["code"], "copy_withheld");
  await stated(ines, incident, "case_building");
  assert.equal(await seen((await contentOf(ines, id)).bytes), "white white white");
});

test("J11 an exhibit with a minor is in no partner's list or copy and in no packet, until another person states a legal ground", async (context) => {
  const { admin, as, incident } = await place(context);
  await admin("POST /api/v1/organisations", { id: "police", name: "Police", kind: "police" });
  const bytes = await tellingPicture("jpeg");
  const id = await uploaded(admin, incident, { bytes, name: "a.jpg", type: "image/jpeg", device: "none" });
  const endsAt = new Date(Date.now() + 3_600_000).toISOString();
  const shared = await admin(`POST /api/v1/incidents/${incident}/shares`, {
    partnerId: "police",
    ground: "they asked",
    endsAt,
  });
  assert.equal(shared.status, 201, shared.bytes.toString());
  const olga = as("olga");
  await stated(olga, incident, "police_request");
  const listed = async () =>
    JSON.stringify((await olga(`GET /api/v1/incidents/${incident}`)).body["exhibits"]).includes(id);
  assert.equal(await listed(), true);
  assert.equal((await contentOf(olga, id)).status, 200);

  assert.equal((await admin(`PUT /api/v1/exhibits/${id}/minor`, { because: "a school uniform" })).status, 200);
  assert.equal(await listed(), false);
  assert.equal((await olga(`GET /api/v1/exhibits/${id}`)).status, 404);
  assert.equal((await contentOf(olga, id)).status, 404);
  const ines = as("ines");
  await stated(ines, incident, "insurance_claim");
  assert.equal((await contentOf(ines, id)).body["code"], "exhibit_minor_protected");
  const redacted = await admin(`GET /api/v1/incidents/${incident}/redacted?purpose=claims&country=BE`);
  assert.ok(!redacted.bytes.includes(id), "not in the record for outside");
  const inside = await admin(`GET /api/v1/incidents/${incident}/redacted?purpose=security&country=BE`);
  assert.ok(inside.bytes.includes(id));
  await stated(ines, incident, "case_building");
  assert.equal((await contentOf(ines, id)).status, 200, "whoever works the case sees it");
  const without = await opened(await builtPacket(admin, incident, {}));
  assert.equal(without.report.verdict, "verified", without.report.firstProblem ?? "");
  const pointer = JSON.parse(Buffer.from(without.files(new RegExp(`exhibits/${id}/pointer`))).toString()) as object;
  assert.equal((pointer as { because?: string }).because, "minor_protected");

  const ground = `PUT /api/v1/exhibits/${id}/minor/ground`;
  assert.equal((await ines(ground, { ground: "official_request", because })).body["code"], "access_refused");
  assert.equal((await as("dora")(ground, { ground: "curiosity", because })).body["code"], "minor_ground_unknown");
  assert.equal((await admin(ground, { ground: "official_request", because })).body["code"], "two_persons_needed");
  assert.equal((await as("dora")(ground, { ground: "official_request", because })).status, 200);
  assert.equal(await listed(), true);
  const within = await opened(await builtPacket(admin, incident, {}));
  assert.ok(within.files(new RegExp(`exhibits/${id}/copy-`)).length > 0);
});

async function builtPacket(ask: Ask, incidentId: string, said: object): Promise<Buffer> {
  const made = await ask(`POST /api/v1/incidents/${incidentId}/packets`, said);
  assert.equal(made.status, 202, made.bytes.toString());
  return eventually(async () => {
    const answer = await ask(`GET /api/v1/packets/${String(made.body["id"])}`);
    assert.ok(answer.status < 300, answer.bytes.toString());
    return answer.status === 200 ? answer.bytes : null;
  }, 60_000);
}

async function opened(zip: Buffer) {
  const source: ByteSource = {
    size: zip.length,
    read: async (offset, length) => zip.subarray(offset, offset + length),
  };
  const report = await verifyPacket(source, { logKeys: [], statementKeys: [] }, { hashing: nodeHashing });
  const read = await readZip(source);
  assert.ok(read.ok);
  const contents = new Map<string, Uint8Array>();
  for (const entry of read.value.entries) {
    contents.set(entry.path, await collectBytes(openZipEntry(source, entry, nodeHashing), 1e9));
  }
  const files = (path: RegExp): Uint8Array => {
    const found = [...contents].find(([name]) => path.test(name));
    assert.ok(found !== undefined, `${path} in ${[...contents.keys()].join(" ")}`);
    return found[1];
  };
  return { report, files };
}
