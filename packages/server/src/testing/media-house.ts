import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { digestOf } from "../access/credential.ts";
import type { Role } from "../access/principal.ts";
import type { AppGiven } from "../app/app.ts";
import { eventually, type RunningApp } from "./running-app.ts";

/** Whether clips can be made here; else the reason that a skipped test prints. */
export function skipWithoutFfmpeg(): string | false {
  const there = spawnSync("ffmpeg", ["-version"]).status === 0;
  return there || process.env["TILLWATCH_REQUIRE_ALL"] === "1" ? false : "skipped: ffmpeg not found";
}

/** A white picture that says who took it, where and with what, as a telephone writes it. */
export async function tellingPicture(
  format: "jpeg" | "png" | "webp",
  size = { width: 320, height: 240 },
): Promise<Buffer> {
  const ifd = {
    Artist: "Zaphodine Quux",
    Software: "SpyCam 9",
    ImageDescription: "Zaphodine at home",
    Copyright: "Quux",
  };
  const gps = {
    GPSLatitudeRef: "N",
    GPSLatitude: "50/1 51/1 0/1",
    GPSLongitudeRef: "E",
    GPSLongitude: "4/1 21/1 0/1",
  };
  const plain = sharp({ create: { ...size, channels: 3, background: "#ffffff" } });
  return plain.withExif({ IFD0: ifd, IFD3: gps }).withXmp(xmp).toFormat(format, { quality: 100 }).toBuffer();
}

const xmp = `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" rdf:about="">
 <dc:creator><rdf:Seq><rdf:li>Zaphodine Quux</rdf:li></rdf:Seq></dc:creator></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`;

/** Two white seconds with a tone, a title, a place, a maker, a chapter and messages in the stream. The index stands at the end. */
export function tellingClip(format: "mp4" | "webm" | "mkv", more: readonly string[] = []): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "tw-clip-"));
  try {
    const out = join(folder, `a.${format}`);
    const codecs = format === "webm" ? ["-c:v", "libvpx", "-c:a", "libopus"] : ["-c:v", "libx264", "-c:a", "aac"];
    const says = ["title=Zaphodine Quux", "comment=at home", "location=+50.85+004.35/", "make=SpyCam", "artist=Quux"];
    const args = [
      ["-y", "-loglevel", "error", "-f", "lavfi", "-i", "color=white:size=320x240:rate=10:duration=2"],
      ["-f", "lavfi", "-i", "sine=frequency=440:duration=2", ...codecs, "-pix_fmt", "yuv420p", "-g", "5"],
      says.flatMap((one) => ["-metadata", one]),
      format === "mp4" ? ["-movflags", "use_metadata_tags"] : [],
      [...more, out],
    ];
    execFileSync("ffmpeg", args.flat());
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export type Colour = readonly [number, number, number];

/** The colour of a picture at a place in thousandths. */
export async function colourAt(picture: Uint8Array, x: number, y: number): Promise<Colour> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (Math.floor((y * info.height) / 1000) * info.width + Math.floor((x * info.width) / 1000)) * info.channels;
  return [data[at] ?? -1, data[at + 1] ?? -1, data[at + 2] ?? -1];
}

/** A frame of a clip at a time of it, as PNG. */
export function frameOf(clip: Uint8Array, seconds: number): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "tw-frame-"));
  try {
    const from = join(folder, "clip");
    writeBytes(from, clip);
    return execFileSync(
      "ffmpeg",
      [
        "-loglevel",
        "error",
        "-i",
        from,
        "-ss",
        String(seconds),
        "-frames:v",
        "1",
        "-f",
        "image2pipe",
        "-c:v",
        "png",
        "pipe:1",
      ],
      { maxBuffer: 2 ** 28 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeBytes(path: string, bytes: Uint8Array): void {
  execFileSync("dd", [`of=${path}`, "status=none"], { input: bytes });
}

export const isBlack = ([red, green, blue]: Colour) => red < 24 && green < 24 && blue < 24;
export const isWhite = ([red, green, blue]: Colour) => red > 230 && green > 230 && blue > 230;

/** A colleague with one role, everywhere in the organisation, just proven a second time; the bearer token is `person:<name>`. */
export function colleague(name: string, role: Role, more: { organisationId?: string; steppedUp?: boolean } = {}) {
  return {
    sha256: digestOf(`person:${name}`),
    principal: {
      token: `user:${name}`,
      kind: "person",
      organisationId: more.organisationId ?? "home",
      roles: [role],
      sites: null,
      regions: null,
      scopes: null,
      sessionId: null,
      signedInAtMs: null,
      steppedUpAtMs: more.steppedUp === false ? null : Date.now(),
    },
  } as const satisfies NonNullable<AppGiven["credentials"]>[number];
}

export type Reply = {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly bytes: Buffer;
  readonly type: string;
};
export type Ask = (line: string, body?: unknown) => Promise<Reply>;

/** Asks as somebody: `ask("POST /api/v1/...", {...})`. */
export function asking(app: RunningApp, bearer: string): Ask {
  return async (line, body) => {
    const [method = "GET", path = ""] = line.split(" ");
    const form = body instanceof FormData;
    const answer = await fetch(new URL(path, app.url), {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body === undefined || form ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const type = answer.headers.get("content-type") ?? "";
    const parsed = /json/.test(type) ? (JSON.parse(bytes.toString("utf8")) as Record<string, unknown>) : {};
    return { status: answer.status, body: parsed, bytes, type };
  };
}

/** A case of a shop. */
export async function aCase(ask: Ask, siteId = "S-1001"): Promise<string> {
  const made = await ask("POST /api/v1/incidents", {
    siteId,
    category: "shoplifting",
    occurredAt: "2026-11-19T10:30:00+01:00",
    summary: "Two bottles were carried past the till",
  });
  if (made.status !== 201) throw new Error(made.bytes.toString());
  return String(made.body["id"]);
}

/** Uploads a file to a case; answers the exhibit's id. */
export async function uploaded(
  ask: Ask,
  incidentId: string,
  file: { readonly bytes: Uint8Array; readonly name: string; readonly type: string; readonly device?: string },
): Promise<string> {
  const form = new FormData();
  if (file.device !== undefined) form.set("device", file.device);
  form.set("file", new File([Buffer.from(file.bytes)], file.name, { type: file.type }));
  const sent = await ask(`POST /api/v1/incidents/${incidentId}/exhibits`, form);
  if (sent.status !== 201) throw new Error(sent.bytes.toString());
  return String(sent.body["id"]);
}

export async function stated(ask: Ask, incidentId: string, purpose: string): Promise<void> {
  const ground = purpose === "police_request" ? "official_request" : "legitimate_interest";
  const said = await ask("POST /api/v1/grounds", { incidentId, purpose, ground });
  if (said.status !== 201) throw new Error(said.bytes.toString());
}

/** What `content` gives once the copy is made, or why there is none. */
export function contentOf(ask: Ask, exhibitId: string): Promise<Reply> {
  return eventually(async () => {
    const answer = await ask(`GET /api/v1/exhibits/${exhibitId}/content?because=a+test`);
    return answer.status === 202 ? null : answer;
  }, 60_000);
}
