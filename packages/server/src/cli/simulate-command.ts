import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { createWorld, formatEvaluation, paced, type Delivery } from "@tillwatch/sim";
import { silentLog } from "../platform/log.ts";
import { systemClock } from "../platform/clock.ts";
import { evaluateRun } from "../simulate/evaluate-run.ts";
import { sendDeliveries } from "../simulate/send-deliveries.ts";
import { exitOk, Unusable, type Cli, type Command } from "./command.ts";
import { configOf, packOf } from "./configured.ts";
import { migrationsFolder } from "./shipped.ts";

const options = {
  evaluate: { type: "boolean", default: false },
  seed: { type: "string", default: "1" },
  hours: { type: "string", default: "8" },
  start: { type: "string", default: "2026-11-16T00:00:00Z" }, // a Monday: every shop opens and closes within a day
  url: { type: "string", default: "http://127.0.0.1:8080" },
  token: { type: "string", default: "" },
} as const;

export const simulateCommand: Command = {
  usage: "simulate [--url URL --token TOKEN | --evaluate [--hours N] [--start TIME]] [--seed N]",
  summary:
    "simulated shops signal to a running server; with --evaluate in this process, compared with what really happened",
  run: async (cli) => {
    const { values } = parse(cli);
    return values.evaluate ? evaluateWorld(cli, values) : signalTo(cli, values);
  },
};

function parse(cli: Cli) {
  try {
    return parseArgs({ args: [...cli.args], options, allowPositionals: false });
  } catch (fault) {
    throw new Unusable(fault instanceof Error ? fault.message : String(fault));
  }
}

type Values = ReturnType<typeof parse>["values"];

async function evaluateWorld(cli: Cli, values: Values): Promise<number> {
  const hours = Number(values.hours);
  const startMs = Date.parse(values.start);
  if (!(hours > 0 && hours <= 24 * 31)) throw new Unusable("--hours must be a number up to 744");
  if (Number.isNaN(startMs)) throw new Unusable("--start must be a time, like 2026-11-16T00:00:00Z");
  const config = configOf(cli);
  const pack = packOf(config.packFolder);
  const { evaluation, signals, crimes } = await evaluateRun({
    pack,
    migrationsFolder,
    seed: values.seed,
    startMs,
    hours,
    log: silentLog,
    lateAfterMs: config.lateAfterMs,
    onProgress: (done) => cli.err(`  ${done.hours} h of ${hours}: ${done.signals} signals\n`),
  });
  cli.out(`seed ${values.seed}, ${hours} h from ${values.start}: ${signals} signals, ${crimes.length} crimes\n`);
  cli.out(`${pack.versions.rules}, ${pack.versions.weights}, ${pack.versions.correlation}\n\n`);
  cli.out(formatEvaluation(evaluation));
  return exitOk;
}

async function signalTo(cli: Cli, values: Values): Promise<number> {
  const config = configOf(cli);
  const token = values.token === "" ? (config.adminToken?.reveal() ?? "") : values.token;
  if (token === "") throw new Unusable("say whose token to signal with: --token, or TILLWATCH_ADMIN_TOKEN");
  const pack = packOf(config.packFolder);
  const world = createWorld({
    seed: values.seed,
    directory: pack.directory,
    startMs: systemClock(),
    shoppersPerHour: 120,
    crimesPerHour: 6,
  });
  cli.out(`signalling to ${values.url} until stopped\n`);
  await sendDeliveries(inTime(world.deliveries(), cli.stopped), {
    url: values.url,
    tokenFor: () => token,
    stopped: cli.stopped,
    problem: cli.err,
  });
  return exitOk;
}

/** Holds each delivery back until its time has come. */
export function inTime(deliveries: Iterable<Delivery>, stopped: AbortSignal): AsyncIterable<Delivery> {
  const wait = async (ms: number) => {
    await sleep(ms, undefined, { signal: stopped }).catch(() => {}); // being stopped is no fault: `paced` ends by itself
  };
  return paced(deliveries, { nowMs: systemClock, sleep: wait, signal: stopped });
}
