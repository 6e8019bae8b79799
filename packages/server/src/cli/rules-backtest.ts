import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { parseArgs } from "node:util";
import { daysOfSignals, type BacktestDay, type BacktestQuiet, type BacktestState } from "@tillwatch/wire";
import type { RuleFile } from "../pack/load-rules.ts";
import { exitFailed, exitOk, Unusable, type Cli } from "./command.ts";
import type { Outcome } from "./rules-outcome.ts";

export const rulesOptions = {
  pipeline: { type: "string", multiple: true },
  junit: { type: "string" },
  since: { type: "string", default: "30d" },
  url: { type: "string", default: "http://127.0.0.1:8080" },
  token: { type: "string" },
  "token-file": { type: "string" },
  "at-most": { type: "string" },
} as const;

export type Values = ReturnType<typeof parseArgs<{ options: typeof rulesOptions; allowPositionals: true }>>["values"];

type Asked = { readonly files: readonly RuleFile[]; readonly values: Values; readonly told: Outcome };

/** What the API answers of a backtest, as far as this shows it. */
type Backtest = {
  readonly state: BacktestState;
  readonly share: number;
  readonly signals: number;
  readonly from: string;
  readonly to: string;
  readonly since: string | null;
  readonly fault: string | null;
  readonly days: readonly BacktestDay[];
  readonly quiet: BacktestQuiet | null;
  readonly examples: readonly {
    readonly kind: string;
    readonly what: string;
    readonly at: string;
    readonly siteId: string;
    readonly severity: number;
    readonly rules: readonly string[];
    readonly signals: readonly { readonly id: string; readonly incidentRef: string | null }[];
  }[];
};

const pollMs = 300;
const shownExamples = 10;

/** Hands the files to a running server, waits, and says what they would have made and unmade. Being stopped ends the backtest there too. */
export async function backtestOnServer(cli: Cli, { files, values, told }: Asked): Promise<number> {
  const call = callerOf(values);
  const days = daysOf(values.since);
  const atMost = values["at-most"] === undefined ? null : Number(values["at-most"]);
  if (atMost !== null && !(atMost >= 0)) throw new Unusable("--at-most must be a number of incidents a day");
  const asked = { days, files: files.map(({ file, text }) => ({ file: file.slice(-200), rule: text })) };
  const started = await call("/api/v1/rules/backtests", asked);
  if (!started.ok) {
    told.fails("backtest", { name: "starts", kind: started.code, says: `${started.code}: ${started.says}` });
    return exitFailed;
  }
  const path = `/api/v1/rules/backtests/${String(started.body["id"])}`;
  const done = await follow(cli, path, call);
  if (done.state !== "done") {
    const says = done.state === "failed" ? `failed: ${done.fault ?? ""}` : `was ${done.state}`;
    told.fails("backtest", { name: "comes to its end", kind: done.fault ?? done.state, says });
    return exitFailed;
  }
  print(cli, done);
  const sum = (what: "situation" | "incident", which: "made" | "unmade") =>
    done.days.reduce((total, day) => total + day[what][which], 0);
  const made = sum("incident", "made");
  const [perDay, unmade] = [made / daysOfSignals(done), sum("incident", "unmade")];
  told.note("backtest", {
    days,
    signals: done.signals,
    incidents_made: made,
    incidents_unmade: unmade,
    situations_made: sum("situation", "made"),
    situations_unmade: sum("situation", "unmade"),
  });
  if (atMost === null || perDay <= atMost) {
    told.holds("backtest", atMost === null ? "comes to its end" : `makes at most ${atMost} incidents a day`);
    return exitOk;
  }
  const says = `it would have made ${perDay.toFixed(2)} incidents a day, more than ${atMost}`;
  told.fails("backtest", { name: `makes at most ${atMost} incidents a day`, kind: "too_many", says });
  return exitFailed;
}

/** "30d", "2w": whole days. */
function daysOf(since: string): number {
  const [, count, unit] = /^(\d{1,4})([dw])$/.exec(since) ?? [];
  const days = Number(count) * (unit === "w" ? 7 : 1);
  if (!(days >= 1 && days <= 90)) throw new Unusable("--since takes 1d to 90d, or weeks as 2w");
  return days;
}

type Json = Readonly<Record<string, unknown>>;
type Answer =
  { readonly ok: true; readonly body: Json } | { readonly ok: false; readonly code: string; readonly says: string };
