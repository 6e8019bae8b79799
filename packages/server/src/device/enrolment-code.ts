import { createHash } from "node:crypto";

// Crockford's base 32: no I, L, O, U, so that a code can be read aloud and typed.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const characters = 20; // 100 bits: not to be guessed, whatever the rate

/** `K7Q2M-0XW4R-9T3BC-H5ZJA`, from at least 20 random bytes. */
export function enrolmentCode(random: Uint8Array): string {
  const text = Array.from(random.subarray(0, characters), (byte) => alphabet[byte % alphabet.length]).join("");
  return text.replaceAll(/(.{5})(?=.)/g, "$1-");
}

/** What is stored of a code. As typed: small letters, missing dashes, O for 0 and I or L for 1 are the same code. */
export function codeDigest(typed: string): Uint8Array {
  const code = typed.slice(0, 64).toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  return createHash("sha256").update("tillwatch/enrolment-code/v1\n").update(code).digest();
}
