import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { crimeKinds } from "./crime.ts";
import { smallDirectory, tuesdayNoonMs } from "./testing/small-directory.ts";
import { createWorld, type Delivery, type WorldOptions } from "./world.ts";

const hourMs = 3_600_000;

function run(options: Partial<WorldOptions> = {}, hours = 3) {
  const startMs = options.startMs ?? tuesdayNoonMs;
  const world = createWorld({ seed: 1, directory: smallDirectory, startMs, crimesPerHour: 4, ...options });
  const deliveries = [...world.deliveries(startMs + hours * hourMs)];
  return { deliveries, truth: world.truth(), endMs: startMs + hours * hourMs };
}

function digest(deliveries: readonly Delivery[]): string {
  return createHash("sha256").update(JSON.stringify(deliveries)).digest("hex");
}

describe("the world of shops", () => {
  it("C07 one seed is one world, byte for byte", () => {
    const [first, second] = [run({ seed: "x" }), run({ seed: "x" })];
    assert.ok(first.deliveries.length > 500, `only ${first.deliveries.length} deliveries`);
    assert.equal(digest(first.deliveries), digest(second.deliveries));
    assert.deepEqual(first.truth, second.truth);
  });

  it("C07 another seed is another world", () => {
    assert.notEqual(digest(run({ seed: 1 }).deliveries), digest(run({ seed: 2 }).deliveries));
  });

  it("C07 going on in small steps gives what one long step gives", () => {
    const whole = run({ seed: 5 });
    const world = createWorld({ seed: 5, directory: smallDirectory, startMs: tuesdayNoonMs, crimesPerHour: 4 });
    const pieces: Delivery[] = [];
    for (let atMs = tuesdayNoonMs; atMs < whole.endMs;) {
      atMs = Math.min(whole.endMs, atMs + 7 * 61_001);
      pieces.push(...world.deliveries(atMs));
    }
    assert.equal(digest(pieces), digest(whole.deliveries));
  });

  it("B05 a source and id is delivered once, except for marked duplicates, which repeat the first to the byte", () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 0.3, noNaN: true }), (seed, duplicateShare) => {
        const { deliveries } = run({ seed, duplicateShare }, 1);
        const seen = new Map<string, string>();
        for (const { source, id, duplicate, event } of deliveries) {
          const key = `${source}\n${id}`;
          if (duplicate) assert.equal(seen.get(key), JSON.stringify(event));
          else assert.equal(seen.has(key), false);
          seen.set(key, JSON.stringify(event));
        }
        const share = deliveries.filter(({ duplicate }) => duplicate).length / Math.max(1, deliveries.length);
        assert.ok(duplicateShare > 0.05 ? share > 0 : share < 0.12);
      }),
      { numRuns: 20 },
    );
  });

  it("B12 deliveries come in order of arrival, none before it happened, and some overtake others", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { deliveries, endMs } = run({ seed }, 1);
        for (const [index, one] of deliveries.entries()) {
          assert.ok(one.atMs >= (deliveries[index - 1]?.atMs ?? 0) && one.atMs < endMs);
          assert.ok(one.atMs > one.occurredAtMs);
        }
      }),
      { numRuns: 20 },
    );
    const { deliveries } = run({ seed: 3 }, 8);
    const overtaken = deliveries.filter(
      ({ occurredAtMs }, at) => occurredAtMs < (deliveries[at - 1]?.occurredAtMs ?? 0),
    );
    assert.ok(overtaken.length > 10);
  });

  it("A13 some clocks are off by minutes and stay so", () => {
    const offsets = new Map<string, Set<number>>();
    for (let seed = 0; seed < 6; seed += 1) {
      for (const { event, source, occurredAtMs } of run({ seed }).deliveries) {
        const time = event["time"] ?? event["timestamp"];
        const stated = typeof time === "string" ? Date.parse(time) : Number.NaN;
        const key = `${seed} ${source}`;
        offsets.set(key, (offsets.get(key) ?? new Set()).add(stated - occurredAtMs));
      }
    }
    assert.ok([...offsets.values()].every((of) => of.size === 1));
    assert.ok([...offsets.values()].some((of) => [...of].some((offset) => Math.abs(offset) > 60_000)));
  });

  it("B12 an outage keeps signals back and loses none", () => {
    const calm = run({ seed: 9, outagesPerDay: 0, duplicateShare: 0 }, 6);
    const rough = run({ seed: 9, outagesPerDay: 4, duplicateShare: 0 }, 6);
    const late = rough.deliveries.filter((delivery) => delivery.late);
    assert.ok(late.length > 5 && calm.deliveries.every((delivery) => !delivery.late));
    const happened = (of: readonly Delivery[]) =>
      new Set(of.filter((one) => one.occurredAtMs < calm.endMs - hourMs).map(({ source, id }) => `${source} ${id}`));
    assert.deepEqual([...happened(rough.deliveries)].sort(), [...happened(calm.deliveries)].sort());
  });

  it("C07 the truth names crimes of every kind, with the signals that they caused and no others", () => {
    const open = run({ seed: 11, crimesPerHour: 60 }, 6);
    const night = run({ seed: 11, crimesPerHour: 60, startMs: tuesdayNoonMs + 11 * hourMs }, 4);
    const kinds = new Set([...open.truth, ...night.truth].map(({ kind }) => kind));
    assert.deepEqual(
      [...kinds].sort(),
      crimeKinds
        .filter(({ weight }) => weight > 0)
        .map(({ name }) => name)
        .sort(),
    );
    for (const { truth, deliveries } of [open, night]) {
      const crimeOf = new Map(
        truth.flatMap(({ id, signals }) => signals.map((one) => [`${one.source} ${one.id}`, id] as const)),
      );
      for (const { source, id, crimeId } of deliveries) assert.equal(crimeOf.get(`${source} ${id}`) ?? null, crimeId);
      for (const crime of truth) {
        assert.ok(crime.startMs <= crime.endMs);
        assert.ok(crime.signals.every((one) => one.occurredAtMs >= crime.startMs && one.occurredAtMs <= crime.endMs));
      }
    }
  });

  it("A14 a device numbers what it sends in order; what is lost on the way leaves a gap and nothing else", () => {
    const whole = run({ seed: 4, duplicateShare: 0, outagesPerDay: 0 }, 4);
    const lossy = run({ seed: 4, duplicateShare: 0, outagesPerDay: 0, lossShare: 0.1 }, 4);
    const numbered = ({ deliveries }: typeof whole) => {
      const byTime = deliveries.toSorted((a, b) => a.occurredAtMs - b.occurredAtMs);
      return Map.groupBy(
        byTime.flatMap(({ source, event }) =>
          typeof event["sequence"] === "string" ? [{ source, at: Number(event["sequence"]) }] : [],
        ),
        ({ source }) => source,
      );
    };
    // The last minute may still be under way.
    for (const list of numbered(whole).values()) {
      assert.deepEqual(
        list.slice(0, -1).map(({ at }) => at),
        list.slice(0, -1).map((_, index) => index + 1),
      );
    }
    const gaps = [...numbered(lossy).values()].flatMap((list) =>
      list.filter(({ at }, index) => at !== (list[index - 1]?.at ?? 0) + 1),
    );
    assert.ok(gaps.length > 5);
    const share = lossy.deliveries.length / whole.deliveries.length;
    assert.ok(share > 0.85 && share < 0.95, `${share}`);
  });

  it("C07 shops that are closed have no shoppers, and nobody breaks in while they are open", () => {
    const sundayMs = Date.parse("2026-03-29T08:00:00Z");
    const closed = run({ startMs: sundayMs, crimesPerHour: 10 }, 4);
    assert.ok(closed.deliveries.length > 0 && closed.deliveries.every(({ story }) => story !== "shopping"));
    assert.ok(closed.truth.some(({ kind }) => kind === "burglary"));
    assert.ok(run({ crimesPerHour: 30 }).truth.every(({ kind }) => kind !== "burglary"));
  });

  it("C07 what is planned happens at its shop and time", () => {
    const startMs = tuesdayNoonMs + 90_500;
    const planned = [{ kind: "robbery", siteId: "S-1002", startMs }] as const;
    const { truth } = run({ crimesPerHour: 0, planned }, 1);
    assert.deepEqual(
      truth.map((crime) => [crime.kind, crime.siteId, crime.startMs]),
      [["robbery", "S-1002", startMs]],
    );
  });

  it("C07 a directory without sites or products is refused", () => {
    assert.throws(() => createWorld({ seed: 1, startMs: 0, directory: { ...smallDirectory, sites: [] } }), /no site/);
    assert.throws(
      () => createWorld({ seed: 1, startMs: 0, directory: { ...smallDirectory, products: [] } }),
      /no product/,
    );
    const bare = smallDirectory.sites.map((site) => ({ ...site, devices: [] }));
    assert.throws(
      () => createWorld({ seed: 1, startMs: 0, directory: { ...smallDirectory, sites: bare } }),
      /no device/,
    );
  });
});
