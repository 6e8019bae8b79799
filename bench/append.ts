// Socket to committed row: NDJSON batches over HTTP into the running server, against COPY of the very same rows into a table of the
// same definition with the same indexes, in the same run, one after the other. Options: --long, --database, --rows, --pairs.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { loadPack } from "../packages/server/src/pack/load-pack.ts";
import { readPackFiles } from "../packages/server/src/pack/pack-files.ts";
import { openDatabase } from "../packages/server/src/platform/database/database.ts";
import { nodeDigest } from "../packages/server/src/platform/digest.ts";
import type { Schema } from "../packages/server/src/schema.ts";
import { logColumns, toLogRow } from "../packages/server/src/signal/log-row.ts";
import { parseSignals } from "../packages/server/src/signal/parse-signals.ts";
import { writePackOfManySites } from "../packages/server/src/testing/crash-pack.ts";
import { ServerProcess, type ServerSettings } from "../packages/server/src/testing/crash-server.ts";
import { bodiesOf, Poster, processedBy } from "./lib/intake.ts";
import { interrupted, kinds, openPlace, psql, type Place } from "./lib/place.ts";
import { cpuSecondsOf } from "./lib/process-facts.ts";
import { isLong, median, numberOption, ratioOf, report, textOption, thousands } from "./lib/report.ts";

const rows = numberOption("rows", isLong() ? 40_000 : 10_000);
const pairs = numberOption("pairs", isLong() ? 9 : 5);
const rowsPerBody = 1_000;
const connections = 4;
const shops = 200;
const aim = "0.9";
const modes = (["idle", "busy"] as const).filter((mode) => textOption("mode", mode) === mode);
const nodeArgs = textOption("profile", "") === "" ? [] : ["--cpu-prof", `--cpu-prof-dir=${textOption("profile", "")}`];
const migrations = join(import.meta.dirname, "../packages/server/src/migrations/");

/** COPY of a file of rows; answers milliseconds. */
type Peer = {
  readonly name: string;
  readonly copy: (file: string) => Promise<number>;
  readonly close: () => Promise<void>;
};

for (const kind of kinds()) for (const mode of modes) if (!interrupted.aborted) await measure(kind, mode);

async function measure(kind: Place["kind"], mode: "idle" | "busy"): Promise<void> {
  const place = openPlace(kind);
  let server: ServerProcess | undefined;
  let peer: Peer | undefined;
  try {
    const packFolder = join(place.folder, "pack");
    writePackOfManySites(packFolder, { shops, panicSites: 0 });
    const settings = {
      dataFolder: join(place.folder, "data"),
      databaseUrl: place.databaseUrl,
      packFolder,
      mqtt: false,
    };
    await makeDatabase(settings, mode);
    server = new ServerProcess({ ...settings, nodeArgs });
    const { url } = await server.ready();
    peer = kind === "postgres" ? psqlPeer(place) : await pglitePeer(place);
    await runPairs({ url, peer, place, server, mode, packFolder });
  } finally {
    await peer?.close();
    await server?.stop();
    place.close();
  }
}

/** Migrated; with mode idle, all partitions leased to nobody, so that what is appended stays unprocessed. */
async function makeDatabase(settings: ServerSettings, mode: "idle" | "busy"): Promise<void> {
  const first = new ServerProcess(settings);
  await first.ready();
  await first.stop();
  if (mode === "busy") return;
  const database = await openDatabase<Schema>(settings.databaseUrl ?? `pglite:${settings.dataFolder}/database`);
  await sql`update log_cursor set lease_owner = 'bench', lease_until = now() + interval '1 day'`.execute(database.db);
  await database.close();
}

type Run = {
  readonly url: string;
  readonly peer: Peer;
  readonly place: Place;
  readonly server: ServerProcess;
  readonly mode: "idle" | "busy";
  readonly packFolder: string;
};

