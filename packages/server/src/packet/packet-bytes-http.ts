import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { problem } from "../api/problem.ts";
import { attachmentHeader, type ByteSpan } from "../platform/http-range.ts";
import { describeFault, type Log } from "../platform/log.ts";
import { readSealed, VaultFault, type Vault } from "../platform/keys/vault.ts";
import type { PacketRow } from "./packet-read.ts";

export type PacketBytesDeps = { readonly vault: Vault; readonly log: Log };

/** The sealed zip as a download, whole or a part of it. Throws 500 `packet_damaged` before the first byte where it is not what was sealed. */
export async function sendPacket(
  deps: PacketBytesDeps,
  packet: PacketRow,
  { reply, part }: { readonly reply: FastifyReply; readonly part?: ByteSpan | undefined },
): Promise<FastifyReply> {
  const { object, bytes, sha256 } = packet;
  if (object === null || bytes === null || sha256 === null) throw new Error(`packet ${packet.id} is not sealed`);
  const plain = readSealed(deps.vault, { id: packet.id, bytes, sha256, ...object }, part);
  const first = await opened(deps, packet, plain);
  const from = part?.from ?? 0;
  const to = part?.to ?? bytes;
  if (part !== undefined) reply.code(206).header("content-range", `bytes ${from}-${to - 1}/${bytes}`);
  return reply
    .headers({
      "content-type": "application/zip",
      "content-length": to - from,
      "content-disposition": attachmentHeader(`${packet.incidentRef}-packet.zip`),
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-store",
      "accept-ranges": "bytes",
      etag: `"${sha256.slice(0, 32)}"`,
      "repr-digest": `sha-256=:${Buffer.from(sha256, "hex").toString("base64")}:`,
    })
    .send(Readable.from(continued(first, plain), { objectMode: false }));
}

async function opened(
  deps: PacketBytesDeps,
  packet: PacketRow,
  plain: AsyncGenerator<Uint8Array>,
): Promise<IteratorResult<Uint8Array>> {
  try {
    return await plain.next();
  } catch (fault) {
    deps.log.error("packet not readable", { packet: packet.id, fault: describeFault(fault) });
    if (!(fault instanceof VaultFault)) throw fault;
    throw problem(500, "packet_damaged", "the stored packet is not what was sealed", {
      remedy: "request a new packet; the exhibits and the record are untouched",
    });
  }
}

async function* continued(
  first: IteratorResult<Uint8Array>,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return(undefined);
  }
}
