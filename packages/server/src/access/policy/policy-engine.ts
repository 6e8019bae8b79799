import { preparsePolicySet, preparseSchema, statefulIsAuthorized } from "@cedar-policy/cedar-wasm/nodejs";
import type { ActionName } from "../actions.ts";
import { contextOf, kindOf, principalEntity, resourceEntities } from "./entities.ts";
import type { Circumstances, InstallationMay } from "./entities.ts";
import type { Facts } from "../facts.ts";
import type { PolicySet } from "./policy-set.ts";
import type { Principal } from "../principal.ts";

export type Question = {
  readonly principal: Principal;
  readonly action: ActionName;
  readonly facts: Facts;
  readonly circumstances: Circumstances;
};

export const refusalCodes = [
  "access_refused",
  "purpose_required",
  "secondary_use_refused",
  "step_up_required",
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** `by`: ids of the policies that decided. `hidden`: to be answered like an unknown id. */
export type Decision =
  | { readonly kind: "allowed"; readonly by: readonly string[] }
  | { readonly kind: "hidden"; readonly by: readonly string[] }
  | {
      readonly kind: "refused";
      readonly code: RefusalCode;
      readonly by: readonly string[];
      readonly says: string;
      readonly remedy?: string; // absent: the one that fits people
    };

export type Refusal = Extract<Decision, { kind: "refused" }>;

/** The policies could not be evaluated: a bug, answered with a refusal and told to the operator. */
export type PolicyFault = { readonly policy: string; readonly message: string };

type Options = {
  readonly installationMay?: InstallationMay;
  readonly onFault?: (faults: readonly PolicyFault[]) => void;
};

/** Asks the policies. Default deny; a `forbid` wins; a policy that fails while it is evaluated refuses, whatever the others say. */
export class PolicyEngine {
  readonly set: PolicySet;
  /** Whether a policy speaks of a site by its id. */
  readonly namesSites: boolean;
  readonly #may: InstallationMay;
  readonly #onFault: (faults: readonly PolicyFault[]) => void;

  constructor(set: PolicySet, { installationMay = "everything", onFault = () => {} }: Options = {}) {
    this.set = set;
    this.namesSites = [...set.policies.values()].some(({ text }) => text.includes('Site::"'));
    this.#may = installationMay;
    this.#onFault = onFault;
    const staticPolicies = Object.fromEntries([...set.policies].map(([id, { text }]) => [id, text]));
    const parsed = [preparseSchema(set.version, set.schema), preparsePolicySet(set.version, { staticPolicies })];
    const failed = parsed.find((answer) => answer.type === "failure");
    if (failed?.type === "failure") throw new Error(`${set.version}: ${failed.errors[0]?.message}`);
  }

  decide(question: Question): Decision {
    return missingScope(question) ?? forProgram(this.#decide(question), question);
  }

  #decide(question: Question): Decision {
    if (!this.#fits(question)) return refusal("access_refused", { by: [], says: "no policy allows it" });
    const answer = this.#ask(question);
    if (answer.allowed) return { kind: "allowed", by: answer.by };
    const notes = answer.by.flatMap((id) => this.set.policies.get(id) ?? []);
    if (notes.some((note) => note.hides)) return { kind: "hidden", by: answer.by };
    const coded =
      notes.find((note) => note.code === "secondary_use_refused") ?? notes.find((note) => note.code !== null);
    if (coded === undefined) {
      const says = notes[0]?.says ?? "no policy allows it";
      return refusal("access_refused", { by: answer.by, says });
    }
    // Whoever could not do it with a purpose and a second proof either is told so at once.
    if (coded.code !== "secondary_use_refused" && !this.#couldBe(question)) {
      return refusal("access_refused", { by: answer.by, says: "no policy allows it" });
    }
    return refusal(coded.code as RefusalCode, { by: answer.by, says: coded.says });
  }

  /** Whether the schema knows this kind of principal with this action and this kind of thing. */
  #fits({ principal, action, facts }: Question): boolean {
    const note = this.set.actions.get(action);
    const [resource] = resourceEntities(facts, principal);
    const type = "type" in resource.uid ? resource.uid.type : "";
    return note !== undefined && note.principals.includes(kindOf[principal.kind]) && note.resources.includes(type);
  }

  #couldBe(question: Question): boolean {
    const ground = this.set.grounds[0] ?? null;
    return this.set.purposes.some((purpose) => {
      const circumstances = { ...question.circumstances, steppedUp: true, purpose, ground };
      return this.#ask({ ...question, circumstances }).allowed;
    });
  }

  #ask({ principal, action, facts, circumstances }: Question): { allowed: boolean; by: readonly string[] } {
    const [resource, ...others] = resourceEntities(facts, principal);
    const asker = principalEntity(principal, this.#may);
    const answer = statefulIsAuthorized({
      principal: { type: kindOf[principal.kind], id: principal.token },
      action: { type: "Action", id: action },
      resource: resource.uid,
      context: contextOf(principal.token, circumstances),
      preparsedSchemaName: this.set.version,
      validateRequest: true,
      preparsedPolicySetId: this.set.version,
      entities: [asker, resource, ...others],
    });
    if (answer.type === "failure") {
      this.#onFault(answer.errors.map(({ message }) => ({ policy: "", message })));
      return { allowed: false, by: [] };
    }
    const { decision, diagnostics } = answer.response;
    if (diagnostics.errors.length > 0) {
      this.#onFault(diagnostics.errors.map(({ policyId, error }) => ({ policy: policyId, message: error.message })));
      return { allowed: false, by: [] };
    }
    // The library names them in any order, and the words of a refusal are chosen from them.
    return { allowed: decision === "allow", by: diagnostics.reason.toSorted() };
  }
}

/** The refusal of a key that lacks the action, by its name; null: it has it, or it is no key. */
export function missingScope({ principal, action }: Pick<Question, "principal" | "action">): Refusal | null {
  const { scopes } = principal;
  if (scopes === null || scopes.includes(action)) return null;
  const says = `the key was not given this action: ${action}`;
  const remedy = `Ask an administrator for a key that has ${action} among its scopes: a key has those of its service account, which are stated when that is made (docs/how-to/api-keys.md).`;
  return { kind: "refused", code: "access_refused", by: [], says, remedy };
}

/** Access for a time is for people: what a program may is stated with its account. */
function forProgram(decision: Decision, { principal, action }: Pick<Question, "principal" | "action">): Decision {
  if (principal.kind !== "service" || decision.kind !== "refused" || decision.code !== "access_refused")
    return decision;
  return { ...decision, remedy: programRemedy(action) };
}

/** Where the scopes have the action and the policies do not allow it. */
export function programRemedy(action: ActionName): string {
  return `Where a program may do ${action} at all, an administrator makes a service account with a role that may, and a key of it (docs/how-to/api-keys.md).`;
}

function refusal(code: RefusalCode, why: { by: readonly string[]; says: string }): Decision {
  return { kind: "refused", code, ...why };
}
