import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { concatBytes, toHex, utf8 } from "./bytes.ts";
import {
  exhibitChunkBytes,
  openChunks,
  sealChunks,
  sealedBytes,
  sealedHeaderBytes,
  unwrapDataKey,
  wrapDataKey,
  type Aead,
} from "./sealed-exhibit.ts";

const nodeAead: Aead = {
  seal({ key, nonce, aad, plain }) {
    const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(aad);
    return concatBytes(cipher.update(plain), cipher.final(), cipher.getAuthTag());
  },
  open({ key, nonce, aad, sealed }) {
    if (sealed.length < 16) return undefined;
    const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(aad).setAuthTag(sealed.subarray(-16));
    try {
      return concatBytes(decipher.update(sealed.subarray(0, -16)), decipher.final());
    } catch {
      return undefined;
    }
  },
};

/** The same through WebCrypto: the format does not depend on one implementation. */
const webAead: Aead = {
  async seal({ key, nonce, aad, plain }) {
    const imported = await crypto.subtle.importKey("raw", new Uint8Array(key), "AES-GCM", false, ["encrypt"]);
    const algorithm = { name: "AES-GCM", iv: new Uint8Array(nonce), additionalData: new Uint8Array(aad) };
    return new Uint8Array(await crypto.subtle.encrypt(algorithm, imported, new Uint8Array(plain)));
  },
  async open({ key, nonce, aad, sealed }) {
    const imported = await crypto.subtle.importKey("raw", new Uint8Array(key), "AES-GCM", false, ["decrypt"]);
    const algorithm = { name: "AES-GCM", iv: new Uint8Array(nonce), additionalData: new Uint8Array(aad) };
    return crypto.subtle.decrypt(algorithm, imported, new Uint8Array(sealed)).then(
      (plain) => new Uint8Array(plain),
      () => undefined,
    );
  },
};

const key = new Uint8Array(32).fill(7);
const noncePrefix = Uint8Array.of(1, 2, 3, 4, 5, 6, 7);
const sealing = { aead: nodeAead, key, objectId: "exhibit-1" };

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of chunks) parts.push(part);
  return concatBytes(...parts);
}

function seal(plain: Uint8Array, aead: Aead = nodeAead): Promise<Uint8Array> {
  return collect(sealChunks([plain], { ...sealing, aead, noncePrefix }));
}

function open(sealed: Uint8Array, change: Partial<typeof sealing> = {}): Promise<Uint8Array> {
  return collect(openChunks([sealed], { ...sealing, ...change }));
}

test("I16 the sealed form is as documented: header, then AES-256-GCM under prefix, counter and last flag", async () => {
  const sealed = await seal(utf8("abc"));
  assert.equal(toHex(sealed.subarray(0, 16)), "54575831001000000102030405060700");
  const nonce = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 1);
  const aad = concatBytes(sealed.subarray(0, 16), utf8("exhibit-1"));
  const want = await nodeAead.seal({ key, nonce, aad, plain: utf8("abc") });
  assert.deepEqual(sealed.subarray(16), want);
});

test("I16 the sealed bytes of a known input stay what they are", async () => {
  assert.equal(
    toHex(await seal(utf8("the same bytes every time"))),
    "5457583100100000010203040506070073d3f51fd44c29b9ebc93857fc7f148760d5a5c2e8396d79a38f3c54a229aeeffa84f4a5ac8660d67a",
  );
});

const lengths = [0, 1, exhibitChunkBytes - 1, exhibitChunkBytes, exhibitChunkBytes + 1, 2 * exhibitChunkBytes];
for (const length of lengths) {
  test(`I16 ${length} bytes seal and open, in Node's and the web's cryptography alike`, async () => {
    const plain = new Uint8Array(length).map((_, i) => i % 251);
    const sealed = await seal(plain);
    assert.equal(sealed.length, sealedBytes(length));
    assert.deepEqual(await seal(plain, webAead), sealed);
    assert.deepEqual(await open(sealed), plain);
    assert.deepEqual(await open(sealed, { aead: webAead }), plain);
    if (length > 0)
      assert.equal(
        Buffer.from(sealed).includes(plain.subarray(0, 100)),
        length < 3,
        "the plain bytes are not readable",
      );
  });
}

test("I16 the pieces in which bytes arrive make no difference", async () => {
  const plain = new Uint8Array(exhibitChunkBytes + 1000).map((_, i) => i % 253);
  const sealed = await seal(plain);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1000, max: 700_000 }), async (step) => {
      const pieces = (bytes: Uint8Array) =>
        Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => bytes.subarray(i * step, (i + 1) * step));
      assert.deepEqual(await collect(sealChunks(pieces(plain), { ...sealing, noncePrefix })), sealed);
      assert.deepEqual(await collect(openChunks(pieces(sealed), sealing)), plain);
    }),
    { numRuns: 8 },
  );
});

