export type DriftVerdict = "too_few" | "steady" | "watch" | "drifted";

/** How far what a feature shows now has moved from what the model was trained on. */
export type FeatureDrift = {
  readonly feature: string;
  readonly says: string;
  readonly rows: number; // windows that were compared
  readonly index: number | null; // population stability index; null: too few windows
  readonly verdict: DriftVerdict;
};

/** A model as `GET /api/v1/models` lists it. */
export type ModelShown = {
  readonly id: string;
  readonly sha256: string;
  readonly on: boolean;
  readonly changedAt: string | null;
  readonly changedBy: string | null;
  readonly threshold: number;
  readonly scored: { readonly windows: number; readonly odd: number }; // since the process started
  readonly drift: readonly FeatureDrift[];
  readonly card: {
    readonly version: string;
    readonly title: string;
    readonly purpose: string;
    readonly origin: "simulated" | "stored";
    readonly data: string;
    readonly from: string;
    readonly to: string;
    readonly sites: number;
    readonly windows: number;
    readonly trainedAt: string;
    readonly trainedBy: string;
    readonly approvedBy: string | null;
    readonly limits: readonly string[];
  };
};

type Noted = Pick<ModelShown, "id" | "on"> & {
  readonly drift: readonly { readonly says: string; readonly verdict: string }[];
};

/** A sentence for each model that is off, and for each that is on and drifts. */
export function modelNotes(models: readonly Noted[]): readonly string[] {
  return models.flatMap(({ id, on, drift }) => {
    if (!on) return [`The model ${id} is turned off. Rules go on; what no rule names is not found meanwhile.`];
    const drifted = drift.filter(({ verdict }) => verdict === "drifted").map(({ says }) => says);
    if (drifted.length === 0) return [];
    return [`The model ${id} sees what it was not trained on: ${drifted.join("; ")}. Train it anew, or turn it off.`];
  });
}
