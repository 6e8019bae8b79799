import assert from "node:assert/strict";
import { test } from "node:test";
import { packOf } from "../cli/configured.ts";
import { migrationsFolder, shippedPack } from "../cli/shipped.ts";
import { silentLog } from "../platform/log.ts";
import { evaluateRun } from "./evaluate-run.ts";

test("C07 D12 a world runs through the whole pipeline in this process and is held against the truth", async () => {
  const startMs = Date.parse("2026-11-16T00:00:00Z");
  const given = { pack: packOf(shippedPack), migrationsFolder, startMs, log: silentLog, lateAfterMs: 120_000 };
  const run = () => evaluateRun({ ...given, seed: "7", hours: 3 });
  const { evaluation, signals, crimes } = await run();
  assert.ok(signals > 200, `${signals} signals`);
  assert.ok(crimes.length > 0, "somebody stole something");
  assert.ok(evaluation.total.found > 0, JSON.stringify(evaluation.total));
  const again = await run();
  assert.deepEqual(
    [again.signals, again.evaluation.total],
    [signals, evaluation.total],
    "the same seed, the same table",
  );
});
