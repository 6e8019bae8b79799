import type { SimDirectory } from "./sim-directory.ts";
import { createWorld, type Delivery, type PlannedCrime, type World } from "./world.ts";
import type { CrimeName } from "./crime.ts";
import { Shop } from "./shop.ts";
import { Random } from "./random.ts";

const hourMs = 3_600_000;
// What happens at one place within minutes runs together into a single incident, so shops get a rest between two crimes.
const restMinutes = 3;
const openingRestMs = 2 * restMinutes * 60_000;
const quietBeforeNowMs = 12 * 60_000;

export type DemoWorld = {
  /** What happened before now, in order, finite: the hours of history. Take it in first, as fast as it goes. */
  readonly history: () => Generator<Delivery, void, undefined>;
  /** What happens from now on, in order of arrival, for ever: a crime within the first seconds, then one every minute or two. */
  readonly live: () => Generator<Delivery, void, undefined>;
  readonly truth: () => readonly { readonly id: string }[];
};

/**
 * Shops for somebody who watches: some hours of ordinary history with a crime here and there, then from `nowMs` on enough to
 * see. The first crimes are chosen from those that show at once, at shops that are open now; closed shops are broken into.
 */
export function demoWorld(options: {
  readonly seed: string | number;
  readonly directory: SimDirectory;
  readonly nowMs: number;
  readonly historyHours?: number; // default 3
  readonly crimesPerMinute?: number; // default 1, at a shop that is open and rested
}): DemoWorld {
  const { directory, nowMs } = options;
  const startMs = nowMs - Math.round((options.historyHours ?? 3) * hourMs);
  const shops = directory.sites.map((site) => new Shop(directory, site, new Random(`${options.seed}/${site.id}`)));
  const isOpen = (siteId: string) => shops.some((shop) => shop.site.id === siteId && shop.isOpen(nowMs));
  const common = { directory, outagesPerDay: 0.1, pace: 0.4 };
  const past = createWorld({
    ...common,
    seed: `${options.seed}/past`,
    startMs,
    crimesPerHour: 1,
    shoppersPerHour: 30,
    crimesUntilMs: nowMs - quietBeforeNowMs,
  });
  const crimesPerHour = (options.crimesPerMinute ?? 1) * 60;
  const live: World = createWorld({
    ...common,
    seed: `${options.seed}/live`,
    startMs: nowMs,
    crimesPerHour,
    crimeGapMinutes: restMinutes,
    shoppersPerHour: 90,
    lookAlikesPerHour: 20,
    pace: 0.25,
    planned: opening(directory, nowMs, isOpen),
  });
  return {
    history: () => past.deliveries(nowMs),
    live: () => live.deliveries(),
    truth: () => [...past.truth(), ...live.truth()],
  };
}

const firstActs: readonly { readonly kind: CrimeName; readonly afterMs: number }[] = [
  { kind: "robbery", afterMs: 3_000 },
  { kind: "till_tampering", afterMs: 8_000 },
  { kind: "smash_and_grab", afterMs: 20_000 },
  { kind: "concealment", afterMs: 25_000 },
  { kind: "push_out", afterMs: 40_000 },
];

function opening(directory: SimDirectory, nowMs: number, isOpen: (siteId: string) => boolean): readonly PlannedCrime[] {
  const open = directory.sites.filter(({ id }) => isOpen(id));
  const closed = directory.sites.filter(({ id }) => !isOpen(id));
  const acts = firstActs.flatMap(({ kind, afterMs }, index) => {
    const site = open[index % Math.max(1, open.length)];
    if (site === undefined) return [];
    // At night few shops are open: a shop that is due again rests first, or its crimes would run together into one incident.
    const restMs = Math.floor(index / open.length) * openingRestMs;
    return [{ kind, siteId: site.id, startMs: nowMs + afterMs + restMs }];
  });
  const night = closed[0];
  return night === undefined ? acts : [...acts, { kind: "burglary", siteId: night.id, startMs: nowMs + 6_000 }];
}

/**
 * Holds deliveries back until their time has come, in bounded steps so that stopping is quick. `nowMs` and `sleep` are handed in;
 * what is due already comes at once. Ends when `signal` is aborted.
 */
export async function* paced(
  deliveries: Iterable<Delivery>,
  clock: { readonly nowMs: () => number; readonly sleep: (ms: number) => Promise<void>; readonly signal?: AbortSignal },
): AsyncGenerator<Delivery, void, undefined> {
  for (const delivery of deliveries) {
    for (let left = delivery.atMs - clock.nowMs(); left > 0; left = delivery.atMs - clock.nowMs()) {
      if (clock.signal?.aborted === true) return;
      await clock.sleep(Math.min(left, 1000));
    }
    if (clock.signal?.aborted === true) return;
    yield delivery;
  }
}
