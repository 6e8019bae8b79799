import { binOf, driftOf, type Drift } from "@tillwatch/forest";
import { windowsIn, type ReadyModel } from "../detect/model-detections.ts";
import type { DetectedSignal } from "../flow.ts";

/** The drift of each feature is that of so many windows, the last ones that this process scored. */
export const watchedWindowsMax = 5_000;

export type FeatureDrift = Drift & { readonly feature: string; readonly says: string };

type Watched = {
  readonly ring: Uint8Array; // the bins of the last windows, a row a window
  readonly counts: readonly number[][]; // by feature, by bin
  seen: number;
  odd: number;
};

/**
 * What the models of this process were given lately. It decides nothing and is kept by nobody: after a start it says for some hundred
 * windows that it has too few. A batch that is tried again is noted twice, which moves no share by much.
 */
export class ModelWatch {
  readonly #watched = new Map<string, Watched>(); // by the digest of the model: another content begins anew

  note(detected: readonly DetectedSignal[], models: readonly ReadyModel[]): void {
    for (const ready of models) {
      for (const { view, detections } of detected) {
        const [window] = windowsIn(view);
        if (window === undefined) continue;
        const values = ready.model.forest.features.map((name) => window[name]);
        if (!values.every((value) => typeof value === "number")) continue;
        this.#count(ready, values);
        if (detections.some(({ ruleId }) => ruleId === ready.ruleId)) this.#of(ready).odd++;
      }
    }
  }

  /** Windows that a model scored since this process started, and how many of them it found odd. */
  scored(ready: ReadyModel): { readonly windows: number; readonly odd: number } {
    const { seen: windows, odd } = this.#of(ready);
    return { windows, odd };
  }

  drift(ready: ReadyModel): readonly FeatureDrift[] {
    const { counts } = this.#of(ready);
    return ready.model.features.map(({ name, says, spread }, at) => ({
      feature: name,
      says,
      ...driftOf(spread, counts[at] ?? []),
    }));
  }

  #of(ready: ReadyModel): Watched {
    const known = this.#watched.get(ready.sha256);
    if (known !== undefined) return known;
    const { features } = ready.model;
    const made = {
      ring: new Uint8Array(watchedWindowsMax * features.length),
      counts: features.map(({ spread }) => spread.shares.map(() => 0)),
      seen: 0,
      odd: 0,
    };
    this.#watched.set(ready.sha256, made);
    return made;
  }

  #count(ready: ReadyModel, values: readonly number[]): void {
    const watched = this.#of(ready);
    const { features } = ready.model;
    const row = (watched.seen % watchedWindowsMax) * features.length;
    const isFull = watched.seen >= watchedWindowsMax;
    for (const [at, { spread }] of features.entries()) {
      const counts = watched.counts[at] ?? [];
      const gone = watched.ring[row + at] ?? 0;
      const bin = binOf(values[at] ?? 0, spread.edges);
      if (isFull) counts[gone] = (counts[gone] ?? 0) - 1;
      counts[bin] = (counts[bin] ?? 0) + 1;
      watched.ring[row + at] = bin;
    }
    watched.seen++;
  }
}
