import { concatBytes, equalBytes, utf8 } from "./bytes.ts";
import { accepted, EvidenceFault, refused, type Refusal, type Result } from "./refusal.ts";

/**
 * Exhibits at rest: AES-256-GCM in chunks (the STREAM construction), so that any length is sealed and opened in bounded memory,
 * and truncation, reordering, mixing of objects and continuation are detected. Byte form: docs/formats/sealed-exhibit.md.
 */

export type AeadInput = {
  readonly key: Uint8Array; // 32 bytes
  readonly nonce: Uint8Array; // 12 bytes
  readonly aad: Uint8Array;
};

/** Port: AES-256-GCM. `seal` gives ciphertext followed by the 16-byte tag; `open` undefined when the tag does not fit. */
export type Aead = {
  readonly seal: (input: AeadInput & { readonly plain: Uint8Array }) => Uint8Array | Promise<Uint8Array>;
  readonly open: (
    input: AeadInput & { readonly sealed: Uint8Array },
  ) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
};

export const dataKeyBytes = 32;
export const noncePrefixBytes = 7;
export const exhibitChunkBytes = 1024 * 1024;
export const sealedHeaderBytes = 16;
export const tagBytes = 16;
const magic = utf8("TWX1");
const keyMagic = utf8("TWK1");
const chunksMax = 2 ** 32;

type Sealing = {
  readonly aead: Aead;
  /** 32 bytes, made for this object alone. */
  readonly key: Uint8Array;
  /** Bound into every chunk: a sealed object moved under another id does not open. */
  readonly objectId: string;
};

/** The bytes at rest of an object of `plainBytes`. */
export function sealedBytes(plainBytes: number): number {
  return sealedHeaderBytes + plainBytes + tagBytes * Math.max(1, Math.ceil(plainBytes / exhibitChunkBytes));
}

/**
 * Seals a stream. `noncePrefix` is 7 random bytes of the caller; a key MUST be used for one object only, so that no nonce is ever used
 * twice with it. Chunks of any size go in; the header and then sealed chunks come out.
 */
export async function* sealChunks(
  plain: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sealing: Sealing & { readonly noncePrefix: Uint8Array },
): AsyncGenerator<Uint8Array, void, void> {
  const { aead, key, noncePrefix } = sealing;
  if (key.length !== dataKeyBytes || noncePrefix.length !== noncePrefixBytes)
    throw new RangeError("a key has 32 bytes, a nonce prefix 7");
  const header = sealedHeader(noncePrefix);
  const aad = concatBytes(header, utf8(sealing.objectId));
  yield header;
  let counter = 0;
  for await (const { chunk, last } of rechunk(plain, exhibitChunkBytes)) {
    yield await aead.seal({ key, nonce: chunkNonce(noncePrefix, counter, last), aad, plain: chunk });
    counter += 1;
  }
}

/**
 * Opens what sealChunks made. Throws EvidenceFault `exhibit_header_malformed`, or `exhibit_sealed_bytes_changed` on any change, truncation,
 * reordering, wrong key or wrong object. What came out before the throw was authentic, but MUST NOT be taken for the whole.
 */
export async function* openChunks(
  sealed: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sealing: Sealing,
): AsyncGenerator<Uint8Array, void, void> {
  const { aead, key, objectId } = sealing;
  const source = new HeadAndRest(sealed);
  const header = await source.head(sealedHeaderBytes);
  const noncePrefix = header.slice(8, 8 + noncePrefixBytes);
  if (!equalBytes(header, sealedHeader(noncePrefix))) {
    throw new EvidenceFault("exhibit_header_malformed", "the object does not start with a TWX1 header");
  }
  const aad = concatBytes(header, utf8(objectId));
  let counter = 0;
  for await (const { chunk, last } of rechunk(source.rest(), exhibitChunkBytes + tagBytes)) {
    const plain = await aead.open({ key, nonce: chunkNonce(noncePrefix, counter, last), aad, sealed: chunk });
    if (plain === undefined) {
      throw new EvidenceFault(
        "exhibit_sealed_bytes_changed",
        `chunk ${counter} of the sealed object ${objectId} does not open`,
      );
    }
    if (plain.length > 0) yield plain;
    counter += 1;
  }
}

