import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { AuditEntryView, ExhibitView } from "@tillwatch/wire";
import {
  aCase,
  asking,
  colleague,
  contentOf,
  skipWithoutFfmpeg,
  stated,
  tellingClip,
  tellingPicture,
  uploaded,
  type Ask,
} from "./testing/media-house.ts";
import { runningApp, type RunningApp } from "./testing/running-app.ts";

const people = [
  colleague("ines", "investigator"),
  colleague("ivo", "investigator"),
  colleague("carla", "counsel"),
  colleague("cold", "counsel", { steppedUp: false }),
  colleague("mara", "store_manager"),
];

const telling = /Zaphodine|Quux|SpyCam|50\.85|\+50|GPS|Exif|http:\/\/purl|xpacket/i;

type Place = {
  readonly app: RunningApp;
  readonly admin: Ask;
  readonly as: (name: string) => Ask;
  readonly incident: string;
};

async function place(context: Parameters<typeof runningApp>[0], env = {}): Promise<Place> {
  const app = await runningApp(context, env, { credentials: people });
  const admin = asking(app, app.admin.token);
  return { app, admin, as: (name) => asking(app, `person:${name}`), incident: await aCase(admin) };
}

const because = "The court asked for the file itself";

test("J16 the copy has no GPS, name or tool; the sealed original opens with two keys, for one purpose and a time", async (context) => {
  const { app, admin, as, incident } = await place(context);
  const bytes = await tellingPicture("jpeg");
  assert.match(bytes.toString("latin1"), telling, "the original tells");
  const id = await uploaded(admin, incident, { bytes, name: "Zaphodine.jpg", type: "image/jpeg" });
  const ines = as("ines");
  const content = `GET /api/v1/exhibits/${id}/content`;

  assert.equal((await ines(content)).body["code"], "purpose_required");
  await stated(ines, incident, "case_building");
  const copy = await contentOf(ines, id);
  assert.deepEqual([copy.status, copy.type], [200, "image/jpeg"]);
  assert.doesNotMatch(copy.bytes.toString("latin1"), telling);

  // One key does not open it, whoever turns it.
  assert.equal((await ines(`${content}?of=original`)).body["code"], "two_keys_needed");
  assert.equal((await admin(`${content}?of=original`)).body["code"], "two_keys_needed");
  const requests = `/api/v1/exhibits/${id}/original-requests`;
  const asked = await ines(`POST ${requests}`, { because, hours: 2 });
  assert.equal(asked.status, 201, asked.bytes.toString());
  const decision = `POST ${requests}/${String(asked.body["id"])}/decision`;
  const yes = { approve: true, because };
  assert.equal((await ines(`${content}?of=original`)).body["code"], "two_keys_needed", "asked is not approved");
  assert.equal((await ines(decision, yes)).body["code"], "two_persons_needed");
  assert.equal((await admin(decision, yes)).body["code"], "access_refused", "a program is no person");
  assert.equal((await as("mara")(decision, yes)).body["code"], "access_refused");
  assert.equal((await as("cold")(decision, yes)).body["code"], "step_up_required");
  assert.equal((await as("carla")(decision, yes)).status, 200);
  assert.equal((await as("carla")(decision, yes)).body["code"], "original_request_decided");

  const original = await ines(`${content}?of=original&because=for+the+court`);
  assert.equal(original.status, 200);
  assert.ok(original.bytes.equals(bytes), "to the byte");
  await stated(as("ivo"), incident, "case_building");
  assert.equal((await as("ivo")(`${content}?of=original`)).body["code"], "two_keys_needed", "another one's keys");
  await stated(ines, incident, "safety");
  assert.equal((await ines(`${content}?of=original`)).body["code"], "two_keys_needed", "another purpose");
  await stated(ines, incident, "case_building");
  assert.equal((await ines(`POST ${requests}/${String(asked.body["id"])}/end`)).status, 204);
  assert.equal((await ines(`${content}?of=original`)).body["code"], "two_keys_needed", "sealed again");

  const view = (await admin(`GET /api/v1/exhibits/${id}`)).body as unknown as ExhibitView;
  assert.deepEqual(
    view.custody.map(({ action, what }) => [action, what.replace(/[0-9a-f]{64}/, "...")]),
    [
      ["received", `Zaphodine.jpg, ${bytes.length} bytes`],
      ["derived", "a copy without metadata, sha256 ..."],
      ["accessed", "the copy, whole"],
      ["accessed", "the sealed original, whole"],
    ],
  );
  assert.deepEqual([view.originalRequests[0]?.state, view.originalRequests[0]?.decidedBy], ["ended", "user:carla"]);
  const log = (await admin(`GET /api/v1/audit?subject=${id}&order=oldest`)).body as { items?: AuditEntryView[] };
  const kinds = (log.items ?? []).map(({ kind }) => kind.replace("exhibit.", ""));
  for (const kind of ["original_requested", "original_approved", "original_ended"])
    assert.ok(kinds.includes(kind), kind);
  assert.deepEqual(await readdir(join(app.folder, "scratch")), []);
});

