import { ok, refused, type JsonValue, type Result } from "@tillwatch/wire";
import type { Chance } from "../chance.ts";
import { maskPng } from "./mask-png.ts";
import { MediaFault, mediaRefused, type MediaLimits, type MediaRefusal } from "./media-refusal.ts";
import { coverOf, type Outline, type Size } from "./polygon-raster.ts";
import { runMedia } from "./run-media.ts";
import { removeScratch, writeScratch, type Scratch } from "./sealed-scratch.ts";

/** Black for a time (milliseconds from the clip's begin); `null`: from begin to end. */
export type Black = {
  readonly outlines: readonly Outline[];
  readonly during: { readonly fromMs: number; readonly toMs: number } | null;
};
export type ClipFormat = "mp4" | "matroska";
export type ClipOrder = { readonly format: ClipFormat; readonly black: readonly Black[]; readonly sound: boolean };

/** Where the program is, where it may read from, and how far it may go. */
export type ClipTools = {
  /** `ffmpeg` itself; `ffprobe` lies beside it. */
  readonly ffmpeg: string;
  readonly scratchFolder: string;
  readonly chance: Pick<Chance, "uuid" | "bytes">;
  readonly limits: MediaLimits;
};

export type ClipAnew = {
  /** The tool with its version, and what it was told; `{original}` and `{black n}` stand for what it read. */
  readonly version: string;
  readonly args: readonly string[];
  readonly sound: boolean;
  /** MP4. Throws MediaFault where the tool gives up; what came out before is nothing then. Consume or `return()` it once. */
  readonly bytes: AsyncGenerator<Uint8Array>;
};

// What cameras, recorders and phones write. Nothing that fetches, includes or scripts.
const codecs = [
  "h264,hevc,mpeg4,mpeg2video,mjpeg,vp8,vp9,libvpx,libvpx-vp9,av1,libdav1d,h263",
  "aac,mp3float,mp3,opus,libopus,vorbis,flac,alac,ac3,pcm_s16le,pcm_s16be,pcm_alaw,pcm_mulaw,amrnb,amrwb,png",
].join();
// ffprobe opens a decoder for each stream, also for words below the picture, which stay behind: without these it would give up.
const subtitles = "srt,subrip,ass,ssa,mov_text,webvtt,text,dvdsub,dvbsub,pgssub";
const demuxers = { mp4: "mov,mp4", matroska: "matroska,webm" } as const;
const probeMs = 60_000;
const probeBytesMax = 4 * 2 ** 20;

/**
 * Makes a clip anew from its frames (and its sound, where that is kept): no container data, tags, subtitles, data streams or messages in
 * the stream come over. ffmpeg reads the original from a file that lies encrypted, with the demuxer forced, no network and no other file.
 */
export async function clipAnew(
  source: AsyncIterable<Uint8Array>,
  order: ClipOrder,
  tools: ClipTools,
): Promise<Result<ClipAnew, MediaRefusal>> {
  const scratch = await writeScratch(tools.scratchFolder, bounded(source, tools.limits.bytesMax), tools.chance);
  try {
    const version = await versionOf(tools);
    const seen = await probe(scratch, order, tools);
    if (!seen.ok) {
      await removeScratch(scratch);
      return seen;
    }
    const sound = order.sound && seen.value.sound;
    const frame = even(seen.value.size);
    const more = order.black.map(({ outlines }) => maskPng(frame, coverOf(frame, outlines)));
    const told = renderArgs({ ...order, sound }, frame, tools.limits);
    const args = told.map((part) => (part === "{original}" ? "pipe:0" : part));
    const onEnd = (said: string) => refuseCut(said, tools.limits);
    const { runMsMax } = tools.limits;
    const run = { program: tools.ffmpeg, args, runMsMax, stdin: opening(scratch), more, onEnd };
    return ok({ version, args: told, sound, bytes: ending(runMedia(run), scratch) });
  } catch (fault) {
    await removeScratch(scratch);
    if (fault instanceof MediaFault) return refused(codecRefusal(fault.refusal.says) ?? fault.refusal);
    throw fault;
  }
}

/** A stream that no decoder is let at is no damage. null: it is about something else. */
function codecRefusal(says: string): MediaRefusal | null {
  const codec = /Codec \((\w+)\) not on whitelist/.exec(says)?.[1];
  return codec === undefined
    ? null
    : { code: "media_unsupported", says: `it holds ${codec}, which is not opened here` };
}

async function* ending(bytes: AsyncGenerator<Uint8Array>, scratch: Scratch): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } finally {
    await removeScratch(scratch);
  }
}

/** The version line, or a MediaFault where the program is not there or is too old to be told a key in any other way than by its arguments. */
export async function versionOf({ ffmpeg }: Pick<ClipTools, "ffmpeg">): Promise<string> {
  const said = await textOf({ program: ffmpeg, args: ["-version"], runMsMax: probeMs });
  const version = /^ffmpeg version (\S+)/.exec(said)?.[1] ?? "unknown";
  const major = Number(/^n?(\d+)\./.exec(version)?.[1] ?? oldest);
  if (major >= oldest) return version;
  throw new MediaFault({ code: "media_tool_missing", says: `ffmpeg ${oldest} or later is needed, this is ${version}` });
}

// `option` in its lists.
const oldest = 5;

/**
 * What it reads at standard input: which file, and the key to it. Arguments stand in the list of processes, for everybody on the machine and for
 * whoever keeps such lists.
 */
