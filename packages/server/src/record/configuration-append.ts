import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { parse } from "yaml";
import type { ConfigurationStateView, JsonObject, JsonValue } from "@tillwatch/wire";
import { appendAudit } from "../audit/audit-append.ts";
import type { Config } from "../config/config.ts";
import { readPackFiles } from "../pack/pack-files.ts";
import type { Chance } from "../platform/chance.ts";
import type { Db, DbOrTx } from "../schema.ts";
import {
  configurationChanges,
  flattened,
  reasonIn,
  reasonUnknown,
  type ConfigurationChange,
  type FlatPart,
} from "./configuration-diff.ts";

export type Configuration = {
  readonly content: Readonly<Record<string, FlatPart>>;
  readonly because: string;
};

const changesKept = 500;

/** What is in force now: settings without secrets, and each part of the pack. Rules are told by file and digest, thresholds by value. */
export function configurationNow(
  config: Config,
  given: { readonly version: string; readonly reason: string | null },
): Configuration {
  const files = readPackFiles(config.packFolder);
  const content: Record<string, FlatPart> = {
    program: { version: given.version },
    // A Secret turns into "[secret]" on its way into JSON; addresses may hold a password of their own.
    settings: flattened(withoutPasswords(JSON.parse(JSON.stringify({ ...config, changeReason: null })) as JsonValue)),
  };
  for (const [file, text] of files) {
    const part = partOf(file);
    const flat = isByValue(part) ? flattened(yamlOf(text)) : { [file]: digestOf(text) };
    content[part] = { ...content[part], ...flat };
  }
  const changesFile = join(config.packFolder, "CHANGES");
  const inPack = existsSync(changesFile) ? readFileSync(changesFile, "utf8") : null;
  return { content, because: given.reason ?? reasonIn(inPack) ?? reasonUnknown };
}

/**
 * Puts on the record what is in force, where it differs from what was: an entry that names every change, with the reason. Answers the
 * changes; empty: nothing changed, and only the start is an entry.
 */
export async function recordConfiguration(
  db: Db,
  now: Configuration,
  { chance, atMs }: { readonly chance: Chance; readonly atMs: number },
): Promise<readonly ConfigurationChange[]> {
  const parts = Object.fromEntries(
    Object.entries(now.content).map(([part, flat]) => [part, digestOf(JSON.stringify(flat))]),
  );
  return db.transaction().execute(async (tx) => {
    const before = await lastContent(tx);
    const changes = before === null ? [] : configurationChanges(before, now.content);
    const changedParts = [...new Set(changes.map((change) => change.part))];
    const first = before === null;
    const kind = first
      ? "configuration.recorded"
      : changes.length > 0
        ? "configuration.changed"
        : "configuration.started";
    const body: JsonObject = {
      digests: parts,
      parts: changedParts,
      changes: changes.slice(0, 100).map(({ part, path, before: was, after }) => ({ part, path, before: was, after })),
      more: Math.max(0, changes.length - 100),
    };
    const because = changes.length > 0 ? now.because : first ? "first start" : "started as before";
    const record = {
      kind,
      actor: "machine",
      subject: { kind: "configuration", id: "installation" },
      because,
      atMs,
      body,
    };
    const [auditId] = await appendAudit(tx, [record], chance);
    if (first || changes.length > 0) {
      await sql`
        insert into configuration_state (at, because, parts, content, changes, audit_id)
        values (${new Date(atMs).toISOString()}::timestamptz, ${because}, ${JSON.stringify(parts)}, ${JSON.stringify(now.content)},
          ${JSON.stringify(changes.slice(0, changesKept))}, ${auditId})`.execute(tx);
    }
    return changes;
  });
}

async function lastContent(db: DbOrTx): Promise<Readonly<Record<string, FlatPart>> | null> {
  const { rows } = await sql<{ content: Record<string, FlatPart> }>`
    select content from configuration_state order by number desc limit 1`.execute(db);
  return rows[0]?.content ?? null;
}

type StateRow = {
  number: number;
  at: Date;
  because: string;
  parts: Record<string, string>;
  changes: ConfigurationChange[];
  audit_id: string;
};

/** Which parts are shown: `of_pack`: without the settings of the installation and the version of the program. */
export type PartsShown = "all" | "of_pack";
const ofInstallation: ReadonlySet<string> = new Set(["settings", "program"]);

function shownParts<T>(parts: Readonly<Record<string, T>>, shown: PartsShown): Record<string, T> {
  return Object.fromEntries(Object.entries(parts).filter(([part]) => shown === "all" || !ofInstallation.has(part)));
}

/** The history, newest first; with `path`, only states in which a path that contains it changed. */
export async function configurationHistory(
  db: DbOrTx,
  { path, parts }: { readonly path: string | null; readonly parts: PartsShown },
): Promise<readonly ConfigurationStateView[]> {
  const { rows } = await sql<StateRow>`
    select number, at, because, parts, changes, audit_id from configuration_state order by number desc limit 200`.execute(
    db,
  );
  const wanted = (change: ConfigurationChange) =>
    (path === null || `${change.part} ${change.path}`.includes(path)) &&
    (parts === "all" || !ofInstallation.has(change.part));
  return rows
    .filter((row) => row.changes.some(wanted) || (path === null && (parts === "all" || row.changes.length === 0)))
    .map((row) => ({
      number: row.number,
      at: row.at.toISOString(),
      because: row.because,
      reasonKnown: row.because !== reasonUnknown,
      parts: shownParts(row.parts, parts),
      changes: row.changes.filter(wanted),
      auditId: row.audit_id,
    }));
}

export async function configurationContent(db: DbOrTx, parts: PartsShown): Promise<Readonly<Record<string, FlatPart>>> {
  return shownParts((await lastContent(db)) ?? {}, parts);
}

/** The part of the pack that a file belongs to: its folder, or its own name. */
function partOf(file: string): string {
  const folder = file.split("/")[0] ?? file;
  return folder === file ? file.replace(/\.ya?ml$/, "") : folder;
}

// Where people ask "who changed this number": thresholds, weights, windows.
function isByValue(part: string): boolean {
  return part === "score" || part === "correlate";
}

function yamlOf(text: string): JsonValue {
  return JSON.parse(JSON.stringify(parse(text) ?? null)) as JsonValue;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function withoutPasswords(value: JsonValue): JsonValue {
  if (typeof value === "string") return value.replace(/(:\/\/[^:@/\s]+:)[^@/\s]+@/, "$1[secret]@");
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(withoutPasswords);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutPasswords(one)]));
}
