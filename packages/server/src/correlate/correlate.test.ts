import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { correlate, tiedCandidates, type Candidate } from "./correlate.ts";
import type { CorrelationPolicy } from "./correlation-policy.ts";
import type { Traits } from "./traits.ts";

const minute = 60_000;
const policy: CorrelationPolicy = {
  version: "test",
  sameZoneMs: 5 * minute,
  adjacentZoneMs: 3 * minute,
  sameDeviceMs: 10 * minute,
  sameItemMs: 30 * minute,
  sameArticleMs: 8 * minute,
  sameTerminalMs: 10 * minute,
  sameTrackMs: 10 * minute,
  sameModelMs: 5 * minute,
  situationMs: 120 * minute,
  membersMax: 200,
  contextTypes: new Set(["person_detected"]),
  explain: { beforeMs: 20 * minute, afterMs: 10 * minute, unknownItemsMs: minute },
};

function traits(parts: Partial<Traits>): Traits {
  const nothing = { device: null, terminal: null, track: null, items: [], explains: [], zones: [], borders: [] };
  return { ...nothing, signalId: "s", atMs: 0, service: "camera", ...parts };
}

function candidate(situationId: string, ...members: readonly Traits[]): Candidate {
  const times = members.map((member) => member.atMs);
  const span = { firstAtMs: Math.min(...times), lastAtMs: Math.max(...times) };
  return { situationId, ...span, size: members.length, circumstances: 0, members };
}

