import type { FastifyPluginAsync, FastifyReply } from "fastify";
import { Type } from "typebox";
import {
  noteKey,
  parseCheckpointText,
  parseNote,
  parseTilePath,
  tileWidth,
  toBase64,
  type NoteKey,
} from "@tillwatch/evidence";
import type { AuditVerification, CheckpointView } from "@tillwatch/wire";
import { actorOf } from "../access/authenticate-http.ts";
import { namesOf } from "../access/names-read.ts";
import { problem } from "../api/problem.ts";
import { typed, type TypedApp } from "../api/typed.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import { scopedDb } from "../platform/database/scoped.ts";
import { vaultOf } from "../platform/keys/vault-mark.ts";
import type { Db } from "../schema.ts";
import { appendAudit } from "./audit-append.ts";
import type { LogFiles } from "./audit-log-files.ts";
import { readLogRow } from "./audit-log-store.ts";
import { proofOf, ProofFault } from "./audit-proof-files.ts";
import { byId, filterOf, questionMembers } from "./audit-question-http.ts";
import { auditPage } from "./audit-read.ts";
import { scopeOf } from "./audit-scope.ts";
import { verifyAudit } from "./audit-verify.ts";

export type AuditRouteDeps = {
  readonly db: Db;
  readonly files: LogFiles;
  /** The 32 bytes of the key that signs checkpoints. */
  readonly logPublicKey: Uint8Array;
  readonly clock: Clock;
  readonly chance: Chance;
};

const tags = ["audit"];
const listQuery = Type.Object(
  {
    ...questionMembers,
    order: Type.Optional(Type.Union([Type.Literal("newest"), Type.Literal("oldest")])),
    cursor: Type.Optional(Type.String({ pattern: "^[0-9]{1,15}$" })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  },
  { additionalProperties: false },
);
const listSchema = {
  tags,
  operationId: "listAudit",
  summary: "One question to the record: who saw, changed, released, decided what, when, why",
  querystring: listQuery,
};
const checkpointSchema = { tags, operationId: "readCheckpoint", summary: "The log's signed checkpoint" };
const proofParams = Type.Object({ id: Type.String({ maxLength: 64 }) });
const proofSchema = {
  tags,
  operationId: "proveAuditEntry",
  summary: "That an entry is in the log: C2SP tlog-proof",
  params: proofParams,
};
const verifySchema = {
  tags,
  operationId: "verifyAudit",
  summary: "Recomputes the whole record and names what does not fit",
};

/** The record for people: search, checkpoint, proof of one entry, and the verification of all of it. */
export function auditRoutes(deps: AuditRouteDeps): FastifyPluginAsync {
  // Verification reads everything: whoever asks while one runs gets that one's answer.
  let running: Promise<AuditVerification> | undefined;
  return async (instance) => {
    const app = typed(instance);
    app.get(
      "/api/v1/audit",
      { schema: listSchema, config: { access: { action: "audit:read", on: "organisation" } } },
      async (request) => {
        const { order, cursor, limit, ...question } = request.query;
        const seen = scopedDb(deps.db, scopeOf(request));
        const page = await auditPage(seen, {
          ...filterOf(await byId(seen, question)),
          order,
          cursor: cursor === undefined ? undefined : Number(cursor),
          limit: limit ?? 100,
        });
        const named = {
          actors: page.items.map(({ actor }) => actor),
          subjects: page.items.map(({ subject }) => subject.id),
        };
        const names = await namesOf({ db: deps.db, vault: await vaultOf(deps.db) }, actorOf(request), named);
        return { items: page.items, names, nextCursor: page.next === null ? null : String(page.next) };
      },
    );
    namesRoute(app, deps);
    app.get(
      "/api/v1/audit/checkpoint",
      { schema: checkpointSchema, config: { access: { action: "audit:read", on: "organisation" } } },
      () => checkpointView(deps),
    );
    app.get(
      "/api/v1/audit/:id/proof",
      { schema: proofSchema, config: { access: { action: "audit:read", on: "organisation" } } },
      async (request, reply) => {
        // That another's entry is there is not told; who may see it gets the proof out of the whole log.
        const from = { ...deps, db: scopedDb(deps.db, scopeOf(request)) };
        const proof = await answered(proofOf(from, request.params.id));
        return reply.type("text/plain; charset=utf-8").send(proof);
      },
    );
    app.post(
      "/api/v1/audit/verify",
      { schema: verifySchema, config: { access: { action: "audit:verify", on: "organisation" } } },
      async (request) => {
        running ??= verifyNow(deps, actorOf(request).token).finally(() => (running = undefined));
        return running;
      },
    );
  };
}

const namesSchema = {
  tags: ["audit"],
  operationId: "nameTokens",
  summary: "Whom tokens of people and programs of the own organisation stand for",
  querystring: Type.Object(
    { tokens: Type.String({ minLength: 1, maxLength: 8000, description: "up to 100, with commas between" }) },
    { additionalProperties: false },
  ),
  response: { 200: Type.Object({ names: Type.Record(Type.String(), Type.String()) }) },
};
const tokensMax = 100;

/**
 * For whoever reads the record, which names them anyway: elsewhere a token stays one, or the name of an owner would tell who reported
 * another case. Of other organisations, of who was erased and of nobody it says nothing.
 */
function namesRoute(app: TypedApp, deps: AuditRouteDeps): void {
  const config = { access: { action: "audit:read", on: "organisation" } } as const;
  app.get("/api/v1/audit/names", { schema: namesSchema, config }, async (request, reply) => {
    const subjects = request.query.tokens.split(",").slice(0, tokensMax);
    const asked = { actors: [], subjects };
    reply.header("cache-control", "no-store");
    return { names: { ...(await namesOf({ db: deps.db, vault: await vaultOf(deps.db) }, actorOf(request), asked)) } };
  });
}

async function verifyNow(deps: AuditRouteDeps, actor: string): Promise<AuditVerification> {
  const report = await verifyAudit({ ...deps, key: await logKey(deps) });
  const { ok, checked, size, durationMs, problems } = report;
  const record = {
    kind: "audit.verified",
    actor,
    subject: { kind: "audit_log", id: String(size) },
    because: "asked_for",
    atMs: deps.clock(),
    body: { ok, checked, size, durationMs, problems: problems.slice(0, 20) },
  };
  await deps.db.transaction().execute((tx) => appendAudit(tx, [record], deps.chance));
  return report;
}

/** The key under the log's own name, which is settled at its first start. */
export async function logKey(deps: Pick<AuditRouteDeps, "db" | "logPublicKey">): Promise<NoteKey> {
  const { origin } = await readLogRow(deps.db);
  if (origin === null) throw notStarted();
  return noteKey(nodeSha256, origin, deps.logPublicKey);
}

function notStarted(): Error {
  return problem(503, "audit_log_not_started", "the log has no checkpoint yet", { retryAfterSeconds: 1 });
}

async function checkpointView({ db, files }: AuditRouteDeps): Promise<CheckpointView> {
  const row = await readLogRow(db);
  const bytes = await files.read("checkpoint");
  if (bytes === undefined || row.vkey === null) throw notStarted();
  const note = parseNote(bytes);
  const checkpoint = note.ok ? parseCheckpointText(note.value.text) : note;
  if (!checkpoint.ok) throw problem(500, "audit_log_checkpoint_invalid", checkpoint.error.says);
  const { origin, size, root } = checkpoint.value;
  const signedAt = (row.publishedAt ?? new Date(0)).toISOString();
  return {
    origin,
    size: Number(size),
    rootHash: toBase64(root),
    note: Buffer.from(bytes).toString("utf8"),
    signedAt,
    vkey: row.vkey,
  };
}

async function answered<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (fault) {
    if (!(fault instanceof ProofFault)) throw fault;
    if (fault.code === "audit_entry_unknown") throw problem(404, fault.code, fault.message);
    throw problem(503, fault.code, fault.message, { retryAfterSeconds: 1 });
  }
}

