import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject, type JsonObject, type Signal } from "@tillwatch/wire";
import { testDirectory, whisky } from "../testing/directory.ts";
import { noonMs, signalOf } from "../testing/canonical.ts";
import { enrich } from "./enrich.ts";
import { SiteMemory } from "./site-memory.ts";

const minute = 60_000;
const policy = {
  explain: { beforeMs: 20 * minute, afterMs: 10 * minute, unknownItemsMs: 90_000 },
  lateAfterMs: 2 * minute,
};

/** Runs signals in log order through one memory, as a batch does. */
function enrichAll(signals: readonly Signal[]) {
  const memory = new SiteMemory(45 * minute);
  return signals.map((signal) => {
    const { enriched, remembered } = enrich(signal, { directory: testDirectory, memory, policy, olderSales: [] });
    memory.remember(remembered);
    return enriched;
  });
}

function part(view: JsonObject, name: string): JsonObject {
  const value = view[name];
  assert.ok(isJsonObject(value), `${name} is not in the view`);
  return value;
}

test("D10 D17 a signal inherits site, zone, device, opening hours and calendar from the directory", () => {
  const [seen] = enrichAll([signalOf({ type: "person_loitering", deviceId: "C-1", data: { dwell_seconds: 200 } })]);
  assert.ok(seen);
  assert.equal(seen.service, "camera");
  assert.deepEqual(part(seen.view, "zone"), { id: "spirits", kind: "high_value", high_value: true });
  assert.deepEqual(part(seen.view, "time"), { open: true, hour: 13, weekday: "wed", calendar: null });
});

test("D17 every fact that we added says where it comes from, in which version, looked up when", () => {
  const exit = signalOf({ type: "rfid_exit_read", deviceId: "R-1", data: { epcs: [whisky(1)], direction: "out" } });
  const [seen] = enrichAll([exit]);
  const at = new Date(exit.receivedAtMs).toISOString();
  const zone = seen?.enrichment.find(({ fields }) => fields.includes("zone.*"));
  assert.deepEqual([zone?.version, zone?.at], ["test-1", at]);
  const sales = seen?.enrichment.find(({ fields }) => fields.includes("context.sale_explains"));
  assert.equal(sales?.from, "0 remembered sales of the site: they explain none");
  const stated = new Set(["event_type", "source", "shape", "confidence", "severity", "data"]);
  for (const name of Object.keys(seen?.view ?? {}).filter((key) => !stated.has(key))) {
    const told = seen?.enrichment.some(({ fields }) => fields.some((field) => field.startsWith(`${name}.`)));
    assert.ok(told, `nothing says where ${name} comes from`);
  }
});

test("C21 a signal of a sale period carries its name, and none outside", () => {
  const during = Date.parse("2026-11-27T10:00:00Z");
  const [seen, after] = enrichAll([
    signalOf({ type: "pos_void", deviceId: "T-1", atMs: during }),
    signalOf({ type: "pos_void", deviceId: "T-1", atMs: Date.parse("2026-11-30T00:00:00Z") }),
  ]);
  assert.equal(part(seen?.view ?? {}, "time")["calendar"], "Sale");
  assert.equal(part(after?.view ?? {}, "time")["calendar"], null);
});

test("D05 D06 an exit is explained by a sale in the same batch, with value and number of what is not", () => {
  const sold = signalOf({
    type: "pos_sale",
    deviceId: "T-1",
    data: { lines: [{ sku: "WHISKY", epc: whisky(1), quantity: 1 }] },
  });
  const read = signalOf({
    type: "rfid_exit_read",
    deviceId: "R-1",
    atMs: noonMs + minute,
    data: { epcs: [whisky(1), whisky(2)], direction: "out" },
  });
  const [, exit] = enrichAll([sold, read]);
  const context = part(exit?.view ?? {}, "context");
  assert.equal(context["sale_explains"], "some");
  assert.equal(context["unexplained_count"], 1);
  assert.equal(context["unexplained_value_minor"], 4500);
  assert.equal(context["items_value_minor"], 9000);
});

