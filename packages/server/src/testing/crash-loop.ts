import { setTimeout as sleep } from "node:timers/promises";
import { loadPack } from "../pack/load-pack.ts";
import { readPackFiles } from "../pack/pack-files.ts";
import { openDatabase } from "../platform/database/database.ts";
import type { Schema } from "../schema.ts";
import { partitionOf, partitionCount } from "../signal/partition.ts";
import { checkAfterCrashes, type CrashCounts } from "./crash-checks.ts";
import { panicEvent, panicSite, writePackOfManySites } from "./crash-pack.ts";
import { post, Senders } from "./crash-senders.ts";
import { ServerProcess, serverToken, type ServerAddresses, type ServerSettings } from "./crash-server.ts";

export type CrashLoopOptions = {
  readonly folder: string; // empty; of the caller, who removes it
  readonly databaseUrl: string | null; // null: PGlite
  readonly rounds: number;
  readonly random: () => number; // when to kill
  readonly stopped?: AbortSignal; // no further rounds; what was done is checked
  readonly onRound?: (round: CrashRound) => void;
};

export type CrashRound = { readonly round: number; readonly killedAfterMs: number; readonly during: "start" | "load" };

export type CrashReport = {
  readonly problems: readonly string[];
  readonly kills: { readonly start: number; readonly load: number };
  readonly acknowledged: number;
  readonly counts: CrashCounts;
  readonly overMqtt: boolean;
  readonly catchUpMs: number; // last start to everything processed
};

// As many rounds as this, of ten, are killed before they serve.
const killsDuringStart = 0.3;
const loadMsMax = 1_500;
const roundsMore = 5;
const catchUpMsMax = 90_000;
const catchUpMsPerSignal = 2;

/**
 * Starts the server under load and kills it with SIGKILL at a random moment, again and again over one data folder; then lets it
 * catch up, and holds everything against the journal. Answers what is wrong; an empty list is the aim. The very first rounds are
 * killed while they start, so that making the database and migrating it are hit too.
 */
export async function crashLoop(options: CrashLoopOptions): Promise<CrashReport> {
  const { folder, databaseUrl, rounds, random } = options;
  const packFolder = `${folder}/pack`;
  const roundsMax = rounds + roundsMore;
  const panicSites = 4 * roundsMax + partitionCount * 8;
  writePackOfManySites(packFolder, { shops: 5, panicSites });
  const pack = loadPack(readPackFiles(packFolder));
  if (!pack.ok) throw new Error(JSON.stringify(pack.error.slice(0, 3)));
  const senders = new Senders(pack.value.directory, 4 * roundsMax);
  const settings = { dataFolder: `${folder}/data`, databaseUrl, packFolder, mqtt: true };
  const kills = { start: 0, load: 0 };
  const problems: string[] = [];
  let startMs = 3_000; // how long a start takes, learned from those that came to serve
  // A few rounds may all be killed before anything was acknowledged, which would prove nothing: then more follow.
  const goesOn = (round: number) =>
    round < rounds || (round < roundsMax && senders.journal.acknowledged.size === 0 && rounds > 0);
  for (let round = 0; goesOn(round) && options.stopped?.aborted !== true; round++) {
    const isEarly = round < Math.ceil(rounds / 10);
    const during = isEarly || (round < rounds && random() < killsDuringStart) ? "start" : "load";
    const server = new ServerProcess(settings);
    try {
      if (during === "start") await sleepOrFail(server, random() * startMs);
      else startMs = await loadAndWait(server, senders, random() * loadMsMax * (round < rounds ? 1 : 2));
    } catch (fault) {
      problems.push(`round ${round}: ${fault instanceof Error ? fault.message : String(fault)}`);
    }
    await server.kill9();
    kills[during]++;
    problems.push(...server.errors.map((line) => `round ${round}: ${line}`));
    options.onRound?.({ round, killedAfterMs: Math.round(performance.now() - server.startedAtMs), during });
  }
  const last = await catchUp(settings, senders);
  const database = await openDatabase<Schema>(databaseUrl ?? `pglite:${folder}/data/database`);
  try {
    const findings = await checkAfterCrashes(database, senders.journal);
    return {
      problems: [...problems, ...senders.journal.problems, ...last.problems, ...findings.problems],
      kills,
      acknowledged: senders.journal.acknowledged.size,
      counts: findings.counts,
      overMqtt: last.overMqtt,
      catchUpMs: last.ms,
    };
  } finally {
    await database.close();
  }
}

