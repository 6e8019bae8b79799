import type { BacktestQuiet } from "@tillwatch/wire";
import type { Situation } from "../flow.ts";
import type { RuleVerdict } from "../noise/dismissals.ts";
import type { Silence } from "../noise/silence.ts";

/** A verdict with its case: the last one of a case counts, as of any instant. */
export type CaseVerdict = RuleVerdict & { readonly incidentId: string };

/** What is stored of how quiet a site was: every silence and every verdict that may matter, in order of time. */
export type SiteNoise = { readonly silences: readonly Silence[]; readonly verdicts: readonly CaseVerdict[] };

/** When the switch of dismissals was turned, in order, and where it stands now. */
export type SwitchHistory = {
  readonly turns: readonly { readonly on: boolean; readonly atMs: number }[];
  readonly isOn: boolean;
};

type Changed = readonly { readonly situation: Situation }[];

/**
 * Silences and dismissals as they were: what a decision of then read, told from what is stored now. Silences hold by event time. Of a case the last verdict
 * counts that was given by the time of the decision, and of these `dismissalsAt` takes those from before the newest evidence, as it did then.
 */
export class PastNoise {
  readonly #load: (siteId: string) => Promise<SiteNoise>;
  readonly #switch: SwitchHistory;
  readonly #sites = new Map<string, Promise<SiteNoise>>();

  /** `load` is asked once for each site. */
  constructor(load: (siteId: string) => Promise<SiteNoise>, turned: SwitchHistory) {
    this.#load = load;
    this.#switch = turned;
  }

  /** What of the past cannot be told from what is stored. */
  get unknown(): BacktestQuiet["unknown"] {
    const last = this.#switch.turns.at(-1);
    return (last?.on ?? true) === this.#switch.isOn ? [] : ["dismissal_switch"];
  }

  async silencesOf(changed: Changed): Promise<ReadonlyMap<string, readonly Silence[]>> {
    return this.#bySite(changed, ({ silences }) => silences);
  }

  async verdictsOf(changed: Changed, nowMs: number): Promise<ReadonlyMap<string, readonly RuleVerdict[]>> {
    if (!this.#isOnAt(nowMs)) return new Map();
    const ruleIds = new Set(
      changed.flatMap(({ situation }) =>
        situation.members.flatMap(({ detections }) => detections.map(({ ruleId }) => ruleId)),
      ),
    );
    return this.#bySite(changed, ({ verdicts }) => {
      const last = new Map<string, CaseVerdict>();
      for (const one of verdicts) {
        if (one.atMs <= nowMs && ruleIds.has(one.ruleId)) last.set(`${one.incidentId} ${one.ruleId}`, one);
      }
      return [...last.values()];
    });
  }

  async #bySite<T>(
    changed: Changed,
    pick: (noise: SiteNoise) => readonly T[],
  ): Promise<ReadonlyMap<string, readonly T[]>> {
    const siteIds = [...new Set(changed.map(({ situation }) => situation.siteId))];
    const found = await Promise.all(siteIds.map(async (siteId) => [siteId, pick(await this.#at(siteId))] as const));
    return new Map(found);
  }

  #at(siteId: string): Promise<SiteNoise> {
    const known = this.#sites.get(siteId) ?? this.#load(siteId);
    this.#sites.set(siteId, known);
    return known;
  }

  /** Where the record lacks a turn, it is taken to have stood as it stands now. */
  #isOnAt(nowMs: number): boolean {
    if (this.unknown.length > 0) return this.#switch.isOn;
    return this.#switch.turns.findLast(({ atMs }) => atMs <= nowMs)?.on ?? true;
  }
}
