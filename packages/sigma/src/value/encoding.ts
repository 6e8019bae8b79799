import { dashes } from "./text-pattern.ts";

/** Bytes that a value modifier made, one UTF-16 unit (0 to 255) a byte, so that they can be matched as text. */
export type ByteText = string;

export function utf8Bytes(text: string): ByteText {
  return fromUnits([...new TextEncoder().encode(text)]);
}

export function utf16Bytes(text: string, order: "le" | "be"): ByteText {
  const units: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const high = unit >> 8;
    const low = unit & 0xff;
    if (order === "le") units.push(low, high);
    else units.push(high, low);
  }
  return fromUnits(units);
}

/** With the byte order mark FF FE before the little-endian bytes, as the specification's example has it. */
export function utf16WithMark(text: string): ByteText {
  return `\u00ff\u00fe${utf16Bytes(text, "le")}`;
}

export function base64(bytes: ByteText): string {
  return btoa(bytes);
}

// What of the encoding is the same whatever stands before and after: RFC 4648 puts 6 bits in a character, so with
// `shift` bytes before, the first characters hold foreign bits, and so may the last one.
const startByShift = [0, 2, 3] as const;
const cutByLength = [0, 3, 2] as const;

/**
 * The three texts of which one appears in the base64 of anything that holds `bytes`, by the place of `bytes` modulo 3.
 * Refuses (null) bytes so short that nothing constant remains for one of the places.
 */
export function base64Offsets(bytes: ByteText): readonly string[] | null {
  const texts = ([0, 1, 2] as const).map((shift) => {
    const encoded = btoa("\0".repeat(shift) + bytes);
    const cut = cutByLength[(bytes.length + shift) % 3] ?? 0;
    return encoded.slice(startByShift[shift], encoded.length - cut);
  });
  return texts.includes("") ? null : texts;
}

/** Every permutation of the dashes in a text, or null where there would be more than `max`. */
export function dashPermutations(text: string, max: number): readonly string[] | null {
  let variants = [""];
  for (const part of text.split(/([-/\u2013\u2014\u2015])/)) {
    const isDash = (dashes as readonly string[]).includes(part);
    variants = isDash
      ? variants.flatMap((head) => dashes.map((dash) => head + dash))
      : variants.map((head) => head + part);
    if (variants.length > max) return null;
  }
  return variants;
}

function fromUnits(units: readonly number[]): string {
  let text = "";
  for (const unit of units) text += String.fromCharCode(unit);
  return text;
}
