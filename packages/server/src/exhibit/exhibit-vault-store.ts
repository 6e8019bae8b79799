import { createHash } from "node:crypto";
import { dataKeyBytes, noncePrefixBytes, openChunks, openSealedRange, sealChunks } from "@tillwatch/evidence";
import type { Chance } from "../platform/chance.ts";
import type { MasterKey } from "../platform/keys.ts";
import { nodeAead } from "../platform/node-crypto.ts";
import type { ObjectStore } from "../platform/object-store.ts";
import type { ByteSpan, Digests } from "./exhibit.ts";

export class ExhibitFault extends Error {
  override readonly name = "ExhibitFault";
  readonly code: "exhibit_damaged" | "exhibit_too_large" | "exhibit_empty";

  constructor(code: ExhibitFault["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Where the bytes of exhibits lie: each object sealed under a key of its own. */
export type Vault = { readonly objects: ObjectStore; readonly master: MasterKey; readonly chance: Chance };

export type StoredObject = Digests & {
  readonly objectKey: string;
  readonly wrappedKey: Uint8Array;
  readonly masterKeyId: string;
};

export const exhibitObjectKey = (id: string) => `exhibits/${id}`;

/**
 * Streams plain bytes into the vault while they are hashed; holds a few chunks at most. Throws ExhibitFault
 * `exhibit_too_large` beyond `bytesMax` and `exhibit_empty` for no byte at all; then, and when the source fails, nothing stays.
 */
export async function putExhibit(
  vault: Vault,
  id: string,
  input: { readonly source: AsyncIterable<Uint8Array>; readonly bytesMax: number },
): Promise<StoredObject> {
  const { objects, master, chance } = vault;
  const key = chance.bytes(dataKeyBytes);
  const noncePrefix = chance.bytes(noncePrefixBytes);
  const meter = new Meter(input.bytesMax);
  const wrappedKey = await master.wrap(key, id);
  const objectKey = exhibitObjectKey(id);
  await objects.put(
    objectKey,
    sealChunks(meter.count(input.source), { aead: nodeAead, key, noncePrefix, objectId: id }),
  );
  return { ...meter.digests(), objectKey, wrappedKey, masterKeyId: master.id };
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
        throw new ExhibitFault("exhibit_too_large", `an exhibit has at most ${this.#bytesMax} bytes`);
      }
      this.#sha256.update(chunk);
      this.#sha512.update(chunk);
      yield chunk;
    }
    if (this.#bytes === 0) throw new ExhibitFault("exhibit_empty", "the file has no bytes");
  }

  digests(): Digests {
    return { bytes: this.#bytes, sha256: this.#sha256.digest("hex"), sha512: this.#sha512.digest("hex") };
  }
}

export type SealedExhibit = {
  readonly id: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly objectKey: string;
  readonly wrappedKey: Uint8Array;
};

/**
 * The plain bytes, whole or a span. Throws ExhibitFault `exhibit_damaged` as soon as a chunk does not open, is missing, or the
 * whole has another digest than was recorded; of the whole, the last piece is held back until its digest is known to be right.
 * Throws KeyFault `key_master_wrong` before the first byte.
 */
export async function* readExhibit(
  vault: Vault,
  exhibit: SealedExhibit,
  span?: ByteSpan,
): AsyncGenerator<Uint8Array, void, void> {
  const key = await vault.master.unwrap(exhibit.wrappedKey, exhibit.id);
  const sealing = { aead: nodeAead, key, objectId: exhibit.id };
  try {
    if (span === undefined) {
      yield* checked(openChunks(await vault.objects.get(exhibit.objectKey), sealing), exhibit);
    } else {
      const read = (range: ByteSpan) => vault.objects.get(exhibit.objectKey, range);
      yield* openSealedRange({ read, sealing, span, plainBytes: exhibit.bytes });
    }
  } catch (fault) {
    throw damaged(exhibit.id, fault);
  }
}

async function* checked(
  plain: AsyncIterable<Uint8Array>,
  exhibit: SealedExhibit,
): AsyncGenerator<Uint8Array, void, void> {
  const sha256 = createHash("sha256");
  let held: Uint8Array | undefined;
  for await (const chunk of plain) {
    sha256.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  const digest = sha256.digest("hex");
  if (digest !== exhibit.sha256) {
    throw new ExhibitFault(
      "exhibit_damaged",
      `exhibit ${exhibit.id} has the digest ${digest}, recorded is ${exhibit.sha256}`,
    );
  }
  if (held !== undefined) yield held;
}

const damageCodes = new Set(["exhibit_header_malformed", "exhibit_sealed_bytes_changed", "object_missing"]);

function damaged(id: string, fault: unknown): unknown {
  const code = fault instanceof Error && "code" in fault ? String(fault.code) : "";
  if (!damageCodes.has(code)) return fault;
  return new ExhibitFault("exhibit_damaged", `exhibit ${id}: ${fault instanceof Error ? fault.message : ""}`, fault);
}

/**
 * Deletes objects that no exhibit row knows: left by a crash between the store and the commit, and unreadable for ever, because
 * their key was in the row. Younger ones than `olderThanMs` may belong to an upload that is about to commit.
 */
export async function sweepVault(
  vault: Vault,
  known: (ids: readonly string[]) => Promise<ReadonlySet<string>>,
  olderThanMs: number,
): Promise<number> {
  const suspects: string[] = [];
  for await (const found of vault.objects.list("exhibits/")) {
    if (found.storedAtMs < olderThanMs) suspects.push(found.key.slice("exhibits/".length));
  }
  let swept = 0;
  for (let at = 0; at < suspects.length; at += 1000) {
    const page = suspects.slice(at, at + 1000);
    const rows = await known(page);
    for (const id of page) {
      if (rows.has(id)) continue;
      await vault.objects.delete(exhibitObjectKey(id));
      swept += 1;
    }
  }
  return swept;
}
