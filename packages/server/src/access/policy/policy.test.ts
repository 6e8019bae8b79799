import assert from "node:assert/strict";
import { test } from "node:test";
import { testCase, testPolicies } from "../../testing/access.ts";
import { shippedPolicies } from "../../testing/pack.ts";
import type { ActionName } from "../actions.ts";
import type { Circumstances } from "./entities.ts";
import type { Facts, SiteFacts } from "../facts.ts";
import { PolicyEngine } from "./policy-engine.ts";
import { loadPolicies } from "./policy-set.ts";
import { installationPrincipal, type Principal, type Role } from "../principal.ts";

const calm: Circumstances = {
  nowMs: 0,
  steppedUp: false,
  granted: false,
  breakGlass: false,
  purpose: null,
  ground: null,
};
const stated: Circumstances = { ...calm, purpose: "incident_investigation", ground: "legitimate_interest" };

function person(role: Role, more: Partial<Principal> = {}): Principal {
  return { ...installationPrincipal, kind: "person", token: "user:1", roles: [role], ...more };
}

type Answer = { principal: Principal; action: ActionName; facts?: Facts; circumstances?: Circumstances };
const engine = new PolicyEngine(testPolicies());

function answer({ principal, action, facts = testCase("exhibit", "x"), circumstances = calm }: Answer): string {
  const decision = engine.decide({ principal, action, facts, circumstances });
  return decision.kind === "refused" ? decision.code : decision.kind;
}

test("N01 J18 U13 what is about a person opens for a purpose, inside the walls, and never for a secondary use", () => {
  const investigator = person("investigator");
  const open = "exhibit:open";
  const about = (more: object) => testCase("exhibit", "x", more);
  const elsewhere: SiteFacts = { id: "S-9", organisationId: "other", region: null, country: null, kind: "store" };
  const cases: readonly (readonly [Answer, string])[] = [
    [{ principal: investigator, action: open }, "purpose_required"],
    [{ principal: investigator, action: open, circumstances: stated }, "allowed"],
    [{ principal: investigator, action: open, circumstances: { ...stated, purpose: "hr" } }, "secondary_use_refused"],
    [
      { principal: investigator, action: open, circumstances: { ...stated, purpose: "marketing" } },
      "secondary_use_refused",
    ],
    [{ principal: person("analyst"), action: open, circumstances: stated }, "access_refused"],
    [{ principal: person("analyst"), action: open }, "access_refused"],
    [{ principal: person("investigator", { sites: ["S-2"] }), action: open, circumstances: stated }, "hidden"],
    [{ principal: investigator, action: open, facts: about({ site: elsewhere }), circumstances: stated }, "hidden"],
    [{ principal: installationPrincipal, action: open }, "allowed"],
    [{ principal: installationPrincipal, action: open, facts: about({ site: elsewhere }) }, "hidden"],
    [
      { principal: investigator, action: open, facts: about({ subjects: ["user:1"] }), circumstances: stated },
      "hidden",
    ],
    [{ principal: person("guard"), action: "incident:read", facts: testCase("incident", "x", restricted) }, "hidden"],
    [
      { principal: person("administrator"), action: "incident:read", facts: testCase("incident", "x") },
      "access_refused",
    ],
    [{ principal: person("auditor"), action: "audit:read", facts: { kind: "organisation" } }, "allowed"],
    [{ principal: person("auditor"), action: open, circumstances: stated }, "access_refused"],
    [{ principal: person("auditor"), action: "misuse:read", facts: { kind: "organisation" } }, "allowed"],
    [
      { principal: person("data_protection_officer"), action: "misuse:decide", facts: { kind: "organisation" } },
      "allowed",
    ],
    [{ principal: person("administrator"), action: "misuse:read", facts: { kind: "organisation" } }, "access_refused"],
    [{ principal: person("administrator"), action: "control:run", facts: { kind: "platform" } }, "allowed"],
    [
      { principal: person("investigator"), action: "configuration:read", facts: { kind: "organisation" } },
      "access_refused",
    ],
    [
      { principal: { ...investigator, scopes: ["incident:list"] }, action: open, circumstances: stated },
      "access_refused",
    ],
  ];
  for (const [asked, want] of cases) {
    const { principal, action, circumstances } = asked;
    assert.equal(answer(asked), want, JSON.stringify([principal.roles, action, circumstances?.purpose]));
  }
});

