import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../testing/running-app.ts";
import { town, who } from "../testing/town.ts";

const credentials = [
  who("nw-admin", ["northwind", "administrator"]),
  who("nw-investigator", ["northwind", "investigator"]),
  who("nw-guard", ["northwind", "guard"], { sites: ["nw-2"] }),
  who("home-investigator", ["home", "investigator"]),
  who("home-auditor", ["home", "auditor"]),
  who("officer", ["police", "partner_officer"]),
];

/** The town with a second retailer. */
async function twoRetailers(context: TestContext) {
  const made = await town(context, credentials);
  const add = await made.operator("/api/v1/organisations", {
    id: "northwind",
    name: "Northwind",
    kind: "retailer",
    sitePrefix: "nw-",
    referenceLetters: "NW",
  });
  assert.equal(add.status, 201, add.text);
  return made;
}

const shop = {
  name: "Shop",
  timezone: "Europe/Berlin",
  currency: "EUR",
  zones: [],
  devices: [{ id: "C-1", kind: "camera" }],
};
const report = (siteId: string) => ({
  siteId,
  category: "GRT-THEFT",
  occurredAt: new Date(Date.now() - 60_000).toISOString(),
  summary: "Two bottles taken from the shelf.",
});

test("N09 F03 two organisations and a partner on one installation: each sees its own, and what is shared", async (context) => {
  const { as, operator } = await twoRetailers(context);
  const [admin, investigator, guard] = [as("nw-admin"), as("nw-investigator"), as("nw-guard")];
  const [home, officer] = [as("home-investigator"), as("officer")];

  // Sites: an id is one's own by its beginning, whatever others have.
  assert.equal((await admin("/api/v1/sites/nw-1", shop, "PUT")).status, 200);
  assert.equal((await admin("/api/v1/sites/nw-2", shop, "PUT")).status, 200);
  const taken = await admin("/api/v1/sites/S-1001", shop, "PUT");
  const free = await admin("/api/v1/sites/S-9999", shop, "PUT");
  assert.deepEqual([taken.status, taken.json.detail], [free.status, free.json.detail]);
  assert.equal((await admin("/api/v1/sites/nw-3", { ...shop, organisation: "home" }, "PUT")).status, 422);
  assert.equal(
    (await admin("/api/v1/products/sku-1", { name: "X", value_minor: 1, currency: "EUR" }, "PUT")).status,
    403,
  );
  const sites = await investigator("/api/v1/sites");
  assert.deepEqual(sites.json.items.map((site: { id: string }) => site.id).toSorted(), ["nw-1", "nw-2"]);
  assert.ok(!(await home("/api/v1/sites")).text.includes("nw-"));

  // Organisations: one's own alone, but for the operator.
  assert.deepEqual(
    (await admin("/api/v1/organisations")).json.items.map((one: { id: string }) => one.id),
    ["northwind"],
  );
  const all = (await operator("/api/v1/organisations")).json.items;
  assert.equal(all.length, 4);
  const own = all.find((one: { id: string }) => one.id === "home");
  assert.equal(own?.name, "Example Retail Group", "as the directory's file calls it: partners read it");
  assert.equal((await admin("/api/v1/organisations", { id: "x", name: "X", kind: "police" })).status, 403);
  assert.equal((await admin("/metrics")).status, 403);

  // Signals: another's site is as unknown as one that nobody has, and waits with the sender.
  const category = (await investigator("/api/v1/taxonomy")).json.categories[0].code;
  const reported = await investigator("/api/v1/incidents", { ...report("nw-1"), category });
  assert.equal(reported.status, 201, reported.text);
  assert.match(reported.json.ref, /^NW-\d{4}-000001$/);
  const foreign = await investigator("/api/v1/incidents", { ...report("S-1001"), category });
  const nowhere = await investigator("/api/v1/incidents", { ...report("S-9999"), category });
  assert.deepEqual([foreign.status, foreign.json.code], [nowhere.status, nowhere.json.code]);
  const ours = await home("/api/v1/incidents", { ...report("S-1001"), category });
  assert.match(ours.json.ref, /^TW-\d{4}-000001$/);

  // Objects: the same answer as an id that nobody has, byte for byte.
  const theirs = reported.json.id as string;
  const nobody = "00000000-0000-4000-8000-000000000000";
  for (const path of ["", "/history", "/shares"]) {
    const [there, not] = [
      await home(`/api/v1/incidents/${theirs}${path}`),
      await home(`/api/v1/incidents/${nobody}${path}`),
    ];
    assert.deepEqual([there.status, there.json.code, there.json.detail], [404, not.json.code, not.json.detail], path);
  }
  const noted = await home(`/api/v1/incidents/${theirs}/notes`, { text: "mine" });
  assert.equal(noted.status, 404);

  // Lists, counts and the record.
  const list = async (ask: ReturnType<typeof as>) =>
    (await ask("/api/v1/incidents")).json.items.map((one: { ref: string }) => one.ref);
  assert.deepEqual(await list(investigator), [reported.json.ref]);
  assert.deepEqual(await list(home), [ours.json.ref]);
  assert.deepEqual(await list(guard), []);
  const stats = await investigator("/api/v1/stats");
  assert.deepEqual(stats.json.incidents.byState, { open: 1 });
  // What home's own people tried stands in home's record; what was done there does not.
  const record: { actor: string }[] = (await as("home-auditor")(`/api/v1/audit?subject=${theirs}`)).json.items;
  assert.deepEqual(new Set(record.map(({ actor }) => actor)).difference(new Set(["user:home-investigator"])).size, 0);

  // Sharing: exactly that incident, after a ground of one's own, while it is shared.
  assert.equal((await officer(`/api/v1/incidents/${theirs}`)).status, 404);
  assert.deepEqual((await officer("/api/v1/shares")).json.items, []);
  const endsAt = new Date(Date.now() + 3_600_000).toISOString();
  const shared = await investigator(`/api/v1/incidents/${theirs}/shares`, {
    partnerId: "police",
    ground: "theft reported",
    endsAt,
  });
  assert.equal(shared.status, 201, shared.text);
  const seen = await officer("/api/v1/shares");
  assert.deepEqual(
    seen.json.items.map((one: { ref: string; ground: string }) => [one.ref, one.ground]),
    [[reported.json.ref, "theft reported"]],
  );
  const asked = await officer(`/api/v1/incidents/${theirs}`);
  assert.deepEqual([asked.status, asked.json.code], [403, "purpose_required"]);
  assert.equal((await officer(`/api/v1/incidents/${ours.json.id}`)).status, 404);
  const revoked = await investigator(`/api/v1/incidents/${theirs}/shares/${shared.json.id}/revoke`, {
    because: "case closed",
  });
  assert.equal(revoked.status, 204);
  assert.equal((await officer(`/api/v1/incidents/${theirs}`)).status, 404);
  assert.deepEqual((await officer("/api/v1/shares")).json.items, []);
});

