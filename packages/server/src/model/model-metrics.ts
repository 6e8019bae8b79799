import { Gauge } from "prom-client";
import type { ReadyModel } from "../detect/model-detections.ts";
import type { Db } from "../schema.ts";
import { modelsOff } from "./model-switch-store.ts";
import type { ModelWatch } from "./model-watch.ts";

type Given = { readonly db: Db; readonly models: readonly ReadyModel[]; readonly watch: ModelWatch };

/** Numbers of the models, read when Prometheus asks. Of a feature with too few windows there is no drift to tell. */
export function modelGauges({ db, models, watch }: Given): readonly Gauge[] {
  const registers: [] = []; // whoever asks for them registers them
  const nameOf = ({ model }: ReadyModel) => ({ model: model.card.id });
  const on = new Gauge({
    name: "tillwatch_model_on",
    help: "Whether a model is on: 1, or 0 where somebody turned it off",
    labelNames: ["model"],
    registers,
    async collect() {
      const off = await modelsOff(db);
      for (const ready of models) this.set(nameOf(ready), off.has(ready.model.card.id) ? 0 : 1);
    },
  });
  const drift = new Gauge({
    name: "tillwatch_model_drift",
    help: "Population stability index of a feature against training; from 0.25 on it has drifted",
    labelNames: ["model", "feature"],
    registers,
    collect() {
      this.reset();
      for (const ready of models) {
        for (const { feature, index } of watch.drift(ready))
          if (index !== null) this.set({ ...nameOf(ready), feature }, index);
      }
    },
  });
  const windows = new Gauge({
    name: "tillwatch_model_windows",
    help: "Windows that a model scored in this process",
    labelNames: ["model", "found"],
    registers,
    collect() {
      for (const ready of models) {
        const scored = watch.scored(ready);
        this.set({ ...nameOf(ready), found: "odd" }, scored.odd);
        this.set({ ...nameOf(ready), found: "usual" }, scored.windows - scored.odd);
      }
    },
  });
  return [on, drift, windows];
}
