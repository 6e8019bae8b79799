import type { JsonObject } from "@tillwatch/wire";
import { crimeKinds, type CrimeKind, type CrimeName } from "./crime.ts";
import { envelope, type Sent } from "./envelope.ts";
import { Heap } from "./heap.ts";
import { lookAlikes, shopperVisit } from "./honest.ts";
import type { Observation } from "./observation.ts";
import { Random } from "./random.ts";
import { clockOffsetMs, sense } from "./sensor.ts";
import { Shop } from "./shop.ts";
import type { SimDirectory } from "./sim-directory.ts";
import { Story } from "./story.ts";
import { Way } from "./way.ts";

const sliceMs = 60_000;
/** How many crimes a closed shop sees, as a share of an open one. */
const closedShare = 0.12;
const closedLookAlikeShare = 0.3;

export type WorldOptions = {
  readonly seed: string | number;
  readonly directory: SimDirectory;
  readonly startMs: number;
  readonly sitesMax?: number; // only the first so many sites of the directory
  readonly shoppersPerHour?: number; // a site, at its busiest hour; default 60
  readonly lookAlikesPerHour?: number; // a site; default 6
  readonly crimesPerHour?: number; // a site; default 0.5
  readonly crimeGapMinutes?: number; // no further crime by chance at a shop so long after the end of one; default 0
  readonly crimesUntilMs?: number; // no crime by chance begins from then on
  readonly outagesPerDay?: number; // a device; default 0.15
  readonly duplicateShare?: number; // default 0.01
  readonly lossShare?: number; // of events lost on the way, which leaves gaps in `sequence`; default 0
  readonly pace?: number; // of what unfolds in a crime: 1 as in life, 0.3 quicker; default 1
  readonly planned?: readonly PlannedCrime[]; // besides those by chance
};

export type PlannedCrime = { readonly kind: CrimeName; readonly siteId: string; readonly startMs: number };

/** One event on its arrival at us. Deliveries come in order of `atMs`; a duplicate has source, id and event of the first. */
export type Delivery = {
  readonly atMs: number;
  readonly siteId: string;
  readonly source: string;
  readonly id: string;
  readonly shape: Sent["shape"];
  readonly event: JsonObject; // in an accepted shape, unchanged
  readonly occurredAtMs: number; // the true instant
  readonly late: boolean; // kept back by an outage
  readonly duplicate: boolean;
  readonly crimeId: string | null;
  readonly story: string; // what really happened: a kind of crime, a look-alike, shopping
};

/** What really happened. `signals` are those that left a device so far, whether or not they have arrived yet. */
export type Crime = {
  readonly id: string;
  readonly kind: CrimeName;
  readonly category: string;
  readonly alsoRight: readonly string[]; // categories that are no mistake either
  readonly level: 1 | 2 | 3;
  readonly siteId: string;
  readonly zoneId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly signals: readonly { readonly source: string; readonly id: string; readonly occurredAtMs: number }[];
};

export type World = {
  /** Everything that arrives before `untilMs`, in order; without it, for ever. Each call goes on where the last one stopped. */
  readonly deliveries: (untilMs?: number) => Generator<Delivery, void, undefined>;
  /** The crimes that have begun so far, in order of their start. */
  readonly truth: () => readonly Crime[];
};

