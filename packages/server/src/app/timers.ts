import type { IncidentChange } from "../flow.ts";
import { describeFault, type Log } from "../platform/log.ts";

export const agingEveryMs = 10_000;
export const grantsEveryMs = 30_000;

/** Runs `step` again and again, `everyMs` after the last one ended; a fault is logged and the next round goes on. */
export function repeat(
  name: string,
  everyMs: number,
  given: { step: () => Promise<void>; log: Log },
): { close: () => Promise<void> } {
  let stopped = false;
  let running = Promise.resolve();
  let timer: NodeJS.Timeout;
  const round = async () => {
    try {
      await given.step();
    } catch (fault) {
      given.log.error("a repeated step failed", { name, fault: describeFault(fault) });
    }
    if (!stopped) schedule();
  };
  const schedule = () => {
    timer = setTimeout(() => {
      running = round();
    }, everyMs);
  };
  schedule();
  return {
    close: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** Counts within the last minute, for "signals per minute"; a ring of seconds. */
export class MinuteRate {
  readonly #seconds = new Map<number, number>();
  #total = 0;

  add(count: number, nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    this.#total += count;
    this.#seconds.set(second, (this.#seconds.get(second) ?? 0) + count);
    for (const old of this.#seconds.keys()) if (old <= second - 60) this.#seconds.delete(old);
  }

  perMinute(nowMs: number): number {
    const oldest = Math.floor(nowMs / 1000) - 60;
    return [...this.#seconds].reduce((sum, [second, count]) => (second > oldest ? sum + count : sum), 0);
  }

  /** Since this process started. */
  get total(): number {
    return this.#total;
  }
}

/** What the signals of each organisation come to: nobody learns how busy another is. */
export class OrganisationRates {
  readonly #organisationOf: (siteId: string) => string;
  readonly #rates = new Map<string, MinuteRate>();

  constructor(organisationOf: (siteId: string) => string) {
    this.#organisationOf = organisationOf;
  }

  add(signals: readonly { readonly siteId: string }[], nowMs: number): void {
    for (const [organisationId, own] of Map.groupBy(signals, ({ siteId }) => this.#organisationOf(siteId))) {
      let rate = this.#rates.get(organisationId);
      if (rate === undefined) {
        rate = new MinuteRate();
        this.#rates.set(organisationId, rate);
      }
      rate.add(own.length, nowMs);
    }
  }

  of(organisationId: string, nowMs: number): { readonly acceptedSinceStart: number; readonly perMinute: number } {
    const rate = this.#rates.get(organisationId);
    return { acceptedSinceStart: rate?.total ?? 0, perMinute: rate?.perMinute(nowMs) ?? 0 };
  }
}

export type Announce = (changes: readonly IncidentChange[]) => void;