// Tiles never change; the checkpoint changes about once a second.
const immutable = "public, max-age=31536000, immutable";

/**
 * The log as C2SP tlog-tiles serves it: public, because it holds digests and tokens only. Bundles with entries from before reasons were
 * sealed are withheld from the public: proofs and hashes of all leaves stay, and an export shows entries to whoever may read them.
 */
export function logRoutes({ db, files }: { readonly db: Db; readonly files: LogFiles }): FastifyPluginAsync {
  return async (app) => {
    const { publicFrom } = await readLogRow(db);
    const checkpoint = { tags, operationId: "readLogCheckpoint", summary: "The checkpoint as a signed note (C2SP)" };
    app.get("/log/checkpoint", { schema: checkpoint }, async (_request, reply) => {
      const bytes = await files.read("checkpoint");
      if (bytes === undefined) throw notStarted();
      return open(reply, "no-cache").type("text/plain; charset=utf-8").send(Buffer.from(bytes));
    });
    const tile = { tags, operationId: "readLogTile", summary: "A tile or entry bundle (C2SP tlog-tiles)" };
    app.get<{ Params: { "*": string } }>("/log/tile/*", { schema: tile }, async (request, reply) => {
      const path = `tile/${request.params["*"]}`;
      const asked = parseTilePath(path);
      if (asked?.level === "entries" && asked.index * BigInt(tileWidth) < BigInt(publicFrom)) {
        throw problem(403, "audit_entries_withheld", "these entries are from before reasons were sealed", {
          remedy: "Ask for an export of the record: it shows entries with their proofs to whoever may read them.",
        });
      }
      const bytes = asked === undefined ? undefined : await files.read(path);
      if (bytes === undefined) throw problem(404, "audit_tile_unknown", "the log has no such tile");
      return open(reply, immutable).type("application/octet-stream").send(Buffer.from(bytes));
    });
  };
}

function open(reply: FastifyReply, cacheControl: string): FastifyReply {
  // Anyone may check the log from any page.
  return reply.headers({
    "cache-control": cacheControl,
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
  });
}
