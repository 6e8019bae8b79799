// Kills the whole server with SIGKILL at random moments under load (HTTP batches and MQTT QoS 1), start-up and migrations included,
// then holds log, incidents, decisions and record against the journal of what was acknowledged. Prints every finding; any is a
// failure. Options: --long (200 rounds a database), --rounds, --database, --seed.
import { crashLoop, type CrashReport } from "../packages/server/src/testing/crash-loop.ts";
import { Random } from "@tillwatch/sim";
import { interrupted, kinds, openPlace, type Place } from "./lib/place.ts";
import { isLong, numberOption, report, textOption, thousands } from "./lib/report.ts";

const rounds = numberOption("rounds", isLong() ? 200 : 6);
const seed = textOption("seed", String(Date.now()));

for (const kind of kinds()) if (!interrupted.aborted) await measure(kind);

async function measure(kind: Place["kind"]): Promise<void> {
  const place = openPlace(kind);
  const random = new Random(`crash/${kind}/${seed}`);
  try {
    const found = await crashLoop({
      folder: place.folder,
      databaseUrl: place.databaseUrl,
      rounds,
      random: () => random.next(),
      stopped: interrupted,
      onRound: ({ round, killedAfterMs, during }) => {
        if ((round + 1) % 10 === 0)
          console.log(`    ${kind} round ${round + 1}: killed ${during} after ${killedAfterMs} ms`);
      },
    });
    tell(kind, found);
  } finally {
    place.close();
  }
}

function tell(kind: Place["kind"], found: CrashReport): void {
  for (const problem of found.problems) console.log(`    FOUND: ${problem}`);
  const { kills, counts } = found;
  const load = `${kills.start + kills.load} kills (${kills.start} during start-up), ${thousands(found.acknowledged)} acknowledged`;
  const rest = `${counts.signals} logged, ${counts.incidents} incidents, ${counts.decisions} decisions replayed, ${counts.auditEntries} audit entries`;
  const ways = found.overMqtt ? "HTTP and MQTT QoS 1" : "HTTP";
  const figure = `${found.problems.length} problems: ${load} over ${ways}; ${rest}; caught up in ${(found.catchUpMs / 1000).toFixed(1)} s; seed ${seed}`;
  report({ bench: "crash", what: `kill -9 under load, ${kind}`, figure, aim: "0 lost, 0 doubled" });
  if (found.problems.length > 0) process.exitCode = 1;
}
