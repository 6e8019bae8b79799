import assert from "node:assert/strict";
import { test } from "node:test";
import type { FastifyPluginAsync } from "fastify";
import type { WhoAmI } from "@tillwatch/wire";
import { testAccess, testCase, testPolicies, testSite } from "../testing/access.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { testServer } from "../testing/server.ts";
import { actionNames, type ActionName } from "./actions.ts";
import { digestOf } from "./credential.ts";
import { calm, mayWithCase, purposesFor } from "./may.ts";
import { PolicyEngine } from "./policy/policy-engine.ts";
import { installationPrincipal, roles, type Principal, type Role } from "./principal.ts";

const engine = new PolicyEngine(testPolicies());

function person(role: Role, more: Partial<Principal> = {}): Principal {
  return { ...installationPrincipal, kind: "person", token: `user:${role}`, roles: [role], ...more };
}

test("N01 U06 what one may do with a case: also where a purpose or a second proof is asked first, and nothing behind a wall", () => {
  const may = (principal: Principal, more: object = {}, circumstances = calm) =>
    mayWithCase(engine, { principal, facts: testCase("incident", "x", more) }, circumstances);
  const cases: readonly (readonly [string, readonly ActionName[], ActionName, boolean])[] = [
    ["an investigator shares, once proven", may(person("investigator")), "incident:share", true],
    ["an investigator opens, once stated", may(person("investigator")), "exhibit:open", true],
    ["a colleague gives no verdict", may(person("colleague")), "incident:verdict", false],
    ["a colleague writes no note", may(person("colleague")), "incident:note", false],
    ["but to the own report", may(person("colleague"), { reporter: "user:colleague" }), "incident:note", true],
    ["an auditor opens nothing", may(person("auditor")), "incident:read", false],
    ["but what was granted", may(person("auditor"), {}, { ...calm, granted: true }), "incident:open", true],
    [
      "nobody works on what is about himself",
      may(person("counsel"), { subjects: ["user:counsel"] }),
      "incident:read",
      false,
    ],
    [
      "a partner sees nothing unshared",
      may(person("partner_officer", { organisationId: "police" })),
      "incident:read",
      false,
    ],
    [
      "and what was shared, once stated",
      may(person("partner_officer", { organisationId: "police" }), { sharedWith: ["police"] }),
      "exhibit:open",
      true,
    ],
    ["a guard closes nothing", may(person("guard")), "incident:close", false],
    ["another shop is not there", may(person("guard", { sites: ["S-9"] })), "incident:read", false],
  ];
  for (const [says, found, action, want] of cases) assert.equal(found.includes(action), want, says);
});

test("U13 purposes that are refused whatever the case are named with the reason, and a partner has fewer", () => {
  const own = purposesFor(engine, person("investigator"), testSite);
  assert.deepEqual(
    own.refused.map(({ purpose }) => purpose),
    ["hr", "marketing"],
  );
  assert.ok(own.refused.every(({ says }) => says.startsWith("Evidence of crime is not used")));
  assert.ok(own.possible.includes("incident_investigation"));
  const police = purposesFor(engine, person("partner_officer", { organisationId: "police" }), {
    ...testSite,
    organisationId: "police",
  });
  assert.deepEqual([...police.possible].sort(), ["insurance_claim", "legal_claim", "police_request", "safety"]);
  assert.equal(police.possible.length + police.refused.length, engine.set.purposes.length);
});

const probed = actionNames.filter((name) =>
  ["Organisation", "Site"].some((kind) => engine.set.actions.get(name)?.resources.includes(kind)),
);

/** A route for each action about the organisation or about sites. */
const probes: FastifyPluginAsync = async (app) => {
  for (const action of probed) {
    const on = engine.set.actions.get(action)?.resources.includes("Organisation") === true ? "organisation" : "sites";
    app.get(`/api/v1/probe/${action.replace(":", ".")}`, { config: { access: { action, on } } }, async () => ({
      ok: true,
    }));
  }
};

testOnDatabases(
  "N01 the session names an action exactly if its routes answer: every role, every action about organisation or sites",
  async ({ db }, context) => {
    const principals = [
      installationPrincipal,
      ...roles.map((role) => person(role)),
      person("guard", { token: "user:away", sites: ["S-9"] }),
    ];
    const credentials = principals.map((principal) => ({ sha256: digestOf(principal.token), principal }));
    const { app } = await testServer(context, { db, access: testAccess(db), credentials, routes: [probes] });
    for (const { token } of principals) {
      const headers = { authorization: `Bearer ${token}` };
      const { may } = (await app.inject({ url: "/api/v1/session", headers })).json<WhoAmI>();
      for (const action of probed) {
        const answer = await app.inject({ url: `/api/v1/probe/${action.replace(":", ".")}`, headers });
        // A route that asks for a proof first leads on all the same.
        const leads = answer.statusCode === 200 || answer.json<{ code: string }>().code === "step_up_required";
        assert.equal(may.includes(action), leads, `${token} ${action}: ${answer.body}`);
      }
    }
  },
);
