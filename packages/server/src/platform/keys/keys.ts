import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { unwrapDataKey, wrapDataKey } from "@tillwatch/evidence";
import { KeyFault } from "./key-fault.ts";
import type { KeyFolder } from "./key-folder.ts";
import { nodeAead } from "./node-crypto.ts";

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
 * bytes as base64, mode 0600, durable before the first use. Refuses to go on with a file that others may read, and while a rotation of the
 * master key is not finished.
 */
export async function openKeys(folder: KeyFolder): Promise<Keys> {
  if ((await folder.read(nextName)) !== null) {
    throw new KeyFault(
      "key_rotation_unfinished",
      `a rotation of the master key was begun and not finished (${join(folder.path, nextName)}): run tillwatch keys rotate`,
    );
  }
  const [master, logSeed, sealSeed] = [
    await openSecret(folder, masterName),
    await openSecret(folder, "log.key"),
    await openSecret(folder, "seal.key"),
  ];
  return { master: masterKey(master), logSeed, sealSeed };
}

const masterName = "master.key";
const nextName = "master.next.key";

/**
 * Both master keys of a rotation: the one in force, and the one that takes its place, which is made here unless a run before made it.
 * From now on `openKeys` refuses, until `finishRotation`.
 */
export async function beginRotation(folder: KeyFolder): Promise<{ readonly from: MasterKey; readonly to: MasterKey }> {
  const from = await folder.read(masterName);
  if (from === null)
    throw new KeyFault("key_file_unreadable", `there is no ${join(folder.path, masterName)} to rotate`);
  return { from: masterKey(secretOf(from, folder, masterName)), to: masterKey(await openSecret(folder, nextName)) };
}

/** The new key takes the place of the old one, which is gone then. MUST run only when nothing is under the old one any more. */
export async function finishRotation(folder: KeyFolder): Promise<void> {
  await folder.rename(nextName, masterName);
}

async function openSecret(folder: KeyFolder, name: string): Promise<Uint8Array> {
  const known = await folder.read(name);
  return secretOf(known ?? (await folder.make(name, `${randomBytes(secretBytes).toString("base64")}\n`)), folder, name);
}

function secretOf(text: string, folder: KeyFolder, name: string): Uint8Array {
  const secret = Buffer.from(text.trim(), "base64");
  if (secret.length === secretBytes && secret.toString("base64") === text.trim()) return new Uint8Array(secret);
  throw new KeyFault("key_file_malformed", `${join(folder.path, name)} does not hold ${secretBytes} bytes as base64`);
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
