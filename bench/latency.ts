// Signal sent to incident visible over server-sent events, at a fixed arrival rate (open model: a slow answer does not slow the
// load). Marked panic buttons, each at a site of its own, among everyday signals of many shops.
// Options: --long, --database, --rate, --seconds, --marks, --profile FOLDER.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LiveEvent } from "@tillwatch/wire";
import { loadPack } from "../packages/server/src/pack/load-pack.ts";
import { readPackFiles } from "../packages/server/src/pack/pack-files.ts";
import { panicEvent, panicSite, writePackOfManySites } from "../packages/server/src/testing/crash-pack.ts";
import { ServerProcess, serverToken } from "../packages/server/src/testing/crash-server.ts";
import { bodiesOf, onlyShops, Poster, processedBy } from "./lib/intake.ts";
import { interrupted, kinds, openPlace, type Place } from "./lib/place.ts";
import { cpuSecondsOf } from "./lib/process-facts.ts";
import { isLong, numberOption, quantile, report, textOption, thousands } from "./lib/report.ts";

const perSecond = numberOption("rate", 1_000);
const seconds = numberOption("seconds", isLong() ? 120 : 20);
const marksPerSecond = numberOption("marks", 5);
const warmSeconds = 5; // not counted: compilers and caches of both sides warm up
const ticksPerSecond = 20;
const shops = 200;
const waitMsMax = 60_000;
const profile = textOption("profile", "");

for (const kind of kinds()) if (!interrupted.aborted) await measure(kind);

async function measure(kind: Place["kind"]): Promise<void> {
  const place = openPlace(kind);
  let server: ServerProcess | undefined;
  try {
    const packFolder = join(place.folder, "pack");
    writePackOfManySites(packFolder, { shops, panicSites: (seconds + warmSeconds) * marksPerSecond });
    server = new ServerProcess({
      dataFolder: join(place.folder, "data"),
      databaseUrl: place.databaseUrl,
      packFolder,
      mqtt: false,
      nodeArgs: profile === "" ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`],
    });
    const { url } = await server.ready();
    tell(kind, await run(url, packFolder, server.pid));
  } finally {
    for (const line of server?.errors.slice(0, 10) ?? []) console.log(`  the server said: ${line}`);
    await server?.stop();
    place.close();
  }
}

type Outcome = {
  readonly latenciesMs: readonly number[];
  readonly missing: number;
  readonly behindMs: number; // the generator's worst lateness against its own plan
  readonly serverCores: number;
  readonly perCpuSecond: number; // signals a second of the server's CPU: what other load of the machine cannot change
};

/** Sends by the clock, not by the answers; a mark's time begins when it was due, so that waiting in our own queue counts. */
async function run(url: string, packFolder: string, pid: number): Promise<Outcome> {
  const loaded = loadPack(readPackFiles(packFolder));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error.slice(0, 3)));
  const ticks = (seconds + warmSeconds) * ticksPerSecond;
  const rowsPerBody = Math.round(perSecond / ticksPerSecond);
  const directory = onlyShops(loaded.value.directory);
  const startMs = Date.now();
  const bodies = bodiesOf({ directory, seed: "latency", count: ticks * rowsPerBody, rowsPerBody, startMs });
  const dueMs = new Map<string, number>();
  const seenMs = new Map<string, number>();
  const stop = await watchEvents(url, (site) => {
    if (site.startsWith("P-") && !seenMs.has(site)) seenMs.set(site, performance.now());
  });
  const poster = new Poster(url, 16);
  const sending: Promise<unknown>[] = [];
  const beganMs = performance.now();
  const cpuBefore = cpuSecondsOf(pid);
  let behindMs = 0;
  let marks = 0;
  for (let tick = 0; tick < ticks && !interrupted.aborted; tick++) {
    const due = beganMs + (tick * 1000) / ticksPerSecond;
    const waitMs = due - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    else behindMs = Math.max(behindMs, -waitMs);
    sending.push(poster.post(bodies[tick] ?? Buffer.alloc(0)));
    if (tick % Math.round(ticksPerSecond / marksPerSecond) !== 0) continue;
    const site = panicSite(marks++);
    dueMs.set(site, Math.max(due, performance.now() - Math.max(0, -waitMs)));
    sending.push(poster.post(Buffer.from(JSON.stringify(panicEvent(site, Date.now())))));
  }
  await Promise.all(sending);
  const cores = (cpuSecondsOf(pid) - cpuBefore) / ((performance.now() - beganMs) / 1000);
  const untilMs = performance.now() + waitMsMax;
  while (seenMs.size < marks && performance.now() < untilMs) await sleep(50);
  const cpuSeconds = cpuSecondsOf(pid) - cpuBefore;
  const processed = await processedBy(url);
  stop();
  poster.close();
  const counted = [...dueMs].filter(([, due]) => due >= beganMs + warmSeconds * 1000);
  const latenciesMs = counted.flatMap(([site, due]) => {
    const seen = seenMs.get(site);
    return seen === undefined ? [] : [seen - due];
  });
  return {
    latenciesMs,
    missing: counted.length - latenciesMs.length,
    behindMs,
    serverCores: cores,
    perCpuSecond: processed / cpuSeconds,
  };
}

/** Calls back with the site of each incident that is told of as open; answers how to stop. */
async function watchEvents(url: string, onIncident: (siteId: string) => void): Promise<() => void> {
  const controller = new AbortController();
  const answer = await fetch(`${url}/api/v1/events`, {
    headers: { authorization: `Bearer ${serverToken}` },
    signal: controller.signal,
  });
  const { body } = answer;
  if (answer.status !== 200 || body === null) throw new Error(`the event stream was answered ${answer.status}`);
  const read = async () => {
    let rest = "";
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (!line.startsWith("data: ")) continue;
        const event = JSON.parse(line.slice("data: ".length)) as LiveEvent;
        if (event.kind === "incident" && event.summary.state === "open") onIncident(event.summary.siteId);
      }
    }
  };
  read().catch((fault: unknown) => {
    if (!controller.signal.aborted) throw fault;
  });
  return () => controller.abort();
}

function tell(kind: Place["kind"], outcome: Outcome): void {
  const { latenciesMs, missing, behindMs, serverCores, perCpuSecond } = outcome;
  const [p50, p99] = [quantile(latenciesMs, 0.5), quantile(latenciesMs, 0.99)];
  const load = `${thousands(perSecond)} signals/s for ${seconds} s, ${shops} shops, ${latenciesMs.length} marks`;
  const health = `${missing} not seen, generator at most ${Math.round(behindMs)} ms late, server ${serverCores.toFixed(2)} cores, ${thousands(perCpuSecond)} signals per CPU second of it`;
  const figure = `p50 ${Math.round(p50)} ms, p99 ${Math.round(p99)} ms, most ${Math.round(Math.max(...latenciesMs))} ms; ${load}; ${health}`;
  report({ bench: "latency", what: `signal sent to incident over SSE, ${kind}`, figure, aim: "p99 < 1 s" });
}
