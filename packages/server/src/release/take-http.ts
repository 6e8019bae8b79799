import { timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyPluginAsync, FastifyReply } from "fastify";
import { digestOf } from "../access/credential.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { PacketRow } from "../packet/packet-read.ts";
import { packetById } from "../packet/packet-read.ts";
import { sendPacket, type PacketBytesDeps } from "../packet/packet-bytes-http.ts";
import type { Tx } from "../schema.ts";
import type { ReleaseDeps } from "./release-deps.ts";
import { digitsOf, judgeOpening, refusalsRecordedMax, type Opening } from "./release-link.ts";
import { codeDigest } from "./release-link-http.ts";
import { lockLink, markOpened, markRefused, nothingRefused, type ReleaseLink } from "./release-link-store.ts";
import { markTaken } from "./release-store.ts";
import { takePage } from "./take-page.ts";

export type TakeDeps = ReleaseDeps &
  PacketBytesDeps & {
    /** A refusal is never answered sooner, so that its time does not tell what there was to look up. */
    readonly refusalMs: number;
  };

const formBytesMax = 1024;
const secretForm = /^[A-Za-z0-9_-]{43}$/;
// Nobody knows yet who it is: what he shows is a link and a code, and that is judged here.
const open = { config: { public: true }, schema: { hide: true } };
type ByLink = { Params: { secret: string } };

/**
 * The page behind a link, for somebody without an account. Looking at it (as mail scanners do) asks nothing and says nothing: it is the same
 * for every address. Its form sends the code; the answer is the packet, or one page for every reason why not.
 */
export function takeRoutes(deps: TakeDeps): FastifyPluginAsync {
  return async (app) => {
    app.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string", bodyLimit: formBytesMax },
      (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
    );
    app.get<ByLink>("/take/:secret", open, async (_request, reply) => page(reply, { refused: false }));
    app.post<ByLink>("/take/:secret", open, async (request, reply) => {
      const { secret } = request.params;
      const body = request.body as { readonly code?: unknown } | null | undefined;
      const notBefore = sleep(deps.refusalMs);
      const packet = await take(deps, secret, digitsOf(body?.code));
      if (packet === null) {
        await notBefore;
        return page(reply, { refused: true });
      }
      return sendPacket(deps, packet, { reply });
    });
  };
}

function page(reply: FastifyReply, of: { readonly refused: boolean }): FastifyReply {
  return reply
    .code(of.refused ? 403 : 200)
    .headers({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "x-robots-tag": "noindex, nofollow",
    })
    .send(takePage(of));
}

/** The packet that this link and code open; null: none, for whatever reason. What happened stands in the record with the transaction. */
async function take(deps: TakeDeps, secret: string, code: string): Promise<PacketRow | null> {
  const known = secretForm.test(secret);
  const packetId = await deps.db.transaction().execute(async (tx) => {
    const link = await lockLink(tx, digestOf(known ? secret : ""));
    const fits = same(codeDigest(secret, code), link?.codeSha256 ?? digestOf(""));
    if (link === null) {
      await nothingRefused(tx, deps.chance.uuid());
      return null;
    }
    const opening = judgeOpening(link.situation(deps.hasEnded), fits, deps.clock());
    await recordOpening(deps, tx, { link, opening });
    return opening.kind === "opens" ? link.packetId : null;
  });
  return packetId === null ? null : packetById(deps.db, packetId);
}

async function recordOpening(
  deps: TakeDeps,
  tx: Tx,
  { link, opening }: { readonly link: ReleaseLink; readonly opening: Opening },
): Promise<void> {
  const { id, releaseId, packetId, incidentId, organisationId } = link;
  const atMs = deps.clock();
  const actor = `link:${id}`;
  const subject = { kind: "release", id: releaseId };
  const common = { actor, subject, atMs, organisationId };
  const body = { incidentId, packetId, link: id };
  if (opening.kind === "refused") {
    const wrong = opening.because === "code_wrong";
    await markRefused(tx, id, wrong);
    if (link.refusals >= refusalsRecordedMax) return;
    const triesLeft = Math.max(0, link.triesLeft - (wrong ? 1 : 0));
    const entry = { kind: "packet.link_refused", because: opening.because, body: { ...body, triesLeft } };
    await appendAudit(tx, [{ ...common, ...entry }], deps.chance);
    return;
  }
  await markOpened(tx, id, atMs);
  await markTaken(tx, releaseId, { actor, atMs });
  const entry = { kind: "packet.link_opened", because: opening.first ? "first_opening" : "again_within_minutes", body };
  await appendAudit(tx, [{ ...common, ...entry }], deps.chance);
  if (!opening.first) return;
  const line = { id: deps.chance.uuid(), incidentId, kind: "packet" as const, atMs, actor };
  await deps.addTimeline(tx, [
    { ...line, says: "Packet taken by its recipient, by link", detail: { packetId, releaseId } },
  ]);
}

function same(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a, "hex"), Buffer.from(b, "hex"));
}
