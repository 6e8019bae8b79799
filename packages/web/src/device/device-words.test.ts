import assert from "node:assert/strict";
import { test } from "node:test";
import type { Device, DeviceIdentity } from "./device-shapes.ts";
import { inOrder, standing } from "./device-words.ts";

const nowMs = Date.parse("2026-11-20T10:00:00Z");
const [past, future] = ["2026-11-19T10:00:00Z", "2026-12-19T10:00:00Z"];
const held: DeviceIdentity["credentials"][number] = {
  id: "1",
  kind: "certificate",
  name: "AB",
  issuedAt: past,
  expiresAt: future,
  retiresAt: null,
  revokedAt: null,
  revokedBecause: null,
  lastUsedAt: null,
};

for (const [more, want] of [
  [{}, "Valid until"],
  [{ retiresAt: future }, "Being replaced, until"],
  [{ retiresAt: past }, "Replaced"],
  [{ expiresAt: past }, "Expired"],
  [{ expiresAt: past, revokedAt: past }, "Revoked"],
] as const) {
  test(`A20 a credential reads: ${want}`, () => assert.equal(standing({ ...held, ...more }, nowMs).says, want));
}

test("A20 devices that were refused stand first, then what needs a person", () => {
  const device = (deviceId: string, state: Device["state"], refusedAttempts = 0): Device => ({
    siteId: "S-1",
    deviceId,
    kind: "camera",
    name: deviceId,
    state,
    credentials: 0,
    enrolledUntil: null,
    codeUntil: null,
    lastProvenAt: null,
    lastSignalAt: null,
    refusedAttempts,
    lastRefusal: null,
  });
  const given = [device("a", "enrolled"), device("b", "open"), device("c", "expired"), device("d", "enrolled", 4)];
  assert.deepEqual(
    inOrder(given).map(({ deviceId }) => deviceId),
    ["d", "c", "b", "a"],
  );
});
