import { createHash, randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { unwrapDataKey, wrapDataKey } from "@tillwatch/evidence";
import { makeFolder, writeDurably } from "./durable-file.ts";
import { nodeAead } from "./node-crypto.ts";

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
 * `objectId` is bound to the wrapped key: it unwraps for the same object only.
 */
export type MasterKey = {
  readonly id: string;
  readonly wrap: (dataKey: Uint8Array, objectId: string) => Promise<Uint8Array>;
  /** Throws KeyFault `key_master_wrong` when another master key wrapped it, or for another object, or it was altered. */
  readonly unwrap: (wrapped: Uint8Array, objectId: string) => Promise<Uint8Array>;
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
    throw new KeyFault(
      "key_file_exposed",
      `${path} can be read by others (mode ${(mode & 0o777).toString(8)}); chmod 600 it`,
    );
  }
  const secret = Buffer.from(text.trim(), "base64");
  if (secret.length !== secretBytes || secret.toString("base64") !== text.trim()) {
    throw new KeyFault("key_file_malformed", `${path} does not hold ${secretBytes} bytes as base64`);
  }
  return new Uint8Array(secret);
}

/** Names a master key without telling it: 16 hex digits. */
function masterKeyId(secret: Uint8Array): string {
  return createHash("sha256").update("tillwatch/master-key-id/v1").update(secret).digest("hex").slice(0, 16);
}

const nonceBytes = 12;

export function masterKey(secret: Uint8Array): MasterKey {
  const id = masterKeyId(secret);
  return {
    id,
    // Random nonces: one wrap an object stays far below the 2^32 that they allow a key.
    wrap: (dataKey, objectId) =>
      wrapDataKey({ aead: nodeAead, masterKey: secret, dataKey, objectId, nonce: randomBytes(nonceBytes) }),
    unwrap: async (wrapped, objectId) => {
      const opened = await unwrapDataKey({ aead: nodeAead, masterKey: secret, wrapped, objectId });
      if (opened.ok) return opened.value;
      throw new KeyFault(
        "key_master_wrong",
        `the key of ${objectId} does not open with master key ${id}: ${opened.error.says}`,
      );
    },
  };
}