/** A world of shops: the same options give the same deliveries, byte for byte, for ever. */
export function createWorld(options: WorldOptions): World {
  const seed = `tillwatch-world/${options.seed}`;
  const sites = options.directory.sites.slice(0, options.sitesMax ?? options.directory.sites.length);
  if (sites.length === 0) throw new Error("the directory names no site, so there is no world");
  if (sites.every(({ devices }) => devices.length === 0)) throw new Error("the directory names no device to signal");
  const arrivals = new Heap<Delivery>();
  const crimes: CrimeUnfolding[] = [];
  const lives = sites.map((site) => {
    const random = new Random(`${seed}/${site.id}`);
    const shop = new Shop(options.directory, site, random);
    return new ShopLife({ shop, random, label: `${seed}/${site.id}`, options, arrivals, crimes });
  });
  let nowMs = options.startMs;

  function* deliveries(untilMs = Number.POSITIVE_INFINITY): Generator<Delivery, void, undefined> {
    for (;;) {
      // What begins in a slice arrives after the slice's start, so everything before it is complete.
      while (arrivals.least < Math.min(nowMs, untilMs)) {
        const next = arrivals.pop();
        if (next !== undefined) yield next;
      }
      if (nowMs >= untilMs) return;
      for (const life of lives) life.live(nowMs, nowMs + sliceMs);
      nowMs += sliceMs;
    }
  }

  return { deliveries, truth: () => crimes.toSorted((a, b) => a.startMs - b.startMs || (a.id < b.id ? -1 : 1)) };
}

type NoticedSignal = Crime["signals"][number];
type CrimeUnfolding = Crime & { readonly signals: NoticedSignal[] };

type Parts = {
  readonly shop: Shop;
  readonly random: Random;
  readonly label: string;
  readonly options: WorldOptions;
  readonly arrivals: Heap<Delivery>;
  readonly crimes: CrimeUnfolding[];
};

