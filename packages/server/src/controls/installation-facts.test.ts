import assert from "node:assert/strict";
import { test } from "node:test";
import { town, who } from "../testing/town.ts";

test("N09 O08 O04 facts of the installation are for its own organisation: another one's auditor sees no control and no setting, and what decides about its signals", async (context) => {
  const credentials = [
    who("auditor", ["home", "auditor"]),
    who("nw-auditor", ["northwind", "auditor"], { steppedUpAtMs: null }),
    who("nw-admin", ["northwind", "administrator"], { steppedUpAtMs: null }),
  ];
  const { app, as, operator } = await town(context, credentials);
  const northwind = { id: "northwind", name: "Northwind", kind: "retailer", sitePrefix: "nw-", referenceLetters: "NW" };
  assert.equal((await operator("/api/v1/organisations", northwind)).status, 201);
  const [own, tenant, tenantAdmin] = [as("auditor"), as("nw-auditor"), as("nw-admin")];

  const controls = await own("/api/v1/controls");
  assert.equal(controls.status, 200, controls.text);
  assert.ok(controls.json.items.length > 5);
  for (const ask of [tenant, tenantAdmin]) {
    for (const [path, body] of [["/api/v1/controls"], ["/api/v1/controls/run", {}]] as const) {
      const refused = await ask(path, body);
      assert.ok(refused.status === 403 || refused.status === 404, `${path}: ${refused.status}`);
      for (const { id } of controls.json.items) assert.ok(!refused.text.includes(id));
    }
    const session = await ask("/api/v1/session");
    assert.equal(session.status, 200, session.text);
    assert.ok(
      !(session.json.may as string[]).some((action) => action.startsWith("control:")),
      "nor is there a page that leads nowhere",
    );
  }

  const whole = (await own("/api/v1/configuration")).json;
  assert.ok("settings" in whole.content && "program" in whole.content && "score" in whole.content);
  const shown = await tenant("/api/v1/configuration");
  assert.equal(shown.status, 200, shown.text);
  assert.ok(!("settings" in shown.json.content) && !("program" in shown.json.content));
  assert.deepEqual(shown.json.content.score, whole.content.score, "thresholds are told");
  assert.ok(!shown.text.includes(app.folder), "no folder of the machine");
  for (const { parts, changes } of shown.json.items as { parts: object; changes: { part: string }[] }[]) {
    assert.ok(!("settings" in parts) && !("program" in parts));
    assert.ok(changes.every(({ part }) => part !== "settings" && part !== "program"));
  }
  const asked = await tenant("/api/v1/configuration?path=settings");
  assert.deepEqual(asked.json.items, []);
  for (const kind of ["configuration.recorded", "configuration.started", "control.failed", "control.passed"]) {
    assert.deepEqual((await tenant(`/api/v1/audit?kind=${kind}`)).json?.items ?? [], [], kind);
  }
});
