import { argon2, randomBytes, timingSafeEqual, type Argon2Parameters } from "node:crypto";
import { promisify } from "node:util";
import { Turns } from "./turns.ts";

const derive = promisify<"argon2id", Argon2Parameters, Buffer>(argon2);

export type Cost = { readonly memoryKib: number; readonly passes: number; readonly lanes: number };

// OWASP's password storage cheat sheet, 2025: 19 MiB, 2 passes, 1 lane; about 0.1 s on one core of 2026's small servers.
const cost: Cost = { memoryKib: 19_456, passes: 2, lanes: 1 };
const saltBytes = 16;
const hashBytes = 32;
// What a database could hold at most that we wrote or imported; a row that asks for gigabytes is broken.
const memoryKibMax = 1024 * 1024;

// Each derivation takes 19 MiB and a core: two at a time, a queue behind them, and beyond that 503.
const turns = new Turns({ atOnce: 2, waitingMax: 64 });

/** The password as a PHC string: argon2id, a salt of its own. The password is used as it was typed, never trimmed or folded. */
export async function hashPassword(password: string, at: Cost = cost): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await derived(password, salt, at);
  return `$argon2id$v=19$m=${at.memoryKib},t=${at.passes},p=${at.lanes}$${b64(salt)}$${b64(hash)}`;
}

/**
 * Whether the password made this PHC string. `null` (no such account, no password) takes the same work and answers false, so that time
 * does not tell who has an account. Throws for a string that is not one of ours.
 */
export async function passwordFits(phc: string | null, password: string): Promise<boolean> {
  const { at, salt, hash } = partsOf(phc ?? absent);
  const given = await derived(password, salt, at);
  const fits = given.length === hash.length && timingSafeEqual(given, hash);
  return fits && phc !== null;
}

/** Whether it was made at less cost than today's, so that the next sign-in should write it anew. */
export function isOutdated(phc: string): boolean {
  const { at } = partsOf(phc);
  return at.memoryKib < cost.memoryKib || at.passes < cost.passes;
}

const absent = `$argon2id$v=19$m=${cost.memoryKib},t=${cost.passes},p=${cost.lanes}$${b64(randomBytes(saltBytes))}$${b64(randomBytes(hashBytes))}`;

function derived(password: string, salt: Uint8Array, at: Cost): Promise<Buffer> {
  return turns.run(() =>
    derive("argon2id", {
      message: Buffer.from(password, "utf8"),
      nonce: salt,
      parallelism: at.lanes,
      tagLength: hashBytes,
      memory: at.memoryKib,
      passes: at.passes,
    }),
  );
}

function partsOf(phc: string): { readonly at: Cost; readonly salt: Buffer; readonly hash: Buffer } {
  const form = /^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;
  const [, memory, passes, lanes, salt, hash] = form.exec(phc) ?? [];
  if (salt === undefined || hash === undefined || Number(memory) > memoryKibMax) {
    throw new Error("a stored password is not an argon2id string");
  }
  const at = { memoryKib: Number(memory), passes: Number(passes), lanes: Number(lanes) };
  return { at, salt: Buffer.from(salt, "base64"), hash: Buffer.from(hash, "base64") };
}

/** Base64 without padding, as the PHC string format has it. */
function b64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}
