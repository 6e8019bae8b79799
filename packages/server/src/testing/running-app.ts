import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { startApp, type App, type AppGiven } from "../app/app.ts";
import { packOf } from "../cli/configured.ts";
import { shippedPack } from "../cli/shipped.ts";
import { readConfig, type Env } from "../config/config.ts";
import { systemChance } from "../platform/chance.ts";
import { systemClock } from "../platform/clock.ts";
import { silentLog } from "../platform/log.ts";
import { fillPgliteFolder, migrationsFolder } from "./database-templates.ts";

export type RunningApp = App & {
  /** `fetch` against the app with the administrator's token. */
  readonly call: (path: string, init?: RequestInit) => Promise<Response>;
  readonly folder: string;
};

/** The whole application on the embedded database in a folder of its own, on free loopback ports; closed after the test. */
export async function runningApp(context: TestContext, env: Env = {}, given: Given = {}): Promise<RunningApp> {
  const folder = env["TILLWATCH_DATA"] ?? mkdtempSync(join(tmpdir(), "tw-app-"));
  const app = await startIn(folder, env, given);
  context.after(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return app;
}

/** What a test may put in place of the usual. */
type Given = Partial<Pick<AppGiven, "log" | "credentials" | "identifiers" | "pack" | "clock">>;

export async function startIn(folder: string, env: Env = {}, given: Given = {}): Promise<RunningApp> {
  const defaults = {
    TILLWATCH_HTTP: "127.0.0.1:0",
    TILLWATCH_MQTT: "embedded://127.0.0.1:0",
    TILLWATCH_DATA: folder,
    TILLWATCH_ADMIN_TOKEN_MAY: "everything", // `call` looks at what came of a test
  };
  const config = readConfig({ ...defaults, ...env }, shippedPack);
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  const embedded = /^pglite:(.+)$/.exec(config.value.databaseUrl)?.[1];
  if (embedded !== undefined && !existsSync(embedded)) await fillPgliteFolder(embedded);
  const app = await startApp({
    config: config.value,
    pack: packOf(config.value.packFolder),
    migrationsFolder,
    webFolder: null,
    version: "0.0.0-test",
    clock: systemClock,
    chance: systemChance,
    log: silentLog,
    ...given,
  });
  const call = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${app.admin.token}`);
    return fetch(new URL(path, app.url), { ...init, headers });
  };
  return { ...app, call, folder };
}

/** Asks again until the answer is there; throws with the last answer after `withinMs`. */
export async function eventually<T>(ask: () => Promise<T | null>, withinMs = 10_000): Promise<T> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > endMs) throw new Error(`no answer within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