/** A server that ends by itself while it starts is a finding. */
async function sleepOrFail(server: ServerProcess, ms: number): Promise<void> {
  await Promise.race([sleep(ms), server.ready().then(() => sleep(ms))]);
}

async function loadAndWait(server: ServerProcess, senders: Senders, ms: number): Promise<number> {
  const addresses = await server.ready();
  const startMs = performance.now() - server.startedAtMs;
  const running = senders.run(addresses, () => false);
  await sleep(ms);
  await server.kill9();
  await running;
  return startMs;
}

type CaughtUp = { readonly problems: readonly string[]; readonly overMqtt: boolean; readonly ms: number };

/** The last start: everything owed is sent, everything logged is processed, the record verifies, the server ends in order. */
async function catchUp(settings: ServerSettings, senders: Senders): Promise<CaughtUp> {
  const server = new ServerProcess(settings);
  const problems: string[] = [];
  try {
    const addresses = await server.ready();
    await senders.run(addresses, () => true);
    await untilProcessed(addresses, senders);
    problems.push(...(await verifyRecord(addresses.url)));
    const ms = performance.now() - server.startedAtMs;
    const code = await server.stop();
    if (code !== 0) problems.push(`the last server ended with ${code}`);
    return { problems: [...problems, ...server.errors], overMqtt: addresses.mqtt !== null, ms };
  } catch (fault) {
    await server.kill9();
    throw new Error(`the last start did not catch up: ${server.errors.slice(-5).join("\n")}`, { cause: fault });
  }
}

/** One more panic button in each partition: when its incident is there, everything before it was processed. */
async function untilProcessed({ url }: ServerAddresses, senders: Senders): Promise<void> {
  const { journal } = senders;
  const missing = new Set(Array.from({ length: partitionCount }, (_, partition) => partition));
  const marks: string[] = [];
  while (missing.size > 0) {
    const site = panicSite(journal.panics++);
    missing.delete(partitionOf(site));
    marks.push(site);
  }
  const events = marks.map((site) => panicEvent(site, Date.now()));
  for (const { source, id } of events) journal.sent.add(`${source} ${id}`);
  const answer = await post(url, events);
  if (answer === "gone" || answer.body?.accepted !== events.length) {
    throw new Error(`the closing marks were answered ${JSON.stringify(answer)}`);
  }
  // Kills come faster than the pipeline can work, so the backlog grows with the rounds: 79,000 signals took 40 s here.
  const untilMs = performance.now() + catchUpMsMax + catchUpMsPerSignal * journal.acknowledged.size;
  for (const site of marks) {
    while (!(await hasIncident(url, site))) {
      if (performance.now() > untilMs) throw new Error(`the mark at ${site} was not processed in time`);
      await sleep(100);
    }
  }
}

async function hasIncident(url: string, site: string): Promise<boolean> {
  const page = (await api(url, `/api/v1/incidents?site=${site}&limit=1`)) as { items: readonly unknown[] };
  return page.items.length > 0;
}

async function verifyRecord(url: string): Promise<readonly string[]> {
  await sleep(1_500); // an entry stands in the log within a second
  const report = (await api(url, "/api/v1/audit/verify", "POST")) as { ok: boolean; size: number; problems: unknown };
  if (report.ok && report.size > 0) return [];
  return [`the record does not verify: ${JSON.stringify(report).slice(0, 2_000)}`];
}

async function api(url: string, path: string, method = "GET"): Promise<unknown> {
  const answer = await fetch(url + path, { method, headers: { authorization: `Bearer ${serverToken}` } });
  const body: unknown = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status} ${JSON.stringify(body)}`);
  return body;
}
