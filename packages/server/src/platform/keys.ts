import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, writeDurably } from "./durable-file.ts";

export class KeyFault extends Error {
  override readonly name = "KeyFault";
  readonly code: "key_file_exposed" | "key_file_malformed" | "key_file_unreadable" | "key_master_wrong";

  constructor(code: KeyFault["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Wraps the keys that single objects are encrypted with. `id` names the master key without telling it (16 hex digits).
 * `context` is bound to the wrapped key: it unwraps for the same context only.
 */
export type MasterKey = {
  readonly id: string;
  readonly wrap: (key: Uint8Array, context: string) => Uint8Array;
  /** Throws KeyFault `key_master_wrong` when another master key, or another context, wrapped it, or it was altered. */
  readonly unwrap: (wrapped: Uint8Array, context: string) => Uint8Array;
};

/** The secrets of an installation. `logSeed` and `sealSeed` are Ed25519 seeds: they sign checkpoints and packets. */
export type Keys = { readonly master: MasterKey; readonly logSeed: Uint8Array; readonly sealSeed: Uint8Array };

const secretBytes = 32;

/**
 * Reads the three secrets of `folder`, and makes those that are absent: `master.key`, `log.key`, `seal.key`, each 32 random
 * bytes as base64, mode 0600, durable before the first use. Refuses to go on with a file that others may read.
 */
export async function openKeys(folder: string): Promise<Keys> {
  await makeFolder(folder);
  const [master, logSeed, sealSeed] = [
    await openSecret(join(folder, "master.key")),
    await openSecret(join(folder, "log.key")),
    await openSecret(join(folder, "seal.key")),
  ];
  return { master: masterKey(master), logSeed, sealSeed };
}

async function openSecret(path: string): Promise<Uint8Array> {
  const known = await readSecret(path);
  if (known !== undefined) return known;
  try {
    await writeDurably(path, `${randomBytes(secretBytes).toString("base64")}\n`, { mode: 0o600, replace: false });
  } catch (fault) {
    // Another process that starts at the same moment was first; its key is the key.
    if (!(fault instanceof Error && "code" in fault && fault.code === "EEXIST")) throw fault;
  }
  const made = await readSecret(path);
  if (made === undefined) throw new KeyFault("key_file_unreadable", `${path} vanished while it was made`);
  return made;
}

async function readSecret(path: string): Promise<Uint8Array | undefined> {
  let mode: number;
  let text: string;
  try {
    mode = (await stat(path)).mode;
    text = await readFile(path, "utf8");
  } catch (fault) {
    if (fault instanceof Error && "code" in fault && fault.code === "ENOENT") return undefined;
    throw new KeyFault("key_file_unreadable", `${path} cannot be read`, fault);
  }
  if ((mode & 0o077) !== 0) {
    throw new KeyFault("key_file_exposed", `${path} can be read by others (mode ${(mode & 0o777).toString(8)}); chmod 600 it`);
  }
  const secret = Buffer.from(text.trim(), "base64");
  if (secret.length !== secretBytes || secret.toString("base64") !== text.trim()) {
    throw new KeyFault("key_file_malformed", `${path} does not hold ${secretBytes} bytes as base64`);
  }
  return new Uint8Array(secret);
}

const nonceBytes = 12;
const tagBytes = 16;

/** AES-256-GCM with a random nonce: at most one wrap an object, far below the 2^32 that random nonces allow. */
export function masterKey(secret: Uint8Array): MasterKey {
  const wrapping = Buffer.from(hkdfSync("sha256", secret, "", "tillwatch/key-wrap/v1", secretBytes));
  const id = createHash("sha256").update("tillwatch/master-key-id/v1").update(secret).digest("hex").slice(0, 16);
  return {
    id,
    wrap: (key, context) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", wrapping, nonce).setAAD(Buffer.from(context));
      return new Uint8Array(Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]));
    },
    unwrap: (wrapped, context) => {
      const [nonce, body, tag] = [
        wrapped.subarray(0, nonceBytes),
        wrapped.subarray(nonceBytes, -tagBytes),
        wrapped.subarray(-tagBytes),
      ];
      try {
        const decipher = createDecipheriv("aes-256-gcm", wrapping, nonce, { authTagLength: tagBytes });
        decipher.setAAD(Buffer.from(context)).setAuthTag(tag);
        return new Uint8Array(Buffer.concat([decipher.update(body), decipher.final()]));
      } catch (fault) {
        throw new KeyFault("key_master_wrong", `the key of ${context} was not wrapped by master key ${id}, or was altered`, fault);
      }
    },
  };
}
