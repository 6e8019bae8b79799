import sharp from "sharp";
import { coverOf, type Outline } from "./polygon-raster.ts";

/**
 * What the child is told, as JSON in its first argument; the picture comes in at standard input and goes out anew at standard output, after a line with
 * the tool's version. */
export type PictureOrder = {
  readonly format: "jpeg" | "png" | "webp" | "gif";
  readonly black: readonly Outline[];
  readonly pixelsMax: number;
};

const order = JSON.parse(process.argv[2] ?? "null") as PictureOrder;
try {
  const made = await anew(await everything(), order);
  process.stdout.write(`${sharp.versions.sharp} with libvips ${sharp.versions.vips}\n`);
  process.stdout.write(made);
} catch (fault) {
  process.stderr.write(fault instanceof Error ? fault.message.slice(0, 300) : "unknown");
  process.exitCode = 1;
}

async function everything(): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Decodes to plain pixels, upright and in sRGB, paints, and encodes: nothing but pixels comes over. */
async function anew(input: Buffer, { format, black, pixelsMax }: PictureOrder): Promise<Buffer> {
  sharp.cache(false);
  sharp.concurrency(1);
  const animated = format === "gif" || format === "webp";
  const source = sharp(input, { limitInputPixels: pixelsMax, animated });
  const { pages = 1, delay, loop } = await source.metadata();
  const { data, info } = await source.autoOrient().toColourspace("srgb").ensureAlpha().raw().toBuffer({
    resolveWithObject: true,
  });
  const size = { width: info.width, height: info.height / pages };
  const cover = black.length === 0 ? null : coverOf(size, black);
  for (let page = 0; page < pages; page += 1) {
    if (cover === null) break;
    const begin = page * cover.length;
    for (let at = 0; at < cover.length; at += 1) {
      if (cover[at] === 1) data.set([0, 0, 0, 255], (begin + at) * 4);
    }
  }
  const raw = { width: info.width, height: info.height, channels: 4 as const };
  const plain = sharp(data, {
    raw: pages > 1 ? { ...raw, pageHeight: size.height } : raw,
    limitInputPixels: pixelsMax,
  });
  const timing = { ...(delay === undefined ? {} : { delay }), ...(loop === undefined ? {} : { loop }) };
  switch (format) {
    case "jpeg":
      return plain.flatten({ background: "#fff" }).jpeg({ quality: 92, chromaSubsampling: "4:4:4" }).toBuffer();
    case "png":
      return plain.png().toBuffer();
    case "webp":
      return plain.webp({ quality: 92, ...(pages > 1 ? timing : {}) }).toBuffer();
    case "gif":
      return plain.gif(pages > 1 ? timing : {}).toBuffer();
  }
}
