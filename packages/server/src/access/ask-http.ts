import type { FastifyInstance, FastifyRequest } from "fastify";
import { HttpProblem, problem } from "../api/problem.ts";
import type { ActionName } from "./actions.ts";
import type { Access } from "./ask.ts";
import { actorNow, actorOf, isPublic } from "./authenticate-http.ts";
import type { Circumstances } from "./policy/entities.ts";
import type { Facts } from "./facts.ts";
import { missingScope, programRemedy, type Decision, type Refusal } from "./policy/policy-engine.ts";
import type { Principal } from "./principal.ts";
import { rememberRefused } from "./refused-http.ts";
import type { ObjectKind, RouteAccess } from "./route-access.ts";
import type { Scope } from "./scope.ts";

/** What a request was answered by the policies. */
export type Asked = {
  readonly access: RouteAccess;
  readonly facts: Facts;
  readonly circumstances: Circumstances;
  readonly decision: Decision;
  readonly scope: Scope;
  readonly decisions: Map<ActionName, Decision>; // each question once
};

declare module "fastify" {
  interface FastifyRequest {
    /** What the answer may be made of. Throws on a public route. */
    readonly scope: Scope;
  }
}

const answered = new WeakMap<FastifyRequest, { readonly asked: Asked; readonly access: Access }>();

/**
 * Installs the one hook that asks, after authentication and before a body is read (`at: "body"`: once the body was checked).
 * Throws 403 `access_refused`, `purpose_required`, `step_up_required`, `secondary_use_refused`, or the 404 of an unknown id.
 */
export function askBefore(app: FastifyInstance, access: Access): void {
  app.decorateRequest("scope", {
    getter(this: FastifyRequest): Scope {
      return askedOf(this).scope;
    },
  });
  app.addHook("onRequest", async (request) => {
    const wanted = wantedBy(request);
    if (wanted !== null && !inBody(wanted)) await askFor(request, access, wanted);
  });
  app.addHook("preHandler", async (request) => {
    const wanted = wantedBy(request);
    if (wanted !== null && inBody(wanted)) await askFor(request, access, wanted);
  });
}

function wantedBy(request: FastifyRequest): RouteAccess | null {
  if (request.is404 || isPublic(request.routeOptions)) return null;
  const wanted = request.routeOptions.config.access;
  // Registration refuses such a route; should one come in all the same, it stays shut.
  if (wanted === undefined) throw problem(403, "access_refused", "no policy is asked for this operation");
  return wanted;
}

function inBody(wanted: RouteAccess): boolean {
  return "at" in wanted && wanted.at === "body";
}

async function askFor(request: FastifyRequest, access: Access, wanted: RouteAccess): Promise<void> {
  const asked = await answerOf(request, access, { wanted, principal: actorOf(request) });
  if (asked.decision.kind !== "allowed") {
    rememberRefused(request, asked.facts);
    throw refusalOf(asked.decision, asked.facts, inBody(wanted));
  }
  answered.set(request, { asked, access });
}

type Asking = { readonly wanted: RouteAccess; readonly principal: Principal };

async function answerOf(request: FastifyRequest, access: Access, { wanted, principal }: Asking): Promise<Asked> {
  const { action } = wanted;
  if (wanted.on === "sites") {
    const scope = await access.scope(principal, action);
    const facts: Facts = { kind: "organisation" };
    const circumstances = await access.circumstances(principal, facts);
    if (scope === null) throw refusalOf(missingScope({ principal, action }) ?? nowhereFor(principal, action), facts);
    const decision: Decision = { kind: "allowed", by: [] };
    return { access: wanted, facts, circumstances, decision, scope, decisions: new Map() };
  }
  const facts = "id" in wanted ? await factsOf(access, wanted, wanted.id(request)) : plainFacts[wanted.on];
  const circumstances = await access.circumstances(principal, facts);
  const decision = access.engine.decide({ principal, action, facts, circumstances });
  const scope =
    "site" in facts && facts.kind !== "grant" ? access.siteOnly(principal, facts.site) : access.reach(principal);
  return { access: wanted, facts, circumstances, decision, scope, decisions: new Map([[action, decision]]) };
}

function nowhereFor({ kind }: Principal, action: ActionName): Refusal {
  const nowhere = { kind: "refused", code: "access_refused", by: [], says: "no policy allows it at any site" } as const;
  return kind === "service" ? { ...nowhere, remedy: programRemedy(action) } : nowhere;
}

const plainFacts = {
  installation: { kind: "platform" },
  organisation: { kind: "organisation" },
  own: { kind: "own" },
} as const satisfies Record<string, Facts>;

/**
 * What is known of the thing. Of an id that nothing has it is what would be known of a thing of nobody's, and the same is asked about it: an
 * attacker must not tell "not yours" from "not there" by how long the answer takes.
 */
async function factsOf(access: Access, wanted: RouteAccess, id: string): Promise<Facts> {
  const kind = wanted.on as ObjectKind;
  const find = access.finders[kind];
  if (find === undefined) throw new Error(`a route asks about a ${kind}, and nothing finds one`);
  return (await find(id)) ?? nobodys(kind, id);
}

// No organisation can have this id (organisationIdPattern), so no principal is of it, and the wall round organisations hides the thing.
const nobody = "-nobody-";
const noId = "00000000-0000-0000-0000-000000000000";

