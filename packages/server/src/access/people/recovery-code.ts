import type { Chance } from "../../platform/chance.ts";
import { digestOf } from "../credential.ts";
import { base32 } from "./totp.ts";

// 15 bytes are 120 bits: enough that a plain digest keeps them (ASVS 5.0, 6.5.2, asks for 112).
const bytesEach = 15;
const count = 10;

/** Ten codes to print, each for once: six groups of four letters. */
export function makeRecoveryCodes(chance: Chance): readonly string[] {
  return Array.from({ length: count }, () => base32(chance.bytes(bytesEach)).replace(/(.{4})(?=.)/g, "$1-"));
}

/** The digest of a code as typed: case, spaces and dashes do not count. null: it has not the form of one. */
export function digestOfRecoveryCode(typed: string): string | null {
  const letters = typed.replace(/[\s-]/g, "").toUpperCase();
  return /^[A-Z2-7]{24}$/.test(letters) ? digestOf(letters) : null;
}
