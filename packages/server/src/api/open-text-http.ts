import type { FastifyInstance, FastifyRequest } from "fastify";
import { bearsSealedText, replaceSealedTexts } from "@tillwatch/wire";
import { quotedInJson, type FieldVault } from "../platform/keys/field-vault.ts";
import type { Db } from "../schema.ts";
import { problem } from "./problem.ts";

/**
 * Where sealed text of people becomes readable: in JSON answers to a request that may read it, as the last step before the wire. Stages,
 * tables, events and jobs hold its sealed form (docs/formats/sealed-fields.md).
 */
export type TextOpening = {
  readonly db: Db;
  readonly fields: FieldVault;
  /** Why this request must not read text of people, in a word; null: it may. Every request may where this is not given. */
  readonly withheld?: (request: FastifyRequest) => string | null;
};

export function openTexts(app: FastifyInstance, { db, fields, withheld }: TextOpening): void {
  // Whoever got hold of a sealed text must not have it opened by sending it in and reading it back.
  app.addHook("preValidation", async (request) => {
    if (bearsSealedText(request.url) || (isPlainBody(request.body) && bearsSealedText(JSON.stringify(request.body)))) {
      throw problem(422, "sealed_text_refused", "the request holds text in the form of a sealed text", {
        remedy: "Send the text itself.",
      });
    }
  });
  app.addHook("onSend", async (request, reply, payload) => {
    if (typeof payload !== "string" || reply.statusCode >= 400 || !isJson(reply.getHeader("content-type")))
      return payload;
    if (!bearsSealedText(payload)) return payload;
    const reason = withheld?.(request) ?? null;
    if (reason !== null) return replaceSealedTexts(payload, () => quotedInJson(`[${reason}]`));
    return fields.openWithin(db, payload, quotedInJson);
  });
}

// Bodies that are read as streams (signals, files) are sealed where they are taken in.
function isPlainBody(body: unknown): body is object {
  if (typeof body !== "object" || body === null) return false;
  return (
    Array.isArray(body) || Object.getPrototypeOf(body) === Object.prototype || Object.getPrototypeOf(body) === null
  );
}

function isJson(contentType: unknown): boolean {
  return typeof contentType === "string" && /^application\/(?:[a-z.+-]+\+)?json\b/.test(contentType);
}
