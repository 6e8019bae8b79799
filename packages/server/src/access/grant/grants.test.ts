import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { FastifyPluginAsync } from "fastify";
import type { AccessGrant, LiveEvent, Problem } from "@tillwatch/wire";
import { openGrounds } from "../../app/access.ts";
import { auditPage } from "../../audit/audit-read.ts";
import { systemChance } from "../../platform/chance.ts";
import { LiveFeed } from "../../platform/live-feed.ts";
import type { OpenDatabase } from "../../schema.ts";
import { testAccess, testCase } from "../../testing/access.ts";
import { testOnDatabases } from "../../testing/databases.ts";
import { testFields } from "../../testing/fields.ts";
import { testServer } from "../../testing/server.ts";
import { digestOf } from "../credential.ts";
import { installationPrincipal, type Principal, type Role } from "../principal.ts";
import { idInPath } from "../route-access.ts";

const incident = "00000000-0000-4000-8000-00000000000a";
const other = "00000000-0000-4000-8000-00000000000b";

const probes: FastifyPluginAsync = async (app) => {
  const access = { action: "incident:open", on: "incident", id: idInPath() } as const;
  app.get("/api/v1/probe/:id", { config: { access } }, async () => ({ ok: true }));
};

type Body = Record<string, unknown>;

async function house({ db }: OpenDatabase, context: TestContext) {
  const time = { nowMs: Date.parse("2026-11-20T10:00:00Z") };
  const clock = () => time.nowMs;
  const live = new LiveFeed({ epoch: "test" });
  const events: LiveEvent[] = [];
  live.subscribe((frame) => events.push(frame.event));
  const find = async (id: string) => (id === incident || id === other ? testCase("incident", id) : null);
  const access = testAccess(db, { clock, finders: { incident: find } });
  const fields = await testFields(db);
  const jobs = { enqueueAll: async () => {} };
  const grounds = openGrounds({ db, access, fields, clock, chance: systemChance, live, jobs, groundHours: 8 });
  const person = (role: Role, more: Partial<Principal> = {}): Principal => ({
    ...installationPrincipal,
    kind: "person",
    token: `user:${role}`,
    roles: [role],
    steppedUpAtMs: time.nowMs,
    ...more,
  });
  const people = {
    guard: person("guard"),
    away: person("guard", { token: "user:away", sites: ["S-9"] }),
    investigator: person("investigator"),
    counsel: person("counsel"),
    unproven: person("guard", { token: "user:unproven", steppedUpAtMs: null }),
  };
  const credentials = Object.entries(people).map(([name, principal]) => ({ sha256: digestOf(name), principal }));
  const { app } = await testServer(context, {
    db,
    access,
    clock,
    live,
    credentials,
    routes: [probes, ...grounds.routes],
  });
  const ask = async (who: keyof typeof people, url: string, payload?: Body) => {
    const headers = { authorization: `Bearer ${who}` };
    const method = payload === undefined ? "GET" : "POST";
    const answer = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
    const code = answer.statusCode >= 400 ? answer.json<Problem>().code : String(answer.statusCode);
    return { code, answer };
  };
  const open = async (who: keyof typeof people, id = incident) => (await ask(who, `/api/v1/probe/${id}`)).code;
  const recorded = async () => (await auditPage(db, { limit: 100, order: "oldest" })).items.map(({ kind }) => kind);
  return { time, events, ask, open, recorded, sweep: grounds.sweep };
}

