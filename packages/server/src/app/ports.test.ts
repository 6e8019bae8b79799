import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { brokerCheck, roomCheck } from "./ports.ts";

test("S01 readiness says how much room there is, and fails where it cannot look", async () => {
  const here = await roomCheck(tmpdir());
  assert.match(here.says, /^\d+(\.\d)? [GM]iB free$/);
  assert.equal(here.ok, true);
  const nowhere = await roomCheck(join(tmpdir(), "there-is-no-such-folder"));
  assert.equal(nowhere.ok, false);
  assert.match(nowhere.says, /ENOENT/);
});

test("B01 S05 an outside broker that is away is stated and stops no request", () => {
  assert.deepEqual(brokerCheck(null), []);
  const [there] = brokerCheck({ connected: true, protocolVersion: 5 });
  assert.deepEqual([there?.ok, there?.says], [true, "connected, MQTT 5"]);
  const [away] = brokerCheck({ connected: false, protocolVersion: 4 });
  assert.deepEqual([away?.ok, away?.stopsRequests], [false, false]);
  assert.match(away?.says ?? "", /away/);
});
