import { Readable } from "node:stream";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { AuditExportView, AuditQuestion } from "@tillwatch/wire";
import { actorOf } from "../access/authenticate-http.ts";
import { askerOf } from "../access/principal.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { attachmentHeader } from "../platform/http-range.ts";
import type { Jobs } from "../platform/jobs.ts";
import { scopedDb, type Scope } from "../platform/database/scoped.ts";
import { sealInto } from "../platform/keys/vault-mark.ts";
import { readSealed } from "../platform/keys/vault.ts";
import type { Db, Schema } from "../schema.ts";
import { appendAudit } from "./audit-append.ts";
import { enqueueExport, type ExportJobDeps } from "./audit-export-jobs.ts";
import { exportById, exportsOf, exportSubject, insertExport, type ExportRow } from "./audit-export-store.ts";
import { byId, filterOf, questionMembers } from "./audit-question-http.ts";
import { questionInWords } from "./audit-question-words.ts";
import { uuidForm } from "./audit-question.ts";
import { scopeOf } from "./audit-scope.ts";

export type ExportRouteDeps = ExportJobDeps & { readonly jobs: Jobs<Schema> };

const tags = ["audit"];
const params = Type.Object({ id: Type.String({ maxLength: 64 }) });
const body = Type.Object(
  {
    question: Type.Object(questionMembers, { additionalProperties: false }),
    because: Type.String({ minLength: 3, maxLength: 1000, description: "why; it goes into the record and the export" }),
  },
  { additionalProperties: false },
);
const access = { action: "audit:export", on: "organisation" } as const;

/** Ask for an answer of the record with its proofs, follow its making, take it. Asking and taking are themselves on the record. */
export function exportRoutes(deps: ExportRouteDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const ask = { tags, operationId: "exportAudit", summary: "Starts an export of an answer with its proofs", body };
    app.post("/api/v1/audit/exports", { schema: ask, config: { access } }, async (request, reply) => {
      const id = await askExport(deps, request, request.body);
      return reply.code(202).header("location", `/api/v1/audit/exports/${id}`).send({ id });
    });
    const list = { tags, operationId: "listAuditExports", summary: "The latest exports, newest first" };
    app.get("/api/v1/audit/exports", { schema: list, config: { access } }, async (request) => {
      const scope = scopeOf(request);
      const rows = await exportsOf(exportsDb(deps.db, scope), scope.organisationId);
      return { items: rows.map(viewOf) };
    });
    const take = { tags, operationId: "readAuditExport", summary: "202 while it is made, then the zip", params };
    app.get(
      "/api/v1/audit/exports/:id",
      { schema: take, exposeHeadRoute: false, config: { access } },
      async (request, reply) => takeExport(deps, request, reply),
    );
  };
}

async function askExport(
  deps: ExportRouteDeps,
  request: FastifyRequest,
  { question: said, because }: { readonly question: AuditQuestion; readonly because: string },
): Promise<string> {
  const question = await byId(scopedDb(deps.db, scopeOf(request)), said); // verified offline by ids alone
  filterOf(question); // a malformed time is refused now, not by the job
  const actor = actorOf(request);
  const why = because
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
  if (why === "")
    throw problem(400, "audit_export_reason_missing", "say why the record is exported", { pointer: "/because" });
  const id = deps.chance.uuid();
  const askedAtMs = deps.clock();
  const { token: askedBy, keyId: askedWith } = askerOf(actor);
  const asked = { id, scope: scopeOf(request), askedBy, askedWith, because: why, askedAtMs, question };
  await deps.db.transaction().execute(async (tx) => {
    await insertExport(tx, asked);
    const record = {
      kind: "audit.export_asked",
      actor: actor.token,
      subject: { kind: "record_export", id },
      because: why,
      atMs: askedAtMs,
      body: { question: await sealInto(tx, exportSubject(id), questionInWords(question)) },
    };
    await appendAudit(tx, [record], deps.chance);
    await enqueueExport(deps.jobs, tx, id);
  });
  return id;
}

/** Exports of what the asker may see himself, held to by the database: not those of more sites, nor the operator's of all organisations. */
function exportsDb(db: Db, scope: Scope): Db {
  return scopedDb(db, { ...scope, staff: true });
}

async function takeExport(
  deps: ExportRouteDeps,
  request: FastifyRequest<{ Params: { id: string } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { id } = request.params;
  const scope = scopeOf(request);
  const row = uuidForm.test(id) ? await exportById(exportsDb(deps.db, scope), id) : null;
  if (row === null || row.scope.organisationId !== scope.organisationId) {
    throw problem(404, "audit_export_unknown", "there is no such export");
  }
  if (row.state === "failed") {
    throw problem(409, "audit_export_failed", row.problem ?? "the export could not be made", {
      remedy: "Ask for less at once (a shorter time, one subject), then export again.",
    });
  }
  const { object, bytes, sha256 } = row;
  if (object === null || bytes === null || sha256 === null) {
    return reply.code(202).header("retry-after", "1").send(viewOf(row));
  }
  await recordTaken(deps, actorOf(request).token, row);
  return reply
    .headers({
      "content-type": "application/zip",
      "content-length": bytes,
      "content-disposition": attachmentHeader(`record-${id.slice(0, 8)}.zip`),
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-store",
      "repr-digest": `sha-256=:${Buffer.from(sha256, "hex").toString("base64")}:`,
    })
    .send(Readable.from(readSealed(deps.vault, { id, bytes, sha256, ...object }), { objectMode: false }));
}

async function recordTaken(deps: ExportRouteDeps, actor: string, row: ExportRow): Promise<void> {
  const record = {
    kind: "audit.export_downloaded",
    actor,
    subject: { kind: "record_export", id: row.id },
    because: row.because,
    atMs: deps.clock(),
    body: { sha256: row.sha256, entries: row.entries },
  };
  await deps.db.transaction().execute((tx) => appendAudit(tx, [record], deps.chance));
}

function viewOf(row: ExportRow): AuditExportView {
  const { id, question, because, askedBy, state, problem: trouble, entries, treeSize, readyAt, bytes } = row;
  return {
    id,
    says: questionInWords(question),
    question,
    because,
    askedBy,
    askedAt: new Date(row.askedAtMs).toISOString(),
    state,
    problem: trouble,
    entries,
    treeSize,
    readyAt,
    bytes,
  };
}