function nobodys(kind: ObjectKind, id: string): Facts {
  const site = {
    id: kind === "site" ? id : "nowhere",
    organisationId: nobody,
    region: null,
    country: null,
    kind: "store",
  };
  switch (kind) {
    case "site":
      return { kind, site, sensitivity: "normal" };
    case "account":
      return { kind, id: noId, organisationId: nobody, token: nobody };
    case "grant":
      return { kind, id: noId, organisationId: nobody, askedBy: nobody, site: null };
    case "incident":
    case "exhibit":
    case "packet":
      return {
        kind,
        id: noId,
        incidentId: noId,
        site,
        sensitivity: "normal",
        reporter: null,
        owner: null,
        subjects: [],
        sharedWith: [],
      };
  }
}

/** What this request was answered. Throws on a public route. */
export function askedOf(request: FastifyRequest): Asked {
  const known = answered.get(request);
  if (known === undefined) throw new Error("nothing was asked for this request");
  return known.asked;
}

/** `unidentified`: what was shown (a key, a session) holds no longer. */
export type AskedAgain =
  | { readonly kind: "allowed"; readonly principal: Principal; readonly scope: Scope }
  | { readonly kind: "refused" | "unidentified" };

/** Asks once more for an answer that goes on for long (a stream): who asks, and what that person or program may see, as of now. */
export async function askAgain(request: FastifyRequest): Promise<AskedAgain> {
  const known = answered.get(request);
  const principal = await actorNow(request);
  if (known === undefined || principal === null) return { kind: "unidentified" };
  const asking = { wanted: known.asked.access, principal };
  try {
    const { decision, scope } = await answerOf(request, known.access, asking);
    return decision.kind === "allowed" ? { kind: "allowed", principal, scope } : { kind: "refused" };
  } catch (fault) {
    if (fault instanceof HttpProblem) return { kind: "refused" };
    throw fault;
  }
}

/** Another question about the same thing, for a part of an answer; each is asked once a request. */
export function mayAlso(request: FastifyRequest, action: ActionName): Decision {
  const known = answered.get(request);
  if (known === undefined) throw new Error("nothing was asked for this request");
  const { asked, access } = known;
  const before = asked.decisions.get(action);
  if (before !== undefined) return before;
  const { facts, circumstances } = asked;
  const decision = access.engine.decide({ principal: actorOf(request), action, facts, circumstances });
  asked.decisions.set(action, decision);
  return decision;
}

/** All that whoever asked may do with the case that was asked about; empty where it was about no case. */
export function mayWithIt(request: FastifyRequest): readonly ActionName[] {
  const known = answered.get(request);
  if (known === undefined) throw new Error("nothing was asked for this request");
  const { facts, circumstances } = known.asked;
  return "incidentId" in facts ? known.access.mayWith(actorOf(request), facts, circumstances) : [];
}

/** Another question about the same thing, whose no ends the request. */
export function demandAlso(request: FastifyRequest, action: ActionName): void {
  const decision = mayAlso(request, action);
  if (decision.kind === "allowed") return;
  const { facts } = askedOf(request);
  rememberRefused(request, facts);
  throw refusalOf(decision, facts);
}

type Refused = Exclude<Decision, { kind: "allowed" }>;

/** The refusal as people get it. */
export function refusalOf(decision: Refused, facts: Facts, named = false): HttpProblem {
  if (decision.kind === "hidden") return unknown(facts.kind, named && facts.kind === "site" ? facts.site.id : null);
  const { code, says, remedy = remedies[code] } = decision;
  return problem(403, code, sentenceOf(says), { remedy });
}

const remedies = {
  access_refused:
    "Ask whoever administers people for the role, or ask for access for a time: POST /api/v1/grants with what and why.",
  purpose_required:
    "Say why you need it: POST /api/v1/grounds with incidentId, purpose and ground. It holds for this case and some hours, and stands in the record.",
  secondary_use_refused: "Use it for what it was recorded for: state another purpose, or none.",
  step_up_required: "Prove once more who you are (passkey or code), then do it again within ten minutes.",
} as const;

function sentenceOf(says: string): string {
  return says.charAt(0).toLowerCase() + says.slice(1);
}

/** The same words as an id that does not exist. `named`: the id that a body named, where it is a wrong word and no wrong address. */
function unknown(kind: Facts["kind"], named: string | null): HttpProblem {
  switch (kind) {
    case "incident":
      return problem(404, "incident_unknown", "there is no incident with this id", {
        remedy: "Search for its reference with GET /api/v1/incidents?q=TW-...",
      });
    case "exhibit":
      return problem(404, "exhibit_unknown", "there is no such exhibit");
    case "packet":
      return problem(404, "packet_unknown", "there is no such packet");
    case "site":
      if (named === null) return problem(404, "site_unknown", "there is no such site");
      return problem(422, "site_unknown", `site ${named} is not in the directory`, { pointer: "/siteId" });
    case "account":
      return problem(404, "account_unknown", "there is no such account");
    case "grant":
      return problem(404, "grant_unknown", "there is no such grant");
    case "platform":
    case "organisation":
    case "own":
      return problem(403, "access_refused", "no policy allows it", { remedy: remedies.access_refused });
  }
}
