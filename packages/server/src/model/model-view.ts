import type { ReadyModel } from "../detect/model-detections.ts";
import type { ModelSwitch } from "./model-switch-store.ts";
import type { ModelWatch } from "./model-watch.ts";

/** A model as the API tells it: its card, whether it is on, what it was given lately and how far that has moved from its training. */
export function modelView(
  ready: ReadyModel,
  known: { readonly watch: ModelWatch; readonly last: ModelSwitch | undefined },
) {
  const { model, sha256, ruleId } = ready;
  const { last, watch } = known;
  return {
    id: model.card.id,
    ruleId,
    sha256,
    card: model.card,
    threshold: model.threshold,
    features: model.features.map(({ name, unit, says }) => ({ name, unit, says })),
    on: last?.isOn ?? true,
    changedAt: last === undefined ? null : new Date(last.atMs).toISOString(),
    changedBy: last?.by ?? null,
    scored: watch.scored(ready),
    drift: watch.drift(ready),
  };
}
