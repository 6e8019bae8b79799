import { concatBytes, equalBytes, utf8 } from "./bytes.ts";
import { EvidenceFault } from "./refusal.ts";
import {
  chunkNonce,
  exhibitChunkBytes,
  sealedBytes,
  sealedHeader,
  sealedHeaderBytes,
  tagBytes,
  type Aead,
} from "./sealed-exhibit.ts";

/** Half-open span of bytes. */
type Span = { readonly from: number; readonly to: number };

/**
 * Opens a span of what sealChunks made, reading only the chunks that hold it. Every byte that comes out is authentic and stands
 * where it should; that the object as a whole is complete, only openChunks can tell.
 *
 * `plainBytes` is the recorded length of the whole; `span` MUST lie inside it. `read` gives the sealed bytes of a span. Throws
 * EvidenceFault as openChunks does.
 */
export async function* openSealedRange(input: {
  readonly read: (sealed: Span) => Promise<AsyncIterable<Uint8Array>>;
  readonly sealing: { readonly aead: Aead; readonly key: Uint8Array; readonly objectId: string };
  readonly span: Span;
  readonly plainBytes: number;
}): AsyncGenerator<Uint8Array, void, void> {
  const { read, span, plainBytes } = input;
  const { aead, key, objectId } = input.sealing;
  if (span.from < 0 || span.to > plainBytes || span.from > span.to)
    throw new RangeError("the span lies outside the object");
  const header = await collect(await read({ from: 0, to: sealedHeaderBytes }));
  const noncePrefix = header.slice(8, 15);
  if (!equalBytes(header, sealedHeader(noncePrefix))) {
    throw new EvidenceFault("exhibit_header_malformed", "the object does not start with a TWX1 header");
  }
  const aad = concatBytes(header, utf8(objectId));
  const lastChunk = Math.max(0, Math.ceil(plainBytes / exhibitChunkBytes) - 1);
  for (let at = span.from; at < span.to;) {
    const counter = Math.floor(at / exhibitChunkBytes);
    const begin = counter * exhibitChunkBytes;
    const plainEnd = Math.min(plainBytes, begin + exhibitChunkBytes);
    const from = sealedHeaderBytes + counter * (exhibitChunkBytes + tagBytes);
    // The last chunk is read to the object's end and one byte beyond, so that bytes added there are noticed.
    const to = counter === lastChunk ? sealedBytes(plainBytes) + 1 : from + exhibitChunkBytes + tagBytes;
    const sealed = await collect(await read({ from, to }));
    const nonce = chunkNonce(noncePrefix, counter, counter === lastChunk);
    const plain = await aead.open({ key, nonce, aad, sealed });
    if (plain === undefined) {
      throw new EvidenceFault(
        "exhibit_sealed_bytes_changed",
        `chunk ${counter} of the sealed object ${objectId} does not open`,
      );
    }
    const end = Math.min(plainEnd, span.to);
    yield plain.subarray(at - begin, end - begin);
    at = end;
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return concatBytes(...parts);
}