async function* opening({ path, keyHex, ivHex }: Scratch): AsyncGenerator<Uint8Array> {
  if (/[\n\r\0]/.test(path)) throw new Error("a folder with a line break in its name cannot be told to ffmpeg");
  const quoted = `'crypto:file:${path.replaceAll("'", String.raw`'\''`)}'`;
  const lines = [
    "ffconcat version 1.0",
    `file ${quoted}`,
    `option decryption_key ${keyHex}`,
    `option decryption_iv ${ivHex}`,
  ];
  yield Buffer.from(lines.map((line) => `${line}\n`).join(""));
}

/** What was cut at the longest that a clip may be is none of it. `said`: where it was, as ffmpeg tells while it works. */
function refuseCut(said: string, { clipSecondsMax }: MediaLimits): void {
  const atUs = Number([...said.matchAll(/^out_time_us=(\d+)$/gm)].at(-1)?.[1] ?? 0);
  if (atUs < (clipSecondsMax - 1) * 1e6) return;
  throw new MediaFault({ code: "media_too_large", says: `it lasts ${clipSecondsMax} s or longer` });
}

/** The list's own demuxer is forced, and what it names may be of the one kind that its bytes began as. */
function inputArgs(format: ClipFormat, opened = codecs): readonly string[] {
  return [
    ["-protocol_whitelist", "pipe,file,crypto", "-format_whitelist", `concat,${demuxers[format]}`],
    ["-codec_whitelist", opened, "-max_alloc", String(2 ** 29), "-probesize", "20M", "-safe", "0", "-f", "concat"],
  ].flat();
}

type Probed = { readonly size: Size; readonly sound: boolean };

async function probe(scratch: Scratch, { format }: ClipOrder, tools: ClipTools): Promise<Result<Probed, MediaRefusal>> {
  const program = tools.ffmpeg.replace(/ffmpeg([^/]*)$/, "ffprobe$1");
  const shown = [
    "-show_entries",
    "stream=codec_type,width,height:stream_side_data=rotation:stream_disposition=attached_pic",
  ];
  const args = [...inputArgs(format, `${codecs},${subtitles}`), ...shown, "-of", "json", "-v", "error", "pipe:0"];
  const said = JSON.parse(await textOf({ program, args, runMsMax: probeMs, stdin: opening(scratch) })) as Shown;
  const pictures = (said.streams ?? []).filter(
    (one) => one.codec_type === "video" && one.disposition?.attached_pic !== 1,
  );
  const [first] = pictures;
  const { width = 0, height = 0 } = first ?? {};
  if (first === undefined || width < 2 || height < 2)
    return mediaRefused("media_unsupported", "there is no picture in it");
  if (width * height > tools.limits.pixelsMax)
    return mediaRefused("media_too_large", `a frame has ${width} by ${height} pixels`);
  const turned = (first.side_data_list ?? []).some(({ rotation }) => Math.abs(Number(rotation ?? 0)) % 180 === 90);
  const size = turned ? { width: height, height: width } : { width, height };
  return ok({ size, sound: (said.streams ?? []).some((one) => one.codec_type === "audio") });
}

type Shown = {
  readonly streams?: readonly {
    readonly codec_type?: string;
    readonly width?: number;
    readonly height?: number;
    readonly side_data_list?: readonly { readonly rotation?: JsonValue }[];
    readonly disposition?: { readonly attached_pic?: number };
  }[];
};

async function textOf(run: Parameters<typeof runMedia>[0]): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of runMedia(run)) {
    bytes += part.length;
    if (bytes > probeBytesMax) throw new MediaFault({ code: "media_damaged", says: "it describes itself without end" });
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** H.264 keeps colour for blocks of two by two. */
function even({ width, height }: Size): Size {
  return { width: width - (width % 2), height: height - (height % 2) };
}

function renderArgs(order: ClipOrder, { width, height }: Size, limits: MediaLimits): readonly string[] {
  const { black, sound, format } = order;
  const masks = black.flatMap((_one, at) =>
    `-protocol_whitelist pipe -codec_whitelist png -f png_pipe -i pipe:${3 + at}`.split(" "),
  );
  const steps = black.map(({ during }, at) => {
    const when = during === null ? "" : `:enable='between(t,${during.fromMs / 1000},${during.toMs / 1000})'`;
    return `[v${at}][${at + 1}:v:0]overlay=x=0:y=0:format=yuv420:eof_action=repeat${when}[v${at + 1}]`;
  });
  const graph = [`[0:v:0]scale=w=${width}:h=${height}:flags=bilinear,setsar=1,format=yuv420p[v0]`, ...steps].join(";");
  return [
    [...inputArgs(format), "-i", "{original}", ...masks],
    ["-nostdin", "-hide_banner", "-loglevel", "error", "-nostats", "-progress", "pipe:2", "-abort_on", "empty_output"],
    // Of the processor, over all threads: it outlives us where we are killed, and nobody would end it.
    ["-timelimit", String(Math.ceil(limits.runMsMax / 1000) * 8)],
    ["-filter_complex", graph, "-map", `[v${black.length}]`, ...(sound ? ["-map", "0:a:0"] : ["-an"]), "-sn", "-dn"],
    ["-map_metadata", "-1", "-map_chapters", "-1", "-metadata:s", "handler_name=", "-metadata:s", "encoder="],
    ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-threads", "2", "-bsf:v", "filter_units=remove_types=6"],
    sound ? ["-c:a", "aac", "-b:a", "96k", "-flags:a", "+bitexact"] : [],
    ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-t", String(limits.clipSecondsMax)],
    ["-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "pipe:1"],
  ].flat();
}

async function* bounded(source: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > bytesMax)
      throw new MediaFault({ code: "media_too_large", says: `a clip has at most ${bytesMax} bytes` });
    yield chunk;
  }
}
