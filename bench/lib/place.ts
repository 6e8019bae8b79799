import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onInterrupt } from "../../script/lib/steps.ts";
import { textOption } from "./report.ts";

export type Kind = "postgres" | "pglite";

/** An empty database and folder for one run of a bench; `close` removes both. */
export type Place = {
  readonly kind: Kind;
  readonly folder: string;
  readonly databaseUrl: string | null; // null: PGlite below the data folder
  readonly close: () => void;
};

export const interrupted = onInterrupt();

/** Both databases, or the one that `--database` names; Postgres where TILLWATCH_TEST_POSTGRES_URL names a server. */
export function kinds(): readonly Kind[] {
  const named = textOption("database", "both");
  const wanted = (["postgres", "pglite"] as const).filter((kind) => named === "both" || named === kind);
  if (process.env["TILLWATCH_TEST_POSTGRES_URL"] !== undefined) return wanted;
  console.log("  postgres: left out, TILLWATCH_TEST_POSTGRES_URL names no server");
  return wanted.filter((kind) => kind !== "postgres");
}

export function openPlace(kind: Kind): Place {
  const folder = mkdtempSync(join(tmpdir(), "tillwatch-bench-"));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  if (kind === "pglite") return { kind, folder, databaseUrl: null, close: removeFolder };
  const name = `bench_${randomBytes(4).toString("hex")}`;
  psql(serverUrl(), `create database ${name}`);
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  const close = () => {
    psql(serverUrl(), `drop database if exists ${name} with (force)`);
    removeFolder();
  };
  return { kind, folder, databaseUrl: url.href, close };
}

/** Runs commands through psql, each its own; answers what it prints. */
export function psql(url: string, ...commands: readonly string[]): string {
  const args = [
    "-X",
    "-q",
    "-A",
    "-t",
    "-v",
    "ON_ERROR_STOP=1",
    url,
    ...commands.flatMap((command) => ["-c", command]),
  ];
  return execFileSync("psql", args, { encoding: "utf8", maxBuffer: 64 * 2 ** 20 });
}

function serverUrl(): string {
  const url = process.env["TILLWATCH_TEST_POSTGRES_URL"];
  if (url === undefined) throw new Error("TILLWATCH_TEST_POSTGRES_URL names no server");
  return url;
}