test("D05 a sale that comes after the alarm names the alarm that it explains", () => {
  const alarm = signalOf({
    type: "eas_alarm",
    deviceId: "G-1",
    data: { direction: "out", tag_count: 1, epcs: [whisky(7)] },
  });
  const sold = signalOf({
    type: "pos_sale",
    deviceId: "T-1",
    atMs: noonMs + 2 * minute,
    data: { lines: [{ sku: "WHISKY", epc: whisky(7), quantity: 1 }] },
  });
  const [seen, sale] = enrichAll([alarm, sold]);
  assert.equal(part(seen?.view ?? {}, "context")["sale_explains"], "none");
  assert.deepEqual(sale?.explains, [alarm.id]);
  assert.deepEqual(part(sale?.view ?? {}, "context")["explains"], [alarm.id]);
});

test("D05 a sale of another piece of the same article explains nothing, nor does one for what was paid before", () => {
  const stolen = signalOf({ type: "rfid_exit_read", deviceId: "R-1", data: { epcs: [whisky(1)], direction: "out" } });
  const saleOf = (serial: number) =>
    signalOf({
      type: "pos_sale",
      deviceId: "T-1",
      atMs: noonMs + minute,
      data: { lines: [{ sku: "WHISKY", epc: whisky(serial), quantity: 1 }] },
    });
  const explained = (signals: readonly Signal[]) => enrichAll(signals).map(({ explains }) => explains);
  assert.deepEqual(explained([stolen, saleOf(2)]), [[], []]);
  assert.deepEqual(explained([stolen, saleOf(2), saleOf(1)]), [[], [], [stolen.id]]);
  assert.deepEqual(explained([stolen, saleOf(1), saleOf(1)]), [[], [stolen.id], []]);
});

test("A13 B20 a skewed clock is corrected for the timeline, a late signal is marked and not corrected", () => {
  const ahead = { atMs: noonMs + 5 * minute, receivedAtMs: noonMs };
  const [skewed] = enrichAll([signalOf({ type: "motion_detected", ...ahead })]);
  assert.equal(skewed?.clockOffsetMs, 5 * minute);
  assert.equal(skewed?.correctedAtMs, noonMs);
  assert.equal(skewed?.late, false);
  const [late] = enrichAll([
    signalOf({ type: "motion_detected", atMs: noonMs, receivedAtMs: noonMs + 6 * 60 * minute }),
  ]);
  assert.equal(late?.clockOffsetMs, null);
  assert.equal(late?.correctedAtMs, noonMs);
  assert.equal(late?.late, true);
});

test("B12 hostile data in a signal is data: a lines member of any form breaks nothing", () => {
  const odd = [null, 7, "x", [null, 1, "y", { sku: 5 }], { sku: "GUM" }, [{ sku: "GUM", quantity: -1 }]];
  const signals = odd.map((lines) =>
    signalOf({ type: "pos_sale", deviceId: "T-1", data: { lines, epcs: [1, null], epc: {} } }),
  );
  assert.equal(enrichAll(signals).length, odd.length);
});

test("A08 a panic button is one whatever carries it, and an alarm without a device is judged by its class", () => {
  const services = enrichAll([
    signalOf({ type: "panic_button", deviceId: "T-1" }),
    signalOf({ type: "panic_button", deviceId: null }),
    signalOf({ type: "door_forced", deviceId: null }),
    signalOf({ type: "eas_alarm", deviceId: "C-1" }),
  ]).map((seen) => seen.service);
  assert.deepEqual(services, ["panic_button", "panic_button", "door", "camera"]);
});

test("A13 A08 a signal of the year 9000 does not date the alarm that follows it", () => {
  const atMs = Date.parse("9000-01-01T00:00:00Z");
  const [, alarm] = enrichAll([
    signalOf({ type: "panic_button", deviceId: "P-1", atMs, receivedAtMs: noonMs }),
    signalOf({ type: "panic_button", deviceId: "P-1", atMs: noonMs + 3 * minute, receivedAtMs: noonMs + minute }),
  ]);
  assert.equal(alarm?.correctedAtMs, noonMs + minute);
});
