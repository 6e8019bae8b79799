/** Bytes and their text forms. No Node Buffer: this file runs in Node, browsers and edge runtimes alike. */

const encoder = new TextEncoder();
const hexDigits = "0123456789abcdef";

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Strict UTF-8: undefined instead of replacement characters. A byte order mark is kept, so that callers can refuse it. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return joinBytes(parts);
}

/** For any number of parts: engines limit how many arguments a call may have. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let total = 0;
  for (const part of parts) total += part.length;
  const out = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Compares public values (digests, roots). Not constant time: never use it on secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) out += hexDigits.charAt(byte >> 4) + hexDigits.charAt(byte & 15);
  return out;
}

/** Lower-case hexadecimal only (one text for one value); undefined for anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined;
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i += 1) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

/** RFC 4648 section 4, padded. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  // 8 KiB at a time: String.fromCharCode takes its bytes as arguments, and engines limit those.
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

/** RFC 4648 section 4, padded, one text for one value (spare bits zero, no white space); undefined for anything else. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const out = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return toBase64(out) === text ? out : undefined;
}

/** Either alphabet of RFC 4648 (sections 4 and 5), padded or not: what DSSE requires of readers. */
export function fromAnyBase64(text: string): Uint8Array | undefined {
  const bare = text
    .replaceAll("-", "+")
    .replaceAll("_", "/")
    .replace(/={1,2}$/, "");
  if (bare.length % 4 === 1) return undefined;
  return fromBase64(bare.padEnd(Math.ceil(bare.length / 4) * 4, "="));
}
