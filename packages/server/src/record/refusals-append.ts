import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { CaseFacts } from "../access/facts.ts";
import type { Principal } from "../access/principal.ts";
import { refusedOf } from "../access/refused-http.ts";
import { HttpProblem } from "../api/problem.ts";
import { appendAudit, type AuditRecord } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import { describeFault, type Log } from "../platform/log.ts";
import type { Db } from "../schema.ts";

type Deps = { readonly db: Db; readonly clock: Clock; readonly chance: Chance; readonly log: Log };

// Enough to see somebody trying doors; more in a minute says nothing new and would let him fill the record.
const perMinuteMax = 30;
const minuteMs = 60_000;
const actorsMax = 10_000;

// Refused for its content and not for who asks: somebody wanted to know about a person, and for no case.
const withoutCase: ReadonlySet<string> = new Set(["lookup_without_case", "lookup_case_unknown"]);

/**
 * Puts on the record that somebody who proved who he is was refused (403, or a person looked for without a case): what he asked for, not
 * what he would have seen. Applies to every route that is registered after it.
 */
export function recordRefusals(deps: Deps): FastifyPluginAsync {
  const counted = new Map<string, { readonly minute: number; count: number }>();
  const codes = new WeakMap<FastifyRequest, string>();
  const isTooMany = (actor: string, atMs: number): boolean => {
    const minute = Math.floor(atMs / minuteMs);
    const known = counted.get(actor);
    const of = known?.minute === minute ? known : { minute, count: 0 };
    of.count += 1;
    if (counted.size >= actorsMax) counted.clear();
    counted.set(actor, of);
    return of.count > perMinuteMax;
  };
  const plugin: FastifyPluginAsync = async (app) => {
    app.addHook("onError", async (request, _reply, fault) => {
      if (fault instanceof HttpProblem) codes.set(request, fault.code);
    });
    app.addHook("onResponse", async (request, reply) => {
      const { principal } = request;
      const code = codes.get(request) ?? null;
      const isRefusal = reply.statusCode === 403 || (code !== null && withoutCase.has(code));
      const atMs = deps.clock();
      if (!isRefusal || principal === null || isTooMany(principal.token, atMs)) return;
      const records = refusalsOf(request, principal, { code, atMs });
      try {
        await deps.db.transaction().execute((tx) => appendAudit(tx, records, deps.chance));
      } catch (fault) {
        deps.log.error("a refusal could not be recorded", { fault: describeFault(fault) });
      }
    });
  };
  // The hook is for the whole server, not for this plugin alone.
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true });
}

/**
 * The refusal as his organisation reads it, with the case that it is about; and, where the case is another organisation's that shared it, as
 * that one reads it.
 */
function refusalsOf(
  request: FastifyRequest,
  principal: Principal,
  { code, atMs }: { readonly code: string | null; readonly atMs: number },
): readonly AuditRecord[] {
  const route = request.routeOptions.url ?? "";
  const action = request.routeOptions.config.access?.action ?? null;
  const about = caseRefused(request);
  const record = {
    kind: "access.refused",
    actor: principal.token,
    subject: { kind: "action", id: action ?? (route === "" ? "unknown" : route) },
    because: "refused",
    atMs,
    body: {
      method: request.method,
      route,
      action,
      ...(code === null ? {} : { code }),
      ...(about === null ? {} : { about: `${about.kind} ${about.id}` }),
    },
  };
  const own = { ...record, organisationId: principal.organisationId };
  if (about === null) return [own];
  const { organisationId } = about.site;
  const ofCase = { ...record, organisationId, body: { ...record.body, incidentId: about.incidentId } };
  return organisationId === principal.organisationId ? [ofCase] : [own, ofCase];
}

function caseRefused(request: FastifyRequest): CaseFacts | null {
  const facts = refusedOf(request);
  return facts !== null && "incidentId" in facts ? facts : null;
}
