import { createHash } from "node:crypto";
import { sql } from "kysely";
import { ok, refused, type Result } from "@tillwatch/wire";
import type { IncidentChange } from "../flow.ts";
import type { Chance } from "../platform/chance.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Tx } from "../schema.ts";
import { incidentSubject } from "../subjects.ts";
import { agingOut } from "./aging.ts";
import { runCommand, textsOf, type Command, type CommandRefusal } from "./incident-command.ts";
import type { IncidentRow } from "./incident-row.ts";
import { lockIdleWatchItems, lockIncident, saveEffects, takeReferences } from "./incident-store.ts";
import { saveSearchWords } from "./incident-text-store.ts";
import { toChanges, type SummaryNeeds } from "./incident-summary.ts";
import { openReported, type StaffReport } from "./staff-report.ts";
import { categoryOf } from "./taxonomy.ts";

/** What work outside the pipeline needs. All of it runs in the caller's transaction. */
export type DeskDeps = { readonly chance: Chance; readonly fields: FieldVault; readonly needs: () => SummaryNeeds };

export type Done = { readonly row: IncidentRow; readonly changes: readonly IncidentChange[] };

export type DeskRefusal =
  | CommandRefusal
  | { readonly code: "incident_unknown" }
  | { readonly code: "incident_version_changed"; readonly version: number };

export type Asked = {
  readonly id: string;
  readonly command: Command;
  readonly actor: string;
  readonly nowMs: number;
  readonly version: number | null; // what the caller saw; null: whatever it is now
};

