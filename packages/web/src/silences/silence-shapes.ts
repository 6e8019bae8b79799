import type { IncidentState, SilenceState } from "@tillwatch/wire";

export type SilenceStep = { readonly at: string; readonly by: string; readonly because: string };

/** A silence as the list shows it; what is null matches any. */
export type SilenceItem = {
  readonly id: string;
  readonly state: SilenceState;
  readonly ruleId: string | null;
  readonly ruleTitle: string | null;
  readonly siteId: string | null;
  readonly zoneId: string | null;
  readonly deviceId: string | null;
  readonly category: string | null;
  readonly level: 1 | 2;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly because: string;
  readonly madeAt: string;
  readonly owner: string;
  readonly signed: SilenceStep | null;
  readonly ended: SilenceStep | null;
  readonly hidden: number;
};

type Names = { readonly names: Readonly<Record<string, string>> };
export type SilenceList = Names & { readonly items: readonly SilenceItem[] };

/** A case that was held back. `held`: it would have opened; `quiet`: it went on, and nobody was told. */
export type HiddenCase = {
  readonly incidentId: string;
  readonly ref: string;
  readonly state: IncidentState;
  readonly category: string;
  readonly siteId: string;
  readonly kind: "held" | "quiet";
  readonly firstAt: string;
  readonly lastAt: string;
  readonly signals: number;
  readonly severity: number;
  readonly level: 1 | 2 | 3;
};
export type SilenceView = SilenceItem & Names & { readonly cases: readonly HiddenCase[] };

export type SilenceChoices = {
  readonly rules: readonly { readonly id: string; readonly title: string; readonly level: 1 | 2 }[];
  readonly everySite: boolean;
  readonly hoursMax: { readonly narrow: number; readonly wide: number };
};
