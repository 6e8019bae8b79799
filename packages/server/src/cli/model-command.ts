import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readModel, writeModel, type Model } from "@tillwatch/forest";
import { homeOrganisation } from "@tillwatch/wire";
import { simulatedRows } from "../model/simulated-rows.ts";
import { storedRows } from "../model/stored-rows-read.ts";
import { trainModel } from "../model/train-model.ts";
import { sha256 } from "../pack/load-models.ts";
import { systemClock } from "../platform/clock.ts";
import type { TrainingRows } from "../model/training-rows.ts";
import { exitFailed, exitOk, Unusable, type Cli, type Command } from "./command.ts";
import { configOf, onDatabase, packOf } from "./configured.ts";

const options = {
  out: { type: "string", default: "site-windows.json" },
  from: { type: "string" },
  to: { type: "string" },
  sites: { type: "string", default: "" },
  organisation: { type: "string", default: homeOrganisation },
  simulated: { type: "boolean", default: false },
  days: { type: "string", default: "3" },
  seed: { type: "string", default: "1" },
  trees: { type: "string", default: "100" },
  sample: { type: "string", default: "2048" },
  "odd-per-site-week": { type: "string", default: "2" },
  version: { type: "string" },
  by: { type: "string" },
  "approved-by": { type: "string" },
} as const;

export const modelCommand: Command = {
  usage: "model train --by NAME [--out FILE] [--from TIME --to TIME] [--sites A,B] | model check FILE | model list",
  summary:
    "train: a model of odd stretches of time from stored signals (--simulated: from simulated shops). check: reads a model file and tells its card. list: models of the pack",
  run: async (cli) => {
    const { values, positionals } = parse(cli);
    const [verb, file] = positionals;
    if (verb === "train") return train(cli, values);
    if (verb === "check" && file !== undefined) return check(cli, file);
    if (verb === "list") return list(cli);
    throw new Unusable("say: tillwatch model train --by NAME, model check FILE, or model list");
  },
};

function parse(cli: Cli) {
  try {
    return parseArgs({ args: [...cli.args], options, allowPositionals: true });
  } catch (fault) {
    throw new Unusable(fault instanceof Error ? fault.message : String(fault));
  }
}

type Values = ReturnType<typeof parse>["values"];

async function train(cli: Cli, values: Values): Promise<number> {
  if (values.by === undefined || values.by.trim() === "")
    throw new Unusable("say who trains it: --by NAME; it stands on the model's card");
  const atMs = systemClock();
  const span = spanOf(values, atMs);
  const settings = {
    seed: numberOf(values.seed, "seed"),
    trees: numberOf(values.trees, "trees"),
    sampleSize: numberOf(values.sample, "sample"),
    oddPerSiteWeek: numberOf(values["odd-per-site-week"], "odd-per-site-week"),
  };
  const rows = await rowsOf(cli, values, span);
  const trained = trainModel({
    rows,
    ...settings,
    origin: values.simulated ? "simulated" : "stored",
    data: values.simulated
      ? `Simulated shops of this pack's directory without crimes, ${values.days} days each of 20, 60 and 120 shoppers an hour, seed ${settings.seed}.`
      : `Stored signals of organisation ${values.organisation}, counted in windows; no row can be told to belong to a person.`,
    version: values.version ?? new Date(atMs).toISOString().slice(0, 10),
    trainedBy: values.by,
    approvedBy: values["approved-by"] ?? null,
    atMs: values.simulated ? span.fromMs : atMs,
  });
  if (!trained.ok) {
    cli.err(`${trained.error.code}: ${trained.error.message}\n    ${trained.error.remedy}\n`);
    return exitFailed;
  }
  const text = writeModel(trained.value, sha256);
  writeFileSync(values.out, text);
  const read = readModel(text, sha256);
  if (!read.ok) throw new Error(`what was written is refused: ${read.error.code} ${read.error.place}`);
  cli.out(`${values.out}\n`);
  tell(cli, read.value.model, read.value.sha256);
  return exitOk;
}

async function rowsOf(cli: Cli, values: Values, span: { fromMs: number; toMs: number }): Promise<TrainingRows> {
  const config = configOf(cli);
  const pack = packOf(config.packFolder);
  const known = {
    directory: pack.directory,
    policy: { explain: pack.policy.explain, lateAfterMs: config.lateAfterMs },
  };
  if (values.simulated) {
    const days = numberOf(values.days, "days");
    return simulatedRows({ ...known, seed: numberOf(values.seed, "seed"), startMs: span.fromMs, days });
  }
  const sites = values.sites.split(",").filter((site) => site !== "");
  return onDatabase(config, ({ db }) =>
    storedRows(db, { ...known, ...span, organisationId: values.organisation, sites }),
  );
}

const fourWeeksMs = 28 * 24 * 60 * 60_000;

function spanOf(values: Values, nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  const toMs = values.to === undefined ? nowMs : Date.parse(values.to);
  const fromMs = values.from === undefined ? toMs - fourWeeksMs : Date.parse(values.from);
  if (!(fromMs < toMs) && !values.simulated) throw new Unusable("--from and --to must be times, one before the other");
  if (Number.isNaN(fromMs)) throw new Unusable("--from must be a time, like 2026-11-16T00:00:00Z");
  return { fromMs, toMs };
}

function numberOf(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) throw new Unusable(`--${option} must be a number`);
  return value;
}

async function check(cli: Cli, file: string): Promise<number> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (fault) {
    throw new Unusable(`${file} cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
  const read = readModel(text, sha256);
  if (!read.ok) {
    const { code, place, message, remedy } = read.error;
    cli.err(`${file}: ${code}: ${place === "" ? "" : `${place}: `}${message}\n    ${remedy}\n`);
    return exitFailed;
  }
  tell(cli, read.value.model, read.value.sha256);
  return exitOk;
}

async function list(cli: Cli): Promise<number> {
  const { packFolder } = configOf(cli);
  const { models } = packOf(packFolder);
  if (models.length === 0) cli.out(`the pack at ${join(packFolder, "models")} holds no model\n`);
  for (const { model, sha256: digest } of models) tell(cli, model, digest);
  return exitOk;
}

function tell(cli: Cli, { card, features, forest, threshold }: Model, digest: string): void {
  cli.out(
    [
      `${card.id} ${card.version}: ${card.title}`,
      `  for: ${card.purpose}`,
      `  data: ${card.data}`,
      `  trained on ${card.windows} windows of ${card.sites} sites, ${card.from} to ${card.to}, by ${card.trainedBy}`,
      `  approved by: ${card.approvedBy ?? "nobody yet"}`,
      `  ${card.trainedWith}`,
      `  ${forest.trees.length} trees, ${features.length} features: ${features.map(({ name }) => name).join(", ")}`,
      `  odd from ${threshold} on`,
      ...card.limits.map((limit) => `  limit: ${limit}`),
      `  sha256 ${digest}`,
      "",
    ].join("\n"),
  );
}
