import { ruleIdOf, type SigmaCorrelation, type SigmaRule } from "@tillwatch/sigma";
import type { FastifyPluginAsync } from "fastify";
import { expireSilences, type TellEnd } from "../noise/change-silence-append.ts";
import type { SilencedRule } from "../noise/check-silence.ts";
import { dismissalRoutes } from "../noise/dismissal-http.ts";
import { silenceRoutes } from "../noise/silence-http.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import type { Chance } from "../platform/chance.ts";
import { asMachine } from "../platform/database/scoped.ts";
import type { ClosingStack } from "../platform/closing-stack.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { RunningRules } from "../rule/running-rules.ts";
import type { Tx } from "../schema.ts";
import type { Foundation } from "./foundation.ts";
import { repeat } from "./timers.ts";

type Given = {
  readonly foundation: Pick<Foundation, "database" | "fields" | "directory">;
  readonly pack: LoadedPack;
  readonly running: () => RunningRules;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly tell: TellEnd;
};

const expireEveryMs = 5_000;

/** Silences: their routes, and the note on the record when the time of one is over. That it holds no longer needs nobody to run. */
export function openSilences(closing: ClosingStack, given: Given): readonly FastifyPluginAsync[] {
  const { foundation, pack, running, clock, chance, log, tell } = given;
  const { database, fields: vault, directory } = foundation;
  const { db } = database;
  // Whoever ends a silence may not see who is told of it.
  const told: TellEnd = (tx, end) => asMachine(tx, (machine) => tell(machine as Tx, end));
  const deps = { db, vault, clock, chance, tell: told };
  const step = async () => {
    await expireSilences(deps);
  };
  closing.add("silences", repeat("silences", expireEveryMs, { log, step }));
  const categories = new Set(pack.taxonomy.categories.map(({ code }) => code));
  const ruleOf = (ruleId: string) => ruleIn(running(), ruleId) ?? modelIn(pack, ruleId);
  // What only serves to be counted finds nothing by itself.
  const ruleIds = () => {
    const { meanings, silent } = running().rulebook.rules;
    return [...meanings.keys()].filter((id) => !silent.has(id)).concat(pack.models.map((model) => model.ruleId));
  };
  const titleOf = (ruleId: string) => ruleOf(ruleId)?.title ?? null;
  const dismissals = dismissalRoutes({ db, vault, clock, chance, settings: pack.weights.dismissals, titleOf });
  return [dismissals, silenceRoutes({ ...deps, directory: () => directory.current(), categories, ruleOf, ruleIds })];
}

/** What runs under this id: a rule or a correlation. */
export function ruleIn({ rulebook }: RunningRules, ruleId: string): SilencedRule | null {
  const { meanings, titles, correlations } = rulebook.rules;
  const meaning = meanings.get(ruleId);
  if (meaning === undefined) return null;
  const correlation = correlations.get(ruleId);
  const rule = rulebook.parsed.find((one) => ruleIdOf(one) === ruleId);
  const read = correlation === undefined ? [rule] : countedBy(correlation, rulebook.parsed);
  return {
    title: titles.get(ruleId) ?? ruleId,
    level: meaning.triageLevel,
    critical: (rule ?? correlation)?.level === "critical",
    reported: read.length > 0 && read.every((one) => one?.logsource.service === "person"),
  };
}

function countedBy({ rules }: SigmaCorrelation, parsed: readonly SigmaRule[]): readonly SigmaRule[] {
  const names = new Set(rules.map(({ name }) => name));
  return parsed.filter(({ id, name }) => [id, name].some((word) => word !== null && names.has(word)));
}

function modelIn({ models, modelWords }: LoadedPack, ruleId: string): SilencedRule | null {
  const found = models.find((one) => one.ruleId === ruleId);
  if (found === undefined) return null;
  const { triageLevel, level } = found.meaning;
  return {
    title: modelWords.get(ruleId)?.says ?? ruleId,
    level: triageLevel,
    critical: level === "critical",
    reported: false,
  };
}