const camera = traits({ signalId: "camera", device: "C-2", zones: ["checkout", "exit"], borders: ["spirits"] });
const cases: readonly {
  readonly says: string;
  readonly arrival: Traits;
  readonly role?: "evidence" | "exculpatory" | "context" | "nothing";
  readonly open: readonly Candidate[];
  readonly want: string; // situation:because, or the kind
}[] = [
  {
    says: "D01 a void 20 s after the camera event joins it",
    arrival: traits({ service: "till", device: "T-1", zones: ["checkout"], atMs: 20_000 }),
    open: [candidate("A", camera)],
    want: "A:same_zone_and_time",
  },
  {
    says: "the zone's window is half-open: at exactly five minutes they are strangers",
    arrival: traits({ service: "till", device: "T-1", zones: ["checkout"], atMs: 5 * minute }),
    open: [candidate("A", camera)],
    want: "open",
  },
  {
    says: "D01 a gate in the next zone joins within three minutes",
    arrival: traits({ service: "eas_gate", zones: ["spirits"], borders: ["exit"], atMs: 2 * minute }),
    open: [candidate("A", camera)],
    want: "A:adjacent_zone_and_time",
  },
  {
    says: "D13 two tills side by side are not one matter",
    arrival: traits({ service: "till", device: "T-2", terminal: "T-2", zones: ["checkout"], atMs: minute }),
    open: [candidate("A", traits({ service: "till", device: "T-1", terminal: "T-1", zones: ["checkout"] }))],
    want: "open",
  },
  {
    says: "D08 a strange login beside the tampered till joins by terminal",
    arrival: traits({ service: "network", terminal: "T-1", atMs: 4 * minute }),
    open: [candidate("A", traits({ service: "till", device: "T-1", terminal: "T-1", zones: ["checkout"] }))],
    want: "A:same_terminal",
  },
  {
    says: "D06 goods that left the shelf and pass the gate are tied by article",
    arrival: traits({ service: "rfid_reader", zones: ["exit"], items: ["sku:WHISKY"], atMs: 7 * minute }),
    open: [candidate("A", traits({ service: "shelf", zones: ["spirits"], items: ["sku:WHISKY"] }))],
    want: "A:same_item",
  },
  {
    says: "D06 the same article is another thief's when the time of the article is over",
    arrival: traits({ service: "shelf", zones: ["spirits"], items: ["sku:WHISKY"], atMs: 8 * minute }),
    open: [candidate("A", traits({ service: "eas_gate", items: ["epc:WHISKY.1", "sku:WHISKY"] }))],
    want: "open",
  },
  {
    says: "D06 one piece is tied for half an hour",
    arrival: traits({ service: "eas_gate", items: ["epc:WHISKY.1", "sku:WHISKY"], atMs: 29 * minute }),
    open: [candidate("A", traits({ service: "rfid_reader", items: ["epc:WHISKY.1", "sku:WHISKY"] }))],
    want: "A:same_item",
  },
  {
    says: "D06 two pieces of the same article that leave apart are two matters",
    arrival: traits({ service: "eas_gate", items: ["epc:WHISKY.2", "sku:WHISKY"], atMs: 12 * minute }),
    open: [candidate("A", traits({ service: "rfid_reader", items: ["epc:WHISKY.1", "sku:WHISKY"] }))],
    want: "open",
  },
  {
    says: "D05 a sale joins only what it explains",
    arrival: traits({ service: "till", zones: ["checkout"], explains: ["gate"], atMs: minute }),
    role: "exculpatory",
    open: [candidate("A", camera), candidate("B", traits({ signalId: "gate", service: "eas_gate", zones: ["exit"] }))],
    want: "B:sale_explains_exit",
  },
  {
    says: "D05 a sale that explains nothing opens nothing",
    arrival: traits({ service: "till", zones: ["checkout"], explains: ["elsewhere"] }),
    role: "exculpatory",
    open: [candidate("A", camera)],
    want: "none",
  },
  {
    says: "a circumstance alone opens nothing",
    arrival: traits({ zones: ["exit"] }),
    role: "context",
    open: [],
    want: "none",
  },
  {
    says: "of two situations the stronger tie wins over the nearer time",
    arrival: traits({ service: "shelf", zones: ["exit"], items: ["epc:1"], atMs: 2 * minute }),
    open: [
      candidate("A", camera),
      candidate("B", traits({ service: "rfid_reader", items: ["epc:1"], atMs: -8 * minute })),
    ],
    want: "B:same_item",
  },
  {
    says: "B20 a late signal joins where it belongs in time",
    arrival: traits({ service: "till", zones: ["checkout"], atMs: -4 * minute }),
    open: [candidate("A", camera), candidate("B", { ...camera, signalId: "later", atMs: 60 * minute })],
    want: "A:same_zone_and_time",
  },
  {
    says: "a situation does not grow beyond its span",
    arrival: traits({ service: "camera", device: "C-2", zones: ["exit"], atMs: 121 * minute }),
    open: [candidate("A", camera, { ...camera, signalId: "m", atMs: 119 * minute })],
    want: "open",
  },
];
for (const c of cases) {
  test(`D12 ${c.says}`, () => {
    const decision = correlate({ traits: c.arrival, role: c.role ?? "evidence" }, c.open, policy);
    assert.equal(decision.kind === "join" ? `${decision.situationId}:${decision.because}` : decision.kind, c.want);
  });
}

const anyTraits = fc.record({
  signalId: fc.uuid(),
  atMs: fc.integer({ min: -60, max: 60 }).map((n) => n * minute),
  service: fc.constantFrom("camera", "till", "shelf"),
  zones: fc.subarray(["checkout", "exit"]),
  borders: fc.subarray(["checkout", "exit"]),
  device: fc.constantFrom(null, "A", "B"),
  terminal: fc.constantFrom(null, "T"),
  track: fc.constant(null),
  items: fc.subarray(["sku:1", "sku:2"]),
  explains: fc.constant([]),
});

test("O01 D12 property: neither the order of the situations nor the untied ones change a decision", () => {
  const situations = fc.array(fc.array(anyTraits, { minLength: 1, maxLength: 4 }), { maxLength: 6 });
  fc.assert(
    fc.property(anyTraits, situations, (arriving, members) => {
      const arrival = { traits: arriving, role: "evidence" as const };
      const open = members.map((list, index) => candidate(`situation-${index}`, ...list));
      const decision = correlate(arrival, open, policy);
      assert.deepEqual(correlate(arrival, open.toReversed(), policy), decision);
      assert.deepEqual(correlate(arrival, tiedCandidates(arrival, open, policy), policy), decision);
    }),
  );
});
