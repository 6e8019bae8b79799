import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { maskText } from "@tillwatch/wire";
import { problem, type HttpProblem } from "../api/problem.ts";
import { ObjectStoreFault } from "../platform/object-store.ts";
import { putSealed, VaultFault, type StoredObject, type Vault } from "../platform/keys/vault.ts";
import { cleanMediaType, cleanName, cleanText, type ExhibitFacts } from "./exhibit.ts";
import { KindMeter, type MediaKind } from "./media-kind.ts";

/** What a form holds beside the file. All optional; any order; more than once is refused. */
export const uploadFields = ["capturedAt", "source", "device", "kind", "note", "sha256", "because"] as const;
type UploadField = (typeof uploadFields)[number];

export type Upload = {
  readonly stored: StoredObject;
  readonly facts: ExhibitFacts;
  readonly because: string | undefined;
  /** A camera of the site, or `none`. */
  readonly device: string | undefined;
  readonly kind: MediaKind;
};

const fieldBytesMax = 8 * 1024;

/**
 * Reads a multipart form whose field `file` streams into the vault under `id`. Whatever is refused or breaks off: nothing stays
 * there. Throws HttpProblem.
 */
export async function receiveUpload(
  request: FastifyRequest,
  vault: Vault,
  into: { readonly id: string; readonly bytesMax: number; readonly sourceDefault: string },
): Promise<Upload> {
  let stored: StoredObject | undefined;
  try {
    const fields = new Map<string, string>();
    let file: { name: string | undefined; mediaType: string | undefined } | undefined;
    const meter = new KindMeter();
    const limits = { fileSize: Number.MAX_SAFE_INTEGER, files: 1, fields: 20, fieldSize: fieldBytesMax, parts: 21 };
    for await (const part of request.parts({ limits })) {
      if (part.type === "file") {
        if (part.fieldname !== "file" || file !== undefined) {
          throw problem(400, "exhibit_form_malformed", "the form has one file, in the field `file`", {
            pointer: `/${part.fieldname}`,
          });
        }
        file = { name: part.filename, mediaType: part.mimetype };
        stored = await putSealed(
          vault,
          { id: into.id, objectKey: `exhibits/${into.id}` },
          { source: meter.watch(part.file), bytesMax: into.bytesMax },
        );
        // The parser ends the stream of a part that the line cut off as if it were whole; this flag is its only mark.
        if (part.file.truncated) throw broken();
      } else {
        fields.set(part.fieldname, readField(part, fields));
      }
    }
    if (file === undefined || stored === undefined) {
      throw problem(400, "exhibit_file_missing", "the form has no field `file`", { pointer: "/file" });
    }
    const facts = readFacts(fields, { ...file, sourceDefault: into.sourceDefault });
    return {
      stored,
      facts,
      because: fields.get("because"),
      device: fields.get("device"),
      kind: meter.kind(facts.mediaType),
    };
  } catch (fault) {
    if (stored !== undefined) await vault.objects.delete(stored.objectKey);
    throw toProblem(fault);
  }
}

type FieldPart = { fieldname: string; value: unknown; valueTruncated: boolean };

function readField(part: FieldPart, fields: ReadonlyMap<string, string>): string {
  const { fieldname: name, value } = part;
  const pointer = `/${name}`;
  if (!uploadFields.some((known) => known === name)) {
    throw problem(400, "exhibit_form_malformed", `the form has an unknown field ${JSON.stringify(name.slice(0, 40))}`, {
      pointer,
    });
  }
  if (fields.has(name)) throw problem(400, "exhibit_form_malformed", `the field ${name} comes twice`, { pointer });
  if (typeof value !== "string" || part.valueTruncated || !value.isWellFormed() || value.includes("\0")) {
    throw problem(400, "exhibit_form_malformed", `the field ${name} is not a text of at most ${fieldBytesMax} bytes`, {
      pointer,
    });
  }
  return name === "note" || name === "because" ? maskText(cleanText(value)) : cleanText(value);
}

function readFacts(
  fields: ReadonlyMap<string, string>,
  file: { readonly name: string | undefined; readonly mediaType: string | undefined; readonly sourceDefault: string },
): ExhibitFacts {
  const given = (name: UploadField) => (fields.get(name) === "" ? undefined : fields.get(name));
  const kind = given("kind") ?? "original";
  if (kind !== "original" && kind !== "derivative") {
    throw problem(400, "exhibit_form_malformed", "kind is original or derivative", { pointer: "/kind" });
  }
  const claimed = given("sha256")?.toLowerCase() ?? null;
  if (claimed !== null && !/^[0-9a-f]{64}$/.test(claimed)) {
    throw problem(400, "exhibit_form_malformed", "sha256 is 64 hexadecimal digits", { pointer: "/sha256" });
  }
  return {
    name: cleanName(file.name),
    mediaType: cleanMediaType(file.mediaType),
    capturedAt: readInstant(given("capturedAt")),
    source: given("source")?.slice(0, 200) ?? file.sourceDefault,
    kind,
    note: given("note") ?? "",
    claimedSha256: claimed,
  };
}

/** RFC 3339 with an offset, kept as written: whose clock it was is part of the evidence. */
export function readInstant(text: string | undefined): string | null {
  if (text === undefined) return null;
  const formed = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/.test(text);
  if (!formed || Number.isNaN(Date.parse(text))) {
    throw problem(400, "exhibit_form_malformed", "capturedAt is a time with its offset (RFC 3339)", {
      pointer: "/capturedAt",
    });
  }
  return text;
}

function broken(): HttpProblem {
  return problem(400, "exhibit_upload_broken", "the upload ended before its end; nothing was kept", {
    remedy: "send it again",
  });
}

const parserCodes = /^(FST_|ERR_STREAM_PREMATURE_CLOSE|ECONNRESET|ABORT_ERR)/;

/** Every way an upload can fail, as the caller sees it; what we do not know stays a fault of ours. */
export function toProblem(fault: unknown): unknown {
  if (fault instanceof VaultFault && fault.code === "object_too_large") {
    return problem(413, "exhibit_too_large", fault.message);
  }
  if (fault instanceof VaultFault && fault.code === "object_empty") {
    return problem(400, "exhibit_empty", "the file has no bytes");
  }
  if (fault instanceof ObjectStoreFault && fault.code === "object_store_full") {
    return problem(507, "exhibit_store_full", "the object store is full; nothing was kept", {
      retryAfterSeconds: 60,
      remedy: "Have somebody make room where exhibits are kept; then send the file again.",
    });
  }
  if (!(fault instanceof Error)) return fault;
  const code = "code" in fault && typeof fault.code === "string" ? fault.code : "";
  if (/^FST_(PARTS|FILES|FIELDS)_LIMIT/.test(code)) {
    return problem(400, "exhibit_form_malformed", "the form has one file and at most 20 fields");
  }
  const byParser =
    parserCodes.test(code) || /unexpected end|premature close|aborted|multipart|malformed part/i.test(fault.message);
  return byParser && fault.name !== "HttpProblem" ? broken() : fault;
}

/** Short, stable name of an exhibit's bytes for caches. */
export function etagOf(sha256: string): string {
  return `"${createHash("sha256").update(sha256).digest("hex").slice(0, 32)}"`;
}
