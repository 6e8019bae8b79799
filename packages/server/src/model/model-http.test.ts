import assert from "node:assert/strict";
import { test } from "node:test";
import { runningApp } from "../testing/running-app.ts";

type Listed = {
  readonly items: readonly {
    readonly id: string;
    readonly on: boolean;
    readonly changedBy: string | null;
    readonly card: { readonly origin: string; readonly approvedBy: string | null; readonly limits: readonly string[] };
    readonly drift: readonly { readonly feature: string; readonly verdict: string }[];
  }[];
};

test("C18 C13 C14 a model is listed with card and drift, turned off and on again by API, and each on the record", async (context) => {
  const app = await runningApp(context);
  const listed = async () => ((await (await app.call("/api/v1/models")).json()) as Listed).items[0];
  const turn = (id: string, body: object) =>
    app.call(`/api/v1/models/${id}/switch`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const before = await listed();
  assert.equal(before?.id, "site-windows");
  assert.deepEqual([before.on, before.changedBy, before.card.origin], [true, null, "simulated"]);
  assert.ok(before.card.limits.length > 3);
  assert.ok(before.drift.length > 5 && before.drift.every(({ verdict }) => verdict === "too_few"));
  assert.equal((await turn("site-windows", { on: false, because: "too many school classes" })).status, 200);
  const after = await listed();
  assert.equal(after?.on, false);
  assert.notEqual(after.changedBy, null);
  assert.equal((await turn("site-windows", { on: false, because: "again" })).status, 200);
  assert.equal((await turn("site-windows", { on: true, because: "trained anew" })).status, 200);
  assert.equal((await listed())?.on, true);
  const unknown = await turn("moods", { on: false, because: "there is none" });
  assert.equal(unknown.status, 404);
  assert.equal(((await unknown.json()) as { code: string }).code, "model_not_found");
  for (const body of [{ on: false }, { on: "no", because: "x" }, { on: false, because: "  " }])
    assert.equal((await turn("site-windows", body)).status, 400);
  const record = (await (await app.call("/api/v1/audit?limit=50")).json()) as {
    readonly items: readonly { readonly kind: string }[];
  };
  const kinds = record.items.map(({ kind }) => kind).filter((kind) => kind.startsWith("model."));
  assert.deepEqual(kinds.toSorted(), ["model.switched_off", "model.switched_on"], "what was so already is no entry");
  const metrics = await (await app.call("/metrics")).text();
  assert.match(metrics, /tillwatch_model_on\{model="site-windows"\} 1/);
});
