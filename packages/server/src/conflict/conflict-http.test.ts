import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../testing/running-app.ts";
import { signedIn } from "../testing/signed-in.ts";
import { reported, town, who } from "../testing/town.ts";

const credentials = [
  who("investigator", ["home", "investigator"]),
  who("other-manager", ["home", "store_manager"], { sites: ["S-1001"] }),
  who("protection", ["home", "data_protection_officer"]),
  who("clerk", ["home", "colleague"], { sites: ["S-1001"] }),
];
type Ref = { readonly ref: string; readonly id: string };

test("N13 a report about the manager: not in his queue, counts, search, stream or by its id; others handle it", async (context) => {
  const { app, as, operator } = await town(context, credentials);
  const [clerk, investigator, other] = [as("clerk"), as("investigator"), as("other-manager")];
  // A manager with an account, as people have one.
  const cookie = await signedIn(app.url, app.admin.token, { roles: ["store_manager"], sites: ["S-1001"] });
  const manager = async (path: string) => {
    const answer = await fetch(new URL(path, app.url), { headers: { cookie } });
    const text = await answer.text();
    return { status: answer.status, text, json: text.startsWith("{") ? JSON.parse(text) : null };
  };
  const me = (await manager("/api/v1/session")).json;
  const colleagues = await clerk("/api/v1/sites/S-1001/colleagues");
  assert.equal(colleagues.status, 200, colleagues.text);
  assert.ok(!colleagues.text.includes("user:"), "a name to pick leads to no token");
  const [boss] = colleagues.json.items.filter((one: { roles: string[] }) => one.roles.includes("store_manager"));
  assert.deepEqual(colleagues.json.handlers, ["counsel", "data_protection_officer", "investigator"]);
  assert.match(boss.name, /Person/);

  // He listens while it is reported.
  const heard = { manager: "", investigator: "" };
  const stop = new AbortController();
  for (const [name, headers] of [
    ["manager", { cookie }],
    ["investigator", { authorization: "Bearer investigator" }],
  ] as const) {
    const stream = await fetch(new URL("/api/v1/events", app.url), { headers, signal: stop.signal });
    assert.equal(stream.status, 200);
    const follow = async () => {
      for await (const chunk of stream.body ?? []) heard[name] += Buffer.from(chunk).toString("utf8");
    };
    follow().catch(() => {}); // the reader leaves at the end of the test
  }
  const before = (await manager("/api/v1/stats")).json.incidents;
  const made = await clerk("/api/v1/incidents", {
    siteId: "S-1001",
    category: "other",
    occurredAt: new Date(Date.now() - 60_000).toISOString(),
    summary: "The quokka ledger was changed after closing time.",
    aboutColleagues: [boss.ref],
  });
  assert.equal(made.status, 201, made.text);
  const about = made.json as Ref;
  const ordinary = await reported(clerk);
  await eventually(async () =>
    heard.manager.includes(ordinary) && heard.investigator.includes(about.id) ? true : null,
  );
  stop.abort();
  assert.ok(!heard.manager.includes(about.id) && !heard.manager.includes(about.ref), "the stream");

  const lists = [
    "/api/v1/incidents",
    `/api/v1/incidents?q=${about.ref}`,
    "/api/v1/incidents?q=quokka",
    "/api/v1/stats",
  ];
  const paths = ["", "/history", "/shares", "/releases", "/retention", "/redacted"].map(
    (path) => `/api/v1/incidents/${about.id}${path}`,
  );
  for (const path of [...lists, ...paths]) {
    for (const [name, answer] of [
      ["the manager", await manager(path)],
      ["another manager", await other(path)],
    ] as const) {
      assert.ok(
        !answer.text.includes(about.ref) && !answer.text.includes("quokka"),
        `${name} at ${path}: ${answer.text}`,
      );
    }
  }
  const nobody = await manager("/api/v1/incidents/00000000-0000-4000-8000-000000000000");
  const his = await manager(`/api/v1/incidents/${about.id}`);
  assert.deepEqual([his.status, his.json.code, his.json.detail], [404, nobody.json.code, nobody.json.detail]);
  const after = (await manager("/api/v1/stats")).json.incidents;
  assert.equal((after.byState.open ?? 0) - (before.byState.open ?? 0), 1, "the ordinary one alone is counted");

  // Whoever handles it, and whoever reported it, sees it; the reporter stands there as a token.
  const worked = await investigator(`/api/v1/incidents/${about.id}`);
  assert.deepEqual([worked.status, worked.json.reporter], [200, "user:clerk"]);
  assert.ok((await investigator("/api/v1/incidents")).text.includes(about.ref));
  assert.ok((await as("protection")("/api/v1/incidents")).text.includes(about.ref));
  assert.equal((await clerk(`/api/v1/incidents/${about.id}`)).status, 200);
  const entries = (await operator(`/api/v1/audit?kind=incident.conflict_routed`)).json.items;
  assert.equal(entries.length, 1);
  assert.ok(me !== null);

  // Nobody who is not there is picked; a colleague who is not on the list is said to be one.
  const wrong = await clerk("/api/v1/incidents", {
    siteId: "S-1001",
    category: "other",
    occurredAt: new Date(Date.now() - 60_000).toISOString(),
    summary: "Somebody else.",
    aboutColleagues: ["0".repeat(32)],
  });
  assert.equal(wrong.json.code, "colleague_unknown");
  const unlisted = await reported(clerk, {
    aboutColleague: true,
    summary: "A driver of the cleaning firm helped himself.",
  });
  assert.equal((await other(`/api/v1/incidents/${unlisted}`)).status, 404);
  assert.equal((await investigator(`/api/v1/incidents/${unlisted}`)).status, 200);
});
