import { pipelineRig } from "./testing/pipeline-rig.ts";
import assert from "node:assert/strict";
import { sql } from "kysely";
import type { Signal } from "@tillwatch/wire";
import { replayDecision } from "./decision/replay-decision.ts";
import { savePackContent } from "./decision/decision-store.ts";
import { loadPack } from "./pack/load-pack.ts";
import { readPackFiles } from "./pack/pack-files.ts";
import { shippedPack } from "./cli/shipped.ts";
import { nodeDigest } from "./platform/digest.ts";
import { signalFromRow } from "./signal/parse-signals.ts";
import { signalSubject } from "./subjects.ts";
import { canaries, sqlDump, traces, words } from "./testing/canaries.ts";
import { testOnDatabases } from "./testing/databases.ts";

const rule = `title: An umbrella was named
id: 0f3c2f0e-6f5d-4a53-9a0e-0d9f6a1b2c3d
status: test
description: "What a person wrote names an umbrella, which is what this test looks for."
author: Tillwatch
date: 2026-11-20
logsource:
  product: retail
  service: person
detection:
  selection:
    data.summary|contains: umbrella
  condition: selection
falsepositives:
  - "Rain"
level: critical

tillwatch:
  category: violence
  level: 3
  points: 8000
  says: "A person named an umbrella"

tests:
  match:
    - title: "named"
      event: { data: { summary: "an umbrella" } }
  no_match:
    - title: "not named"
      event: { data: { summary: "a coat" } }
`;

const atMs = Date.parse("2026-03-23T12:00:00Z");

function packWithRule() {
  const files = readPackFiles(shippedPack);
  const loaded = loadPack(new Map([...files, ["rules/umbrella.yml", rule]]));
  assert.ok(loaded.ok, loaded.ok ? "" : JSON.stringify(loaded.error));
  return loaded.value;
}

function reportOf(summary: string): Signal {
  const row = {
    incident_id: "R-1",
    timestamp_utc: new Date(atMs).toISOString(),
    store_id: "S-1001",
    category: "other",
    summary,
  };
  const parsed = signalFromRow(row, { receivedAtMs: atMs, digest: nodeDigest, channel: {} });
  assert.ok(parsed.ok);
  return parsed.value;
}

testOnDatabases(
  "J09 O01 a rule reads sealed text, nothing keeps it, the decision computes to the same bytes, until the text is erased",
  async (database) => {
    const { db } = database;
    const pack = packWithRule();
    await savePackContent(db, pack.contents, atMs);
    const rig = await pipelineRig(database, {
      pack,
      clock: () => atMs + 60_000,
      setAside: async () => assert.fail("a signal was set aside"),
    });
    const { fields, log, scored } = rig;
    const worker = rig.worker();
    const report = reportOf(words);
    await log.append([report]);
    await worker.drain();
    await log.close();

    const [one] = scored;
    const matched = one?.situation.members[0]?.detections.find(
      ({ ruleTitle }) => ruleTitle === "An umbrella was named",
    );
    assert.ok(matched !== undefined, "the rule read the text");
    assert.match(matched.because[0]?.value ?? "", /^tw1\./);
    assert.equal(await fields.openWithin(db, matched.because[0]?.value ?? ""), report.data["summary"]);
    const dump = Buffer.from(await sqlDump(db));
    for (const canary of canaries) assert.deepEqual(traces(canary, dump), []);

    const openTexts = (sealed: readonly string[]) => fields.openMany(db, sealed);
    const { rows } = await sql<{ id: string }>`select id from decision`.execute(db);
    const id = rows[0]?.id ?? "";
    const again = await replayDecision(db, id, { openTexts });
    assert.equal(again.kind, "same", JSON.stringify(again));
    await assert.rejects(replayDecision(db, id), /hand in who opens it/);
    await fields.purge(db, signalSubject(report.id), "no longer needed");
    assert.deepEqual(await replayDecision(db, id, { openTexts }), { kind: "erased" });
  },
);
