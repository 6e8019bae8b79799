import type { PolicyMatrix, PolicyMatrixCell } from "@tillwatch/wire";
import { actions, type ActionName } from "../actions.ts";
import type { Circumstances } from "./entities.ts";
import type { CaseFacts, Facts, SiteFacts } from "../facts.ts";
import type { PolicyEngine } from "./policy-engine.ts";
import { overduePolicies } from "./policy-set.ts";
import { homeOrganisation, roles, type Principal, type Role } from "../principal.ts";

const partner = "partner";
const site: SiteFacts = { id: "S-1", organisationId: homeOrganisation, region: null, country: null, kind: "store" };
const calm: Circumstances = {
  nowMs: 0,
  steppedUp: false,
  granted: false,
  breakGlass: false,
  purpose: null,
  ground: null,
};

/**
 * Who may do what: each cell is an answer of the policies about a thing of the asker's own organisation and site. Many questions:
 * `pause` is awaited between the rows, so that others are answered meanwhile.
 */
export async function matrixOf(
  engine: PolicyEngine,
  today: string,
  pause: () => Promise<void> = async () => {},
): Promise<PolicyMatrix> {
  const { set } = engine;
  const overdue = new Set(overduePolicies(set, today).map(({ id }) => id));
  const rows: PolicyMatrix["rows"][number][] = [];
  const ofPeople = [...set.actions.values()].filter(({ principals }) => principals.includes("Person"));
  for (const { name, resources } of ofPeople.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const cells = roles.map((role) => cellOf(engine, { role, action: name, resource: resources[0] ?? "" }));
    rows.push({ action: name, says: actions[name], cells });
    await pause();
  }
  const policies = [...set.policies.values()].map((policy) => {
    const { id, effect, says, owner, date, review, file, line, text } = policy;
    return { id, effect, says, owner, date, review, overdue: overdue.has(id), file, line, text };
  });
  return { version: set.version, roles: [...roles], rows, policies };
}

export type Cell = { readonly role: Role; readonly action: ActionName; readonly resource: string };

/** One cell: the answer of the policies about a thing of the asker's own organisation and site. */
export function cellOf(engine: PolicyEngine, { role, action, resource }: Cell): PolicyMatrixCell {
  const principal = personOf(role);
  const isPartner = role === "partner_officer";
  const ask = (facts: Facts, circumstances: Circumstances) =>
    engine.decide({ principal, action, facts, circumstances });
  const facts = factsOf(resource, { partner: isPartner, reporter: null });
  const calmly = ask(facts, calm);
  if (calmly.kind === "allowed") return { answer: "allowed", by: calmly.by };
  if (calmly.kind === "refused" && calmly.code !== "access_refused") {
    const ground = engine.set.grounds[0] ?? null;
    const stated = engine.set.purposes.map((purpose) => ({ ...calm, purpose, ground }));
    const ways: readonly (readonly [PolicyMatrixCell["answer"], readonly Circumstances[]])[] = [
      ["with_second_proof", [{ ...calm, steppedUp: true }]],
      ["with_purpose", stated],
      ["with_both", stated.map((one) => ({ ...one, steppedUp: true }))],
    ];
    for (const [answer, circumstances] of ways) {
      for (const one of circumstances) {
        const decision = ask(facts, one);
        if (decision.kind === "allowed") return { answer, by: decision.by };
      }
    }
  }
  const own = factsOf(resource, { partner: isPartner, reporter: principal.token });
  if (own === facts) return { answer: "refused", by: calmly.by };
  const owned = ask(own, calm);
  const open = owned.kind === "allowed" || (owned.kind === "refused" && owned.code === "purpose_required");
  return { answer: open ? "own_only" : "refused", by: owned.by };
}

/** The matrix tells of a role alone: everywhere in its organisation, with no session. */
function personOf(role: Role): Principal {
  return {
    token: "user:matrix",
    kind: "person",
    organisationId: role === "partner_officer" ? partner : homeOrganisation,
    roles: [role],
    sites: null,
    regions: null,
    scopes: null,
    sessionId: null,
    signedInAtMs: null,
    steppedUpAtMs: null,
  };
}

const samples = new Map<string, Facts>();

function factsOf(resource: string, about: { readonly partner: boolean; readonly reporter: string | null }): Facts {
  const kind = resource.toLowerCase();
  const organisationId = about.partner ? partner : homeOrganisation;
  const reporter = ["incident", "exhibit", "packet"].includes(kind) ? about.reporter : null;
  const key = JSON.stringify([kind, organisationId, reporter]);
  const known = samples.get(key);
  if (known !== undefined) return known;
  const made = sampleOf(kind, { organisationId, reporter, partner: about.partner });
  samples.set(key, made);
  return made;
}

function sampleOf(
  kind: string,
  about: { readonly organisationId: string; readonly reporter: string | null; readonly partner: boolean },
): Facts {
  const { organisationId, reporter } = about;
  switch (kind) {
    case "incident":
    case "exhibit":
    case "packet":
      return {
        kind,
        id: "1",
        incidentId: "1",
        site,
        sensitivity: "normal",
        reporter,
        owner: null,
        subjects: [],
        sharedWith: about.partner ? [partner] : [],
      } satisfies CaseFacts;
    case "site":
      return { kind, site: { ...site, organisationId }, sensitivity: "normal" };
    case "account":
      return { kind, id: "1", organisationId, token: "user:another" };
    case "grant":
      return { kind, id: "1", organisationId, askedBy: "user:another", site };
    case "platform":
    case "organisation":
    case "own":
      return { kind };
    default:
      throw new Error(`the matrix has no example of ${kind}`);
  }
}