test("J16 other pictures: PNG and WebP tell nothing either, and a document opens as it came", async (context) => {
  const { admin, incident } = await place(context);
  for (const format of ["png", "webp"] as const) {
    const bytes = await tellingPicture(format);
    assert.match(bytes.toString("latin1"), telling);
    const copy = await contentOf(
      admin,
      await uploaded(admin, incident, { bytes, name: `a.${format}`, type: "text/plain" }),
    );
    assert.deepEqual([copy.status, copy.type], [200, `image/${format}`]);
    assert.doesNotMatch(copy.bytes.toString("latin1"), telling);
  }
  const bytes = Buffer.from("till;amount\n3;12.00\n");
  const extract = await uploaded(admin, incident, { bytes, name: "till.csv", type: "text/csv" });
  const opened = await admin(`GET /api/v1/exhibits/${extract}/content`);
  assert.deepEqual([opened.status, opened.bytes.toString()], [200, bytes.toString()]);
});

test(
  "J16 clips: MP4, WebM and MKV lose place, names, tool, sound and messages",
  { skip: skipWithoutFfmpeg() },
  async (context) => {
    const { app, admin, incident } = await place(context);
    for (const format of ["mp4", "webm", "mkv"] as const) {
      const bytes = tellingClip(format);
      assert.match(bytes.toString("latin1"), telling);
      const copy = await contentOf(
        admin,
        await uploaded(admin, incident, { bytes, name: `a.${format}`, type: "video/mp4" }),
      );
      assert.deepEqual(
        [copy.status, copy.type],
        [200, "video/mp4"],
        `${format}: ${copy.bytes.toString().slice(0, 200)}`,
      );
      assert.doesNotMatch(copy.bytes.toString("latin1"), /Zaphodine|Quux|SpyCam|50\.85|x264 - core|mp4a|udta.{4}.xyz/);
    }
    assert.deepEqual(await readdir(join(app.folder, "scratch")), [], "nothing is left of what was read");
  },
);

const hostile: readonly (readonly [string, Buffer, string, string])[] = [
  ["a picture by name only", Buffer.from("<svg onload=alert(1)>"), "image/svg+xml", "media_unsupported"],
  ["unknown bytes", Buffer.from([1, 0, 2, 0, 3, 0]), "application/octet-stream", "media_unsupported"],
  ["a cut-off JPEG", Buffer.from("ffd8ffe000104a46494600010100000100010000ffdb", "hex"), "image/jpeg", "media_damaged"],
  ["a PNG of a thousand million pixels", pngOf(40_000, 40_000), "image/png", "media_too_large"],
  [
    "a zip that calls itself text",
    Buffer.concat([Buffer.from("PK\u0003\u0004"), Buffer.alloc(60)]),
    "text/plain",
    "media_unsupported",
  ],
];

test("J16 what cannot be made anew stays sealed and says why", async (context) => {
  const { admin, incident } = await place(context);
  for (const [name, bytes, type, code] of hostile) {
    const refused = await contentOf(admin, await uploaded(admin, incident, { bytes, name, type }));
    assert.deepEqual([refused.status, refused.body["code"]], [409, code], name);
  }
});

test(
  "J16 hostile clips: a playlist, a reference outside, a cut-off file, junk in a box",
  { skip: skipWithoutFfmpeg() },
  async (context) => {
    const { app, admin, incident } = await place(context);
    const playlist = Buffer.from(
      "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    );
    const concat = Buffer.from("ffconcat version 1.0\nfile '/etc/passwd'\n");
    const whole = tellingClip("mp4");
    const junk = Buffer.concat([Buffer.from("0000001866747970", "hex"), Buffer.from("isom"), Buffer.alloc(500, 7)]);
    const matroskaPlaylist = Buffer.concat([Buffer.from("1a45dfa3", "hex"), playlist]);
    for (const [name, bytes] of [
      ["playlist.m3u8", playlist],
      ["concat.ffconcat", concat],
      ["cut.mp4", whole.subarray(0, 3000)],
      ["junk.mp4", junk],
      ["list.mkv", matroskaPlaylist],
    ] as const) {
      const refused = await contentOf(admin, await uploaded(admin, incident, { bytes, name, type: "video/mp4" }));
      assert.equal(refused.status, 409, name);
      assert.match(String(refused.body["code"]), /^media_(unsupported|damaged)$/, name);
      assert.ok(!refused.bytes.includes("root:"), "no other file is read");
    }
    assert.deepEqual(await readdir(join(app.folder, "scratch")), []);
  },
);

test("J16 without the program for clips the original stays sealed; once it is there the copy is made", async (context) => {
  const clip = Buffer.concat([Buffer.from("0000001866747970", "hex"), Buffer.from("isom"), Buffer.alloc(500, 7)]);
  const { app, admin, incident } = await place(context, { TILLWATCH_FFMPEG: "/nowhere/ffmpeg" });
  const id = await uploaded(admin, incident, { bytes: clip, name: "a.mp4", type: "video/mp4" });
  const refused = await contentOf(admin, id);
  assert.deepEqual([refused.status, refused.body["code"]], [409, "media_tool_missing"]);
  assert.deepEqual(await readdir(join(app.folder, "scratch")), []);
});

/** The head of a PNG of this size: what it says is believed before a pixel is read. */
function pngOf(width: number, height: number): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const chunk = Buffer.concat([Buffer.from("IHDR"), head]);
  const framed = Buffer.alloc(chunk.length + 8);
  framed.writeUInt32BE(13, 0);
  framed.set(chunk, 4);
  framed.writeUInt32BE(crcOf(chunk), chunk.length + 4);
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), framed, Buffer.from("0000000049444154", "hex")]);
}

function crcOf(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
