import { createHash } from "node:crypto";
import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { actorOf } from "../../access/authenticate-http.ts";
import { organisationDb } from "../../access/callers-db.ts";
import { problem } from "../../api/problem.ts";
import { typed, type TypedApp } from "../../api/typed.ts";
import { consentsOf, consentTexts, insertConsent, insertConsentText, withdrawConsent } from "./consent-store.ts";
import {
  asActor,
  closed,
  idOf,
  idParams,
  needs,
  instant,
  personToken,
  record,
  type PrivacyHttpDeps,
} from "../privacy-answer-http.ts";

const tags = ["privacy"];
const name = Type.String({ pattern: "^[a-z][a-z0-9_-]{0,63}$" });
const version = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$" });
const language = Type.String({ pattern: "^[a-z]{2}$" });

/** Texts that people agree to, each version for good, and who agreed to which (GDPR art. 7(1)). */
export function consentRoutes(deps: PrivacyHttpDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    textRoutes(app, deps);
    consentOwnRoutes(app, deps);
  };
}

function textRoutes(app: TypedApp, deps: PrivacyHttpDeps): void {
  const add = {
    tags,
    operationId: "addConsentText",
    summary: "A version of a text that people agree to; it never changes",
    body: Type.Object(
      { id: name, version, language, purpose: name, content: Type.String({ minLength: 20, maxLength: 20_000 }) },
      closed,
    ),
  };
  app.post("/api/v1/consent-texts", { schema: add, config: needs("privacy:write") }, async (request, reply) => {
    const { content, ...text } = request.body;
    const sha256 = createHash("sha256").update(content, "utf8").digest("hex");
    const made = await asActor(deps, request, async (at) => {
      if (!(await insertConsentText(at.tx, { ...at, ...text, content, sha256 }))) return false;
      await record(deps, at, {
        kind: "consent.text_added",
        subject: { kind: "consent_text", id: `${text.id}/${text.version}/${text.language}` },
        because: `for ${text.purpose}`,
        body: { sha256 },
      });
      return true;
    });
    if (!made) {
      throw problem(409, "consent_text_exists", "this version exists: people agreed to what it says", {
        pointer: "/version",
        remedy: "Give the text a new version.",
      });
    }
    return reply.code(201).send({ ...text, sha256 });
  });
  const list = { tags, operationId: "listConsentTexts", summary: "All versions of all texts, with how many agree" };
  app.get("/api/v1/consent-texts", { schema: list, config: needs("privacy:read") }, async (request) => ({
    items: await consentTexts(organisationDb(deps.db, request), actorOf(request).organisationId),
  }));
}

function consentOwnRoutes(app: TypedApp, deps: PrivacyHttpDeps): void {
  const add = {
    tags,
    operationId: "addConsent",
    summary: "Records that a person agreed to a version of a text",
    body: Type.Object(
      {
        token: personToken,
        textId: name,
        textVersion: version,
        language,
        how: Type.Enum(["signed", "spoken", "online"]),
        givenAt: instant,
      },
      closed,
    ),
  };
  app.post("/api/v1/consents", { schema: add, config: needs("privacy:write") }, async (request, reply) => {
    const given = request.body;
    const givenAtMs = Date.parse(given.givenAt);
    if (givenAtMs > deps.clock()) {
      throw problem(422, "occurred_in_future", "givenAt lies in the future", { pointer: "/givenAt" });
    }
    const made = await asActor(deps, request, async (at) => {
      const saved = await insertConsent(at.tx, { ...at, ...given, givenAtMs, id: deps.chance.uuid() });
      if (saved === null) return null;
      await record(deps, at, {
        kind: "consent.given",
        subject: { kind: "person", id: given.token },
        because: `agreed to ${given.textId} ${given.textVersion}, ${given.how}`,
        body: { consent: saved.id, text_sha256: saved.textSha256 },
      });
      return saved;
    });
    if (made === null) {
      throw problem(422, "consent_text_unknown", "there is no such version of this text", { pointer: "/textVersion" });
    }
    return reply.code(201).send(made);
  });
  const list = {
    tags,
    operationId: "listConsents",
    summary: "What a person agreed to, and took back",
    querystring: Type.Object({ token: personToken }, closed),
  };
  app.get("/api/v1/consents", { schema: list, config: needs("privacy:read") }, async (request) => ({
    items: await consentsOf(organisationDb(deps.db, request), actorOf(request).organisationId, request.query.token),
  }));
  const withdraw = { tags, operationId: "withdrawConsent", summary: "A person takes consent back", params: idParams };
  app.post(
    "/api/v1/consents/:id/withdrawal",
    { schema: withdraw, config: needs("privacy:write") },
    async (request, reply) => {
      const unknown = () => problem(404, "consent_unknown", "there is no such consent in force");
      const id = idOf(request.params.id, unknown);
      await asActor(deps, request, async (at) => {
        const token = await withdrawConsent(at.tx, { ...at, id });
        if (token === null) throw unknown();
        await record(deps, at, {
          kind: "consent.withdrawn",
          subject: { kind: "person", id: token },
          because: "the person took it back",
          body: { consent: id },
        });
      });
      return reply.code(204).send();
    },
  );
}