test("N10 a key is told which action it lacks and who gives it one; a program is sent to nobody for access for a time", () => {
  const program = person("analyst", { kind: "service", token: "service:1", scopes: ["rule:write"] });
  const ask = (action: ActionName, principal: Principal) => {
    const decision = engine.decide({ principal, action, facts: { kind: "platform" }, circumstances: calm });
    assert.equal(decision.kind === "refused" ? decision.code : decision.kind, "access_refused");
    return decision.kind === "refused" ? decision : assert.fail();
  };
  const lacks = ask("rule:read", program);
  assert.equal(lacks.says, "the key was not given this action: rule:read");
  assert.match(lacks.remedy ?? "", /administrator for a key that has rule:read among its scopes/);
  const mayNot = ask("rule:write", { ...program, roles: ["guard"] });
  assert.match(mayNot.remedy ?? "", /an administrator makes a service account with a role that may/);
  assert.equal(ask("rule:write", person("guard")).remedy, undefined, "a person asks for a role, or for a time");
});

const restricted = { sensitivity: "restricted" } as const;

test("N05 release needs a second proof; who could not release either way is not asked for one", () => {
  const facts = testCase("packet", "p");
  const release = (role: Role, circumstances: Circumstances) =>
    answer({ principal: person(role), action: "packet:release", facts, circumstances });
  assert.equal(release("investigator", stated), "step_up_required");
  assert.equal(release("investigator", { ...stated, steppedUp: true }), "allowed");
  assert.equal(release("guard", stated), "access_refused");
});

test("N09 a partner sees what was shared with it, with a ground, and nothing else", () => {
  const officer = person("partner_officer", { organisationId: "police" });
  const shared = testCase("incident", "x", { sharedWith: ["police"] });
  const police = { ...stated, purpose: "police_request", ground: "official_request" };
  const read = (facts: Facts, circumstances: Circumstances) =>
    answer({ principal: officer, action: "incident:read", facts, circumstances });
  assert.equal(read(shared, calm), "purpose_required");
  assert.equal(read(shared, police), "allowed");
  assert.equal(read(shared, stated), "purpose_required");
  assert.equal(read(testCase("incident", "x"), police), "hidden");
  assert.equal(answer({ principal: officer, action: "ground:state", facts: shared }), "allowed");
});

test("N09 N12 organisations are the operator's; a case is shared by who decides on cases, with a second proof", () => {
  const share = (role: Role, circumstances: Circumstances) =>
    answer({ principal: person(role), action: "incident:share", facts: testCase("incident", "x"), circumstances });
  assert.equal(share("investigator", stated), "step_up_required");
  assert.equal(share("investigator", { ...stated, steppedUp: true }), "allowed");
  assert.equal(share("store_manager", { ...stated, steppedUp: true }), "access_refused");
  const write = (more: Partial<Principal>) =>
    answer({ principal: person("administrator", more), action: "organisation:write", facts: { kind: "platform" } });
  assert.equal(write({}), "allowed");
  assert.equal(write({ organisationId: "other" }), "hidden");
  const officer = person("partner_officer", { organisationId: "police" });
  assert.equal(answer({ principal: officer, action: "share:list", facts: { kind: "organisation" } }), "allowed");
});

test("N03 who contributes neither closes nor decides nor deletes", () => {
  const incident = testCase("incident", "x");
  for (const role of ["colleague", "guard"] as const) {
    for (const action of ["incident:close", "incident:move", "incident:edit", "incident:override"] as const) {
      const asked = { principal: person(role), action, facts: incident, circumstances: stated };
      assert.equal(answer(asked), "access_refused", `${role} ${action}`);
    }
  }
});

