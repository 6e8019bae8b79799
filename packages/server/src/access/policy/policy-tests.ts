import { ok, refused, type PolicyMatrixCell, type Result } from "@tillwatch/wire";
import { Type, type Static } from "typebox";
import { readYaml } from "../../platform/yaml-file.ts";
import { isActionName, type ActionName } from "../actions.ts";
import type { Circumstances } from "./entities.ts";
import type { Facts, SiteFacts } from "../facts.ts";
import { cellOf } from "./matrix.ts";
import type { Decision, PolicyEngine } from "./policy-engine.ts";
import type { PolicyProblem, PolicySet } from "./policy-set.ts";
import { homeOrganisation, roles, type Principal, type Role } from "../principal.ts";

const Word = Type.String({ minLength: 1, maxLength: 64 });
const Who = Type.Object(
  {
    kind: Type.Optional(Type.Enum(["person", "service", "device", "administrator"])),
    token: Type.Optional(Word),
    roles: Type.Optional(Type.Array(Type.Enum([...roles]))),
    organisation: Type.Optional(Word),
    sites: Type.Optional(Type.Array(Word)),
    regions: Type.Optional(Type.Array(Word)),
    scopes: Type.Optional(Type.Array(Word)),
  },
  { additionalProperties: false },
);
const What = Type.Object(
  {
    kind: Type.Enum(["platform", "organisation", "own", "site", "incident", "exhibit", "packet", "account", "grant"]),
    organisation: Type.Optional(Word),
    site: Type.Optional(Word),
    region: Type.Optional(Word),
    country: Type.Optional(Word),
    sensitivity: Type.Optional(Type.Enum(["normal", "restricted"])),
    reporter: Type.Optional(Word),
    owner: Type.Optional(Word),
    subjects: Type.Optional(Type.Array(Word)),
    handlers: Type.Optional(Type.Array(Word)),
    shared_with: Type.Optional(Type.Array(Word)),
    asked_by: Type.Optional(Word),
  },
  { additionalProperties: false },
);
const Said = Type.Object(
  {
    purpose: Type.Optional(Word),
    ground: Type.Optional(Word),
    stepped_up: Type.Optional(Type.Boolean()),
    granted: Type.Optional(Type.Boolean()),
    break_glass: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
const Expected = Type.Enum([
  "allow",
  "hidden",
  "access_refused",
  "purpose_required",
  "step_up_required",
  "secondary_use_refused",
]);
const RoleList = Type.Optional(Type.Array(Type.Enum([...roles]), { minItems: 1 }));
// Roles by the answer that the page of policies shows; a role that is not named is refused.
const Row = Type.Object(
  {
    allowed: RoleList,
    with_second_proof: RoleList,
    with_purpose: RoleList,
    with_both: RoleList,
    own_only: RoleList,
  },
  { additionalProperties: false },
);
const StatedCase = Type.Object(
  {
    says: Type.String({ minLength: 1, maxLength: 300 }),
    who: Who,
    action: Type.Union([Word, Type.Array(Word, { minItems: 1 })]),
    what: What,
    context: Type.Optional(Said),
    expect: Expected,
    by: Type.Optional(Word), // the policy that decides
  },
  { additionalProperties: false },
);
const TestFile = Type.Object(
  {
    tests: Type.Optional(Type.Array(StatedCase, { minItems: 1 })),
    matrix: Type.Optional(Type.Record(Type.String(), Row, { minProperties: 1 })), // a row for each action that people have
  },
  { additionalProperties: false, minProperties: 1 },
);
type TestFile = Static<typeof TestFile>;
type Case = Static<typeof StatedCase>;

/** One expectation of a `*.test.yaml` beside the policies: what is answered, or (`cell`) a cell of the matrix of roles and actions. */
export type PolicyTest = {
  readonly file: string;
  readonly says: string;
  readonly action: ActionName;
  readonly by: string | null;
} & (
  | {
      readonly kind: "stated";
      readonly principal: Principal;
      readonly facts: Facts;
      readonly circumstances: Circumstances;
      readonly expect: Static<typeof Expected>;
    }
  | { readonly kind: "cell"; readonly role: Role; readonly expect: PolicyMatrixCell["answer"] }
);

export type PolicyTestResult = {
  readonly test: PolicyTest;
  readonly ok: boolean;
  readonly got: string;
  readonly by: readonly string[];
};

/** Reads `policies/*.test.yaml` of a pack; a test of several actions is one test for each. Refuses words that policies do not know. */
export function readPolicyTests(
  files: ReadonlyMap<string, string>,
  set: PolicySet,
): Result<readonly PolicyTest[], readonly PolicyProblem[]> {
  const problems: PolicyProblem[] = [];
  const tests: PolicyTest[] = [];
  for (const [file, text] of files) {
    if (!/^policies\/.*\.test\.ya?ml$/.test(file)) continue;
    const read = readYaml(text, file, TestFile);
    if (!read.ok) {
      problems.push(...read.error);
      continue;
    }
    for (const one of read.value.tests ?? []) tests.push(...testsOf(one, { file, set, problems }));
    tests.push(...cellsOf(read.value.matrix ?? {}, { file, set, problems }));
  }
  return problems.length > 0 ? refused(problems) : ok(tests);
}

type Reading = { readonly file: string; readonly set: PolicySet; readonly problems: PolicyProblem[] };

function testsOf(one: Case, { file, set, problems }: Reading): readonly PolicyTest[] {
  const say = (message: string) => problems.push({ file, line: null, message: `${one.says}: ${message}` });
  const { purpose = null, ground = null } = one.context ?? {};
  if (purpose !== null && !set.purposes.includes(purpose)) say(`there is no purpose ${purpose}`);
  if (ground !== null && !set.grounds.includes(ground)) say(`there is no ground ${ground}`);
  if (one.by !== undefined && !set.policies.has(one.by)) say(`there is no policy ${one.by}`);
  return [one.action].flat().flatMap((action) => {
    if (!isActionName(action)) {
      say(`there is no action ${action}`);
      return [];
    }
    return [
      {
        kind: "stated" as const,
        file,
        says: one.says,
        principal: principalOf(one.who),
        action,
        facts: factsOf(one.what),
        circumstances: {
          nowMs: 0,
          purpose,
          ground,
          steppedUp: one.context?.stepped_up ?? false,
          granted: one.context?.granted ?? false,
          breakGlass: one.context?.break_glass ?? false,
        },
        expect: one.expect,
        by: one.by ?? null,
      },
    ];
  });
}

/** A case for each role of each row. Refuses an action that nobody asks as a person, and a role that stands twice in a row. */
function cellsOf(
  matrix: Exclude<TestFile["matrix"], undefined>,
  { file, set, problems }: Reading,
): readonly PolicyTest[] {
  return Object.entries(matrix).flatMap(([action, row]) => {
    const say = (message: string) => problems.push({ file, line: null, message: `${action}: ${message}` });
    if (!isActionName(action) || !isAskedByPeople(set, action)) {
      say("there is no such action of people");
      return [];
    }
    const named = Object.entries(row).flatMap(([answer, list]) => list.map((role) => [role, answer] as const));
    const answers = new Map(named);
    if (answers.size !== named.length) say("a role stands twice");
    return roles.map((role) => ({
      kind: "cell" as const,
      file,
      says: `matrix: ${role}`,
      action,
      role,
      expect: (answers.get(role) ?? "refused") as PolicyMatrixCell["answer"],
      by: null,
    }));
  });
}

function isAskedByPeople(set: PolicySet, action: ActionName): boolean {
  return set.actions.get(action)?.principals.includes("Person") === true;
}

/**
 * What no case says: actions of people without a row in the matrix, and actions that no case allows or that no case refuses. Empty: every
 * action has both, and every role has its answer to every action.
 */
export function policyTestGaps(set: PolicySet, tests: readonly PolicyTest[]): readonly string[] {
  const ofAction = Map.groupBy(tests, ({ action }) => action);
  return [...set.actions.keys()].flatMap((action) => {
    const own = ofAction.get(action) ?? [];
    const isAllowing = ({ kind, expect }: PolicyTest) => (kind === "cell" ? expect !== "refused" : expect === "allow");
    const cells = own.filter(({ kind }) => kind === "cell").length;
    return [
      ...(isAskedByPeople(set, action) && cells !== roles.length ? [`${action}: its row of the matrix`] : []),
      ...(own.some(isAllowing) ? [] : [`${action}: who may`]),
      ...(own.some((one) => !isAllowing(one)) ? [] : [`${action}: who may not`]),
    ];
  });
}

function principalOf(who: Case["who"]): Principal {
  const { kind = "person", token = "user:1", organisation = homeOrganisation } = who;
  return {
    token,
    kind,
    organisationId: organisation,
    roles: who.roles ?? [],
    sites: who.sites ?? (who.regions === undefined ? null : []),
    regions: who.regions ?? null,
    scopes: who.scopes ?? null,
    sessionId: null,
    signedInAtMs: null,
    steppedUpAtMs: null,
  };
}

function factsOf(what: Case["what"]): Facts {
  const { kind, organisation: organisationId = homeOrganisation, sensitivity = "normal" } = what;
  const site: SiteFacts = {
    id: what.site ?? "S-1",
    organisationId,
    region: what.region ?? null,
    country: what.country ?? null,
    kind: "store",
  };
  switch (kind) {
    case "platform":
    case "organisation":
    case "own":
      return { kind };
    case "site":
      return { kind, site, sensitivity };
    case "account":
      return { kind, id: "1", organisationId, token: what.owner ?? "user:2" };
    case "grant":
      return { kind, id: "1", organisationId, askedBy: what.asked_by ?? "user:2", site };
    case "incident":
    case "exhibit":
    case "packet": {
      const { reporter = null, owner = null, subjects = [], handlers = null, shared_with: sharedWith = [] } = what;
      return { kind, id: "1", incidentId: "1", site, sensitivity, reporter, owner, subjects, handlers, sharedWith };
    }
  }
}

export function runPolicyTests(engine: PolicyEngine, tests: readonly PolicyTest[]): readonly PolicyTestResult[] {
  return tests.map((test) => {
    const { got, by } = test.kind === "cell" ? askedCell(engine, test) : askedStated(engine, test);
    const decided = test.by === null || by.includes(test.by);
    return { test, ok: got === test.expect && decided, got, by };
  });
}

function askedCell(engine: PolicyEngine, { action, role }: Extract<PolicyTest, { kind: "cell" }>) {
  const { answer, by } = cellOf(engine, { role, action, resource: engine.set.actions.get(action)?.resources[0] ?? "" });
  return { got: answer, by };
}

function askedStated(engine: PolicyEngine, test: Extract<PolicyTest, { kind: "stated" }>) {
  const { principal, action, facts, circumstances } = test;
  const decision = engine.decide({ principal, action, facts, circumstances });
  return { got: wordOf(decision), by: decision.by };
}

export function wordOf(decision: Decision): Static<typeof Expected> {
  switch (decision.kind) {
    case "allowed":
      return "allow";
    case "hidden":
      return "hidden";
    case "refused":
      return decision.code;
  }
}
