import assert from "node:assert/strict";
import { test } from "node:test";
import type { IncidentPage, IncidentRecord } from "@tillwatch/wire";
import { eventually, runningApp } from "../testing/running-app.ts";
import { testDirectory } from "../testing/directory.ts";
import { withEntries } from "./directory-holder.ts";
import { Directory } from "./directory.ts";

type Listed = { readonly items: readonly { readonly id: string | null; readonly name: string }[] };

const json = { "content-type": "application/json" };
const hourMs = 3_600_000;

test("C21 D10 a period set by API is in force for its window and its sites, beside those of the file", () => {
  const body = { name: "Late night", from: "2026-11-20T18:00:00Z", to: "2026-11-20T22:00:00Z", sites: ["S-1"] };
  const data = withEntries(testDirectory.data, [{ kind: "period", siteId: "", id: "late", body }]);
  const directory = new Directory(data);
  const at = (time: string, site = "S-1") => directory.salePeriod(site, Date.parse(time));
  assert.deepEqual(
    [at("2026-11-20T17:59:59Z"), at("2026-11-20T18:00:00Z"), at("2026-11-20T22:00:00Z"), at("2026-11-28T00:00:00Z")],
    [null, "Late night", null, "Sale"],
  );
  assert.equal(at("2026-11-20T19:00:00Z", "S-2"), null);
});

test("D17 any other entry is another version of the directory", () => {
  const versions = ["A", "B"].map((name) => {
    const body = { id: "S-9", name, timezone: "UTC", currency: "EUR" };
    return withEntries(testDirectory.data, [{ kind: "site", siteId: "", id: "S-9", body }]).version;
  });
  assert.equal(new Set([...versions, testDirectory.version]).size, 3);
});

test("C21 D10 D17 the trading calendar is read, set and cleared by API; decisions name the directory that they used", async (context) => {
  const app = await runningApp(context);
  const period = {
    name: "Black Friday week",
    from: new Date(Date.now() - hourMs).toISOString(),
    to: new Date(Date.now() + hourMs).toISOString(),
    sites: ["S-1001"],
  };
  const write = (method: string, id: string, body?: unknown) =>
    app.call(`/api/v1/calendar/${id}`, {
      method,
      ...(body === undefined ? {} : { headers: json, body: JSON.stringify(body) }),
    });
  const listed = async () => ((await (await app.call("/api/v1/calendar")).json()) as Listed).items;
  const ofFile = await listed();
  assert.ok(ofFile.length > 0 && ofFile.every(({ id }) => id === null));

  for (const [member, wrong] of Object.entries({ to: period.from, from: "soon", sites: ["S-1001", "S-404"] })) {
    const refused = await write("PUT", "now", { ...period, [member]: wrong });
    const problem = (await refused.json()) as { code: string; pointer: string };
    const place = member === "sites" ? "/sites/1" : "/from";
    assert.deepEqual([refused.status, problem.code, problem.pointer], [422, "directory_entry_invalid", place], member);
  }
  assert.equal((await listed()).length, ofFile.length, "what was refused changed nothing");

  assert.equal((await write("PUT", "now", period)).status, 200);
  assert.deepEqual((await listed()).at(-1)?.id, "now");
  const press = { specversion: "1.0", id: "press", source: "S-1001/P-01", type: "com.tillwatch.panic_button" };
  const signal = { ...press, time: new Date().toISOString(), siteid: "S-1001", deviceid: "P-01", data: {} };
  await app.call("/api/v1/signals", { method: "POST", headers: json, body: JSON.stringify(signal) });
  const incident = await eventually(async () => {
    const page = (await (await app.call("/api/v1/incidents?state=open")).json()) as IncidentPage;
    return page.items[0] ?? null;
  });
  const record = (await (await app.call(`/api/v1/incidents/${incident.id}`)).json()) as IncidentRecord;
  const looked = record.signals[0]?.enrichment.find(({ fields }) => fields.includes("time.*"));
  assert.match(looked?.version ?? "", /^retail-directory-1\+[0-9a-f]{12}$/);

  assert.equal((await write("DELETE", "now")).status, 204);
  assert.equal((await listed()).length, ofFile.length);
  const again = await write("DELETE", "now");
  assert.deepEqual([again.status, ((await again.json()) as { code: string }).code], [404, "directory_entry_unknown"]);
});
