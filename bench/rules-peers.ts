// Our engine against rsigma and sigma-go: the same files of rules and events, from bytes to the ids of what matches, each engine in a process of
// its own, all pinned to one core, taking turns; what they found is compared first. Each warms up (ours, whose code is compiled while it runs,
// for three seconds) and is measured over the rounds that follow, by processor time of all its threads, so that what else runs on the machine counts for
// little; p99 is by the clock, and is the machine's as well. Options: --long, --events, --pairs, --work=retail|sigmahq|sigma-go|correlations|reload.
// Left out where a peer or the vectors of others cannot be had.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rsigmaTool, rsigmaVersion } from "../conformance/sigma-others/rsigma.ts";
import { sigmaGoTool, sigmaGoVersion } from "../conformance/sigma-others/sigma-go.ts";
import { isLong, median, numberOption, ratioOf, report, textOption, thousands } from "./lib/report.ts";
import { correlationWork, retailWork, sigmaHqWork, type Work } from "./lib/rules-work.ts";

const count = numberOption("events", isLong() ? 50_000 : 10_000);
const pairs = numberOption("pairs", isLong() ? 11 : 5);
const folder = mkdtempSync(join(tmpdir(), "tillwatch-rules-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

type Round = {
  readonly seconds: number;
  /** Of all threads. */
  readonly cpuSeconds: number;
  readonly events: number;
  readonly matches: number;
  readonly p99us: number;
  readonly peakMib: number;
  /** Of ours: the first round of the process, and how long no event was looked at. */
  readonly firstSeconds?: number;
  readonly reloadSeconds?: number | null;
};
type Side = { readonly name: string; readonly command: (work: Work) => readonly string[] };

const ours: Side = {
  name: "ours",
  command: ({ rules, events, isRouted }) => [
    process.execPath,
    join(import.meta.dirname, "lib/rules-run.ts"),
    rules,
    events,
    ...(isRouted ? ["--routed"] : []),
  ],
};
const rsigma = rsigmaTool();
const sigmaGo = sigmaGoTool();
console.log(`  Node ${process.version}, rsigma ${rsigmaVersion}, sigma-go ${sigmaGoVersion}`);

const only = textOption("work", "all");
const wants = (work: string) => only === "all" || only === work;
if (rsigma === undefined) console.log("  rsigma: left out, it cannot be built");
else {
  const sides = rsigmaSides(rsigma);
  if (wants("retail")) measure(retailWork({ folder, count }), sides);
  if (wants("sigmahq")) sigmaHq(sides, { count, aim: ">= 0.7x" });
  if (wants("correlations")) measure(correlationWork({ folder, count }), sides);
  if (wants("reload")) reload(rsigma);
}
if (sigmaGo === undefined) console.log("  sigma-go: left out, it cannot be built");
// It needs minutes for what the others do in a second.
else if (wants("sigma-go")) sigmaHq([sigmaGoSide(sigmaGo)], { count: Math.min(count, 500), aim: ">= 10x" });

function rsigmaSides(tool: string): readonly Side[] {
  const command = ({ rules, events, isRouted }: Work) => [
    tool,
    "bench",
    rules,
    events,
    ...(isRouted ? ["--routed=yes"] : []),
  ];
  return [
    { name: `rsigma ${rsigmaVersion}`, command },
    { name: `rsigma ${rsigmaVersion} with its cross-rule index`, command: (work) => [...command(work), "--index=yes"] },
  ];
}

function sigmaGoSide(tool: string): Side {
  return { name: `sigma-go ${sigmaGoVersion}`, command: ({ rules, events }) => [tool, "bench", rules, events] };
}

/** The rules that find something else are named and left out on both sides. */
function sigmaHq(
  sides: readonly Side[],
  { count: events, aim }: { readonly count: number; readonly aim: string },
): void {
  const [peer] = sides;
  const all = sigmaHqWork({ folder, count: events }, new Set());
  if (all === null || peer === undefined)
    return console.log("  SigmaHQ: left out, TILLWATCH_VECTORS names no folder with it");
  const differing = differences(all, peer);
  if (differing.size > 0)
    console.log(
      `  ${differing.size} rules left out on both sides, since ${peer.name} finds something else by them: ${[...differing].join(" ")}`,
    );
  const work = sigmaHqWork({ folder, count: events }, differing);
  if (work !== null) measure({ ...work, aim }, sides);
}

/** Rules taken in again while events come: how long none is looked at, and that what is found is the same as without. */
function reload(tool: string): void {
  const work = sigmaHqWork({ folder, count }, new Set());
  if (work === null) return console.log("  reload: left out, TILLWATCH_VECTORS names no folder with SigmaHQ");
  const [before, behind] = [join(folder, "without.found"), join(folder, "reload.found")];
  run(ours, work, [`--found=${before}`]);
  const theirs = Array.from({ length: 3 }, () => {
    const output = execFileSync("taskset", ["-c", "1", tool, "load", work.rules], { encoding: "utf8" });
    return (JSON.parse(output) as { readonly cpuSeconds: number }).cpuSeconds;
  });
  for (const changed of [1, 30, 1_000_000]) {
    const seconds = Array.from({ length: pairs }, () => {
      const [round] = run(ours, work, [`--found=${behind}`, `--changed=${changed}`]);
      if (readFileSync(before, "utf8") !== readFileSync(behind, "utf8"))
        throw new Error("a reload changed what is found");
      return round?.reloadSeconds ?? NaN;
    });
    const which = changed === 1_000_000 ? "all rules" : changed === 1 ? "one rule" : `${changed} rules`;
    report({
      bench: "rules-peers",
      what: `reload of SigmaHQ with ${which} changed (${work.note.split(",")[0]})`,
      figure: `${median(seconds).toFixed(2)} s (${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}) until every log source goes on, no event lost or doubled; rsigma reads and compiles all in ${median(theirs).toFixed(2)} s`,
      aim: "<= 0.3 s for 3,000",
    });
  }
}

function run(side: Side, work: Work, options: readonly string[]): readonly Round[] {
  const command = [...side.command(work), ...options];
  const output = execFileSync("taskset", ["-c", "1", ...command], { encoding: "utf8", maxBuffer: 2 ** 28 });
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Round);
}

/** Ids of the rules that do not match the same events on both sides. */
function differences(work: Work, peer: Side): ReadonlySet<string> {
  const [mine, theirs] = [ours, peer].map((side, nth) => {
    const file = join(folder, `${nth}.found`);
    run(side, work, [`--found=${file}`]);
    return readFileSync(file, "utf8")
      .split("\n")
      .map((line) => line.split(" ").filter(Boolean));
  });
  const differing = new Set<string>();
  for (const [at, matched] of (mine ?? []).entries()) {
    const other = new Set(theirs?.[at]);
    for (const id of new Set([...matched, ...other])) if (!(matched.includes(id) && other.has(id))) differing.add(id);
  }
  if (mine?.length !== theirs?.length) throw new Error("the engines did not see the same events");
  return differing;
}

type Measured = {
  readonly speed: number;
  readonly p99us: number;
  readonly peakMib: number;
  readonly firstSpeed: number;
};

function measure(work: Work, peers: readonly Side[]): void {
  const [peer] = peers;
  const differing = peer === undefined ? new Set<string>() : differences(work, peer);
  if (differing.size > 0)
    throw new Error(`${work.what}: not the same matches: ${[...differing].slice(0, 5).join(" ")}`);
  const sides = [ours, ...peers];
  const found = new Map<Side, Measured[]>(sides.map((side) => [side, []]));
  let matches = 0;
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const side of sides) {
      const rounds = run(side, work, side === ours ? ["--warm=3", "--rounds=3"] : ["--rounds=3"]);
      const warm = side === ours ? rounds : rounds.slice(1);
      matches = warm[0]?.matches ?? 0;
      const [events, firstSeconds] = [warm[0]?.events ?? NaN, warm[0]?.firstSeconds ?? NaN];
      found.get(side)?.push({
        speed: events / median(warm.map(({ cpuSeconds }) => cpuSeconds)),
        p99us: median(warm.map(({ p99us }) => p99us)),
        peakMib: rounds.at(-1)?.peakMib ?? NaN,
        firstSpeed: events / firstSeconds,
      });
    }
  }
  for (const side of peers)
    reportPair(work, { side, matches, mine: found.get(ours) ?? [], theirs: found.get(side) ?? [] });
}

type Pair = {
  readonly side: Side;
  readonly matches: number;
  readonly mine: readonly Measured[];
  readonly theirs: readonly Measured[];
};

function reportPair(work: Work, { side, matches, mine, theirs }: Pair): void {
  const of = (all: readonly Measured[], name: keyof Measured) => median(all.map((one) => one[name]));
  const figures = (all: readonly Measured[]) =>
    `${thousands(of(all, "speed"))} events/s (p99 ${of(all, "p99us").toFixed(0)} us, ${of(all, "peakMib").toFixed(0)} MiB)`;
  const ratios = mine.map(({ speed }, at) => speed / (theirs[at]?.speed ?? NaN));
  report({
    bench: "rules-peers",
    what: `${work.what} against ${side.name}`,
    figure: `${ratioOf(ratios)}: ${figures(mine)}, ${thousands(of(mine, "firstSpeed"))} in the first round of a process, against ${figures(theirs)}; ${work.note}, ${matches} matches, the same`,
    aim: work.aim,
  });
}