testOnDatabases(
  "J18 O04 U13 a purpose opens one case for some hours, is recorded, and none opens it for staff matters",
  async (database, context) => {
    const { time, ask, open, recorded } = await house(database, context);
    assert.equal(await open("guard"), "purpose_required");
    const state = (purpose: string, ground = "legitimate_interest", incidentId = incident) =>
      ask("guard", "/api/v1/grounds", { incidentId, purpose, ground, note: "asked by the duty manager" });
    assert.equal((await state("fun")).code, "purpose_unknown");
    assert.equal((await state("safety", "because")).code, "ground_unknown");
    assert.equal((await state("hr")).code, "secondary_use_refused");
    assert.equal((await state("marketing")).code, "secondary_use_refused");
    assert.equal((await state("safety", "legitimate_interest", other.replace("b", "c"))).code, "incident_unknown");
    assert.equal(await open("guard"), "purpose_required");
    assert.equal((await state("incident_investigation")).code, "201");
    assert.equal(await open("guard"), "200");
    assert.equal(await open("guard", other), "purpose_required", "another case");
    assert.equal(await open("investigator"), "purpose_required", "another person");
    const list = (await ask("guard", "/api/v1/grounds")).answer.json<{
      items: readonly Body[];
      purposes: readonly string[];
    }>();
    assert.equal(list.items.length, 1);
    assert.ok(list.purposes.includes("police_request"));
    time.nowMs += 8 * 3_600_000;
    assert.equal(await open("guard"), "purpose_required", "its time is over");
    assert.deepEqual(await recorded(), ["ground.refused", "ground.refused", "ground.stated"]);
  },
);

testOnDatabases(
  "N07 access for a time: asked for, approved by another person, used with a ground, and over",
  async (database, context) => {
    const { time, ask, open, recorded, sweep } = await house(database, context);
    assert.equal(await open("away"), "incident_unknown");
    const wanted = { incidentId: incident, purpose: "case_building", ground: "legal_claim", hours: 2 };
    assert.equal((await ask("away", "/api/v1/grants", { ...wanted, because: "short" })).code, "request_invalid");
    assert.equal(
      (await ask("away", "/api/v1/grants", { ...wanted, siteId: "S-1", because: "both at once here" })).code,
      "grant_place_needed",
    );
    const asked = await ask("away", "/api/v1/grants", { ...wanted, because: "I stand in for the guard of this shop" });
    const { id } = asked.answer.json<{ id: string }>();
    assert.equal(await open("away"), "incident_unknown", "asking is not having");
    assert.equal((await ask("away", `/api/v1/grants/${id}/decision`, { approve: true })).code, "access_refused");
    assert.equal((await ask("guard", `/api/v1/grants/${id}/decision`, { approve: true })).code, "access_refused");
    assert.equal((await ask("counsel", `/api/v1/grants/${id}/decision`, { approve: true })).code, "200");
    assert.equal((await ask("counsel", `/api/v1/grants/${id}/decision`, { approve: false })).code, "grant_decided");
    assert.equal(await open("away"), "purpose_required", "a grant is no ground");
    assert.equal(
      (await ask("away", "/api/v1/grounds", { ...wanted, because: undefined, hours: undefined })).code,
      "201",
    );
    assert.equal(await open("away"), "200");
    assert.equal(await open("away", other), "incident_unknown");
    const own = await ask("investigator", "/api/v1/grants", { ...wanted, because: "I would like to see for myself" });
    const ownId = own.answer.json<{ id: string }>().id;
    assert.equal(
      (await ask("investigator", `/api/v1/grants/${ownId}/decision`, { approve: true })).code,
      "access_refused",
    );
    time.nowMs += 2 * 3_600_000;
    assert.equal(await open("away"), "incident_unknown", "its time is over");
    await sweep();
    const items = (await ask("counsel", "/api/v1/grants")).answer.json<{ items: readonly AccessGrant[] }>().items;
    assert.deepEqual(
      new Map(items.map(({ actor, state }) => [actor, state])),
      new Map([
        ["user:away", "ended"],
        ["user:investigator", "requested"],
      ]),
    );
    assert.equal(items.find((grant) => grant.id === id)?.because, "I stand in for the guard of this shop");
    const kinds = await recorded();
    assert.deepEqual(kinds, ["grant.requested", "grant.approved", "ground.stated", "grant.requested", "grant.ended"]);
  },
);

