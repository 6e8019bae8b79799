import { fileURLToPath } from "node:url";
import { ok, type Result } from "@tillwatch/wire";
import type { PictureOrder } from "./picture-anew-child.ts";
import { MediaFault, mediaLimits, mediaRefused, type MediaLimits, type MediaRefusal } from "./media-refusal.ts";
import { runMedia } from "./run-media.ts";
import type { Outline } from "./polygon-raster.ts";

export type PictureFormat = PictureOrder["format"];

const child = fileURLToPath(new URL("./picture-anew-child.ts", import.meta.url));
export type PictureAnew = { readonly version: string; readonly bytes: Uint8Array };

const pictureBytesMax = 128 * 2 ** 20;
const runMsMax = 120_000;

/**
 * The picture from its pixels alone: upright, in sRGB, black under `black`. In a process of its own, so that bytes that break a decoder
 * break nothing else; held in memory, never on the disk.
 */
export async function pictureAnew(
  source: AsyncIterable<Uint8Array>,
  order: { readonly format: PictureFormat; readonly black: readonly Outline[] },
  limits: Pick<MediaLimits, "pixelsMax"> = mediaLimits,
): Promise<Result<PictureAnew, MediaRefusal>> {
  const told: PictureOrder = { ...order, pixelsMax: limits.pixelsMax };
  const parts: Uint8Array[] = [];
  try {
    const args = ["--max-old-space-size=1024", child, JSON.stringify(told)];
    const run = { program: process.execPath, args, runMsMax, stdin: bounded(source) };
    for await (const part of runMedia(run)) parts.push(part);
  } catch (fault) {
    if (!(fault instanceof MediaFault)) throw fault;
    const { code, says } = fault.refusal;
    const tooLarge = /pixel limit|exceeds|too large/i.test(says);
    return tooLarge ? mediaRefused("media_too_large", says) : mediaRefused(code, says);
  }
  const whole = Buffer.concat(parts);
  const line = whole.indexOf("\n");
  return ok({ version: whole.subarray(0, line).toString("latin1"), bytes: whole.subarray(line + 1) });
}

async function* bounded(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > pictureBytesMax) {
      throw new MediaFault({ code: "media_too_large", says: `a picture has at most ${pictureBytesMax} bytes` });
    }
    yield chunk;
  }
}
