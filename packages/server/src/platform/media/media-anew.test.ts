import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import sharp from "sharp";
import { colourAt, frameOf, isBlack, isWhite, skipWithoutFfmpeg } from "../../testing/media-house.ts";
import { systemChance } from "../chance.ts";
import { clipAnew, versionOf, type Black, type ClipOrder, type ClipTools } from "./clip-anew.ts";
import { MediaFault, mediaLimits, type MediaLimits } from "./media-refusal.ts";
import { pictureAnew } from "./picture-anew.ts";
import type { Outline } from "./polygon-raster.ts";
import { openScratchFolder } from "./sealed-scratch.ts";

const skip = skipWithoutFfmpeg();

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "tw-anew-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function toolsIn(folder: string, more: Partial<ClipTools> & { limits?: MediaLimits } = {}): Promise<ClipTools> {
  const scratchFolder = await openScratchFolder(join(folder, "it's my scratch"));
  return { ffmpeg: "ffmpeg", scratchFolder, chance: systemChance, limits: mediaLimits, ...more };
}

const leftUpper: Outline = [[0, 0], [500, 0], [500, 500], [0, 500]]; // prettier-ignore
const always: Black = { outlines: [leftUpper], during: null };
const plain: ClipOrder = { format: "mp4", black: [], sound: false };

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function whole(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

/** The clip made anew, or the code of its refusal, told at once or while it is made. */
async function anew(bytes: Uint8Array, order: ClipOrder, tools: ClipTools): Promise<Buffer | string> {
  try {
    const copy = await clipAnew(once(bytes), order, tools);
    return copy.ok ? await whole(copy.value.bytes) : copy.error.code;
  } catch (fault) {
    if (fault instanceof MediaFault) return fault.refusal.code;
    throw fault;
  } finally {
    assert.deepEqual(readdirSync(tools.scratchFolder), [], "nothing of it stays in the scratch folder");
  }
}

async function made(bytes: Uint8Array, order: ClipOrder, tools: ClipTools): Promise<Buffer> {
  const clip = await anew(bytes, order, tools);
  assert.ok(typeof clip !== "string", String(clip));
  return clip;
}

function ffmpeg(folder: string, name: string, args: readonly string[]): Buffer {
  const out = join(folder, name);
  execFileSync("ffmpeg", ["-y", "-loglevel", "error", ...args, out]);
  return readFileSync(out);
}

const white = (seconds: number, size = "320x240") =>
  `-f lavfi -i color=white:size=${size}:rate=10:duration=${seconds}`.split(" ");
const h264 = "-c:v libx264 -pix_fmt yuv420p -g 5".split(" ");

function streamsOf(folder: string, clip: Uint8Array): readonly string[] {
  const path = join(folder, "seen");
  writeFileSync(path, clip);
  const said = execFileSync("ffprobe", [
    "-loglevel",
    "error",
    "-show_entries",
    "stream=codec_type",
    "-of",
    "csv=p=0",
    path,
  ]);
  return said.toString().trim().split("\n");
}

/** Programs that stand in for ffmpeg and ffprobe: what they were told is written down, then `instead`, or the real one. */
function standIn(folder: string, instead: string): { readonly ffmpeg: string; readonly told: () => string } {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const told = join(folder, "told");
  for (const name of ["ffmpeg", "ffprobe"]) {
    const script = `#!/bin/sh\nprintf '%s\\n' "$@" >> '${told}'\n${instead}\nexec ${name} "$@"\n`;
    writeFileSync(join(bin, name), script);
    chmodSync(join(bin, name), 0o755);
  }
  return { ffmpeg: join(bin, "ffmpeg"), told: () => readFileSync(told, "utf8") };
}

test("J16 the key of a clip that is being made anew stands in no list of processes", { skip }, async (context) => {
  const folder = folderOf(context);
  const { ffmpeg: program, told } = standIn(folder, "");
  const key = "c0ffee00c0ffee00c0ffee00c0ffee00";
  const chance = { uuid: systemChance.uuid, bytes: () => Buffer.from(key, "hex") };
  const tools = await toolsIn(folder, { ffmpeg: program, chance });
  const clip = await made(ffmpeg(folder, "a.mp4", [...white(1), ...h264]), { ...plain, black: [always] }, tools);
  assert.ok(isBlack(await colourAt(frameOf(clip, 0.5), 250, 250)));
  assert.match(told(), /-filter_complex/);
  assert.ok(!told().includes(key) && !told().includes("scratch"), "neither the key nor what it opens");
});

test(
  "J16 a program that hangs is ended when its time is over, and one that is too old is refused with its version",
  { skip },
  async (context) => {
    const folder = folderOf(context);
    const hangs = standIn(folder, 'case "$*" in *filter_complex*) exec sleep 600;; esac');
    const tools = await toolsIn(folder, { ffmpeg: hangs.ffmpeg, limits: { ...mediaLimits, runMsMax: 400 } });
    const bytes = ffmpeg(folder, "a.mp4", [...white(1), ...h264]);
    assert.equal(await anew(bytes, plain, tools), "media_took_too_long");
    const old = standIn(folderOf(context), "echo 'ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright'; exit 0");
    assert.equal(await anew(bytes, plain, { ...tools, ffmpeg: old.ffmpeg }), "media_tool_missing");
    await assert.rejects(versionOf(old), /ffmpeg 5 or later is needed, this is 4\.4\.2/);
  },
);

test("J16 a clip that lasts longer than a clip may is refused, not cut", { skip }, async (context) => {
  const folder = folderOf(context);
  const bytes = ffmpeg(folder, "a.mp4", [...white(4), ...h264]);
  const limited = (clipSecondsMax: number) => toolsIn(folder, { limits: { ...mediaLimits, clipSecondsMax } });
  assert.equal(await anew(bytes, plain, await limited(3)), "media_too_large");
  await made(bytes, plain, await limited(6));
  const tiny = { ...mediaLimits, pixelsMax: 1000 };
  assert.equal(
    await anew(bytes, plain, await toolsIn(folder, { limits: tiny })),
    "media_too_large",
    "pixels of a frame",
  );
  const few = { ...mediaLimits, bytesMax: 500 };
  assert.equal(await anew(bytes, plain, await toolsIn(folder, { limits: few })), "media_too_large", "bytes");
});

test(
  "J16 J19 subtitles, data, attachments, chapters and a second picture stay behind; a clip that was turned is masked upright, and in the time that its frames show",
  { skip },
  async (context) => {
    const folder = folderOf(context);
    const tools = await toolsIn(folder);
    const words = join(folder, "words.srt");
    writeFileSync(words, "1\n00:00:00,000 --> 00:00:01,000\nZaphodine Quux was here\n");
    const chapters = join(folder, "chapters.txt");
    writeFileSync(
      chapters,
      ";FFMETADATA1\ntitle=Zaphodine\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle=Quux enters\n",
    );
    const secret = join(folder, "secret.txt");
    writeFileSync(secret, "Zaphodine Quux lives here");
    const inputs = [
      ...white(2),
      ..."-f lavfi -i testsrc=size=64x64:rate=10:duration=2".split(" "),
      "-i",
      words,
      "-i",
      chapters,
    ];
    const maps = "-map 0:v -map 1:v -map 2:s -map_metadata 3 -map_chapters 3".split(" ");
    const attached = ["-attach", secret, "-metadata:s:t", "mimetype=text/plain", "-c:s", "srt"];
    const mkv = ffmpeg(folder, "a.mkv", [...inputs, ...maps, ...h264, ...attached]);
    assert.match(mkv.toString("latin1"), /Zaphodine Quux was here/);
    const copy = await made(mkv, { ...plain, format: "matroska", sound: true }, tools);
    assert.doesNotMatch(copy.toString("latin1"), /Zaphodine|Quux/);
    assert.deepEqual(streamsOf(folder, copy), ["video"]);

    const data = ffmpeg(folder, "b.mp4", [
      ...inputs,
      ...maps,
      ...h264,
      "-c:s",
      "mov_text",
      "-metadata",
      "location=+50.85+004.35/",
    ]);
    const clean = await made(data, plain, tools);
    assert.doesNotMatch(clean.toString("latin1"), /Zaphodine|Quux|50\.85/);
    assert.deepEqual(streamsOf(folder, clean), ["video"]);

    ffmpeg(folder, "flat.mp4", [...white(2), ...h264]);
    const turned = ffmpeg(folder, "turned.mp4", [
      "-i",
      join(folder, "flat.mp4"),
      "-c",
      "copy",
      "-metadata:s:v",
      "rotate=90",
    ]);
    const upright = await made(turned, { ...plain, black: [always] }, tools);
    const picture = frameOf(upright, 1);
    const { width, height } = await sharp(picture).metadata();
    assert.deepEqual([width, height], [240, 320]);
    assert.ok(isBlack(await colourAt(picture, 250, 250)) && isWhite(await colourAt(picture, 750, 250)));
    assert.ok(isWhite(await colourAt(picture, 250, 750)));

    // A recorder's piece of a longer stream does not begin at zero.
    const late = ffmpeg(folder, "late.mkv", [...white(3), ...h264, "-output_ts_offset", "50"]);
    const during = { fromMs: 1000, toMs: 2000 };
    const masked = await made(late, { ...plain, format: "matroska", black: [{ ...always, during }] }, tools);
    const seen = await Promise.all(
      [0.5, 1.5, 2.5].map(async (at) => isBlack(await colourAt(frameOf(masked, at), 250, 250))),
    );
    assert.deepEqual(seen, [false, true, false]);
  },
);

test(
  "J16 clips of a program that ends in the middle, of no frame, or of another container are refused",
  { skip },
  async (context) => {
    const folder = folderOf(context);
    const tools = await toolsIn(folder);
    const bytes = ffmpeg(folder, "a.mp4", [...white(2), ...h264, "-movflags", "+faststart"]);
    assert.match(
      String(await anew(bytes.subarray(0, 1200), plain, tools)),
      /^media_(damaged|unsupported)$/,
      "cut in its index",
    );
    const list = Buffer.from("ffconcat version 1.0\nfile '/etc/passwd'\n");
    assert.match(
      String(await anew(list, plain, tools)),
      /^media_(damaged|unsupported)$/,
      "a list, where bytes should be",
    );
    const avi = ffmpeg(folder, "a.avi", [...white(1), "-c:v", "mjpeg"]);
    assert.match(
      String(await anew(avi, plain, tools)),
      /^media_(damaged|unsupported)$/,
      "another container than it began as",
    );
    const sound = ffmpeg(folder, "s.mp4", "-f lavfi -i sine=duration=1 -c:a aac".split(" "));
    assert.equal(await anew(sound, plain, tools), "media_unsupported");
    const killed = standIn(folder, 'case "$*" in *filter_complex*) ffmpeg "$@" | head -c 800; kill -9 $$;; esac');
    assert.equal(await anew(bytes, plain, { ...tools, ffmpeg: killed.ffmpeg }), "media_damaged");
  },
);

test("J19 J16 of a moving picture every frame is masked, and none is too many", async () => {
  const size = { width: 40, height: 30 };
  const dot = { create: { width: 4, height: 4, channels: 3, background: "#ff0000" } } as const;
  const frames = await Promise.all(
    [0, 1, 2].map(async (at) => {
      const input = await sharp(dot).png().toBuffer();
      const paper = sharp({ create: { ...size, channels: 3, background: "#ffffff" } });
      return paper
        .composite([{ input, left: 5 + 10 * at, top: 24 }])
        .png()
        .toBuffer();
    }),
  );
  for (const format of ["gif", "webp"] as const) {
    const moving = await sharp(frames, { join: { animated: true } })
      .toFormat(format, { delay: [50, 60, 70] })
      .toBuffer();
    const copy = await pictureAnew(once(moving), { format, black: [leftUpper] });
    assert.ok(copy.ok, JSON.stringify(copy));
    const { pages = 1, delay } = await sharp(copy.value.bytes, { animated: true }).metadata();
    assert.deepEqual([pages, delay], [3, [50, 60, 70]], format);
    for (let page = 0; page < pages; page += 1) {
      const frame: Buffer = await sharp(copy.value.bytes, { page }).png().toBuffer();
      assert.ok(isBlack(await colourAt(frame, 250, 250)), `${format} ${page}`);
      assert.ok(isWhite(await colourAt(frame, 950, 250)), `${format} ${page}`);
    }
    const many = await pictureAnew(once(moving), { format, black: [] }, { pixelsMax: 40 * 30 * 2 });
    assert.equal(many.ok ? "made" : many.error.code, "media_too_large", "all frames count");
  }
});

test("J16 pictures that say they are huge, lie or end early break nothing", async () => {
  const gif = Buffer.concat([
    Buffer.from("GIF89a"),
    Buffer.from("ffffffff800000000000ffffff2c00000000ffffffff000202440100", "hex"),
    Buffer.from(";"),
  ]);
  const webp = Buffer.concat([
    Buffer.from("RIFF"),
    Buffer.from("1a000000", "hex"),
    Buffer.from("WEBPVP8X"),
    Buffer.from("0a0000000000000033330033330000000000", "hex"),
  ]);
  const good = await sharp({ create: { width: 64, height: 64, channels: 3, background: "#fff" } })
    .jpeg()
    .toBuffer();
  const cases = [
    { says: "a GIF of four thousand million pixels", bytes: gif, format: "gif", want: /^media_(too_large|damaged)$/ },
    { says: "a WebP of a hundred million", bytes: webp, format: "webp", want: /^media_(too_large|damaged)$/ },
    { says: "half a JPEG", bytes: good.subarray(0, good.length >> 1), format: "jpeg", want: /^media_damaged$/ },
    {
      says: "a JPEG with a script behind it",
      bytes: Buffer.concat([good, Buffer.from("<script>Zaphodine</script>")]),
      format: "jpeg",
      want: /^made$/,
    },
    { says: "nothing", bytes: Buffer.alloc(0), format: "png", want: /^media_damaged$/ },
  ] as const;
  for (const { says, bytes, format, want } of cases) {
    const copy = await pictureAnew(once(bytes), { format, black: [] });
    assert.match(copy.ok ? "made" : copy.error.code, want, says);
    if (copy.ok) assert.ok(!Buffer.from(copy.value.bytes).includes("Zaphodine"), says);
  }
});
