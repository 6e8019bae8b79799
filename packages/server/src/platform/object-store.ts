/**
 * Where large bytes live. Keys are paths of our own making (`exhibits/<uuid>`); a value is immutable: an object is put once,
 * read many times, and deleted only by what owns it. Engines: a folder (`object-store-file.ts`); S3 has room beside it.
 */
export type ObjectStore = {
  /**
   * Stores all bytes of `source` under `key`. When the promise settles, the object is on disk as a whole or not there at all.
   * Throws ObjectStoreFault `object_exists` when the key is taken (the old object stays), `object_store_full` when there is
   * no room, and the source's own fault when that fails.
   */
  readonly put: (key: string, source: AsyncIterable<Uint8Array>) => Promise<{ readonly bytes: number }>;
  /** Streams the object, or the bytes of `range`. Throws ObjectStoreFault `object_missing`. */
  readonly get: (key: string, range?: ByteRange) => Promise<AsyncIterable<Uint8Array>>;
  /** Null where there is no such object. */
  readonly stat: (key: string) => Promise<ObjectStat | null>;
  /** Deleting what is not there is no fault. */
  readonly delete: (key: string) => Promise<void>;
  /** Every object whose key starts with the folder `prefix` (`exhibits/`), in no order. */
  readonly list: (prefix: string) => AsyncIterable<ObjectStat & { readonly key: string }>;
  readonly close: () => Promise<void>;
};

/** Half-open: `from` is the first byte, `to` one past the last. */
export type ByteRange = { readonly from: number; readonly to: number };

export type ObjectStat = { readonly bytes: number; readonly storedAtMs: number };

export class ObjectStoreFault extends Error {
  override readonly name = "ObjectStoreFault";
  readonly code:
    | "object_key_unsafe"
    | "object_exists"
    | "object_missing"
    | "object_store_full"
    | "object_store_failed"
    | "object_store_url_unknown";

  constructor(code: ObjectStoreFault["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const segment = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Refuses every key that could mean another place than its own: only plain segments, joined by single slashes. */
export function assertSafeKey(key: string): void {
  const parts = key.split("/");
  if (key.length > 512 || parts.length > 8 || !parts.every((part) => segment.test(part) && !part.includes(".."))) {
    throw new ObjectStoreFault("object_key_unsafe", `not a key: ${JSON.stringify(key.slice(0, 80))}`);
  }
}
