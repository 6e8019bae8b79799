import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { AuditEntryView, MisuseCaseView } from "@tillwatch/wire";
import { actorOf } from "../access/authenticate-http.ts";
import { namesOf } from "../access/names-read.ts";
import { organisationDb } from "../access/callers-db.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import { uuidForm } from "../audit/audit-question.ts";
import { entriesById } from "../audit/audit-read.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Db } from "../schema.ts";
import { speakingRules, type MisuseRules } from "./misuse-rules.ts";
import { caseById, casesOf, decideCase, watchState, type MisuseCaseRow } from "./misuse-store.ts";
import { misuseConflictRoutes } from "./misuse-conflicts-http.ts";
import type { WordIndex } from "./search-words.ts";

export type MisuseRouteDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly vault: Pick<FieldVault, "seal" | "openMany">;
  readonly wordIndex: WordIndex;
  readonly rules: MisuseRules;
};

const tags = ["misuse"];
const params = Type.Object({ id: Type.String({ maxLength: 64 }) });
const listQuery = Type.Object(
  { state: Type.Optional(Type.Union([Type.Literal("open"), Type.Literal("explained"), Type.Literal("confirmed")])) },
  { additionalProperties: false },
);
const decision = Type.Object(
  {
    state: Type.Union([Type.Literal("explained"), Type.Literal("confirmed")]),
    because: Type.String({ minLength: 3, maxLength: 2000 }),
  },
  { additionalProperties: false },
);
const read = { access: { action: "misuse:read", on: "organisation" } } as const;
const decide = { access: { action: "misuse:decide", on: "organisation" } } as const;

/**
 * Cases of misuse, for the data protection officer and the auditor. Nobody sees a case about himself, and the administrator is not
 * among the readers: he could be whose colleague it is, or it.
 */
export function misuseRoutes(deps: MisuseRouteDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const list = { tags, operationId: "listMisuse", summary: "Cases of misuse, newest first", querystring: listQuery };
    app.get("/api/v1/misuse", { schema: list, config: read }, async (request) => {
      const rows = await casesOf(organisationDb(deps.db, request), readerOf(request), request.query.state ?? null);
      const { readAtMs, behind } = await watchState(deps.db);
      const watch = { readAt: readAtMs === null ? null : new Date(readAtMs).toISOString(), behind };
      const names = await namesIn(deps, request, { rows });
      return { items: await viewsOf(deps, rows), names, rules: speakingRules(deps.rules), watch };
    });
    const one = { tags, operationId: "readMisuse", summary: "A case with the entries that it rests on", params };
    app.get("/api/v1/misuse/:id", { schema: one, config: read }, async (request) => {
      const row = await known(deps, request, request.params.id);
      const [view] = await viewsOf(deps, [row]);
      const entries: readonly AuditEntryView[] = await entriesById(organisationDb(deps.db, request), row.entries);
      return { ...view, entries, names: await namesIn(deps, request, { rows: [row], entries }) };
    });
    const settle = {
      tags,
      operationId: "decideMisuse",
      summary: "Explains or confirms a case",
      params,
      body: decision,
    };
    app.post("/api/v1/misuse/:id/decision", { schema: settle, config: decide }, async (request) => {
      const row = await known(deps, request, request.params.id);
      await settleCase(deps, request, { row, ...request.body });
      const [view] = await viewsOf(deps, [await known(deps, request, row.id)]);
      return view;
    });
    await instance.register(misuseConflictRoutes(deps));
  };
}

function readerOf(request: FastifyRequest): { readonly token: string; readonly organisationId: string } {
  const { token, organisationId } = actorOf(request);
  return { token, organisationId };
}

async function known(deps: MisuseRouteDeps, request: FastifyRequest, id: string): Promise<MisuseCaseRow> {
  const row = uuidForm.test(id) ? await caseById(deps.db, readerOf(request), id) : null;
  if (row === null) throw problem(404, "misuse_case_unknown", "there is no such case");
  return row;
}

type Settled = { readonly row: MisuseCaseRow; readonly state: "explained" | "confirmed"; readonly because: string };

async function settleCase(
  deps: MisuseRouteDeps,
  request: FastifyRequest,
  { row, state, because }: Settled,
): Promise<void> {
  const { db, clock, chance, vault } = deps;
  const by = actorOf(request).token;
  const atMs = clock();
  await db.transaction().execute(async (tx) => {
    const sealed = await vault.seal(tx, `misuse:${row.id}`, because.toWellFormed());
    if (!(await decideCase(tx, row.id, { state, by, atMs, because: sealed }))) {
      throw problem(409, "misuse_case_decided", "somebody else decided the case meanwhile", {
        remedy: "Read it again.",
      });
    }
    const record = {
      kind: `misuse.${state}`,
      actor: by,
      subject: { kind: "misuse_case", id: row.id },
      because: state === "explained" ? "a person found an explanation" : "a person confirmed the misuse",
      atMs,
      body: { rule: row.title },
    };
    await appendAudit(tx, [record], chance);
  });
}

/** Names for whom cases and entries speak of. */
function namesIn(
  deps: MisuseRouteDeps,
  request: FastifyRequest,
  { rows, entries = [] }: { readonly rows: readonly MisuseCaseRow[]; readonly entries?: readonly AuditEntryView[] },
): Promise<Readonly<Record<string, string>>> {
  const inCases = rows.flatMap(({ actor, decidedBy }) => [actor ?? "", decidedBy ?? ""]);
  const actors = [...inCases, ...entries.map(({ actor }) => actor)];
  return namesOf(deps, actorOf(request), { actors, subjects: entries.map(({ subject }) => subject.id) });
}

async function viewsOf(deps: MisuseRouteDeps, rows: readonly MisuseCaseRow[]): Promise<readonly MisuseCaseView[]> {
  const decided = rows.filter((row) => row.because !== null);
  const opened = await deps.vault.openMany(
    deps.db,
    decided.map((row) => row.because ?? ""),
  );
  const words = new Map(decided.map((row, at) => [row.id, opened[at] ?? null]));
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return rows.map((row) => ({
    id: row.id,
    rule: row.ruleId,
    title: row.title,
    level: row.level,
    actor: row.actor,
    says: row.says,
    grouped: row.grouped,
    counted: row.counted,
    firstAt: new Date(row.firstAtMs).toISOString(),
    lastAt: new Date(row.lastAtMs).toISOString(),
    openedAt: new Date(row.openedAtMs).toISOString(),
    state: row.state,
    decidedBy: row.decidedBy,
    decidedAt: iso(row.decidedAtMs),
    because: words.get(row.id) ?? null,
  }));
}
