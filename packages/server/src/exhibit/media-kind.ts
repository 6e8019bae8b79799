/** What bytes are, by their own beginning: what a sender called them counts for nothing but suspicion. */
export type MediaKind =
  | { readonly kind: "picture"; readonly format: "jpeg" | "png" | "webp" | "gif" }
  | { readonly kind: "clip"; readonly format: "mp4" | "matroska" }
  /** Text and PDF: nothing to see a person or a place in but what is written. */
  | { readonly kind: "document" }
  /** Anything else, and what was called a picture, clip or sound and is none that we know. */
  | { readonly kind: "unknown" };

/** How much of the beginning `mediaKind` wants to see. */
export const kindBytes = 4096;

// Containers of pictures in the same boxes as MP4.
const pictureBrands = /^(avif|avis|heic|heix|hevc|hevx|heim|heis|mif1|msf1|crx )$/;

export function mediaKind(head: Uint8Array, claimedType: string): MediaKind {
  const at = (from: number, text: string) => latin(head, from, text.length) === text;
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return { kind: "picture", format: "jpeg" };
  if (at(0, "\u0089PNG\r\n\u001a\n")) return { kind: "picture", format: "png" };
  if (at(0, "RIFF") && at(8, "WEBP")) return { kind: "picture", format: "webp" };
  if (at(0, "GIF87a") || at(0, "GIF89a")) return { kind: "picture", format: "gif" };
  if (at(4, "ftyp") && !pictureBrands.test(latin(head, 8, 4))) return { kind: "clip", format: "mp4" };
  // QuickTime of before `ftyp` was invented.
  if (at(4, "moov") || at(4, "mdat") || at(4, "wide")) return { kind: "clip", format: "mp4" };
  if (at(0, "\u001a\u0045\u00df\u00a3")) return { kind: "clip", format: "matroska" };
  if (/^(image|video|audio)\//.test(claimedType)) return { kind: "unknown" };
  return at(0, "%PDF-") || isText(head) ? { kind: "document" } : { kind: "unknown" };
}

function latin(bytes: Uint8Array, from: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(from, from + length));
}

function isText(head: Uint8Array): boolean {
  return isTextSoFar()(head);
}

/** Tells of each next piece whether all is still UTF-8 without control characters but tab, line and page breaks. */
function isTextSoFar(): (piece: Uint8Array) => boolean {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const isControl = (byte: number) =>
    byte === 127 || (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13);
  return (piece) => {
    if (piece.some(isControl)) return false;
    try {
      decoder.decode(piece, { stream: true });
      return true;
    } catch {
      return false;
    }
  };
}

/** Learns what bytes are while they pass: that something is text is believed of the whole only. */
export class KindMeter {
  readonly #isText = isTextSoFar();
  #head = new Uint8Array(0);
  #text = true;

  async *watch(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of source) {
      if (this.#head.length < kindBytes) {
        const more = chunk.subarray(0, kindBytes - this.#head.length);
        const head = new Uint8Array(this.#head.length + more.length);
        head.set(this.#head);
        head.set(more, this.#head.length);
        this.#head = head;
      }
      this.#text &&= this.#isText(chunk);
      yield chunk;
    }
  }

  kind(claimedType: string): MediaKind {
    const kind = mediaKind(this.#head, claimedType);
    const pdf = latin(this.#head, 0, 5) === "%PDF-";
    return kind.kind === "document" && !pdf && !this.#text ? { kind: "unknown" } : kind;
  }
}
