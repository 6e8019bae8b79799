import type { FastifyPluginAsync } from "fastify";
import { horizonMs } from "./ports.ts";
import type { PrecisionBar } from "../rule/rule-life.ts";
import type { Foundation } from "./foundation.ts";
import { StartFault } from "./foundation.ts";
import { repeat } from "./timers.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import type { Chance } from "../platform/chance.ts";
import type { ClosingStack } from "../platform/closing-stack.ts";
import type { Clock } from "../platform/clock.ts";
import type { ReadyCheck } from "../api/health-http.ts";
import type { Log } from "../platform/log.ts";
import { Backtests } from "../rule/backtest-run.ts";
import { stopLostBacktests } from "../rule/backtest-store.ts";
import { forgetHits } from "../rule/rule-hit-store.ts";
import type { RuleWords } from "../rule/rule-facts.ts";
import { ruleRoutes } from "../rule/rule-http.ts";
import { RulebookHolder } from "../rule/rulebook-store.ts";
import type { RunningRules } from "../rule/running-rules.ts";
import { openSilences } from "./silences.ts";
import type { TellEnd } from "../noise/change-silence-append.ts";

export { watchWindows } from "../detect/window-metrics.ts";

type Given = {
  readonly foundation: Pick<Foundation, "database" | "fields" | "directory">;
  readonly pack: LoadedPack;
  readonly bar: PrecisionBar;
  readonly lateAfterMs: number;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly tell: TellEnd;
};

const refreshEveryMs = 1_000; // every process takes a change within two seconds
const forgetEveryMs = 60_000;
const lostEveryMs = 5_000;
const kept = { hitDays: 90, countDays: 400 };

/** Rules of the pack and the store together, taken anew in every process when they change. Throws StartFault where they do not load. */
export async function openRules(
  closing: ClosingStack,
  { foundation, pack, bar, lateAfterMs, clock, chance, log, tell }: Given,
): Promise<{
  readonly running: () => RunningRules;
  readonly ready: () => readonly ReadyCheck[];
  readonly routes: readonly FastifyPluginAsync[];
}> {
  const { db } = foundation.database;
  const holder = new RulebookHolder({ db, pack, clock, log });
  await holder.refresh();
  if (holder.fault !== null) throw new StartFault("stored_rules_do_not_load", holder.fault);
  closing.add("rules", repeat("rules", refreshEveryMs, { log, step: () => holder.refresh() }));
  const forget = () => db.transaction().execute((tx) => forgetHits(tx, { ...kept, nowMs: clock() }));
  closing.add("old hits of rules", repeat("old hits of rules", forgetEveryMs, { log, step: forget }));
  const lost = () => stopLostBacktests(db);
  closing.add("lost backtests", repeat("lost backtests", lostEveryMs, { log, step: lost }));
  const backtests = closing.add(
    "backtests",
    new Backtests({
      db,
      fields: foundation.fields,
      pack,
      running: () => holder.current(),
      directory: () => foundation.directory.current(),
      lateAfterMs,
      horizonMs: horizonMs(pack),
      clock,
      chance,
      log,
    }),
  );
  const { weights, taxonomy } = pack;
  const words = {
    categories: new Set(taxonomy.categories.map(({ code }) => code)),
    pointsOf: pointsIn(weights),
  };
  // What runs goes on, so nothing is refused for it: it is stated.
  const ready = () =>
    holder.fault === null ? [] : [{ name: "rules", ok: false, says: holder.fault, stopsRequests: false as const }];
  return {
    running: () => holder.current(),
    ready,
    routes: [
      ruleRoutes({ db, holder, words, bar, clock, chance, vault: foundation.fields }, backtests),
      ...openSilences(closing, { foundation, pack, running: () => holder.current(), clock, chance, log, tell }),
    ],
  };
}

/** As the score counts it (score/detection-points.ts). */
export function pointsIn({
  rule_weights: named,
  points_by_level: byLevel,
}: LoadedPack["weights"]): RuleWords["pointsOf"] {
  return ({ id, level, stated }) =>
    named[id]?.points ?? stated ?? new Map<string | null, number>(Object.entries(byLevel)).get(level) ?? byLevel.medium;
}
