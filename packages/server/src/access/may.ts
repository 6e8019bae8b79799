import type { ActionName } from "./actions.ts";
import type { Circumstances } from "./policy/entities.ts";
import type { CaseFacts, Facts, SiteFacts } from "./facts.ts";
import type { PolicyEngine } from "./policy/policy-engine.ts";
import type { Principal } from "./principal.ts";

/** Nothing was stated, granted or proven: what is open now, or opens once the person says why or proves who they are. */
export const calm: Circumstances = {
  nowMs: 0,
  steppedUp: false,
  granted: false,
  breakGlass: false,
  purpose: null,
  ground: null,
};

type Asked = { readonly principal: Principal; readonly action: ActionName; readonly facts: Facts };

/** Whether a way leads on: allowed, or refused only until a purpose is stated or a second proof is given. */
export function leadsOn(engine: PolicyEngine, asked: Asked, circumstances: Circumstances = calm): boolean {
  const decision = engine.decide({ ...asked, circumstances });
  if (decision.kind !== "refused") return decision.kind === "allowed";
  return decision.code === "purpose_required" || decision.code === "step_up_required";
}

/** What somebody may do with one case and what belongs to it, in the order of their names. For a page that shows only what works. */
export function mayWithCase(
  engine: PolicyEngine,
  asked: Pick<Asked, "principal"> & { readonly facts: CaseFacts },
  circumstances: Circumstances,
): readonly ActionName[] {
  const { principal, facts } = asked;
  return [...engine.set.actions.values()]
    .filter(({ name, resources }) =>
      kindsOf(resources).some((kind) =>
        leadsOn(engine, { principal, action: name, facts: { ...facts, kind } }, circumstances),
      ),
    )
    .map(({ name }) => name)
    .sort();
}

const caseKinds = ["incident", "exhibit", "packet"] as const;

function kindsOf(resources: readonly string[]): readonly CaseFacts["kind"][] {
  return caseKinds.filter((kind) => resources.some((resource) => resource.toLowerCase() === kind));
}

/**
 * Examples of what an action is about, for the question whether somebody may do it anywhere: a case at `site`, one that the asker
 * reported, one that another organisation shared. Sites are not among them: Access.scope answers for those.
 */
export function examplesFor(principal: Principal, resource: string, site: SiteFacts): readonly Facts[] {
  const kind = resource.toLowerCase();
  const { organisationId, token } = principal;
  switch (kind) {
    case "incident":
    case "exhibit":
    case "packet": {
      const own: CaseFacts = { ...exampleCase(site), kind };
      const elsewhere = { ...site, id: "elsewhere", organisationId: "" };
      return [own, { ...own, reporter: token }, { ...own, site: elsewhere, sharedWith: [organisationId] }];
    }
    case "platform":
    case "organisation":
    case "own":
      return [{ kind }];
    case "account":
      return [{ kind, id: "example", organisationId, token: "user:another" }];
    case "grant":
      return [{ kind, id: "example", organisationId, askedBy: "user:another", site }];
    default:
      return [];
  }
}

export function exampleCase(site: SiteFacts): CaseFacts {
  return {
    kind: "incident",
    id: "example",
    incidentId: "example",
    site,
    sensitivity: "normal",
    reporter: null,
    owner: null,
    subjects: [],
    sharedWith: [],
  };
}

/** A purpose that is refused to somebody whatever the case, with the sentence of the policy. */
export type RefusedPurpose = { readonly purpose: string; readonly says: string };

/** Which purposes a person may state at all, and which are refused and why: asked of the policies with an example of each case. */
export function purposesFor(
  engine: PolicyEngine,
  principal: Principal,
  site: SiteFacts,
): { readonly possible: readonly string[]; readonly refused: readonly RefusedPurpose[] } {
  const ground = engine.set.grounds[0] ?? null;
  const possible: string[] = [];
  const refused: RefusedPurpose[] = [];
  const cases = examplesFor(principal, "incident", site);
  for (const purpose of engine.set.purposes) {
    const circumstances = { ...calm, purpose, ground };
    const decisions = cases.map((facts) => engine.decide({ principal, action: "ground:state", facts, circumstances }));
    const because = decisions.find((decision) => decision.kind === "refused" && decision.code !== "access_refused");
    const open = decisions.some(({ kind }) => kind === "allowed") || because?.kind !== "refused";
    if (open) possible.push(purpose);
    else refused.push({ purpose, says: because.says });
  }
  return { possible, refused };
}
