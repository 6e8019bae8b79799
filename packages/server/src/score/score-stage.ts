import type { DecisionId } from "@tillwatch/wire";
import type { ScoredSituation, SituationChange } from "../flow.ts";
import { dismissalsAt, type Dismissals, type RuleVerdict } from "../noise/dismissals.ts";
import type { Silence } from "../noise/silence.ts";
import { scoreSituation, type ScoreInputs } from "./score.ts";
import type { Weights } from "./weights.ts";

export type ScoreConfig = Omit<ScoreInputs, "members" | "silences" | "dismissals"> & {
  readonly newId: () => string;
  readonly silencesAt: (siteId: string) => readonly Silence[];
  readonly verdictsAt: (siteId: string) => readonly RuleVerdict[];
};

/** Stage 5: evidence of each touched situation -> severity, confidence, level, every point with its reason. */
export function scoreStage() {
  return (
    changes: readonly SituationChange[],
    { newId, silencesAt, verdictsAt, ...config }: ScoreConfig,
  ): readonly ScoredSituation[] =>
    changes.map((change) => {
      const { members, siteId } = change.situation;
      const dismissals = dismissalsOf(change.situation, verdictsAt(siteId), config.weights);
      const scored = scoreSituation({ ...config, members, silences: silencesAt(siteId), dismissals });
      const read = dismissals.length === 0 ? {} : { dismissals };
      return { ...change, ...scored, ...read, decisionId: newId() as DecisionId };
    });
}

/** What was known when the newest of the evidence happened: verdicts of later would make a replay of the log differ. */
function dismissalsOf(
  { members, zoneId, lastAtMs }: SituationChange["situation"],
  verdicts: readonly RuleVerdict[],
  { dismissals: settings }: Weights,
): readonly Dismissals[] {
  if (settings === undefined || verdicts.length === 0) return [];
  const ruleIds = new Set(members.flatMap(({ detections }) => detections.map(({ ruleId }) => ruleId)));
  return dismissalsAt(verdicts, { zoneId, ruleIds, atMs: lastAtMs }, settings);
}