export function digestOf(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** Runs a person's command on one piece of work: lock, check, decide, write, audit. */
export async function command(tx: Tx, deps: DeskDeps, asked: Asked): Promise<Result<Done, DeskRefusal>> {
  const row = await lockIncident(tx, asked.id);
  if (row === null) return refused({ code: "incident_unknown" });
  if (asked.version !== null && asked.version !== row.version) {
    return refused({ code: "incident_version_changed", version: row.version });
  }
  const { actor, nowMs } = asked;
  const kept = await keptTexts(tx, deps.fields, { row, said: asked.command });
  const decided = runCommand(row, asked.command, { actor, nowMs, newId: deps.chance.uuid, kept, digestOf });
  if (!decided.ok) return decided;
  await saveEffects(tx, decided.value, deps.chance);
  if (asked.command.kind === "edit" && asked.command.fields.summary !== undefined) {
    await saveSearchWords(tx, deps.fields, [{ incidentId: row.id, text: asked.command.fields.summary }]);
  }
  const after = decided.value.rows.get(row.id) ?? row;
  return ok({ row: after, changes: toChanges(decided.value, deps.needs(), nowMs) });
}

/**
 * Seals what a person says in a command under the incident. The summary that the incident has already keeps its sealed form: saying it
 * again changes nothing.
 */
async function keptTexts(
  tx: Tx,
  fields: FieldVault,
  { row, said }: { readonly row: IncidentRow; readonly said: Command },
): Promise<(text: string) => string> {
  const texts = textsOf(said);
  const sealed = await fields.sealMany(
    tx,
    texts.map((text) => ({ subject: incidentSubject(row.id), text })),
  );
  const kept = new Map(texts.map((text, at) => [text, sealed[at] ?? ""]));
  const summary = said.kind === "edit" ? said.fields.summary : undefined;
  if (summary !== undefined && row.summary !== null && (await fields.openWithin(tx, row.summary)) === summary) {
    kept.set(summary, row.summary);
  }
  return (text) => {
    const known = kept.get(text);
    if (known === undefined) throw new Error("a text of a command was not sealed");
    return known;
  };
}

export type ReportRefusal = { readonly code: "idempotency_key_reused" };

export type Reported = {
  readonly id: string;
  readonly ref: string;
  readonly version: number;
  readonly repeated: boolean; // true: the same request came before, nothing was done
  readonly changes: readonly IncidentChange[];
};

/** `key` is the caller's Idempotency-Key, `request` tells whether a repeat asks for the same. */
export type ReportAsked = {
  readonly report: StaffReport;
  readonly nowMs: number;
  readonly idempotency: { readonly key: string; readonly request: string } | null;
};

/** Opens an incident for a person's report; a repeat under the same key answers the first one. */
export async function report(tx: Tx, deps: DeskDeps, asked: ReportAsked): Promise<Result<Reported, ReportRefusal>> {
  const { nowMs, idempotency } = asked;
  const needs = deps.needs();
  const id = deps.chance.uuid();
  if (idempotency !== null) {
    // Keyed digests: neither what a program calls its request nor a report of few words can be guessed from the table.
    const keyed = (use: string, text: string) => Buffer.from(deps.fields.blindIndex(use, text)).toString("hex");
    const key = keyed("idempotency_key", idempotency.key);
    const requestSha256 = keyed("idempotency_request", idempotency.request);
    const before = await claimKey(tx, { key, requestSha256, actor: asked.report.reporter, incidentId: id, nowMs });
    if (before !== null && before.request_sha256 !== requestSha256) {
      return refused({ code: "idempotency_key_reused" });
    }
    if (before !== null) {
      const { ref, version } = before;
      return ok({ id: before.incident_id, ref, version, repeated: true, changes: [] });
    }
  }
  const [reference = ""] = await takeReferences(tx, new Date(nowMs).getUTCFullYear(), [asked.report.siteId]);
  const { current } = needs.taxonomies;
  const category = categoryOf(current, asked.report.category);
  const summary = await deps.fields.seal(tx, incidentSubject(id), asked.report.summary);
  const effects = openReported(asked.report, {
    id,
    nowMs,
    newId: deps.chance.uuid,
    kept: () => summary,
    reference,
    taxonomyVersion: current.version,
    level: category.level,
    categoryTitle: category.title,
    digestOf,
  });
  await saveEffects(tx, effects, deps.chance);
  await saveSearchWords(tx, deps.fields, [{ incidentId: id, text: asked.report.summary }]);
  return ok({ id, ref: reference, version: 1, repeated: false, changes: toChanges(effects, needs, nowMs) });
}

/**
 * Lets watch items age out that nothing happened to for `ttlMs`, at most `limit` (default 500) in one transaction; call again
 * while it answers that many. Publish the changes after the commit.
 */
export async function ageOut(
  tx: Tx,
  deps: Pick<DeskDeps, "chance" | "needs">,
  asked: { readonly nowMs: number; readonly ttlMs: number; readonly limit?: number },
): Promise<readonly IncidentChange[]> {
  const { nowMs, ttlMs, limit = 500 } = asked;
  const rows = await lockIdleWatchItems(tx, { beforeMs: nowMs - ttlMs + 1, limit });
  const effects = agingOut(rows, { nowMs, ttlMs, newId: deps.chance.uuid });
  await saveEffects(tx, effects, deps.chance);
  return toChanges(effects, deps.needs(), nowMs);
}

type Claim = {
  readonly actor: string;
  readonly key: string;
  readonly requestSha256: string;
  readonly incidentId: string;
  readonly nowMs: number;
};
type Claimed = {
  readonly request_sha256: string;
  readonly incident_id: string;
  readonly ref: string;
  readonly version: number;
};

/** null: the key is ours now. A request under the same key that still runs is waited for. */
async function claimKey(tx: Tx, claim: Claim): Promise<Claimed | null> {
  const taken = await sql`
    insert into incident_request (actor, key, request_sha256, incident_id, at)
    values (${claim.actor}, ${claim.key}, ${claim.requestSha256}, ${claim.incidentId}::uuid, ${new Date(claim.nowMs)}::timestamptz)
    on conflict (actor, key) do nothing
    returning key
  `.execute(tx);
  if (taken.rows.length > 0) return null;
  const { rows } = await sql<Claimed>`
    select r.request_sha256, r.incident_id, i.ref, i.version from incident_request r
    join incident i on i.id = r.incident_id
    where r.actor = ${claim.actor} and r.key = ${claim.key}
  `.execute(tx);
  return rows[0] ?? null;
}