test("U03 policies that do not hold are refused with file, line and reason", () => {
  const policy = (id: string, text: string) =>
    `@id("${id}")\n@says("s")\n@owner("o")\n@date("2026-01-01")\n@review("2026-07-01")\n${text}\n`;
  const closing = 'forbid (principal, action == Action::"exhibit:open", resource)';
  const cases: readonly (readonly [string, string, number, RegExp])[] = [
    ["a syntax error", "permit (principal, action, resource", 1, /unexpected end/],
    ["no id", "permit (principal, action, resource);", 1, /needs @id/],
    ["no owner", '@id("a")\n@says("s")\npermit (principal, action, resource);', 1, /needs @owner/],
    ["a wrong day", policy("a", "permit (principal, action, resource);").replace("2026-07-01", "soon"), 1, /@review/],
    ["an attribute that is not there", policy("a", `${closing}\nwhen { resource.secret };`), 7, /secret/],
    [
      "an attribute that may be missing",
      policy("a", `${closing}\nwhen { context.purpose == Purpose::"hr" };`),
      7,
      /purpose/,
    ],
    [
      "a word that is no purpose",
      policy("a", `${closing}\nwhen { context has purpose && context.purpose == Purpose::"fun" };`),
      7,
      /fun/,
    ],
    [
      "an unknown action",
      policy("a", 'forbid (principal, action == Action::"exhibit:lend", resource);'),
      6,
      /exhibit:lend/,
    ],
    ["an unknown role", policy("a", 'permit (principal in Role::"boss", action, resource);'), 1, /no role boss/],
    ["twice", policy("a", "permit (principal, action, resource);").repeat(2), 1, /stands twice/],
    [
      "a permit that hides",
      `@hides("true")\n${policy("a", "permit (principal, action, resource);")}`,
      1,
      /belong to a forbid/,
    ],
  ];
  for (const [says, text, line, reason] of cases) {
    const files = new Map([...shippedPolicies(), ["policies/own.cedar", text]]);
    const loaded = loadPolicies(files);
    assert.ok(!loaded.ok, says);
    const [problem] = loaded.error;
    assert.ok(problem);
    assert.deepEqual([problem.file, problem.line], ["policies/own.cedar", line], `${says}: ${problem.message}`);
    assert.match(problem.message, reason, says);
  }
  const schema = shippedPolicies().get("policies/schema.cedarschema") ?? "";
  const without = new Map([
    ...shippedPolicies(),
    ["policies/schema.cedarschema", schema.replace(/action "stats:read".*\n/, "")],
  ]);
  assert.ok(!loadPolicies(without).ok, "an action of the program that the schema does not know");
  assert.ok(!loadPolicies(new Map()).ok);
});

test("U03 a forbid that fails while it is evaluated opens no door", () => {
  const overflow =
    '@id("failing")\n@says("s")\n@owner("o")\n@date("2026-01-01")\n@review("2026-07-01")\n' +
    'forbid (principal, action == Action::"incident:list", resource) when { 9223372036854775807 + context.now > 1 };';
  const set = loadPolicies(new Map([...shippedPolicies(), ["policies/own.cedar", overflow]]));
  assert.ok(set.ok, "the validator cannot see an overflow");
  const faults: string[] = [];
  const failing = new PolicyEngine(set.value, { onFault: (all) => faults.push(...all.map(({ policy }) => policy)) });
  const site: SiteFacts = { id: "S-1", organisationId: "home", region: null, country: null, kind: "store" };
  const ask = (nowMs: number) =>
    failing.decide({
      principal: installationPrincipal,
      action: "incident:list",
      facts: { kind: "site", site, sensitivity: "normal" },
      circumstances: { ...calm, nowMs },
    });
  assert.equal(ask(1).kind, "refused");
  assert.deepEqual(faults, ["failing"]);
});
