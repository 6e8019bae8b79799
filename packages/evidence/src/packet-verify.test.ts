import assert from "node:assert/strict";
import { test } from "node:test";
import { expectAccepted } from "./refusal.ts";
import { pureHashing } from "./hashing.ts";
import { parseVkey } from "./signed-note.ts";
import type { PacketTrust } from "./packet-seal-checks.ts";
import { verifyPacket } from "./packet-verify.ts";
import { buildTestPacket, memorySource, type TestPacket } from "./testing/packet-builder.ts";

const ports = { hashing: pureHashing };

function trustOf(packet: TestPacket): PacketTrust {
  return {
    logKeys: [expectAccepted(parseVkey(pureHashing.sha256, packet.logVkey))],
    statementKeys: [packet.statementKey],
  };
}

test("I06 I07 a packet as sealed is verified with pinned keys, each check named", async () => {
  const packet = await buildTestPacket();
  const report = await verifyPacket(memorySource(packet.zip), trustOf(packet), ports);
  assert.equal(report.firstProblem, undefined);
  assert.equal(report.verdict, "verified");
  assert.equal(report.checks.length, 15);
  assert.deepEqual(
    report.keys.map((key) => key.source),
    ["given", "given"],
  );
});
