import { exhibitDisposed } from "./exhibit-disposed-http.ts";
import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { askedOf, demandAlso } from "../access/ask-http.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { sharedOnly } from "../access/callers-db.ts";
import { openedBecause } from "../access/opened-because-http.ts";
import { problem } from "../api/problem.ts";
import { attachmentHeader, parseRange, type ByteSpan } from "../platform/http-range.ts";
import { minorVerdict } from "../minors.ts";
import { KeyFault } from "../platform/keys/key-fault.ts";
import { describeFault, type Log } from "../platform/log.ts";
import { readSealed, VaultFault, type SealedObject } from "../platform/keys/vault.ts";
import { copyFor } from "./copy-asking-store.ts";
import type { CopyRow } from "./copy-read.ts";
import { recordAccess, recordDamage, type ExhibitDeps, type Hand } from "./exhibit-intake-store.ts";
import { minorsOfExhibit, type ExhibitRow } from "./exhibit-read.ts";
import { copyFilename } from "./exhibit.ts";
import { etagOf } from "./exhibit-upload-http.ts";
import { purposeOf } from "./original-http.ts";
import { twoKeysFor } from "./original-store.ts";

export type ContentDeps = ExhibitDeps & { readonly log: Log };
export type ContentRequest = FastifyRequest<{
  Params: { id: string };
  Querystring: { because?: string; of?: "copy" | "original" };
}>;

/** What goes out: the bytes with their names, and how the look is written down. */
type Going = {
  readonly sealed: SealedObject;
  readonly filename: string;
  readonly mediaType: string;
  readonly what: string;
  readonly detail: Readonly<Record<string, string>>;
};

/** The copy (202 while it is made), or the original under two keys. Each look is a custody entry before the first byte leaves. */
export async function sendContent(
  deps: ContentDeps,
  asked: { readonly exhibit: ExhibitRow; readonly request: ContentRequest; readonly hand: Hand },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { exhibit, request } = asked;
  const original = originalOf(exhibit);
  const stated = askedOf(request).circumstances.purpose;
  if (stated !== null && outward.has(stated) && (await withheld(deps, asked))) throw minorProtected();
  if (exhibit.mediaKind === "document")
    return send(deps, asked, { reply, going: await documentGoing(deps, exhibit, original) });
  if (request.query.of === "original")
    return send(deps, asked, { reply, going: await underTwoKeys(deps, asked, original) });
  const of = { exhibitId: exhibit.id, incidentId: exhibit.incidentId, purpose: stated };
  const answer = await deps.db.transaction().execute((tx) => copyFor(tx, deps.asking, of));
  if (answer.kind === "none") throw noCopy(answer.code);
  const { row } = answer;
  if (row.state === "making") {
    return reply.code(202).header("retry-after", "1").send({ id: row.id, state: row.state });
  }
  if (row.state === "not_needed")
    return send(deps, asked, { reply, going: await documentGoing(deps, exhibit, original) });
  if (row.ready === null) throw noCopy(row.problem ?? "media_unsupported");
  return send(deps, asked, { reply, going: copyGoing(row, row.ready) });
}

// What is opened for these is opened to be handed on.
const outward: ReadonlySet<string> = new Set(["police_request", "legal_claim", "insurance_claim"]);

/** A partner is shown a case with a minor by the ground under which it was shared; what is flagged itself, the database hides from him. */
async function withheld(
  deps: ContentDeps,
  { exhibit, request }: { readonly exhibit: ExhibitRow; readonly request: ContentRequest },
): Promise<boolean> {
  const minors = await minorsOfExhibit(deps.db, exhibit);
  const shared = sharedOnly(actorOf(request)) !== null;
  return minorVerdict(shared ? { ...minors, ofCase: null } : minors, null, []).kind === "withheld";
}

function minorProtected() {
  return problem(
    409,
    "exhibit_minor_protected",
    "a minor is in it: nothing of it goes outside without a legal ground",
    {
      remedy:
        "Flag the exhibit, if only its case is; then counsel or the data protection officer states one: PUT /api/v1/exhibits/{id}/minor/ground.",
    },
  );
}

function originalOf({ id, object, bytes, sha256, disposedAt }: ExhibitRow): SealedObject {
  if (disposedAt != null) throw exhibitDisposed(disposedAt);
  if (object === null || bytes === null || sha256 === null) {
    throw problem(409, "exhibit_is_pointer", "this exhibit is a pointer; its media stays with its holder", {
      remedy: "request the media from the holder named by `uri`, and upload it as an exhibit",
    });
  }
  return { id, bytes, sha256, ...object };
}

/** Text and PDF have nothing to make anew: they open as they came. */
async function documentGoing(deps: ContentDeps, exhibit: ExhibitRow, sealed: SealedObject): Promise<Going> {
  const filename = await deps.fields.openWithin(deps.db, exhibit.name);
  return { sealed, filename, mediaType: "application/octet-stream", what: "the content", detail: { of: "document" } };
}

function copyGoing(row: CopyRow, ready: NonNullable<CopyRow["ready"]>): Going {
  const { mediaType, bytes, sha256, object } = ready;
  const ending = mediaType.split("/")[1] ?? "bin";
  return {
    sealed: { id: row.id, bytes, sha256, ...object },
    filename: copyFilename(row.exhibitId, ending),
    mediaType,
    what: "the copy",
    detail: { of: "copy", copySha256: sha256 },
  };
}

