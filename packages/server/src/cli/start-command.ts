import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { demoWorld } from "@tillwatch/sim";
import { startApp, type App, type Feed } from "../app/app.ts";
import type { Config } from "../config/config.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import { systemChance } from "../platform/chance.ts";
import { systemClock } from "../platform/clock.ts";
import { jsonLog } from "../platform/log.ts";
import { sendDeliveries } from "../simulate/send-deliveries.ts";
import { slicesOf } from "../simulate/slices.ts";
import { homeOrganisation } from "../access/principal.ts";
import {
  demoIntake,
  demoSharer,
  demoOrganisationOf,
  shareWithPolice,
  withDemoOrganisations,
} from "./demo-organisations.ts";
import { demoLinks } from "./account-command.ts";
import { browseCuriously } from "./demo-curious.ts";
import { draftTimeline } from "./demo-drafts.ts";
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
  const shipped = packOf(config.packFolder);
  const pack = demo === null ? shipped : withDemoOrganisations(shipped);
  const [intakeToken, sharerToken] = [onceToken(), onceToken()];
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
    ...(world === null
      ? {}
      : {
          demo: true,
          credentials: [demoIntake(intakeToken), demoSharer(sharerToken, systemClock())],
          prelude: (feed: Feed) => history(cli, feed, world.history()),
        }),
  });
  greet(cli, app, { config, pack });
  if (demo !== null) await introduce(cli, app, sharerToken);
  const live =
    world === null
      ? Promise.resolve()
      : sendDeliveries(inTime(world.live(), cli.stopped), {
          url: app.url,
          tokenFor: (siteId) => (demoOrganisationOf(siteId) === homeOrganisation ? app.admin.token : intakeToken),
          stopped: cli.stopped,
          problem: cli.err,
        });
  if (!cli.stopped.aborted) await once(cli.stopped, "abort");
  cli.err("closing\n");
  await live;
  await app.close();
  return exitOk;
}

/** Of this run only. */
function onceToken(): string {
  return Buffer.from(systemChance.bytes(32)).toString("base64url");
}

/** Only into an empty log: a demo that is started again goes on where it was. */
async function history(cli: Cli, feed: Feed, deliveries: Parameters<typeof slicesOf>[0]): Promise<void> {
  if (!(await feed.isEmpty())) return;
  cli.out(`the simulated shops tell what happened in the last ${historyHours} hours ...\n`);
  for (const slice of slicesOf(deliveries, historyStepMs, demoOrganisationOf)) {
    if (cli.stopped.aborted) return;
    await feed.append(slice.signals);
    await feed.process(slice.atMs);
  }
}

function greet(cli: Cli, app: App, { config, pack }: { config: Config; pack: LoadedPack }): void {
  const lines = [
    "",
    `  Tillwatch ${version} at ${app.url}`,
    ...(app.https === null ? [] : [`  HTTPS     ${app.https}`]),
    `  MQTT      ${app.mqtt ?? "off"}`,
    `  data      ${config.dataFolder}`,
    `  pack      ${pack.rulebook.parsed.length} rules, ${pack.directory.sites.length} sites`,
    app.admin.made
      ? `  token     ${app.admin.token}\n            (shown once; kept in ${join(config.keysFolder, "admin.token")})`
      : `  token     as set, or in ${join(config.keysFolder, "admin.token")}`,
    config.keysPassphrase === null
      ? "  keys      in the clear: whoever takes this disk reads everything (docs/operating.md, Keys)"
      : `  keys      locked, in ${config.keysFolder}`,
    ...(app.setUpLink === null
      ? []
      : [
          `  set up    ${app.setUpLink.link}`,
          "            (for the first administrator: good once, for 24 hours; lost: ./tillwatch account setup-link)",
        ]),
    ...(existsSync(join(builtWeb, "index.html")) ? [] : ["  web       not built: run script/demo, or npm run build"]),
    "",
  ];
  cli.out(`${lines.join("\n")}\n`);
}

const curiousWords =
  "  one of them was curious before you came: the data protection officer and the auditor find him under Audit, Misuse\n\n";

const draftWords = (ref: string) =>
  `  a program (a template, no language model) drafted a note for ${ref}: the investigator reviews it on the page of the case\n\n`;

/** The people of the demo, each with a link; asked of the server itself, as `tillwatch account demo-links` does later. */
async function introduce(cli: Cli, app: App, sharerToken: string): Promise<void> {
  await shareWithPolice(app.url, sharerToken, systemClock());
  const drafted = await draftTimeline(app.url, { operator: app.admin.token, reader: sharerToken }, systemClock());
  const wasCurious = await browseCuriously(app.url, app.admin.token);
  const people = await demoLinks(app.url, app.admin.token);
  cli.out(
    `  people of the demo; each link signs in once, ./tillwatch account demo-links makes new ones\n\n${people}\n`,
  );
  if (wasCurious) cli.out(curiousWords);
  if (drafted !== null) cli.out(draftWords(drafted));
}
