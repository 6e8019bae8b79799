import type { CorrelationLosses, CorrelationSet, JsonObject } from "@tillwatch/sigma";
import type { CorrelationFound } from "../flow.ts";
import type { LoadedRules } from "./detect.ts";

/** How far an event may lie behind the newest one of its site, and behind its own arrival, and still count. */
export const latenessMs = 15 * 60_000;
/** Clocks run ahead a little: so much earlier than its time an event may have arrived. */
const aheadMs = 60_000;
/** A site's windows hold no more than this; what is dropped is the part that was quiet longest, and counted. */
export const windowLimits = { latenessMs, aheadMs, groupsMax: 20_000, hitsMax: 100_000, hitsInGroupMax: 5_000 };

/** An event that rules matched, as correlations count it. */
export type Counting = {
  readonly siteId: string;
  readonly signalId: string;
  readonly atMs: number; // by our clock
  readonly receivedAtMs: number;
  readonly view: JsonObject;
  readonly ruleIds: readonly string[];
};

/**
 * The windows of correlation rules for the sites of one partition. Each site counts for itself, with its own newest event, so that a
 * shop that was offline is not late because others were not. Lives in memory, grows with each batch that committed, and is rebuilt by
 * replaying the log from `horizonMs` before the cursor; it holds nothing that the log does not. After a batch that failed it MUST be
 * thrown away.
 */
export class SiteCounts {
  /** Of the rules that it counts by: under others it would count something else. */
  readonly version: string;
  readonly #start: () => CorrelationSet;
  readonly #sets = new Map<string, CorrelationSet>();
  #late = 0;

  constructor({ version, startCounting }: Pick<LoadedRules, "version" | "startCounting">) {
    this.version = version;
    this.#start = startCounting;
  }

  /** What the correlations find at this event; nothing that was found before in another form. */
  add({ siteId, signalId, atMs, receivedAtMs, view, ruleIds }: Counting): readonly CorrelationFound[] {
    // Only so is a window whole after a restart, which reads the log by arrival.
    if (receivedAtMs - atMs > latenessMs) {
      this.#late += 1;
      return [];
    }
    const set = this.#sets.get(siteId) ?? this.#start();
    this.#sets.set(siteId, set);
    const matches = ruleIds.map((ruleId) => ({ ruleId }));
    const changes = set.add({ atMs, arrivedMs: receivedAtMs, ref: signalId, event: view, matches });
    return changes.flatMap((change) => {
      // What replaces, revises or withdraws a finding is about a situation that is there already, and stays.
      if (change.kind !== "found" || change.replaces.length > 0) return [];
      const { ruleId, group, value, count, made } = change.finding;
      return [{ ruleId, group, atMs: change.finding.atMs, value, count, made }];
    });
  }

  /** Drops what no event can ask for any more. */
  forget(): void {
    for (const set of this.#sets.values()) set.forget(Number.NEGATIVE_INFINITY);
  }

  get size(): { readonly groups: number; readonly hits: number } {
    const sizes = [...this.#sets.values()].map((set) => set.size);
    return { groups: sum(sizes.map(({ groups }) => groups)), hits: sum(sizes.map(({ hits }) => hits)) };
  }

  /** Since this memory was made: a restart begins with zeros. */
  get losses(): CorrelationLosses {
    const losses = [...this.#sets.values()].map((set) => set.losses);
    return {
      late: this.#late + sum(losses.map(({ late }) => late)),
      cut: sum(losses.map(({ cut }) => cut)),
      groups: sum(losses.map(({ groups }) => groups)),
      hits: sum(losses.map(({ hits }) => hits)),
    };
  }
}

/**
 * How much of the log, by arrival, a memory is rebuilt from, for rules whose windows reach back `timespanMs`: an event counts for
 * others within that span, at most `latenessMs` after it happened, and may have arrived a little ahead of its time.
 */
export function countsHorizonMs(timespanMs: number): number {
  return timespanMs === 0 ? 0 : timespanMs + latenessMs + 2 * aheadMs;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
