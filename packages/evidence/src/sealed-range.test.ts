import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { concatBytes, equalBytes } from "./bytes.ts";
import { exhibitChunkBytes, sealChunks, type Aead } from "./sealed-exhibit.ts";
import { openSealedRange } from "./sealed-range.ts";

const aead: Aead = {
  seal: ({ key, nonce, aad, plain }) => {
    const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(aad);
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  },
  open: ({ key, nonce, aad, sealed }) => {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 });
    decipher.setAAD(aad).setAuthTag(sealed.subarray(-16));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    } catch {
      return undefined;
    }
  },
};
const sealing = { aead, key: new Uint8Array(32).fill(1), objectId: "x" };

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return concatBytes(...parts);
}

async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

function open(sealed: Uint8Array, span: { from: number; to: number }, plainBytes: number): Promise<Uint8Array> {
  const read = (part: { from: number; to: number }) => Promise.resolve(one(sealed.subarray(part.from, part.to)));
  return collect(openSealedRange({ read, sealing, span, plainBytes }));
}

const plain = new Uint8Array(2 * exhibitChunkBytes).map((_, i) => i % 251);
const sealedWhole = await collect(sealChunks([plain], { ...sealing, noncePrefix: new Uint8Array(7) }));

test("I16 any span opens to the bytes that stand there", async () => {
  const place = fc.oneof(
    fc.nat(plain.length),
    fc.constantFrom(0, exhibitChunkBytes - 1, exhibitChunkBytes, exhibitChunkBytes + 1, plain.length),
  );
  await fc.assert(
    fc.asyncProperty(place, place, async (a, b) => {
      const span = { from: Math.min(a, b), to: Math.max(a, b) };
      assert.ok(equalBytes(await open(sealedWhole, span, plain.length), plain.subarray(span.from, span.to)));
    }),
    { numRuns: 30 },
  );
});

test("I16 a span of a changed, cut, lengthened or mistaken object does not open", async () => {
  const tail = { from: plain.length - 5, to: plain.length };
  const changed = sealedWhole.slice();
  changed[changed.length - 20] = (changed[changed.length - 20] ?? 0) ^ 1;
  for (const bad of [changed, sealedWhole.subarray(0, -1), concatBytes(sealedWhole, new Uint8Array(1))]) {
    await assert.rejects(open(bad, tail, plain.length), { code: "exhibit_sealed_bytes_changed" });
  }
  await assert.rejects(open(sealedWhole, { from: 0, to: 5 }, exhibitChunkBytes), {
    code: "exhibit_sealed_bytes_changed",
  });
  await assert.rejects(open(sealedWhole.subarray(0, 9), tail, plain.length), { code: "exhibit_header_malformed" });
  await assert.rejects(open(sealedWhole, { from: 0, to: plain.length + 1 }, plain.length), RangeError);
});
