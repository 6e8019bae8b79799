// A backtest of a changed rule on stored signals: of simulated shops over 30 days, against reading the same rows in the same order
// without deciding anything, one after the other on the same database. Options: --long, --signals, --pairs, --database, --profile.
import { sql } from "kysely";
import { join } from "node:path";
import { createWorld } from "@tillwatch/sim";
import { horizonMs } from "../packages/server/src/app/ports.ts";
import { Directory } from "../packages/server/src/enrich/directory.ts";
import { loadPack, type LoadedPack } from "../packages/server/src/pack/load-pack.ts";
import { readPackFiles } from "../packages/server/src/pack/pack-files.ts";
import { systemChance } from "../packages/server/src/platform/chance.ts";
import { openDatabase } from "../packages/server/src/platform/database/database.ts";
import { migrate, readMigrations } from "../packages/server/src/platform/database/migrate.ts";
import { scopedDb, type Scope } from "../packages/server/src/platform/database/scoped.ts";
import { openFieldVault } from "../packages/server/src/platform/keys/field-vault.ts";
import { masterKey } from "../packages/server/src/platform/keys/keys.ts";
import { withVault } from "../packages/server/src/platform/keys/vault-mark.ts";
import { silentLog } from "../packages/server/src/platform/log.ts";
import { backtest, type BacktestFindings } from "../packages/server/src/rule/backtest.ts";
import { logSpans, signalPage } from "../packages/server/src/rule/backtest-read.ts";
import { changedRules } from "../packages/server/src/rule/changed-rules.ts";
import { asShipped } from "../packages/server/src/rule/running-rules.ts";
import type { Db, OpenDatabase, Schema } from "../packages/server/src/schema.ts";
import { SignalLog } from "../packages/server/src/signal/signal-log-store.ts";
import { slicesOf } from "../packages/server/src/simulate/slices.ts";
import { interrupted, kinds, openPlace, type Place } from "./lib/place.ts";
import { isLong, median, numberOption, ratioOf, report, textOption, thousands } from "./lib/report.ts";

const signals = numberOption("signals", isLong() ? 1_000_000 : 30_000);
const pairs = numberOption("pairs", isLong() ? 3 : 3);
const days = 30;
const startMs = Date.parse("2026-10-01T00:00:00Z");
const lateAfterMs = 120_000;
const perShopper = 2;

/** Drafts as people write them: a frequent signal, a rare one, one that is counted, and everything. */
const drafts = {
  frequent: rule("{ event_type: pos_refund }", "till"),
  rare: rule("{ event_type: pos_void, data.after_payment: true, time.open: false }", "till"),
  everything: rule("{ event_type: '*' }", null),
} as const;

function rule(selection: string, service: string | null): string {
  return `title: Draft
id: 5f0e6c1a-3c77-4d6e-9a01-0000000000c1
logsource: { product: retail${service === null ? "" : `, service: ${service}`} }
detection: { selection: ${selection}, condition: selection }
level: medium
tillwatch: { category: till_fraud, level: 1, points: 3000, says: A draft }
`;
}

const loaded = loadPack(readPackFiles(join(import.meta.dirname, "../pack/retail")));
if (!loaded.ok) throw new Error(JSON.stringify(loaded.error.slice(0, 3)));
const pack = loaded.value;
for (const kind of kinds()) if (!interrupted.aborted) await measure(kind, pack);

async function measure(kind: Place["kind"], shipped: LoadedPack): Promise<void> {
  const place = openPlace(kind);
  const opened = await openDatabase<Schema>(place.databaseUrl ?? `pglite:${join(place.folder, "database")}`);
  try {
    await migrate(opened, readMigrations(join(import.meta.dirname, "../packages/server/src/migrations/")));
    const fields = await openFieldVault(opened.db, {
      master: masterKey(systemChance.bytes(32)),
      chance: systemChance,
    });
    const database = { ...opened, db: withVault(opened.db, async () => fields) };
    const { stored, toMs } = await fill(database, { pack: shipped, fields });
    const { db } = database;
    const sites = shipped.directory.sites.map(({ id }) => id);
    const scope: Scope = { organisationId: "home", sites, everySite: true, all: false };
    const known = { machine: db, asker: scopedDb(db, scope), fromMs: startMs, toMs };
    const present = asShipped(shipped);
    for (const [name, text] of Object.entries(drafts)) {
      if (textOption("draft", name) !== name) continue;
      const changed = changedRules(present, [{ file: "draft.yml", text }]);
      if (!changed.ok) throw new Error(JSON.stringify(changed.error));
      const given = {
        ...known,
        fields,
        pack: shipped,
        directory: new Directory(shipped.directory),
        models: shipped.models,
        lateAfterMs,
        horizonMs: horizonMs(shipped),
        present,
        changed: changed.value,
        onPage: async () => !interrupted.aborted,
      };
      await compare(
        { kind, name, stored },
        () => readOnly(known),
        () => backtest(given),
      );
    }
  } finally {
    await opened.close();
    place.close();
  }
}

