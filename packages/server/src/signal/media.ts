import { ok, type MediaReference, type Result } from "@tillwatch/wire";
import { refuse, type Refusal } from "./refusal.ts";

const inline = /^\s*data:/i;
const clip = /\.(mp4|m4v|mkv|mov|avi|webm|ts|mpe?g|g64x?|h26[45])$/i;
const image = /\.(jpe?g|png|webp|gif|heic|avif|bmp)$/i;

/** Refuses the bytes themselves (`data:`): a signal refers to media, it never carries it. */
export function mediaReference(
  uri: string,
  pointer: string,
  kind?: MediaReference["kind"],
): Result<MediaReference, Refusal> {
  if (inline.test(uri)) {
    return refuse("signal_media_inline", pointer, "media is referred to by address; a data: URI carries it inside");
  }
  return ok({ uri, kind: kind ?? kindByName(uri) });
}

function kindByName(uri: string): MediaReference["kind"] {
  const path = uri.split(/[?#]/, 1)[0] ?? uri;
  if (clip.test(path)) return "clip";
  return image.test(path) ? "image" : "document";
}
