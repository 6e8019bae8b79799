import type { DecisionId } from "@tillwatch/wire";
import type { ScoredSituation, SituationChange } from "../flow.ts";
import { scoreSituation, type ScoreInputs } from "./score.ts";

export type ScoreConfig = Omit<ScoreInputs, "members"> & { readonly newId: () => string };

/** Stage 5: evidence of each touched situation -> severity, confidence, level, every point with its reason. */
export function scoreStage() {
  return (changes: readonly SituationChange[], config: ScoreConfig): readonly ScoredSituation[] =>
    changes.map((change) => ({
      ...change,
      ...scoreSituation({ ...config, members: change.situation.members }),
      decisionId: config.newId() as DecisionId,
    }));
}