/** What goes on in one shop, slice by slice. */
class ShopLife {
  readonly #parts: Parts;
  readonly #clockOffsets: ReadonlyMap<string, number>;
  readonly #ways: ReadonlyMap<string, Way>;
  readonly #tag: string;
  readonly #ahead = new Heap<Observation>(); // told already, not happened yet
  readonly #unfolding = new Map<string, CrimeUnfolding>();
  readonly #sequences = new Map<string, number>();
  #lastCrimeEndMs = Number.NEGATIVE_INFINITY;
  #events = 0;
  #crimes = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { label, options, shop } = parts;
    // Another world has other ids, so that two demos against one server do not take each other's signals for repeats.
    this.#tag = new Random(`${label}/${options.startMs}`).int(36 ** 4, 36 ** 5 - 1).toString(36);
    const way = { outagesPerDay: options.outagesPerDay ?? 0.15, duplicateShare: options.duplicateShare ?? 0.01 };
    this.#ways = new Map(shop.site.devices.map(({ id }) => [id, new Way(`${label}/${id}`, way)]));
    this.#clockOffsets = new Map(
      shop.site.devices.map(({ id }) => [id, clockOffsetMs(new Random(`${label}/${id}/clock`))]),
    );
  }

  live(fromMs: number, toMs: number): void {
    const { shop, random, options } = this.#parts;
    const open = shop.isOpen(fromMs);
    const share = (toMs - fromMs) / 3_600_000;
    const busy = shop.inSalePeriod(fromMs) ? 2 : 1;
    const startMs = () => fromMs + random.int(0, toMs - fromMs - 1);

    const visits = open ? random.count((options.shoppersPerHour ?? 60) * rush(shop.hour(fromMs)) * busy * share) : 0;
    for (let visit = 0; visit < visits; visit += 1) {
      this.#happens(this.#story("shopping", startMs(), null), shopperVisit);
    }
    const likely = lookAlikes.filter(({ when }) => when === "any" || (when === "open") === open);
    const alikes = random.count((options.lookAlikesPerHour ?? 6) * (open ? busy : closedLookAlikeShare) * share);
    for (let alike = 0; alike < alikes && likely.length > 0; alike += 1) {
      const chosen = random.pickWeighted(likely);
      this.#happens(this.#story(chosen.name, startMs(), null), chosen.tell);
    }
    const possible = crimeKinds.filter(({ when }) => when === "any" || (when === "open") === open);
    const crimes = random.count((options.crimesPerHour ?? 0.5) * (open ? 1 : closedShare) * share);
    for (let crime = 0; crime < crimes; crime += 1) {
      const isQuiet = this.#rests(fromMs, toMs) || fromMs >= (options.crimesUntilMs ?? Number.POSITIVE_INFINITY);
      if (!isQuiet) this.#commit(random.pickWeighted(possible), startMs());
    }
    for (const plan of options.planned ?? []) {
      if (plan.siteId !== shop.site.id || plan.startMs < fromMs || plan.startMs >= toMs) continue;
      const kind = crimeKinds.find(({ name }) => name === plan.kind);
      if (kind !== undefined) this.#commit(kind, plan.startMs);
    }
    // Devices number and send what they notice in the order in which it happens.
    while (this.#ahead.least < toMs) {
      const observation = this.#ahead.pop();
      if (observation !== undefined) this.#send(observation);
    }
  }

  /** Near a crime that was, or that is planned, none happens by chance: two at once would be one incident to whoever watches. */
  #rests(fromMs: number, toMs: number): boolean {
    const { shop, options } = this.#parts;
    const gapMs = (options.crimeGapMinutes ?? 0) * 60_000;
    if (fromMs < this.#lastCrimeEndMs + gapMs) return true;
    if (gapMs === 0) return false;
    const planned = (options.planned ?? []).filter(({ siteId }) => siteId === shop.site.id);
    return planned.some(({ startMs }) => startMs >= fromMs && startMs < toMs + gapMs);
  }

  #story(name: string, startMs: number, crimeId: string | null): Story {
    const { shop, random, options } = this.#parts;
    return new Story({ shop, random, name, startMs, crimeId, pace: crimeId === null ? 1 : (options.pace ?? 1) });
  }

  #happens(story: Story, tell: (story: Story) => void): void {
    tell(story);
    for (const observation of story.observations) this.#ahead.push(observation.atMs, observation);
  }

  #commit(kind: CrimeKind & { readonly name: CrimeName }, startMs: number): void {
    const { shop, crimes } = this.#parts;
    this.#crimes += 1;
    const id = `${shop.site.id}-${this.#tag}-crime-${String(this.#crimes).padStart(5, "0")}`;
    const story = this.#story(kind.name, startMs, id);
    let zoneId = "";
    this.#happens(story, (told) => {
      zoneId = kind.tell(told);
    });
    const { name, category, also, level } = kind;
    const what = { kind: name, category, alsoRight: also, level };
    const crime = { id, ...what, siteId: shop.site.id, zoneId, startMs, endMs: story.atMs, signals: [] };
    crimes.push(crime);
    this.#lastCrimeEndMs = Math.max(this.#lastCrimeEndMs, story.atMs);
    this.#unfolding.set(id, crime);
  }

  #send(observation: Observation): void {
    const { shop, random, arrivals, options } = this.#parts;
    const sensed = sense(observation, random);
    if (sensed === null) return;
    const { device, atMs, crimeId, story } = observation;
    this.#events += 1;
    const sequence = (this.#sequences.get(device.id) ?? 0) + 1;
    this.#sequences.set(device.id, sequence);
    const sent = envelope({
      siteId: shop.site.id,
      deviceId: device.id,
      deviceKind: device.kind,
      zoneId: observation.zoneId ?? device.zone,
      type: observation.type,
      statedAtMs: atMs + (this.#clockOffsets.get(device.id) ?? 0),
      confidence: sensed.confidence,
      data: observation.data,
      id: `${shop.site.id}-${this.#tag}-${this.#events.toString(36)}`,
      sequence,
    });
    if (random.next() < (options.lossShare ?? 0)) return;
    if (crimeId !== null) {
      this.#unfolding.get(crimeId)?.signals.push({ source: sent.source, id: sent.id, occurredAtMs: atMs });
    }
    for (const arrival of this.#ways.get(device.id)?.arrivals(atMs) ?? []) {
      const delivery = { ...arrival, ...sent, siteId: shop.site.id, occurredAtMs: atMs, crimeId, story };
      arrivals.push(arrival.atMs, delivery);
    }
  }
}

/** How busy an hour is, as a share of the busiest. */
function rush(hour: number): number {
  if (hour < 7 || hour > 21) return 0.15;
  if (hour < 10) return 0.4;
  if (hour >= 12 && hour < 14) return 0.85;
  return hour >= 16 && hour < 19 ? 1 : 0.6;
}
