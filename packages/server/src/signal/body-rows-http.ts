import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { problem } from "../api/problem.ts";
import { RowSplitter, type Framing, type Row } from "./row-splitter.ts";

export const bodyBytesMax = 10 * 1024 * 1024;
// A sender that says nothing for this long holds a socket and nothing else; what came before is in the log.
const bodyIdleMs = 30_000;

export type BodyRows = { readonly rows: readonly Row[]; readonly isSingle: boolean; readonly isList: boolean };

/**
 * The rows of a request body as they arrive, a chunk's worth at a time; never more than a chunk and one row is held.
 * Throws problems: 413 beyond 10 MiB (as sent and as unpacked), 400 for a broken gzip stream or a body that stops half-way, 408.
 */
export async function* bodyRows(body: Readable, how: { framing: Framing; gzip: boolean }): AsyncGenerator<BodyRows> {
  const splitter = new RowSplitter(how.framing);
  const chunks = how.gzip ? unpacked(body) : limited(body);
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw tooLarge();
    const rows = splitter.push(chunk);
    if (rows.length > 0) yield { rows, isSingle: splitter.isSingle, isList: splitter.isList };
  }
  yield { rows: splitter.end(), isSingle: splitter.isSingle, isList: splitter.isList };
}

/** Counts what the network brings; leaves the stream open, so that an answer can still be sent. */
async function* limited(body: Readable): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  const idle = setTimeout(() => body.destroy(), bodyIdleMs);
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      idle.refresh();
      bytes += (chunk as Uint8Array).length;
      if (bytes > bodyBytesMax) throw tooLarge();
      yield chunk as Uint8Array;
    }
  } catch (fault) {
    if (body.errored === null && !body.destroyed) throw fault;
    throw problem(400, "signal_body_incomplete", "the body stopped before its end", {
      remedy: "Send it again: what was taken already is found as duplicate.",
    });
  } finally {
    clearTimeout(idle);
  }
}

async function* unpacked(body: Readable): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const fed = feed(body, gunzip);
  try {
    for await (const chunk of gunzip) yield chunk as Uint8Array;
    await fed;
  } catch (fault) {
    await fed;
    const code = fault instanceof Error && "code" in fault ? String(fault.code) : "";
    if (!code.startsWith("Z_")) throw fault;
    throw problem(400, "signal_body_not_gzip", "the body is not the gzip stream that content-encoding promises");
  } finally {
    gunzip.destroy();
  }
}

/** Feeds until either side ends; a fault of the body becomes the reader's. */
async function feed(body: Readable, gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  try {
    for await (const chunk of limited(body)) {
      if (gunzip.destroyed) return;
      if (!gunzip.write(chunk)) await Promise.race([eventOf(gunzip, "drain"), eventOf(gunzip, "close")]);
    }
    gunzip.end();
  } catch (fault) {
    gunzip.destroy(fault instanceof Error ? fault : new Error(String(fault)));
  }
}

function eventOf(stream: ReturnType<typeof createGunzip>, name: "drain" | "close"): Promise<void> {
  return new Promise((resolve) => stream.once(name, () => resolve()));
}

function tooLarge() {
  return problem(413, "body_too_large", `a body has at most ${bodyBytesMax} bytes, unpacked as well`, {
    remedy: "Send it in parts; repeats are found, so parts may overlap.",
  });
}
