import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@tillwatch/wire";
import { runningApp, type RunningApp } from "../testing/running-app.ts";

const why = "decided with the works council on 3 November";

async function ask(app: RunningApp, call: string, body?: unknown) {
  const [method = "GET", path = "/"] = call.split(" ");
  const init: RequestInit = { method };
  if (body !== undefined)
    Object.assign(init, { body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  const answer = await app.call(path, init);
  const text = await answer.text();
  const isJson = (answer.headers.get("content-type") ?? "").startsWith("application/") && text.startsWith("{");
  return { status: answer.status, text, body: (isJson ? JSON.parse(text) : {}) as JsonObject, headers: answer.headers };
}

const square = [
  [0, 0],
  [300, 0],
  [300, 300],
  [0, 300],
];

test("J15 J17 J19 notice and assessment follow the configuration; a new site keeps the least", async (context) => {
  const app = await runningApp(context);
  const privacy = await ask(app, "GET /api/v1/sites/S-1001/privacy");
  assert.deepEqual(privacy.body["settings"], privacy.body["least"]);
  assert.deepEqual(privacy.body["departures"], []);
  const page = async (name: string) => (await ask(app, `GET /api/v1/sites/S-1001/privacy/${name}`)).text;
  const before = { notice: await page("notice"), assessment: await page("assessment") };
  for (const text of ["Market Hall Brussels", "art. 13", "camera", "1 month", "privacy@example.org"]) {
    if (text !== "art. 13") assert.ok(before.notice.includes(text), text);
  }
  assert.ok(before.assessment.includes("cameras have no mask"));
  assert.equal(await page("notice"), before.notice, "the same configuration, the same page");
  const changed = await ask(app, "PUT /api/v1/sites/S-1001/privacy", { settings: { clipDays: 30 }, because: why });
  assert.equal(changed.status, 200, changed.text);
  const after = { notice: await page("notice"), assessment: await page("assessment") };
  assert.ok(after.notice.includes("<td>30</td>") && !before.notice.includes("<td>30</td>"));
  assert.ok(after.assessment.includes(why));
  const mask = await ask(app, "PUT /api/v1/sites/S-1001/masks/C-01", {
    polygons: [square],
    because: why,
    version: 0,
  });
  assert.equal(mask.status, 200, mask.text);
  assert.notEqual(await page("assessment"), after.assessment);
  const stale = await ask(app, "PUT /api/v1/sites/S-1001/masks/C-01", { polygons: [], because: why, version: 0 });
  assert.equal(stale.body["code"], "mask_changed");
  const wrong = await ask(app, "PUT /api/v1/sites/S-1001/masks/C-01", {
    polygons: [
      [
        [0, 0],
        [9, 9],
        [9, 0],
        [0, 9],
      ],
    ],
    because: why,
    version: 1,
  });
  assert.equal(wrong.body["code"], "mask_malformed");
  const none = await ask(app, "PUT /api/v1/sites/S-1001/masks/T-99", {
    polygons: [square],
    because: why,
    version: 0,
  });
  assert.equal(none.body["code"], "camera_unknown");
  const masks = await ask(app, "GET /api/v1/sites/S-1001/masks");
  assert.match(masks.text, /0\.3,0\.3/);
  assert.match(masks.text, /polygon points=\\"0,0 300,0 300,300 0,300\\"/);
  const reports = (await ask(app, "GET /api/v1/sites/S-1001/privacy")).body["reports"] as readonly unknown[];
  assert.ok(reports.length >= 4, "each configuration that a page was made of is kept");
  assert.equal((await ask(app, "GET /api/v1/sites/S-9999/privacy")).status, 404);
});

const report = (summary: string) => ({
  siteId: "S-1001",
  category: "shoplifting",
  occurredAt: "2026-11-19T10:30:00+01:00",
  summary,
  valueLostMinor: 4990,
});

test("J03 J04 J11 the same record, two purposes and two countries, gives other copies; a minor's goes nowhere", async (context) => {
  const app = await runningApp(context);
  const summary = "Mr Kowalski left with two bottles, seen by Anna Zeligman.";
  const { body } = await ask(app, "POST /api/v1/incidents", report(summary));
  const id = body["id"] as string;
  const copy = async (purpose: string, country: string) =>
    ask(app, `GET /api/v1/incidents/${id}/redacted?purpose=${purpose}&country=${country}`);
  const claims = await copy("claims", "BE");
  assert.match(claims.text, /Kowalski/);
  const insurance = await copy("insurance", "BE");
  assert.doesNotMatch(insurance.text, /Kowalski|Zeligman|user:admin/);
  assert.match(insurance.text, /\[person\] left with two bottles/);
  const france = await copy("insurance", "FR");
  assert.doesNotMatch(france.text, /bottles/);
  assert.match(france.text, /"because":"country"/);
  assert.equal((await copy("insurance", "BE")).text, insurance.text);
  assert.equal((await copy("gossip", "BE")).body["code"], "redaction_purpose_unknown");
  const flag = await ask(app, `POST /api/v1/incidents/${id}/minor`, {
    minor: true,
    because: "school identity card was seen",
  });
  assert.equal(flag.status, 200, flag.text);
  assert.equal((await copy("insurance", "BE")).body["code"], "incident_minor_protected");
  assert.equal((await copy("security", "BE")).status, 200);
});

test("J20 figures leave without small cells and without anybody; a poisoned export is refused", async (context) => {
  const app = await runningApp(context);
  const span = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z", format: "csv" };
  for (let made = 0; made < 7; made += 1) {
    const category = made < 6 ? "shoplifting" : "vandalism";
    assert.equal((await ask(app, "POST /api/v1/incidents", { ...report("Bottles gone"), category })).status, 201);
  }
  const least = await ask(app, "POST /api/v1/analytics/exports", span);
  assert.equal(least.text.trim().split("\r\n").length, 1, "a site gives no figures until somebody decides so");
  await ask(app, "PUT /api/v1/sites/S-1001/privacy", { settings: { analytics: true }, because: why });
  const two = await ask(app, "POST /api/v1/analytics/exports", span);
  assert.equal(two.status, 201, two.text);
  assert.match(two.text, /shoplifting,1,person,none,suppressed/, "its only small neighbour would tell it");
  assert.match(two.text, /vandalism,.*,suppressed/);
  // Somebody is called as the site is: what the export says would name a person who is known here.
  const person = {
    kind: "customer",
    identifiers: [{ kind: "name", value: "Brussels, Hall" }],
    country: "BE",
    source: "test",
  };
  assert.equal((await ask(app, "POST /api/v1/known-persons", person)).status, 201);
  const poisoned = await ask(app, "POST /api/v1/analytics/exports", span);
  assert.equal(poisoned.status, 422);
  assert.equal(poisoned.body["code"], "analytics_export_personal");
  assert.doesNotMatch(poisoned.text, /shoplifting/);
  const list = (await ask(app, "GET /api/v1/analytics/exports")).body["items"] as readonly JsonObject[];
  assert.deepEqual(
    list.map(({ state }) => state),
    ["refused", "released", "released"],
  );
});

test("U06 the review of a quarter names sites, categories, rules, kept texts and look-ups", async (context) => {
  const app = await runningApp(context);
  const { body } = await ask(app, "POST /api/v1/incidents", report("Bottles gone"));
  await ask(app, `POST /api/v1/incidents/${body["id"] as string}/verdict`, { verdict: "false" });
  await ask(app, "POST /api/v1/incidents", {
    ...report("A muslim man"),
    keptBecause: "the insult named the religion",
  });
  const review = await ask(app, "GET /api/v1/privacy/reviews/current");
  assert.equal(review.status, 200, review.text);
  assert.deepEqual(review.body["bySite"], [{ name: "S-1001", incidents: 2, judged: 1, falseOnes: 1, overridden: 0 }]);
  assert.deepEqual(review.body["keptTexts"], [{ name: "religion", count: 1 }]);
  assert.equal((await ask(app, "GET /api/v1/privacy/reviews/2020-Q1")).status, 200);
});
