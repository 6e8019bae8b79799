import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";
import type { Delivery } from "@tillwatch/sim";
import type { JsonObject } from "@tillwatch/wire";
import { loadPack } from "../pack/load-pack.ts";
import { readPackFiles } from "../pack/pack-files.ts";
import { runWorld } from "../testing/world-run.ts";

const loaded = loadPack(readPackFiles(fileURLToPath(new URL("../../../../pack/retail", import.meta.url))));
assert.ok(loaded.ok, loaded.ok ? "" : JSON.stringify(loaded.error));
const pack = loaded.value;

const noonMs = Date.parse("2026-03-23T15:04:05Z");
const watch: JsonObject = {
  store_id: "S-1001",
  camera_id: "C-01",
  timestamp: "2026-03-23T15:04:05Z",
  event_type: "person_loitering",
  confidence: 0.86,
  thumbnail_url: "s3://evidence/S-1001/C-01/1.jpg",
};
const epc = "urn:epc:id:sgtin:9521321.010022.4711"; // eau de parfum, 119.00 (directory.yaml)
const goods = { epcs: [epc], direction: "out" };
const voided = { receipt_id: "R-1", cashier: "st_1", amount_minor: 54_900, line_count: 1, after_payment: true };

function event(
  device: string,
  type: string,
  more: { afterSeconds?: number; data?: JsonObject; site?: string } = {},
): JsonObject {
  const time = new Date(noonMs + (more.afterSeconds ?? 0) * 1000).toISOString();
  const source = `${more.site ?? "S-1001"}/${device}`;
  return { specversion: "1.0", id: `${device}-${type}-${time}`, source, type, time, data: more.data ?? {} };
}

function delivered(event_: JsonObject): Delivery {
  const time = event_["time"] ?? event_["timestamp"];
  const atMs = (typeof time === "string" ? Date.parse(time) : noonMs) + 100;
  const about = { siteId: "S-1001", source: "", id: "", shape: "cloudevent", story: "example" } as const;
  return { ...about, atMs, occurredAtMs: atMs, event: event_, late: false, duplicate: false, crimeId: null };
}

const sold = (afterSeconds: number, site = "S-1001") => {
  const lines = [{ sku: "PER-0001", epc, quantity: 1, amount_minor: 11_900 }];
  return event("T-01", "pos_sale", {
    afterSeconds,
    site,
    data: { receipt_id: "R-2", cashier: "st_1", amount_minor: 11_900, lines },
  });
};

// The worked examples at the top of score.yaml, and what the design asks of single signals.
const examples: readonly {
  readonly says: string;
  readonly events: readonly JsonObject[];
  readonly severity: number;
}[] = [
  { says: "one weak camera hint stays on the watch list", events: [watch], severity: 0.1545 },
  {
    says: "D01 the void 20 s after it makes it an incident",
    events: [watch, event("T-01", "pos_void", { afterSeconds: 20, data: voided })],
    severity: 0.9707,
  },
  { says: "a panic button opens alone", events: [event("P-01", "panic_button")], severity: 0.9802 },
  {
    says: "till tampering opens alone",
    events: [event("T-01", "pos_tamper", { data: { part: "card_reader" } })],
    severity: 0.937,
  },
  {
    says: "a door forced after hours opens alone",
    events: [event("D-01", "door_forced", { site: "S-1004", afterSeconds: 12 * 3600 })],
    severity: 0.9608,
  },
  {
    says: "D05 an exit alarm without sale and tagged goods leaving are an incident",
    events: [
      event("R-01", "rfid_exit_read", { data: goods }),
      event("E-01", "eas_alarm", { afterSeconds: 1, data: goods }),
    ],
    severity: 0.9955,
  },
  {
    says: "D05 the same, and the sale arrives late: not even watched",
    events: [
      event("R-01", "rfid_exit_read", { data: goods }),
      event("E-01", "eas_alarm", { afterSeconds: 1, data: goods }),
      sold(30),
    ],
    severity: 0.0045,
  },
  {
    says: "D05 a sale before the alarm leaves nothing to say",
    events: [watch, sold(10), event("E-01", "eas_alarm", { afterSeconds: 60, data: goods })],
    severity: 0.1545,
  },
];

describe("what the shipped weights make of examples", () => {
  for (const { says, events, severity } of examples) {
    it(`C04 ${says}`, () => {
      const found = runWorld(events.map(delivered), pack);
      assert.equal(found.length, 1, "one situation");
      assert.equal(
        found[0]?.scored.score.severity,
        severity,
        JSON.stringify(found[0]?.scored.score.additions, null, 1),
      );
    });
  }

  it("D08 a touched cable is level 1, with a strange login near the terminal level 2", () => {
    const cable = event("T-01", "pos_tamper", { data: { part: "cable" } });
    const data = { account: "pos-svc", host: "S-1001-T-01", terminal_id: "T-01" };
    const login = event("N-01", "login_unusual", { afterSeconds: 40, data });
    const level = (events: readonly JsonObject[]) =>
      runWorld(events.map(delivered), pack).map(({ scored }) => scored.score.level);
    assert.deepEqual(level([cable]), [1]);
    assert.deepEqual(level([cable, login]), [2]);
  });

  it("C21 in a sale period more is asked, outside it not", () => {
    const during = [{ ...watch, timestamp: "2026-11-25T15:04:05Z" }];
    const threshold = (events: readonly JsonObject[]) =>
      runWorld(events.map(delivered), pack).map(({ scored }) => scored.threshold);
    assert.deepEqual([threshold([watch]), threshold(during)], [[0.9], [0.93]]);
  });
});
