// The most memory that the server's process ever holds while signals pass through it, sent as fast as it takes them: HTTP, log,
// pipeline, all of it. Options: --long (a million), --signals, --database.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadPack } from "../packages/server/src/pack/load-pack.ts";
import { readPackFiles } from "../packages/server/src/pack/pack-files.ts";
import { writePackOfManySites } from "../packages/server/src/testing/crash-pack.ts";
import { ServerProcess } from "../packages/server/src/testing/crash-server.ts";
import { bodiesOf, Poster, processedBy } from "./lib/intake.ts";
import { interrupted, kinds, openPlace, type Place } from "./lib/place.ts";
import { memoryMibOf } from "./lib/process-facts.ts";
import { isLong, numberOption, report, thousands } from "./lib/report.ts";

const signals = numberOption("signals", isLong() ? 1_000_000 : 30_000);
const rowsPerBody = 1_000;
const connections = 4;
const shops = 200;
// The load waits where more than this is in the log and not processed: the log is on disk, so the backlog is no memory, but the
// figure is about signals that went all the way.
const backlogMax = 50_000;
const printEvery = Math.max(10_000, signals / 10);

for (const kind of kinds()) if (!interrupted.aborted) await measure(kind);

async function measure(kind: Place["kind"]): Promise<void> {
  const place = openPlace(kind);
  let server: ServerProcess | undefined;
  try {
    const packFolder = join(place.folder, "pack");
    writePackOfManySites(packFolder, { shops, panicSites: 0 });
    const pack = loadPack(readPackFiles(packFolder));
    if (!pack.ok) throw new Error(JSON.stringify(pack.error.slice(0, 3)));
    const dataFolder = join(place.folder, "data");
    server = new ServerProcess({ dataFolder, databaseUrl: place.databaseUrl, packFolder, mqtt: false });
    const { url } = await server.ready();
    const idle = memoryMibOf(server.pid).now;
    const startedMs = performance.now();
    await passThrough(url, server.pid, pack.value.directory);
    const rate = (1000 * signals) / (performance.now() - startedMs);
    const peak = memoryMibOf(server.pid).peak;
    const figure = `peak ${Math.round(peak)} MiB, ${Math.round(idle)} MiB idle; ${thousands(rate)} signals/s, ${shops} shops`;
    report({ bench: "memory", what: `${thousands(signals)} signals through, ${kind}`, figure, aim: "bounded" });
  } finally {
    for (const line of server?.errors.slice(0, 5) ?? []) console.log(`  the server said: ${line}`);
    await server?.stop();
    place.close();
  }
}

async function passThrough(url: string, pid: number, directory: Parameters<typeof bodiesOf>[0]["directory"]) {
  const poster = new Poster(url, connections);
  const wave = connections * rowsPerBody * 2;
  let printedAt = 0;
  for (let sent = 0; sent < signals && !interrupted.aborted;) {
    const count = Math.min(wave, signals - sent);
    const bodies = bodiesOf({ directory, seed: `memory-${sent}`, count, rowsPerBody, startMs: Date.now() });
    sent += await poster.postAll(bodies, connections);
    let processed = await processedBy(url);
    while (sent - processed > (sent < signals ? backlogMax : 0)) {
      await sleep(100);
      processed = await processedBy(url);
      printedAt = print(pid, processed, printedAt);
    }
    printedAt = print(pid, processed, printedAt);
  }
  poster.close();
}

function print(pid: number, processed: number, printedAt: number): number {
  if (processed < printedAt + printEvery) return printedAt;
  const { now, peak } = memoryMibOf(pid);
  console.log(`    ${thousands(processed)} processed: ${Math.round(now)} MiB now, ${Math.round(peak)} MiB at most`);
  return processed;
}