async function runPairs({ url, peer, place, server, mode, packFolder }: Run): Promise<void> {
  const pack = loadPack(readPackFiles(packFolder));
  if (!pack.ok) throw new Error(JSON.stringify(pack.error.slice(0, 3)));
  const numbers = new Map<number, number>();
  const ratios: number[] = [];
  const ours: number[] = [];
  const theirs: number[] = [];
  const through: number[] = [];
  const poster = new Poster(url, connections);
  let clientCpu = 0;
  let sent = 0;
  // One more pair than counted: the first warms both sides.
  for (let pair = 0; pair <= pairs && !interrupted.aborted; pair++) {
    const startMs = Date.now();
    const wave = { directory: pack.value.directory, seed: `append-${pair}`, count: rows, rowsPerBody, startMs };
    const bodies = bodiesOf(wave);
    const file = join(place.folder, "rows.copy");
    writeFileSync(file, copyTextOf(bodies, numbers));
    const cpuBefore = cpuSecondsOf(process.pid);
    const startedMs = performance.now();
    const accepted = await poster.postAll(bodies, connections);
    const ms = performance.now() - startedMs;
    clientCpu = (cpuSecondsOf(process.pid) - cpuBefore) / (ms / 1000);
    if (accepted !== rows) throw new Error(`${accepted} of ${rows} were accepted`);
    sent += rows;
    if (mode === "busy") await untilProcessed(url, sent);
    const drainedMs = performance.now() - startedMs;
    const peerMs = await peer.copy(file);
    if (pair === 0) continue;
    ratios.push(peerMs / ms);
    ours.push((1000 * rows) / ms);
    theirs.push((1000 * rows) / peerMs);
    through.push((1000 * rows) / drainedMs);
  }
  poster.close();
  await sameRows(place, server);
  const what = `HTTP NDJSON to committed row, ${place.kind}, pipeline ${mode}`;
  const speeds = `${thousands(median(ours))} against ${thousands(median(theirs))} rows/s of ${peer.name}`;
  const note = `${rows} rows a pair, fsync on both, generator ${clientCpu.toFixed(2)} cores`;
  report({ bench: "append", what, figure: `${ratioOf(ratios)}: ${speeds}; ${note}`, aim });
  if (mode === "busy") {
    const figure = `${thousands(median(through))} signals/s, ${shops} shops, 1 % suspicious`;
    report({ bench: "append", what: `HTTP to decided (whole pipeline), ${place.kind}`, figure, aim: "" });
  }
}

/** The rows as the log will write them, numbered on from the last. */
function copyTextOf(bodies: readonly Buffer[], numbers: Map<number, number>): string {
  let text = "";
  for (const body of bodies) {
    const parsed = parseSignals(body, "lines", { receivedAtMs: Date.now(), digest: nodeDigest, channel: {} });
    if (parsed.refused.length > 0) throw new Error(JSON.stringify(parsed.refused[0]));
    for (const signal of parsed.signals) {
      const { partition, rest } = toLogRow(signal);
      const number = (numbers.get(partition) ?? 0) + 1;
      numbers.set(partition, number);
      text += `${partition}\t${number}${rest}`;
    }
  }
  return text;
}

async function untilProcessed(url: string, signals: number): Promise<void> {
  while ((await processedBy(url)) < signals) await sleep(20);
}

/** A faster side that wrote something else would be void. */
async function sameRows(place: Place, server: ServerProcess): Promise<void> {
  if (place.kind !== "postgres" || place.databaseUrl === null) return;
  const facts = (table: string) =>
    `select count(*), count(distinct id), sum(length(body::text)), min(site_id), max(seq) from ${table}`;
  const [ours, theirs] = [facts("signal"), facts("signal_peer")].map((query) => psql(place.databaseUrl ?? "", query));
  if (ours !== theirs) throw new Error(`the rows differ (server ${server.pid}): ${ours} ${theirs}`);
}

function psqlPeer(place: Place): Peer {
  const url = place.databaseUrl ?? "";
  psql(url, "create table signal_peer (like signal including all)");
  const target = logColumns.replace(/^signal /, "signal_peer ");
  return {
    name: "psql \\copy",
    copy: async (file) => {
      const printed = psql(url, "\\timing on", `\\copy ${target} from '${file}'`);
      const ms = Number(/Time: ([\d.]+) ms/.exec(printed)?.[1]); // without the start of psql
      if (!(ms > 0)) throw new Error(`psql said ${printed}`);
      return ms;
    },
    close: async () => {},
  };
}

async function pglitePeer(place: Place): Promise<Peer> {
  const script = join(import.meta.dirname, "lib/pglite-copy-peer.ts");
  const args = [script, join(place.folder, "peer"), migrations];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("the peer has no pipes");
  const lines: Interface = createInterface({ input: stdout });
  await once(lines, "line");
  return {
    name: "PGlite COPY",
    copy: async (file) => {
      const answered = once(lines, "line");
      stdin.write(`${file}\n`);
      const [line] = (await answered) as [string];
      return Number(line);
    },
    close: async () => {
      stdin.end();
      await once(child, "exit");
    },
  };
}