const stride = exhibitChunkBytes + 16;
const three = await seal(new Uint8Array(2 * exhibitChunkBytes + 5).fill(1));
const chunk = (i: number) => three.subarray(sealedHeaderBytes + i * stride, sealedHeaderBytes + (i + 1) * stride);
const header = three.subarray(0, sealedHeaderBytes);

const broken: readonly { readonly says: string; readonly sealed: Uint8Array }[] = [
  { says: "the last chunk cut off", sealed: concatBytes(header, chunk(0), chunk(1)) },
  { says: "all chunks cut off", sealed: header },
  { says: "one byte cut off", sealed: three.subarray(0, -1) },
  { says: "cut inside a tag", sealed: three.subarray(0, sealedHeaderBytes + 10) },
  { says: "two chunks swapped", sealed: concatBytes(header, chunk(1), chunk(0), chunk(2)) },
  { says: "a chunk left out", sealed: concatBytes(header, chunk(1), chunk(2)) },
  { says: "a chunk twice", sealed: concatBytes(header, chunk(0), chunk(0), chunk(1), chunk(2)) },
  { says: "a byte added", sealed: concatBytes(three, Uint8Array.of(0)) },
  { says: "another nonce prefix", sealed: concatBytes(three.subarray(0, 8), Uint8Array.of(9), three.subarray(9)) },
];
for (const { says, sealed } of broken) {
  test(`I05 I16 a sealed object with ${says} does not open`, async () => {
    await assert.rejects(open(sealed), { code: "exhibit_sealed_bytes_changed" });
  });
}

test("I16 a sealed object does not open under another id or key", async () => {
  const sealed = await seal(utf8("x"));
  await assert.rejects(open(sealed, { objectId: "exhibit-2" }), { code: "exhibit_sealed_bytes_changed" });
  await assert.rejects(open(sealed, { key: new Uint8Array(32) }), { code: "exhibit_sealed_bytes_changed" });
});

for (const bad of [
  new Uint8Array(0),
  header.slice(1),
  concatBytes(utf8("TWX2"), header.subarray(4)),
  concatBytes(header.subarray(0, 15), Uint8Array.of(1)),
]) {
  test(`I16 what does not start with the header is refused (${bad.length} bytes, ${toHex(bad.subarray(0, 4))})`, async () => {
    await assert.rejects(open(bad), { code: "exhibit_header_malformed" });
  });
}

test("I05 I16 any flipped bit of a sealed object is detected", async () => {
  const sealed = await seal(utf8("some evidence"));
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: sealed.length - 1 }), fc.nat({ max: 7 }), async (at, bit) => {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      await assert.rejects(open(changed));
    }),
  );
});

test("I16 a source that fails while sealing fails the sealing; a reader that stops early stops the source", async () => {
  async function* failing(): AsyncGenerator<Uint8Array, void, void> {
    yield utf8("x");
    throw new Error("camera gone");
  }
  await assert.rejects(collect(sealChunks(failing(), { ...sealing, noncePrefix })), /camera gone/);
  let stopped = false;
  async function* endless(): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield three;
      for (;;) yield three.subarray(0, 16);
    } finally {
      stopped = true;
    }
  }
  for await (const part of openChunks(endless(), sealing)) {
    assert.ok(part.length > 0);
    break;
  }
  assert.ok(stopped);
});

test("I16 a data key wraps and unwraps under its master key and object only", async () => {
  const masterKey = new Uint8Array(32).fill(9);
  const wrapping = { aead: nodeAead, masterKey, objectId: "exhibit-1" };
  const wrapped = await wrapDataKey({ ...wrapping, dataKey: key, nonce: new Uint8Array(12).fill(3) });
  assert.equal(wrapped.length, 60);
  assert.deepEqual(await unwrapDataKey({ ...wrapping, wrapped }), { ok: true, value: key });
  const attempts = [
    { ...wrapping, wrapped: wrapped.slice(1) },
    { ...wrapping, wrapped: wrapped.map((byte, i) => (i === 20 ? byte ^ 1 : byte)) },
    { ...wrapping, wrapped, objectId: "exhibit-2" },
    { ...wrapping, wrapped, masterKey: key },
  ];
  for (const attempt of attempts) {
    const opened = await unwrapDataKey(attempt);
    assert.equal(!opened.ok && opened.error.code, "exhibit_key_unusable");
  }
});

test("I16 keys and prefixes of another length are a caller's mistake", async () => {
  await assert.rejects(collect(sealChunks([], { ...sealing, noncePrefix: key })), RangeError);
  await assert.rejects(collect(sealChunks([], { ...sealing, key: noncePrefix, noncePrefix })), RangeError);
});