async function underTwoKeys(
  deps: ContentDeps,
  { exhibit, request }: { readonly exhibit: ExhibitRow; readonly request: ContentRequest },
  sealed: SealedObject,
): Promise<Going> {
  demandAlso(request, "exhibit:open_original");
  const asked = { exhibitId: exhibit.id, by: actorOf(request).token, purpose: purposeOf(request), nowMs: deps.clock() };
  const keys = await twoKeysFor(deps.db, asked);
  if (keys === null) {
    throw problem(403, "two_keys_needed", "the original is sealed: another person has to approve that you open it", {
      remedy: `Ask with POST /api/v1/exhibits/${exhibit.id}/original-requests; the copy opens without.`,
    });
  }
  return {
    sealed,
    filename: await deps.fields.openWithin(deps.db, exhibit.name),
    mediaType: "application/octet-stream",
    what: "the sealed original",
    detail: { of: "original", requestId: keys.requestId, approvedBy: keys.approvedBy, purpose: asked.purpose },
  };
}

const noCopySays: Readonly<Record<string, string>> = {
  copy_withheld: "for your purpose no picture of this case is shown",
  copy_people_not_marked: "for your purpose people must not be known, and nobody marked where they are",
  copy_camera_not_named: "the site masks cameras, and nobody said which camera this is of",
  media_tool_missing: "the program that makes copies of clips is not installed here",
  media_unsupported: "it is no picture or clip that a copy can be made of",
  media_damaged: "it cannot be read as what it is",
  media_too_large: "it is larger than a copy is made of",
  media_took_too_long: "making a copy took too long",
  exhibit_damaged: "the stored bytes are not what was received",
};

const noCopyRemedies: Readonly<Record<string, string>> = {
  copy_people_not_marked: "Mark people: PUT /api/v1/exhibits/{id}/regions.",
  copy_camera_not_named: "Name the camera, or say that it is none of the site's: PUT /api/v1/exhibits/{id}/camera.",
};

function noCopy(because: string) {
  const says = noCopySays[because] ?? because;
  return problem(409, because, `there is no copy: ${says}; the original stays sealed`, {
    remedy: noCopyRemedies[because] ?? "Ask for the original: POST /api/v1/exhibits/{id}/original-requests.",
  });
}

async function send(
  deps: ContentDeps,
  asked: { readonly exhibit: ExhibitRow; readonly request: ContentRequest; readonly hand: Hand },
  out: { readonly reply: FastifyReply; readonly going: Going },
): Promise<FastifyReply> {
  const { exhibit, request, hand } = asked;
  const { reply, going } = out;
  const { bytes, sha256 } = going.sealed;
  const span = parseRange(request.headers.range, bytes);
  if (span === "unsatisfiable") {
    reply.header("content-range", `bytes */${bytes}`);
    throw problem(416, "range_not_satisfiable", `the exhibit has ${bytes} bytes`);
  }
  const part = span === "whole" ? undefined : span;
  const what = part === undefined ? `${going.what}, whole` : `${going.what}, from byte ${part.from}`;
  const continues = part !== undefined && part.from > 0;
  const detail = { ...openedBecause(request).stated, ...going.detail };
  await recordAccess(deps, { exhibitId: exhibit.id, hand, what, continues, detail });
  const body = await openChecked(deps, { sealed: going.sealed, exhibitId: exhibit.id }, part);
  const from = part?.from ?? 0;
  const to = part?.to ?? bytes;
  if (part !== undefined) reply.code(206).header("content-range", `bytes ${from}-${to - 1}/${bytes}`);
  return reply
    .headers({
      "content-type": going.mediaType,
      "content-length": to - from,
      "content-disposition": attachmentHeader(going.filename),
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'",
      "cache-control": "private, no-store",
      "accept-ranges": "bytes",
      etag: etagOf(sha256),
      "repr-digest": `sha-256=:${Buffer.from(sha256, "hex").toString("base64")}:`,
    })
    .send(Readable.from(body, { objectMode: false }));
}

/** Opens the stream and its first piece, so that damage found at once is answered in words; later damage cuts the line. */
async function openChecked(
  deps: ContentDeps,
  { sealed, exhibitId }: { readonly sealed: SealedObject; readonly exhibitId: string },
  span: ByteSpan | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const plain = readSealed(deps.vault, sealed, span);
  const guarded = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (fault) {
      deps.log.error("exhibit not readable", { exhibit: exhibitId, fault: describeFault(fault) });
      if (fault instanceof VaultFault) await recordDamage(deps, exhibitId, fault.message);
      throw asProblem(fault);
    }
  };
  const first = await guarded(() => plain.next());
  return (async function* () {
    try {
      for (let next = first; next.done !== true; next = await guarded(() => plain.next())) yield next.value;
    } finally {
      await plain.return();
    }
  })();
}

function asProblem(fault: unknown): unknown {
  if (fault instanceof VaultFault) {
    return problem(500, "exhibit_damaged", "the stored bytes are not what was received; this is on the record", {
      remedy: "restore the object from a backup; `tillwatch doctor` names it",
    });
  }
  if (fault instanceof KeyFault) {
    return problem(500, "key_master_wrong", "the exhibit was sealed under another master key", {
      remedy: "put the right master.key into the key folder",
    });
  }
  return fault;
}