/** "TWX1" | chunk length, uint32 big-endian | nonce prefix, 7 bytes | 0. */
export function sealedHeader(noncePrefix: Uint8Array): Uint8Array {
  const header = new Uint8Array(sealedHeaderBytes);
  header.set(magic, 0);
  new DataView(header.buffer).setUint32(4, exhibitChunkBytes, false);
  header.set(noncePrefix, 8);
  return header;
}

/** prefix (7) | counter, uint32 big-endian | 1 for the last chunk, else 0. */
export function chunkNonce(prefix: Uint8Array, counter: number, last: boolean): Uint8Array {
  if (counter >= chunksMax) throw new RangeError("an object has at most 2^32 chunks");
  const nonce = new Uint8Array(12);
  nonce.set(prefix, 0);
  new DataView(nonce.buffer).setUint32(7, counter, false);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** Cuts a stream into pieces of `size`; the last one has 1 to `size` bytes, or none when the stream is empty. */
async function* rechunk(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  size: number,
): AsyncGenerator<{ chunk: Uint8Array; last: boolean }, void, void> {
  let buffer = new Uint8Array(size);
  let filled = 0;
  for await (const piece of source) {
    for (let at = 0; at < piece.length;) {
      // Only once more bytes have come is a full buffer known not to be the last.
      if (filled === size) {
        yield { chunk: buffer, last: false };
        buffer = new Uint8Array(size);
        filled = 0;
      }
      const take = Math.min(size - filled, piece.length - at);
      buffer.set(piece.subarray(at, at + take), filled);
      filled += take;
      at += take;
    }
  }
  yield { chunk: buffer.subarray(0, filled), last: true };
}

class HeadAndRest {
  readonly #source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #over: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  async head(length: number): Promise<Uint8Array> {
    while (this.#over.length < length) {
      const next = await this.#source.next();
      if (next.done === true) throw new EvidenceFault("exhibit_header_malformed", "the object ends inside its header");
      this.#over = concatBytes(this.#over, next.value);
    }
    const head = this.#over.slice(0, length);
    this.#over = this.#over.subarray(length);
    return head;
  }

  async *rest(): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield this.#over;
      for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next()) yield next.value;
    } finally {
      await this.#source.return?.();
    }
  }
}

export type KeyRefusal = Refusal<"exhibit_key_unusable">;

/**
 * Wraps an object's data key under the master key: nonce (12) | AES-256-GCM(data key) | tag, 60 bytes, AAD "TWK1" | object id.
 * `nonce` is 12 random bytes of the caller.
 */
export async function wrapDataKey(input: {
  readonly aead: Aead;
  readonly masterKey: Uint8Array;
  readonly dataKey: Uint8Array;
  readonly objectId: string;
  readonly nonce: Uint8Array;
}): Promise<Uint8Array> {
  const { aead, masterKey, dataKey, nonce } = input;
  if (dataKey.length !== dataKeyBytes || masterKey.length !== dataKeyBytes || nonce.length !== 12) {
    throw new RangeError("keys have 32 bytes, the nonce 12");
  }
  const aad = concatBytes(keyMagic, utf8(input.objectId));
  return concatBytes(nonce, await aead.seal({ key: masterKey, nonce, aad, plain: dataKey }));
}

/** Refuses `exhibit_key_unusable` when the wrapped key is damaged, of another object or under another master key. */
export async function unwrapDataKey(input: {
  readonly aead: Aead;
  readonly masterKey: Uint8Array;
  readonly wrapped: Uint8Array;
  readonly objectId: string;
}): Promise<Result<Uint8Array, KeyRefusal>> {
  const { aead, masterKey, wrapped } = input;
  if (wrapped.length !== 12 + dataKeyBytes + tagBytes)
    return refused("exhibit_key_unusable", "the wrapped key does not have 60 bytes");
  const aad = concatBytes(keyMagic, utf8(input.objectId));
  const key = await aead.open({ key: masterKey, nonce: wrapped.slice(0, 12), aad, sealed: wrapped.slice(12) });
  return key === undefined
    ? refused("exhibit_key_unusable", "the wrapped key does not open: another master key, another object, or damage")
    : accepted(key);
}
