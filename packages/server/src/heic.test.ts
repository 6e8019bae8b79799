import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ExhibitView } from "@tillwatch/wire";
import {
  aCase,
  asking,
  colleague,
  contentOf,
  skipWithoutFfmpeg,
  stated,
  tellingPicture,
  uploaded,
} from "./testing/media-house.ts";
import { runningApp } from "./testing/running-app.ts";

const there = spawnSync("heif-enc", ["--version"]).error === undefined;
const skip = skipWithoutFfmpeg() !== false ? skipWithoutFfmpeg() : there ? false : "skipped: heif-enc not found";

const telling = /Zaphodine|Quux|SpyCam|Exif|xpacket/i;

/** As a telephone makes it: HEVC in HEIF, with who took it, where and with what. */
async function heicPicture(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "tw-heic-"));
  try {
    const [from, to] = [join(folder, "a.jpg"), join(folder, "a.heic")];
    writeFileSync(from, await tellingPicture("jpeg"));
    execFileSync("heif-enc", ["-q", "90", "-o", to, from], { stdio: "pipe" });
    return readFileSync(to);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same bytes that say of themselves that they are a film. */
function asFilm(heic: Buffer): Buffer {
  const film = Buffer.from(heic);
  film.write("mp42", 8, "latin1");
  return film;
}

test(
  "J16 U03 a HEIC picture is never shown undecoded nor with what it tells: no copy, a clear refusal, and the original is kept to the byte",
  { skip },
  async (context) => {
    const people = [colleague("ines", "investigator"), colleague("carla", "counsel")];
    const app = await runningApp(context, {}, { credentials: people });
    const admin = asking(app, app.admin.token);
    const [ines, carla] = [asking(app, "person:ines"), asking(app, "person:carla")];
    const heic = await heicPicture();
    assert.equal(heic.toString("latin1", 4, 12), "ftypheic");
    assert.match(heic.toString("latin1"), telling, "the original tells");
    const incident = await aCase(admin);
    await stated(ines, incident, "case_building");
    for (const [says, bytes, name, type] of [
      ["by its name", heic, "IMG_0001.HEIC", "image/heic"],
      ["by no name", heic, "IMG_0002", "application/octet-stream"],
      ["called a JPEG", heic, "IMG_0003.jpg", "image/jpeg"],
      ["called a document", heic, "IMG_0004.pdf", "application/pdf"],
      ["as a film", asFilm(heic), "IMG_0005.mp4", "video/mp4"],
    ] as const) {
      const id = await uploaded(ines, incident, { bytes, name, type });
      const shown = await contentOf(ines, id);
      if (shown.status === 200) {
        // Whoever can decode it makes a copy that is another file and tells nothing.
        assert.match(shown.type, /^(?:image\/(?:jpeg|png|webp)|video\/mp4)$/, says);
        assert.notEqual(shown.bytes.toString("latin1", 4, 12), "ftypheic", says);
      } else {
        assert.equal(shown.status, 409, `${says}: ${shown.bytes.toString()}`);
        const { code, remedy } = shown.body;
        assert.ok(code === "media_unsupported" || code === "media_damaged", `${says}: ${String(code)}`);
        assert.match(String(remedy), /original/i, says);
      }
      assert.doesNotMatch(shown.bytes.toString("latin1"), telling, says);

      const path = `/api/v1/exhibits/${id}`;
      const view = (await ines(`GET ${path}`)).body as unknown as ExhibitView;
      assert.deepEqual([view.bytes, view.kind], [bytes.length, "original"], says);
      const because = "The court asked for the file itself";
      const asked = await ines(`POST ${path}/original-requests`, { because, hours: 1 });
      const decision = `POST ${path}/original-requests/${String(asked.body["id"])}/decision`;
      assert.equal((await carla(decision, { approve: true, because })).status, 200, says);
      const original = await ines(`GET ${path}/content?of=original&because=for+the+court`);
      assert.ok(original.bytes.equals(bytes), `${says}: to the byte`);
    }
  },
);