test("N09 S01 the stream carries to each organisation what is its own", async (context) => {
  const { app, as } = await twoRetailers(context);
  await as("nw-admin")("/api/v1/sites/nw-1", shop, "PUT");
  const heard: Record<string, string> = {};
  const stop = new AbortController();
  for (const token of ["nw-investigator", "home-investigator"]) {
    const answer = await fetch(new URL("/api/v1/events", app.url), {
      headers: { authorization: `Bearer ${token}` },
      signal: stop.signal,
    });
    assert.equal(answer.status, 200);
    heard[token] = "";
    const follow = async () => {
      for await (const chunk of answer.body ?? []) heard[token] += Buffer.from(chunk).toString("utf8");
    };
    follow().catch(() => {}); // the reader leaves at the end of the test
  }
  const category = (await as("home-investigator")("/api/v1/taxonomy")).json.categories[0].code;
  await as("home-investigator")("/api/v1/incidents", { ...report("S-1001"), category });
  await as("nw-investigator")("/api/v1/incidents", { ...report("nw-1"), category });
  await eventually(async () =>
    heard["nw-investigator"]?.includes("NW-") === true && heard["home-investigator"]?.includes("TW-") === true
      ? true
      : null,
  );
  stop.abort();
  assert.ok(!heard["nw-investigator"]?.includes("TW-"));
  assert.ok(!heard["nw-investigator"]?.includes("checkpoint"));
  assert.ok(!heard["home-investigator"]?.includes("NW-"));
});
