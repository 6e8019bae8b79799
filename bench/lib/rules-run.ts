// Our side of bench/rules-peers.ts, a process of its own that can be pinned to a core: from the bytes of a file of events to the ids of the
// rules that match, an answer a round like that of conformance/rsigma. Arguments: RULES EVENTS [--routed] [--warm=SECONDS] [--rounds=N]
// [--found=FILE] [--changed=N]: after half of the events take in the rules again with N of them changed, and go on with them.
import { readFileSync, writeFileSync } from "node:fs";
import { compile, type Detector, type JsonObject, type SigmaFile } from "@tillwatch/sigma";

const [rulesFile = "", eventsFile = "", ...options] = process.argv.slice(2);
const option = (name: string) => options.find((one) => one.startsWith(`--${name}=`))?.split("=")[1];
const isRouted = options.includes("--routed");
const changed = option("changed");

// A document a file, as rules come: a file has at most 1 MiB.
const texts = readFileSync(rulesFile, "utf8").split(/^---\n/m);
const bytes = readFileSync(eventsFile);
const loaded = load(0, undefined);
const warmMs = 1000 * Number(option("warm") ?? 0);
const first = runOnce();
for (const startedMs = performance.now() - 1000 * first.seconds; performance.now() - startedMs < warmMs;) runOnce();
const rounds = Number(option("rounds") ?? 1);
for (let round = 0; round < rounds; round += 1) {
  const { found, ...figures } = round === 0 && warmMs === 0 ? first : runOnce();
  const file = option("found");
  if (file !== undefined) writeFileSync(file, found);
  console.log(JSON.stringify({ ...figures, firstSeconds: first.cpuSeconds }));
}

/** The first `count` texts are others than before, by a comment. */
function load(count: number, previous: Detector | undefined): Detector {
  const files: readonly SigmaFile[] = texts.map((text, at) => ({
    file: `rule ${at}`,
    text: at < count ? `${text}# changed\n` : text,
  }));
  const detector = compile(files, {
    correlations: { groupsMax: 10_000_000, hitsMax: 10_000_000 },
    ...(previous === undefined ? {} : { previous }),
  });
  if (!detector.ok) throw new Error(JSON.stringify(detector.error.slice(0, 3)));
  return detector.value;
}

function runOnce() {
  let { ruleSet } = loaded;
  const { startCorrelating, documents } = loaded;
  const correlations = documents.correlations.length > 0 ? startCorrelating() : null;
  const micros: number[] = [];
  const routes = new Map<string, JsonObject>();
  let reloadSeconds: number | null = null;
  const written: Buffer[] = [];
  let [found, matches, events] = ["", 0, 0];
  const startedMs = performance.now();
  const cpuStarted = process.cpuUsage();
  let lastMs = startedMs;
  for (let from = 0; from < bytes.length;) {
    const newline = bytes.indexOf(10, from);
    const until = newline === -1 ? bytes.length : newline;
    const event = JSON.parse(bytes.toString("utf8", from, until)) as JsonObject;
    from = until + 1;
    const matched = isRouted ? ruleSet.evaluate(event, logsourceOf(event)) : ruleSet.evaluate(event);
    for (const { ruleId } of matched) found += `${ruleId} `;
    matches += matched.length;
    if (correlations !== null && matched.length > 0) {
      const atMs = Date.parse(textIn(event["time"]));
      for (const change of correlations.add({ atMs, ref: String(events), event, matches: matched })) {
        if (change.kind !== "found") throw new Error("the stream is in order");
        found += `+${change.finding.ruleId} `;
        matches += 1;
      }
    }
    found += "\n";
    events += 1;
    // A text that grows by appending is a tree of small ones, which would be kept to the end.
    if (found.length > 65_536) {
      written.push(Buffer.from(found));
      found = "";
    }
    if (changed !== undefined) {
      routes.set(Object.values(logsourceOf(event)).join("/"), event);
      if (from > bytes.length / 2 && reloadSeconds === null) {
        const began = process.cpuUsage();
        ({ ruleSet } = load(Number(changed), loaded));
        // The index of a log source is made with its first event: that belongs to it.
        for (const one of routes.values()) ruleSet.evaluate(one, isRouted ? logsourceOf(one) : undefined);
        const spent = process.cpuUsage(began);
        reloadSeconds = (spent.user + spent.system) / 1e6;
      }
    }
    const nowMs = performance.now();
    micros.push((nowMs - lastMs) * 1000);
    lastMs = nowMs;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(cpuStarted);
  const cpuSeconds = (user + system) / 1e6;
  const p99us = micros.sort((a, b) => a - b)[Math.floor(micros.length * 0.99)] ?? NaN;
  const peakMib = process.resourceUsage().maxRSS / 1024;
  const groups = correlations?.size.groups ?? 0;
  return {
    seconds,
    cpuSeconds,
    events,
    matches,
    p99us,
    groups,
    peakMib,
    reloadSeconds,
    found: Buffer.concat([...written, Buffer.from(found)]),
  };
}

/** As the events say it; rsigma reads it there too. */
function logsourceOf({ ls_product, ls_category, ls_service }: JsonObject) {
  return { product: textIn(ls_product), category: textIn(ls_category), service: textIn(ls_service) };
}

function textIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}
