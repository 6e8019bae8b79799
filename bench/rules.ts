// The shipped rules over the views of everyday signals, one core, against JSON.parse alone of the same bytes: no engine that parses
// every event can be faster. Both sides in one process, one after the other. Options: --long, --events, --pairs.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { steadySignals } from "@tillwatch/sim";
import type { JsonObject } from "@tillwatch/wire";
import { Directory } from "../packages/server/src/enrich/directory.ts";
import { enrich } from "../packages/server/src/enrich/enrich.ts";
import { SiteMemory } from "../packages/server/src/enrich/site-memory.ts";
import { loadPack, type LoadedPack } from "../packages/server/src/pack/load-pack.ts";
import { readPackFiles } from "../packages/server/src/pack/pack-files.ts";
import { nodeDigest } from "../packages/server/src/platform/digest.ts";
import { signalFromRow } from "../packages/server/src/signal/parse-signals.ts";
import { isLong, median, numberOption, quantile, ratioOf, report, thousands } from "./lib/report.ts";

const events = numberOption("events", isLong() ? 100_000 : 20_000);
const pairs = numberOption("pairs", isLong() ? 15 : 7);
const atMs = Date.parse("2026-11-16T12:00:00Z");

type Prepared = { readonly text: string; readonly service: string };

const pack = loadPack(readPackFiles(join(import.meta.dirname, "../pack/retail")));
if (!pack.ok) throw new Error(JSON.stringify(pack.error.slice(0, 3)));
const prepared = prepare(pack.value);
const bytes = prepared.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
const { ruleSet } = pack.value.rulebook.rules;

const speeds: { readonly whole: number; readonly rules: number; readonly parse: number }[] = [];
let matches = "";
for (let pair = 0; pair <= pairs; pair++) {
  const parse = timed(() =>
    prepared.reduce((sum, { text }) => sum + Object.keys(JSON.parse(text) as object).length, 0),
  );
  const views = prepared.map(({ text, service }) => ({ view: JSON.parse(text) as JsonObject, service }));
  const rules = timed(() => views.reduce((sum, one) => sum + matchesOf(one).length, 0));
  const whole = timed(() => {
    const found = prepared.map(({ text, service }) => matchesOf({ view: JSON.parse(text) as JsonObject, service }));
    matches = digestOf(matches, found);
    return found.length;
  });
  if (pair > 0) speeds.push({ whole: events / whole, rules: events / rules, parse: events / parse });
}
const perSecond = (name: "whole" | "rules" | "parse") => thousands(1000 * median(speeds.map((speed) => speed[name])));
const note = `${pack.value.rulebook.parsed.length} rules, ${events} events of ${Math.round(bytes / events)} B, ${matches}`;
report({
  bench: "rules",
  what: "parse and match against JSON.parse alone",
  figure: `${ratioOf(speeds.map(({ whole, parse }) => whole / parse))}: ${perSecond("whole")} against ${perSecond("parse")} events/s; ${note}`,
  aim: "",
});
report({
  bench: "rules",
  what: "match alone against JSON.parse alone",
  figure: `${ratioOf(speeds.map(({ rules, parse }) => rules / parse))}: ${perSecond("rules")} events/s, slowest ${thousands(
    1000 *
      quantile(
        speeds.map((speed) => speed.rules),
        0,
      ),
  )}`,
  aim: "",
});

function matchesOf({ view, service }: { readonly view: JsonObject; readonly service: string }) {
  return ruleSet.evaluate(view, { product: "retail", service });
}

/** Milliseconds. The result is used, so that nothing is left out as dead code. */
function timed(run: () => number): number {
  const startedMs = performance.now();
  if (run() <= 0) throw new Error("nothing was done");
  return performance.now() - startedMs;
}

/** "N matches, sha256 ..."; throws where a later pair found something else. */
function digestOf(before: string, found: readonly (readonly { readonly ruleId: string }[])[]): string {
  const ids = found.map((matched) => matched.map(({ ruleId }) => ruleId).join(" "));
  const count = found.reduce((sum, matched) => sum + matched.length, 0);
  const now = `${count} matches (sha256 ${createHash("sha256").update(ids.join("\n")).digest("hex").slice(0, 12)})`;
  if (before !== "" && before !== now) throw new Error(`the pairs differ: ${before}, ${now}`);
  return now;
}

/** What the detect stage is given: enriched views, as JSON text. */
function prepare({ directory: data, policy }: LoadedPack): readonly Prepared[] {
  const directory = new Directory(data);
  const memory = new SiteMemory(60 * 60_000);
  const wave = { seed: "rules", directory: data, count: events, startMs: atMs, suspiciousShare: 0.01 };
  const known = { directory, memory, policy: { explain: policy.explain, lateAfterMs: 120_000 }, olderSales: [] };
  return Array.from(steadySignals(wave), (row) => {
    const signal = signalFromRow(row, { receivedAtMs: atMs, digest: nodeDigest, channel: {} });
    if (!signal.ok) throw new Error(JSON.stringify(signal.error));
    const { enriched } = enrich(signal.value, known);
    return { text: JSON.stringify(enriched.view), service: enriched.service };
  });
}
