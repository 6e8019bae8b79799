import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDeviceId, parseSiteId, type DeviceId, type SiteId } from "@tillwatch/wire";
import { nodeDigest } from "../platform/digest.ts";
import { cloudEvent, sampleDeviceEvent, sampleNowMs } from "../testing/signals.ts";
import type { Channel } from "./draft.ts";
import { parseSignals } from "./parse-signals.ts";

function place(site: string, device: string): { readonly site: SiteId; readonly device: DeviceId } {
  const [siteId, deviceId] = [parseSiteId(site), parseDeviceId(device)];
  if (!siteId.ok || !deviceId.ok) throw new Error(`${site}/${device}`);
  return { site: siteId.value, device: deviceId.value };
}

/** What a row becomes when it comes over this channel: the signal, or the code of its refusal. */
function parsed(row: object, channel: Channel) {
  const context = { receivedAtMs: sampleNowMs, digest: nodeDigest, channel };
  const { signals, refused } = parseSignals(Buffer.from(JSON.stringify(row)), "json", context);
  return { signal: signals[0], code: refused[0]?.code };
}

const till = { ...place("S-1001", "T-01"), proven: true };
const camera = { ...place("S-1001", "C-01"), proven: true };
const report = {
  incident_id: "r-1",
  store_id: "S-1001",
  category: "theft",
  summary: "x",
  occurred_at: "2026-03-23T15:00:00Z",
};

const rows: readonly {
  readonly says: string;
  readonly row: object;
  readonly channel: Channel;
  readonly code?: string;
}[] = [
  { says: "its own, as device event", row: sampleDeviceEvent, channel: camera },
  { says: "its own, as CloudEvent", row: cloudEvent("a"), channel: till },
  { says: "its own, without a place", row: cloudEvent("a", { source: "pos.example" }), channel: till },
  { says: "another device", row: cloudEvent("a"), channel: camera, code: "device_foreign" },
  {
    says: "another site",
    row: cloudEvent("a", { siteid: "S-1002", deviceid: "T-01" }),
    channel: till,
    code: "device_foreign",
  },
  { says: "a device event of another", row: sampleDeviceEvent, channel: till, code: "device_foreign" },
];
for (const { says, row, channel, code } of rows) {
  test(`A20 a proven device sends ${says}: ${code ?? "taken"}`, () => assert.equal(parsed(row, channel).code, code));
}

test("A20 a proven device does not speak as a person of its site", () => {
  const { signal, code } = parsed(report, till);
  assert.equal(signal, undefined);
  assert.notEqual(code, undefined);
});

test("A20 B05 a proven device keeps its ids, and takes none of another's, whatever source it states", () => {
  const open = (row: object) => parsed(row, {}).signal;
  assert.equal(
    parsed(cloudEvent("a"), till).signal?.id,
    open(cloudEvent("a"))?.id,
    "the same before and after it enrolled",
  );
  assert.equal(parsed(sampleDeviceEvent, camera).signal?.id, open(sampleDeviceEvent)?.id);
  const attacked = open(cloudEvent("a", { source: "S-1001/C-01", siteid: "S-1001", deviceid: "C-01" }));
  const posing = parsed(cloudEvent("a", { source: "S-1001/C-01", siteid: "S-1001", deviceid: "T-01" }), till).signal;
  assert.ok(attacked !== undefined && posing !== undefined);
  assert.notEqual(posing.id, attacked.id);
  assert.deepEqual(
    [posing.source, posing.sourceEventId, posing.extra["statedSource"]],
    ["S-1001/T-01", "S-1001/C-01#a", "S-1001/C-01"],
  );
  const [one, two] = ["pos.example", "eas.example"].map(
    (source) => parsed(cloudEvent("1", { source }), till).signal?.id,
  );
  assert.notEqual(one, two, "two systems of one device may number alike");
});
