import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  aCase,
  asking,
  contentOf,
  tellingClip,
  tellingPicture,
  uploaded,
} from "../packages/server/src/testing/media-house.ts";
import { runningApp } from "../packages/server/src/testing/running-app.ts";
import { skipWithout, systemTool } from "./tools.ts";

const exiftool = systemTool("exiftool");
const ffprobe = systemTool("ffprobe");

/** Groups of tags that only describe the file on the disk and the coding of its pixels. */
const plainGroups = /^(ExifTool|System|File|Composite|RIFF|PNG|PNG-pHYs|GIF|Track\d|QuickTime|SourceFile)$/;
const tellingTags =
  /gps|location|author|artist|creator|title|comment|copyright|make|model|software|description|serial|owner/i;

/** What exiftool finds that nobody should: every tag of another group, and every telling tag of any. */
function found(bytes: Uint8Array, name: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "tw-exif-"));
  try {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const said = execFileSync(exiftool ?? "exiftool", ["-json", "-G1", "-a", "-u", "-ee", path], { encoding: "utf8" });
    const [tags = {}] = JSON.parse(said) as Record<string, unknown>[];
    return Object.entries(tags).flatMap(([key, value]) => {
      const [group = "", tag = ""] = key.includes(":") ? key.split(":") : ["SourceFile", key];
      const constant = /^(Video|Sound)Handler$/.test(String(value));
      return !plainGroups.test(group) || (tellingTags.test(tag) && !constant) ? [`${key}=${String(value)}`] : [];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Every tag that ffprobe shows of container, streams and chapters, but what any MP4 says of itself. */
function probed(bytes: Uint8Array, name: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "tw-probe-"));
  try {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const args = ["-v", "error", "-show_format", "-show_streams", "-show_chapters", "-of", "json", path];
    const said = JSON.parse(execFileSync(ffprobe ?? "ffprobe", args, { encoding: "utf8" })) as {
      readonly streams: readonly { readonly codec_type: string; readonly tags?: Record<string, string> }[];
      readonly format: { readonly tags?: Record<string, string> };
      readonly chapters: readonly unknown[];
    };
    const own = /^(major_brand|minor_version|compatible_brands|handler_name|vendor_id|language|encoder)$/;
    const tags = [said.format.tags, ...said.streams.map((stream) => stream.tags)].flatMap((of) =>
      Object.entries(of ?? {}),
    );
    const odd = tags.filter(([key, value]) => !own.test(key) || (key === "encoder" && value !== "Lavc libx264"));
    const streams = said.streams.map(({ codec_type: type }) => type).filter((type) => type !== "video");
    return [...odd.map(([key, value]) => `${key}=${value}`), ...streams, ...said.chapters.map(() => "chapter")];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test(
  "J16 exiftool finds nothing in copies, and the place and the person in originals",
  { skip: skipWithout("exiftool", exiftool) },
  async (context) => {
    const app = await runningApp(context);
    const admin = asking(app, app.admin.token);
    const incident = await aCase(admin);
    for (const format of ["jpeg", "png", "webp"] as const) {
      const bytes = await tellingPicture(format);
      assert.ok(
        found(bytes, `a.${format}`).some((tag) => /GPSLatitude|GPSPosition/.test(tag)),
        `${format} is rejected`,
      );
      const id = await uploaded(admin, incident, { bytes, name: `a.${format}`, type: `image/${format}` });
      const copy = await contentOf(admin, id);
      assert.equal(copy.status, 200);
      assert.deepEqual(found(copy.bytes, `copy.${format}`), [], format);
    }
  },
);

test(
  "J16 exiftool and ffprobe find nothing in copies of clips, and the place in originals",
  { skip: skipWithout("exiftool", exiftool) || skipWithout("ffprobe", ffprobe) },
  async (context) => {
    const app = await runningApp(context);
    const admin = asking(app, app.admin.token);
    const incident = await aCase(admin);
    for (const format of ["mp4", "mkv"] as const) {
      const bytes = tellingClip(format);
      assert.ok(
        found(bytes, `a.${format}`).some((tag) => /Location|Title/i.test(tag)),
        `${format} is rejected by exiftool`,
      );
      assert.ok(
        probed(bytes, `a.${format}`).some((tag) => /Zaphodine/.test(tag)),
        `${format} is rejected by ffprobe`,
      );
      const id = await uploaded(admin, incident, { bytes, name: `a.${format}`, type: "video/mp4" });
      const copy = await contentOf(admin, id);
      assert.equal(copy.status, 200);
      assert.deepEqual(found(copy.bytes, "copy.mp4"), [], format);
      assert.deepEqual(probed(copy.bytes, "copy.mp4"), [], format);
    }
  },
);
