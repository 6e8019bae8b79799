// Staff reports while strangers flood the same intake: how long a report takes in a quiet spell and in a flooded one, in turn. Reports are
// sent by the clock, not by the answers. Options: --long, --database, --pairs, --seconds, --rate, --connections, --addresses.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writePackOfManySites } from "../packages/server/src/testing/crash-pack.ts";
import { ServerProcess, serverToken } from "../packages/server/src/testing/crash-server.ts";
import { interrupted, kinds, openPlace, type Place } from "./lib/place.ts";
import { isLong, numberOption, quantile, report } from "./lib/report.ts";

const pairs = numberOption("pairs", isLong() ? 10 : 3);
const seconds = numberOption("seconds", isLong() ? 30 : 8);
const perSecond = numberOption("rate", 20);
const connections = numberOption("connections", 64);
const addresses = numberOption("addresses", 16);
const warmSeconds = 3;

for (const kind of kinds()) if (!interrupted.aborted) await measure(kind);

type Flood = { readonly go: () => void; readonly stop: () => Promise<Flooded>; readonly end: () => void };
type Flooded = { readonly sent: number; readonly statuses: Readonly<Record<string, number>> };

async function measure(kind: Place["kind"]): Promise<void> {
  const place = openPlace(kind);
  let server: ServerProcess | undefined;
  let flood: Flood | undefined;
  try {
    const packFolder = join(place.folder, "pack");
    writePackOfManySites(packFolder, { shops: 20, panicSites: 0 });
    const dataFolder = join(place.folder, "data");
    server = new ServerProcess({ dataFolder, databaseUrl: place.databaseUrl, packFolder, mqtt: false });
    const { url } = await server.ready();
    flood = startFlood(url);
    await spell(url, warmSeconds);
    const quiet: number[] = [];
    const flooded: number[] = [];
    const ratios: number[] = [];
    let strangers = 0;
    for (let pair = 0; pair < pairs && !interrupted.aborted; pair++) {
      const before = await spell(url, seconds);
      flood.go();
      const during = await spell(url, seconds);
      const { sent, statuses } = await flood.stop();
      console.log(`    ${kind} pair ${pair + 1}: strangers sent ${sent}, answered ${JSON.stringify(statuses)}`);
      strangers += sent;
      quiet.push(...before);
      flooded.push(...during);
      ratios.push(quantile(during, 0.99) / quantile(before, 0.99));
    }
    const rate = Math.round(strangers / (pairs * seconds));
    const [low, middle, high] = [0, 0.5, 1].map((q) => quantile(ratios, q).toFixed(2));
    const p99 = `p99 ${quantile(flooded, 0.99).toFixed(1)} ms against ${quantile(quiet, 0.99).toFixed(1)} ms quiet`;
    const figure = `${middle} (${low} to ${high}, ${pairs} pairs): ${p99}, ${rate} requests/s from ${addresses} strangers`;
    report({
      bench: "flood",
      what: `staff report in a flood of strangers, ${kind}`,
      figure,
      aim: "p99 under 2x quiet",
    });
  } finally {
    flood?.end();
    await server?.stop();
    place.close();
  }
}

function startFlood(url: string): Flood {
  const sender = new URL("lib/flood-sender.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [sender, url, String(connections), String(addresses)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  return {
    go: () => child.stdin.write("go\n"),
    stop: async () => {
      const said = once(lines, "line");
      child.stdin.write("stop\n");
      return JSON.parse(String((await said)[0])) as Flooded;
    },
    end: () => child.stdin.end(),
  };
}

/** Latencies of reports from when each was due, in milliseconds. Throws where one was not taken. */
async function spell(url: string, forSeconds: number): Promise<readonly number[]> {
  const beganMs = performance.now();
  const sending: Promise<number>[] = [];
  for (let count = 0; count < forSeconds * perSecond && !interrupted.aborted; count++) {
    const dueMs = beganMs + (count * 1000) / perSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    sending.push(sendReport(url).then(() => performance.now() - dueMs));
  }
  return Promise.all(sending);
}

async function sendReport(url: string): Promise<void> {
  const answer = await fetch(`${url}/api/v1/incidents`, {
    method: "POST",
    headers: { authorization: `Bearer ${serverToken}`, "content-type": "application/json" },
    body: JSON.stringify({
      siteId: "S-1001",
      category: "shoplifting",
      occurredAt: new Date().toISOString(),
      summary: "Two bottles left with a person who did not pay",
    }),
  });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`a report was answered ${answer.status}: ${text}`);
}
