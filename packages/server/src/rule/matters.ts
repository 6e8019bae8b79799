import type { ScoredSituation } from "../flow.ts";

/** A situation as a backtest remembers it: when it opened, whether and when it became an incident, and by which signals. Times of receipt. */
export type Matter = {
  readonly siteId: string;
  readonly openedAtMs: number;
  readonly firstAtMs: number; // of what happened
  readonly incidentAtMs: number | null;
  readonly heldAtMs: number | null; // when a silence first held it back from being one
  readonly lowered: boolean; // dismissals took something from its severity
  readonly severity: number; // the highest that it had
  readonly level: number;
  readonly category: string;
  readonly evidence: readonly string[]; // ids of signals, in the order in which they joined
  readonly rules: readonly string[]; // titles of what matched, at most `rulesMax`
};

type Kept = { -readonly [K in keyof Matter]: Matter[K] } & { readonly evidence: string[]; readonly rules: string[] };

const rulesMax = 5;

/** What one rulebook made of the signals of a partition. Like work in the product, a matter that was an incident stays one. */
export class Matters {
  readonly #byId = new Map<string, Kept>();

  note({ situation, addedSignalIds, score, threshold, watchFloor }: ScoredSituation, decidedAtMs: number): void {
    const known = this.#byId.get(situation.id);
    const matter = known ?? newMatter(situation, decidedAtMs);
    if (known === undefined) this.#byId.set(situation.id, matter);
    const added = new Set(addedSignalIds);
    for (const { role, signalId, detections } of situation.members) {
      if (role !== "evidence" || !added.has(signalId)) continue;
      matter.evidence.push(signalId);
      for (const { ruleTitle } of detections) {
        if (matter.rules.length < rulesMax && !matter.rules.includes(ruleTitle)) matter.rules.push(ruleTitle);
      }
    }
    matter.firstAtMs = situation.firstAtMs;
    matter.severity = Math.max(matter.severity, score.severity);
    matter.level = Math.max(matter.level, score.level);
    matter.category = score.category;
    matter.lowered ||= score.additions.some(({ code }) => code.startsWith("dismissed."));
    if (score.severity < watchFloor || score.severity < threshold) return;
    if (score.silenced?.hides === true) matter.heldAtMs ??= decidedAtMs;
    else matter.incidentAtMs ??= decidedAtMs;
  }

  /** In the order in which they opened. */
  all(): readonly Matter[] {
    return [...this.#byId.values()];
  }
}

function newMatter({ siteId, firstAtMs }: ScoredSituation["situation"], openedAtMs: number): Kept {
  return {
    siteId,
    openedAtMs,
    firstAtMs,
    incidentAtMs: null,
    heldAtMs: null,
    lowered: false,
    severity: 0,
    level: 1,
    category: "other",
    evidence: [],
    rules: [],
  };
}

export type Difference = {
  readonly kind: "made" | "unmade";
  readonly what: "situation" | "incident";
  readonly atMs: number; // of receipt
  readonly matter: Matter;
};

/** Whether a silence kept it from ever being an incident. */
export function isHeld({ heldAtMs, incidentAtMs }: Matter): boolean {
  return heldAtMs !== null && incidentAtMs === null;
}

/** How many a silence held back, and how many dismissals lowered, of those that opened in the time. */
export function quietOf(
  matters: readonly Matter[],
  fromMs: number,
): { readonly held: number; readonly lowered: number } {
  const counted = matters.filter(({ openedAtMs }) => openedAtMs >= fromMs);
  return { held: counted.filter(isHeld).length, lowered: counted.filter(({ lowered }) => lowered).length };
}

export type Told = {
  readonly kind: "before" | "after";
  readonly what: "situation" | "incident";
  readonly atMs: number;
};

/**
 * What differs between what was and what would have been: matters are the same where they share a signal that is evidence in both, each
 * with one of the other side, earliest first. So counts add up: before + made - unmade = after.
 */
export function compareMatters(
  before: readonly Matter[],
  after: readonly Matter[],
  fromMs: number,
): { readonly differences: readonly Difference[]; readonly told: readonly Told[] } {
  const owners = new Map(before.flatMap((matter) => matter.evidence.map((id) => [id, matter] as const)));
  const partners = new Map<Matter, Matter>(); // both ways
  for (const matter of after) {
    for (const id of matter.evidence) {
      const owner = owners.get(id);
      if (owner === undefined || partners.has(owner)) continue;
      partners.set(owner, matter).set(matter, owner);
      break;
    }
  }
  const side = (kind: Difference["kind"], matters: readonly Matter[]) =>
    matters.flatMap((matter): readonly Difference[] => {
      const partner = partners.get(matter);
      const { openedAtMs, incidentAtMs } = matter;
      const opened = partner === undefined ? [{ kind, what: "situation", atMs: openedAtMs, matter } as const] : [];
      const raised =
        incidentAtMs === null || (partner !== undefined && partner.incidentAtMs !== null)
          ? []
          : [{ kind, what: "incident", atMs: incidentAtMs, matter } as const];
      return [...opened, ...raised];
    });
  const differences = [...side("made", after), ...side("unmade", before)].filter(({ atMs }) => atMs >= fromMs);
  const told = [...toldOf("before", before), ...toldOf("after", after)].filter(({ atMs }) => atMs >= fromMs);
  return { differences, told };
}

function toldOf(kind: Told["kind"], matters: readonly Matter[]): readonly Told[] {
  return matters.flatMap(({ openedAtMs, incidentAtMs }) => [
    { kind, what: "situation", atMs: openedAtMs } as const,
    ...(incidentAtMs === null ? [] : [{ kind, what: "incident", atMs: incidentAtMs } as const]),
  ]);
}
