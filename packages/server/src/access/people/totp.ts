import { createHmac, timingSafeEqual } from "node:crypto";

/** RFC 6238 as every authenticator app speaks it: HMAC-SHA-1, steps of 30 s from the epoch, six digits. */
export const stepSeconds = 30;
const digits = 6;
// One step before and after: a phone's clock that is a little off, and the seconds it takes to type.
const stepsAround = 1;

// RFC 4226 asks for 128 bits at least and recommends 160: the block that authenticator apps expect.
export const totpSecretBytes = 20;

export function stepAt(nowMs: number): number {
  return Math.floor(nowMs / 1000 / stepSeconds);
}

/** The code of one step (RFC 4226 section 5.3); `digits` up to 8 for the RFC's own vectors. */
export function codeOf(secret: Uint8Array, step: number, length = digits): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", secret).update(counter).digest();
  const offset = (mac[mac.length - 1] ?? 0) & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** length).padStart(length, "0");
}

/**
 * The step whose code this is, or null. Steps up to and with `lastStep` are spent: a code that was read over a shoulder opens nothing
 * twice. Every step is compared, so that timing does not tell which one fitted. Callers MUST record the step before they believe it.
 */
export function stepOfCode(secret: Uint8Array, code: string, at: { nowMs: number; lastStep: number }): number | null {
  if (!/^\d{6}$/.test(code)) return null;
  const now = stepAt(at.nowMs);
  let found: number | null = null;
  for (let step = now - stepsAround; step <= now + stepsAround; step += 1) {
    const fits = timingSafeEqual(Buffer.from(codeOf(secret, step)), Buffer.from(code));
    if (fits && step > at.lastStep) found = step;
  }
  return found;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Base32 (RFC 4648 section 6) without padding, as authenticator apps take it. */
export function base32(bytes: Uint8Array): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => alphabet[Number.parseInt(group.padEnd(5, "0"), 2)]).join("");
}

export function bytesOfBase32(text: string): Uint8Array {
  const letters = text.split("");
  const bits = letters.map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Uint8Array.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** The address that a QR code shows to an authenticator app (key URI format). */
export function totpUri(secret: string, login: string): string {
  const issuer = "Tillwatch";
  const label = `${issuer}:${encodeURIComponent(login)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=${issuer}&algorithm=SHA1&digits=${digits}&period=${stepSeconds}`;
}