testOnDatabases(
  "N08 N05 breaking glass works at once with a reason and a second proof, alarms, and is reviewed by another person",
  async (database, context) => {
    const { time, events, ask, open, recorded, sweep } = await house(database, context);
    const emergency = { incidentId: incident, because: "A colleague was hurt, I need to know by whom" };
    assert.equal((await ask("unproven", "/api/v1/break-glass", emergency)).code, "step_up_required");
    const broken = await ask("away", "/api/v1/break-glass", emergency);
    assert.equal(broken.code, "201");
    const { id } = broken.answer.json<{ id: string }>();
    assert.equal(await open("away"), "200", "at once, and without a ground");
    assert.equal(await open("away", other), "incident_unknown");
    assert.deepEqual(
      events.map((event) => event.kind === "access_alarm" && event.alarm),
      ["break_glass"],
    );
    const review = `/api/v1/grants/${id}/review`;
    const because = "Nobody was hurt, and the shop knows of nothing";
    assert.equal((await ask("away", review, { review: "justified", because })).code, "access_refused");
    time.nowMs += 4 * 3_600_000;
    assert.equal(await open("away"), "incident_unknown", "an emergency ends");
    time.nowMs += 20 * 3_600_000;
    await sweep();
    await sweep();
    const told = events.map((event) => (event.kind === "access_alarm" ? event.alarm : event.kind));
    assert.deepEqual(told, ["break_glass", "access_changed", "review_overdue"], "overdue is alarmed once");
    const [grant] = (await ask("counsel", "/api/v1/grants")).answer.json<{ items: readonly AccessGrant[] }>().items;
    assert.deepEqual([grant?.kind, grant?.overdue], ["break_glass", true]);
    for (const mute of [{}, { because: "no" }, { because: " ".repeat(12) }]) {
      assert.equal((await ask("counsel", review, { review: "not_justified", ...mute })).code, "request_invalid");
    }
    assert.equal((await ask("counsel", review, { review: "not_justified", because })).code, "204");
    assert.equal((await ask("counsel", review, { review: "justified", because })).code, "grant_reviewed");
    for (const who of ["counsel", "away"] as const) {
      const [judged] = (await ask(who, "/api/v1/grants")).answer.json<{ items: readonly AccessGrant[] }>().items;
      assert.deepEqual([judged?.review, judged?.reviewBecause], ["not_justified", because], `${who} reads why`);
    }
    assert.deepEqual(await recorded(), [
      "break_glass.used",
      "grant.ended",
      "break_glass.review_overdue",
      "break_glass.reviewed",
    ]);
  },
);

testOnDatabases(
  "N08 an emergency that was none ends with its review at once, one that was lasts on",
  async (database, context) => {
    const { events, ask, open, recorded } = await house(database, context);
    const emergency = { incidentId: incident, because: "A colleague was hurt, I need to know by whom" };
    const reviewed = async (review: "justified" | "not_justified") => {
      const { id } = (await ask("away", "/api/v1/break-glass", emergency)).answer.json<{ id: string }>();
      const said = { review, because: "I asked the manager of the shop" };
      assert.equal((await ask("counsel", `/api/v1/grants/${id}/review`, said)).code, "204");
      return id;
    };
    const justified = await reviewed("justified");
    assert.equal(await open("away"), "200");
    assert.equal((await ask("counsel", `/api/v1/grants/${justified}/end`, {})).code, "204");
    const unjustified = await reviewed("not_justified");
    assert.equal(await open("away"), "incident_unknown");
    assert.equal(events.at(-1)?.kind, "access_changed", "the page on which it was open asks again");
    assert.equal((await ask("counsel", `/api/v1/grants/${unjustified}/end`, {})).code, "grant_not_active");
    const each = ["break_glass.used", "break_glass.reviewed", "grant.ended"];
    assert.deepEqual(await recorded(), [...each, ...each]);
  },
);
