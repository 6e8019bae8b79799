import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { demoWorld } from "@tillwatch/sim";
import { startApp, type App, type Feed } from "../app.ts";
import type { Config } from "../config.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import { systemChance } from "../platform/chance.ts";
import { systemClock } from "../platform/clock.ts";
import { jsonLog } from "../platform/log.ts";
import { sendDeliveries } from "../simulate/send-deliveries.ts";
import { slicesOf } from "../simulate/slices.ts";
import { exitOk, type Cli, type Command } from "./command.ts";
import { configOf, packOf } from "./configured.ts";
import { builtWeb, migrationsFolder, version } from "./shipped.ts";
import { inTime } from "./simulate-command.ts";

export const startCommand: Command = {
  usage: "start",
  summary: "the server; settings by TILLWATCH_* or the file that TILLWATCH_CONFIG names (docs/operating.md)",
  run: (cli) => serve(cli, null),
};

export const demoCommand: Command = {
  usage: "demo",
  summary: "the server with simulated shops signalling, some hours of history first",
  run: (cli) => serve(cli, "demo"),
};

const historyHours = 2;
const historyStepMs = 30_000;

async function serve(cli: Cli, demo: "demo" | null): Promise<number> {
  const config = configOf(cli);
  const pack = packOf(config.packFolder);
  const world =
    demo === null ? null : demoWorld({ seed: "demo", directory: pack.directory, nowMs: systemClock(), historyHours });
  const app = await startApp({
    config,
    pack,
    migrationsFolder,
    webFolder: existsSync(join(builtWeb, "index.html")) ? builtWeb : null,
    version,
    clock: systemClock,
    chance: systemChance,
    log: jsonLog(cli.err, systemClock),
    ...(world === null ? {} : { prelude: (feed: Feed) => history(cli, feed, world.history()) }),
  });
  greet(cli, app, { config, pack });
  const live =
    world === null
      ? Promise.resolve()
      : sendDeliveries(inTime(world.live(), cli.stopped), {
          url: app.url,
          token: app.admin.token,
          stopped: cli.stopped,
          problem: cli.err,
        });
  if (!cli.stopped.aborted) await once(cli.stopped, "abort");
  cli.err("closing\n");
  await live;
  await app.close();
  return exitOk;
}

/** Only into an empty log: a demo that is started again goes on where it was. */
async function history(cli: Cli, feed: Feed, deliveries: Parameters<typeof slicesOf>[0]): Promise<void> {
  if (!(await feed.isEmpty())) return;
  cli.out(`the simulated shops tell what happened in the last ${historyHours} hours ...\n`);
  for (const slice of slicesOf(deliveries, historyStepMs)) {
    if (cli.stopped.aborted) return;
    await feed.append(slice.signals);
    await feed.process(slice.atMs);
  }
}

function greet(cli: Cli, app: App, { config, pack }: { config: Config; pack: LoadedPack }): void {
  const lines = [
    "",
    `  Tillwatch ${version} at ${app.url}`,
    `  MQTT      ${app.mqtt ?? "off"}`,
    `  data      ${config.dataFolder}`,
    `  pack      ${pack.rulebook.parsed.length} rules, ${pack.directory.sites.length} sites`,
    app.admin.made
      ? `  token     ${app.admin.token}\n            (shown once; kept in ${join(config.dataFolder, "keys", "admin.token")})`
      : `  token     as set, or in ${join(config.dataFolder, "keys", "admin.token")}`,
    ...(existsSync(join(builtWeb, "index.html")) ? [] : ["  web       not built: run script/demo, or npm run build"]),
    "",
  ];
  cli.out(`${lines.join("\n")}\n`);
}
