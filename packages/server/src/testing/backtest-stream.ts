import type { Signal } from "@tillwatch/wire";
import { noonMs, signalOf } from "./canonical.ts";
import { writtenId } from "./rules.ts";

const second = 1_000;

/** The same signals of a shop at each call, from `noonMs` on: every kind that the rules of `testPack` know, alone, near one another, and late. */
export function backtestStream(count = 90, siteId = "S-1"): readonly Signal[] {
  const next = numbers(7);
  let atMs = noonMs;
  return Array.from({ length: count }, (_, n) => {
    atMs += (2 + (next() % 240)) * second;
    const lateMs = next() % 9 === 0 ? (next() % 1_200) * second : 200;
    const [type, deviceId, data] = kinds[next() % kinds.length] ?? kinds[0];
    return signalOf({ type, name: `${siteId}-${n}`, siteId, deviceId, atMs: atMs - lateMs, receivedAtMs: atMs, data });
  });
}

/** The last instant at which one of them was received. */
export function endOf(stream: readonly Signal[]): number {
  return Math.max(...stream.map(({ receivedAtMs }) => receivedAtMs));
}

const whisky = { lines: [{ sku: "WHISKY", quantity: 1 }] };
const kinds = [
  ["person_loitering", "C-1", { dwell_seconds: 300 }],
  ["person_loitering", "C-1", { dwell_seconds: 20 }],
  ["person_detected", "C-1", { direction: "in" }],
  ["pos_void", "T-1", { after_payment: true }],
  ["pos_void", "T-1", { after_payment: false }],
  ["pos_refund", "T-1", { amount_minor: 4500 }],
  ["pos_sale", "T-1", whisky],
  ["eas_alarm", "G-1", { direction: "out" }],
  ["eas_alarm", "G-1", { direction: "out", sku: "WHISKY" }],
  ["panic_button", "P-1", {}],
] as const;

// A generator of its own (MINSTD), so that the stream is the same on every machine.
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647);
}

const refundId = "5f0e6c1a-3c77-4d6e-9a01-0000000000b1";

/** Two refunds within half an hour at one till: a rule that only serves to be counted, and what counts it. */
export const counted = `title: Goods were taken back
id: ${refundId}
name: goods_back
logsource: { product: retail, service: till }
detection: { selection: { event_type: pos_refund }, condition: selection }
level: low
---
title: Many refunds at one till
id: ${writtenId}
correlation:
  type: event_count
  rules: [goods_back]
  group-by: [device.id]
  timespan: 30m
  condition: { gte: 2 }
level: high
tillwatch: { category: till_fraud, level: 1, points: 5200, says: Many refunds at one till }
`;