type Call = (path: string, body?: object) => Promise<Answer>;

function callerOf({ url, token, "token-file": file }: Values): Call {
  const key = token ?? (file === undefined ? "" : readFileSync(file, "utf8").trim());
  if (key === "")
    throw new Unusable(
      "say with which key: --token KEY or --token-file FILE, of a program that may write and read rules (docs/how-to/api-keys.md)",
    );
  return async (path, body) => {
    const answer = await fetch(new URL(path, url), {
      method: body === undefined ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch(() => null);
    if (answer === null) throw new Unusable(`nothing answers at ${url}; say where the server is: --url`);
    const read = (await answer.json().catch(() => ({}))) as Json;
    if (answer.ok) return { ok: true, body: read };
    const [code, detail, remedy] = [read["code"], read["detail"], read["remedy"]].map((one) =>
      typeof one === "string" ? one : "",
    );
    const says = remedy === "" || remedy === undefined ? (detail ?? "") : `${detail ?? ""}\n    ${remedy}`;
    return { ok: false, code: code === "" || code === undefined ? `http_${answer.status}` : code, says };
  };
}

async function follow(cli: Cli, path: string, call: Call): Promise<Backtest> {
  let said = 0;
  for (;;) {
    if (cli.stopped.aborted) await call(`${path}/cancel`, {});
    const answer = await call(path);
    // Nobody would read it any more: it need not keep the next one waiting.
    if (!answer.ok) await call(`${path}/cancel`, {});
    if (!answer.ok) throw new Unusable(`the backtest cannot be read: ${answer.code}: ${answer.says}`);
    const now = answer.body as unknown as Backtest;
    if (now.state !== "running") return now;
    if (now.share - said >= 0.1) cli.err(`  ${Math.floor(now.share * 100)} %, ${now.signals} signals\n`);
    if (now.share - said >= 0.1) said = now.share;
    await sleep(pollMs);
  }
}

function print(cli: Cli, { signals, days, examples, quiet, ...time }: Backtest): void {
  const of = daysOfSignals(time);
  const since = time.since === null ? "" : `, the first received at ${time.since}`;
  cli.out(`${signals} signals from ${time.from} to ${time.to}${since}\n`);
  const cells = (day: BacktestDay) =>
    (["incident", "situation"] as const).map((what) => {
      const { before, after, made, unmade } = day[what];
      return `${String(before).padStart(6)} -> ${String(after).padEnd(6)} +${String(made).padEnd(5)} -${String(unmade).padEnd(5)}`;
    });
  cli.out("day         incidents                      situations\n");
  for (const day of days) cli.out(`${day.day}  ${cells(day).join("  ").trimEnd()}\n`);
  for (const what of ["incident", "situation"] as const) {
    const sum = (which: "made" | "unmade") => days.reduce((total, day) => total + day[what][which], 0);
    const perDay = (which: "made" | "unmade") => `${sum(which)} (${(sum(which) / of).toFixed(2)} a day)`;
    cli.out(`${what}s: ${perDay("made")} made, ${perDay("unmade")} unmade\n`);
  }
  for (const says of quietLines(quiet)) cli.out(`${says}\n`);
  for (const one of examples.slice(0, shownExamples)) {
    const refs = [...new Set(one.signals.flatMap(({ incidentRef }) => incidentRef ?? []))];
    const held = refs.length === 0 ? "" : `, now in ${refs.join(", ")}`;
    const from = one.signals.map(({ id }) => id).join(" ");
    cli.out(
      `  ${one.kind} ${one.what} ${one.at} ${one.siteId} ${one.severity} by ${one.rules.join("; ")}${held}\n    ${from}\n`,
    );
  }
}

/** What silences and dismissals of the time did; nothing where they did nothing. */
function quietLines(quiet: BacktestQuiet | null): readonly string[] {
  if (quiet === null) return [];
  const { held, lowered, unknown } = quiet;
  const line = (says: string, { before, after }: BacktestQuiet["held"]) =>
    before + after === 0 ? [] : [`${says}: ${before} -> ${after}`];
  return [
    ...line("held back by silences", held),
    ...line("ranked lower after dismissals", lowered),
    ...(unknown.length === 0
      ? []
      : ["the record does not say when dismissals were switched on and off: taken as they are now"]),
  ];
}