type Named = { readonly kind: string; readonly name: string; readonly stored: number };

async function compare(
  { kind, name, stored }: Named,
  read: () => Promise<number>,
  run: () => Promise<BacktestFindings | null>,
): Promise<void> {
  const times: { readonly read: number; readonly run: number; readonly cpu: number }[] = [];
  let found: BacktestFindings | null = null;
  for (let pair = 0; pair < pairs && !interrupted.aborted; pair++) {
    const readMs = await timed(read);
    const cpu = process.cpuUsage();
    const runMs = await timed(async () => {
      const again = await run();
      if (found !== null && JSON.stringify(again) !== JSON.stringify(found)) throw new Error("two backtests differ");
      found = again;
    });
    const used = process.cpuUsage(cpu);
    times.push({ read: readMs, run: runMs, cpu: (used.user + used.system) / 1e6 });
  }
  const result = found as BacktestFindings | null;
  if (result === null) return;
  const made = result.days.reduce((sum, day) => sum + day.situation.made + day.situation.unmade, 0);
  const seconds = (median(times.map((one) => one.run)) / 1000).toFixed(1);
  const limit = (median(times.map((one) => one.read)) / 1000).toFixed(1);
  report({
    bench: "backtest",
    what: `${kind}: a draft that matches ${name === "everything" ? name : `what is ${name}`}, against reading alone`,
    figure: `${ratioOf(times.map((one) => one.run / one.read))}: ${seconds} s (${median(times.map((one) => one.cpu)).toFixed(1)} s of this process) against ${limit} s for ${thousands(stored)} signals, ${made} situations differ`,
    aim: stored >= 1_000_000 && name !== "everything" ? "30 s" : "",
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const atMs = performance.now();
  await work();
  return performance.now() - atMs;
}

/** The same rows in the same order, and nothing done with them: what no backtest in this process can beat. */
async function readOnly(given: { machine: Db; asker: Db; fromMs: number; toMs: number }): Promise<number> {
  let count = 0;
  for (const span of await logSpans(given.machine, given)) {
    for (let seq = span.from; seq < span.to;) {
      const page = await signalPage(given.asker, { ...span, seq, limit: 500 });
      count += page.signals.length;
      seq = page.seq;
    }
  }
  return count;
}

type Filling = { readonly pack: LoadedPack; readonly fields: Awaited<ReturnType<typeof openFieldVault>> };

/** Shops over the days at the pace that comes to so many signals, as intake would have taken them. */
async function fill(database: OpenDatabase, { pack: shipped, fields }: Filling) {
  const { db } = database;
  for (const { id } of shipped.directory.sites)
    await sql`insert into site (id, organisation_id, listed) values (${id}, 'home', true) on conflict do nothing`.execute(
      db,
    );
  const places = { site: () => true, device: () => "known" as const };
  const log = await SignalLog.open({ database, fields, places, log: silentLog, onAppended: () => {} });
  // Measured: about so many signals of a shopper; what is too much is left out at the end.
  const hours = days * 12 * shipped.directory.sites.length;
  const shoppersPerHour = Math.max(1, Math.ceil(signals / hours / perShopper));
  const world = createWorld({ seed: "backtest", directory: shipped.directory, startMs, shoppersPerHour });
  let stored = 0;
  let toMs = startMs;
  let waiting: Promise<unknown>[] = [];
  for (const slice of slicesOf(world.deliveries(startMs + days * 86_400_000), 60_000)) {
    waiting.push(log.append(slice.signals));
    stored += slice.signals.length;
    toMs = slice.atMs + 1;
    if (waiting.length >= 50) {
      await Promise.all(waiting);
      waiting = [];
    }
    if (stored >= signals || interrupted.aborted) break;
  }
  await Promise.all(waiting);
  await log.close();
  await sql`analyze signal`.execute(db);
  console.log(`  ${database.kind}: ${thousands(stored)} signals of ${((toMs - startMs) / 86_400_000).toFixed(1)} days`);
  return { stored, toMs };
}
