import { createHash, type Hash } from "node:crypto";
import { dataKeyBytes, noncePrefixBytes, openChunks, openSealedRange, sealChunks } from "@tillwatch/evidence";
import type { Chance } from "../chance.ts";
import type { MasterKey } from "./keys.ts";
import { nodeAead } from "./node-crypto.ts";
import type { ByteRange, ObjectStore } from "../object-store.ts";

export class VaultFault extends Error {
  override readonly name = "VaultFault";
  readonly code: "object_damaged" | "object_too_large" | "object_empty";

  constructor(code: VaultFault["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Objects at rest, each sealed under a key of its own, which the master key wraps. */
export type Vault = { readonly objects: ObjectStore; readonly master: MasterKey; readonly chance: Chance };

/** Of the plain bytes. */
export type Digests = { readonly bytes: number; readonly sha256: string; readonly sha512: string };

export type StoredObject = Digests & {
  readonly objectKey: string;
  /** Of the bytes at rest: whether they are whole can be seen without a key. */
  readonly sealedSha256: string;
  readonly wrappedKey: Uint8Array;
  readonly masterKeyId: string;
};

/**
 * Streams plain bytes into the vault while they are hashed; holds a few chunks at most. Throws VaultFault
 * `object_too_large` beyond `bytesMax` and `object_empty` for no byte at all; then, and when the source fails, nothing stays.
 */
export async function putSealed(
  vault: Vault,
  object: { readonly id: string; readonly objectKey: string },
  input: { readonly source: AsyncIterable<Uint8Array>; readonly bytesMax: number },
): Promise<StoredObject> {
  const { objects, master, chance } = vault;
  const key = chance.bytes(dataKeyBytes);
  const noncePrefix = chance.bytes(noncePrefixBytes);
  const meter = new Meter(input.bytesMax);
  const { id, objectKey } = object;
  const wrappedKey = await master.wrap(key, id);
  const atRest = createHash("sha256");
  const sealing = { aead: nodeAead, key, noncePrefix, objectId: id };
  await objects.put(objectKey, hashed(sealChunks(meter.count(input.source), sealing), atRest));
  const sealedSha256 = atRest.digest("hex");
  return { ...meter.digests(), objectKey, sealedSha256, wrappedKey, masterKeyId: master.id };
}

/** The same bytes, which `hash` takes in as they pass. */
export async function* hashed(
  source: AsyncIterable<Uint8Array>,
  hash: Pick<Hash, "update">,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}

class Meter {
  readonly #bytesMax: number;
  readonly #sha256 = createHash("sha256");
  readonly #sha512 = createHash("sha512");
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  async *count(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of source) {
      this.#bytes += chunk.length;
      if (this.#bytes > this.#bytesMax) {
        throw new VaultFault("object_too_large", `at most ${this.#bytesMax} bytes are taken`);
      }
      this.#sha256.update(chunk);
      this.#sha512.update(chunk);
      yield chunk;
    }
    if (this.#bytes === 0) throw new VaultFault("object_empty", "there are no bytes");
  }

  digests(): Digests {
    return { bytes: this.#bytes, sha256: this.#sha256.digest("hex"), sha512: this.#sha512.digest("hex") };
  }
}

export type SealedObject = {
  readonly id: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly objectKey: string;
  readonly wrappedKey: Uint8Array;
};

/**
 * The plain bytes, whole or a span. Throws VaultFault `object_damaged` as soon as a chunk does not open, is missing, or the
 * whole has another digest than was recorded; of the whole, the last piece is held back until its digest is known to be right.
 * Throws KeyFault `key_master_wrong` before the first byte.
 */
export async function* readSealed(
  vault: Vault,
  object: SealedObject,
  span?: ByteRange,
): AsyncGenerator<Uint8Array, void, void> {
  const key = await vault.master.unwrap(object.wrappedKey, object.id);
  const sealing = { aead: nodeAead, key, objectId: object.id };
  try {
    if (span === undefined) {
      yield* checked(openChunks(await vault.objects.get(object.objectKey), sealing), object);
    } else {
      const read = (range: ByteRange) => vault.objects.get(object.objectKey, range);
      yield* openSealedRange({ read, sealing, span, plainBytes: object.bytes });
    }
  } catch (fault) {
    throw damaged(object.id, fault);
  }
}

async function* checked(
  plain: AsyncIterable<Uint8Array>,
  object: SealedObject,
): AsyncGenerator<Uint8Array, void, void> {
  const sha256 = createHash("sha256");
  let held: Uint8Array | undefined;
  for await (const chunk of plain) {
    sha256.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  const digest = sha256.digest("hex");
  if (digest !== object.sha256) {
    throw new VaultFault(
      "object_damaged",
      `object ${object.id} has the digest ${digest}, recorded is ${object.sha256}`,
    );
  }
  if (held !== undefined) yield held;
}

const damageCodes = new Set(["exhibit_header_malformed", "exhibit_sealed_bytes_changed", "object_missing"]);

function damaged(id: string, fault: unknown): unknown {
  const code = fault instanceof Error && "code" in fault ? String(fault.code) : "";
  if (!damageCodes.has(code)) return fault;
  return new VaultFault("object_damaged", `object ${id}: ${fault instanceof Error ? fault.message : ""}`, fault);
}

/**
 * Deletes objects under `prefix` that nobody knows: left by a crash between the store and the commit, and unreadable for ever,
 * because their key was in the row. Younger ones than `olderThanMs` may belong to a commit that is about to come.
 */
export async function sweepVault(
  vault: Vault,
  sweep: {
    readonly prefix: string;
    readonly known: (objectKeys: readonly string[]) => Promise<ReadonlySet<string>>;
    readonly olderThanMs: number;
  },
): Promise<number> {
  const suspects: string[] = [];
  for await (const found of vault.objects.list(sweep.prefix)) {
    if (found.storedAtMs < sweep.olderThanMs) suspects.push(found.key);
  }
  let swept = 0;
  for (let at = 0; at < suspects.length; at += 1000) {
    const page = suspects.slice(at, at + 1000);
    const known = await sweep.known(page);
    for (const key of page) {
      if (known.has(key)) continue;
      await vault.objects.delete(key);
      swept += 1;
    }
  }
  return swept;
}
