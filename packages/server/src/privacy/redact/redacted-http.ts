import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import type { IncidentRecord } from "@tillwatch/wire";
import { idInPath } from "../../access/route-access.ts";
import { problem } from "../../api/problem.ts";
import { typed, type TypedApp } from "../../api/typed.ts";
import { withheldForMinors } from "../../exhibit/exhibit-read.ts";
import type { DbOrTx } from "../../schema.ts";
import { clipAddresses } from "./clip-token.ts";
import { asActor, because, closed, countryCode, idOf, record, type PrivacyHttpDeps } from "../privacy-answer-http.ts";
import { redactRecord } from "./redact-record.ts";
import { minorOf } from "../watch/watch-store.ts";

export type RedactedDeps = PrivacyHttpDeps & {
  readonly plainRecord: (db: DbOrTx, incidentId: string) => Promise<IncidentRecord | null>;
  /** The same with text of people sealed, as it is stored. */
  readonly recordOf: (db: DbOrTx, incidentId: string) => Promise<IncidentRecord | null>;
};

const tags = ["privacy"];
// What stays inside may name a minor; nothing that goes out does (J11).
const inside: ReadonlySet<string> = new Set(["security", "subject_access"]);

function unknownIncident() {
  return problem(404, "incident_unknown", "there is no incident with this id");
}

const opening = { access: { action: "incident:open", on: "incident", id: idInPath() } } as const;

/** One incident, for one purpose in one country; and the address of a clip for whoever may open the case. */
export function redactedRoutes(deps: RedactedDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const redact = {
      tags,
      operationId: "readRedactedIncident",
      summary: "The record as a purpose in a country may have it, and what was withheld",
      params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
      querystring: Type.Object(
        { purpose: Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" }), country: countryCode },
        closed,
      ),
    };
    app.get("/api/v1/incidents/:id/redacted", { schema: redact, config: opening }, async (request, reply) => {
      const id = idOf(request.params.id, unknownIncident);
      const { purpose, country } = request.query;
      const shown = await asActor(deps, request, async (at) => {
        if (!inside.has(purpose) && (await minorOf(at.tx, id)) !== null) {
          throw problem(409, "incident_minor_protected", "a minor is among the people: nothing of it goes outside", {
            remedy: "A person with counsel decides what a court needs.",
          });
        }
        const known = await deps.plainRecord(at.tx, id);
        if (known === null) throw unknownIncident();
        const hidden = inside.has(purpose) ? new Set<string>() : await withheldForMinors(at.tx, id);
        const whole = { ...known, exhibits: known.exhibits.filter((exhibit) => !hidden.has(exhibit.id)) };
        const own = { tokens: [], identifiers: [] };
        const redacted = redactRecord(whole, { purpose, country, profiles: deps.policy.redaction, own });
        if (redacted === null) {
          throw problem(422, "redaction_purpose_unknown", `there is no profile for the purpose ${purpose}`, {
            pointer: "/purpose",
            remedy: `Profiles: ${Object.keys(deps.policy.redaction.purposes).join(", ")}.`,
          });
        }
        await record(deps, at, {
          kind: "incident.redacted",
          subject: { kind: "incident", id },
          because: `a copy for ${purpose} in ${country}`,
          body: {
            purpose,
            country,
            policy: deps.policy.version,
            withheld: redacted.withheld.map(({ field }) => field),
          },
        });
        return { purpose, country, policyVersion: deps.policy.version, ...redacted };
      });
      return reply.header("cache-control", "no-store").send(shown);
    });
    resolveRoute(app, deps);
  };
}

function resolveRoute(app: TypedApp, deps: RedactedDeps): void {
  const resolve = {
    tags,
    operationId: "resolveClipReference",
    summary: "Where the clip behind a token lies: for whoever may open the case; on the record",
    params: Type.Object({
      id: Type.String({ maxLength: 64 }),
      token: Type.String({ pattern: "^clip:[0-9a-f]{32}$" }),
    }),
    body: Type.Object({ because }, closed),
  };
  app.post(
    "/api/v1/incidents/:id/clips/:token/resolution",
    { schema: resolve, config: opening },
    async (request, reply) => {
      const id = idOf(request.params.id, unknownIncident);
      const { token } = request.params;
      const uri = await asActor(deps, request, async (at) => {
        // Tokens are made of addresses as they are stored: a sealed one is opened once it is known to be meant.
        const kept = await deps.recordOf(at.tx, id);
        const found = kept === null ? undefined : clipAddresses(kept, deps.vault).get(token);
        if (found === undefined) throw problem(404, "clip_unknown", "the case has no such clip");
        await record(deps, at, {
          kind: "clip.resolved",
          subject: { kind: "incident", id },
          because: request.body.because,
          body: { clip: token },
        });
        return deps.vault.openWithin(at.tx, found);
      });
      return reply.header("cache-control", "no-store").send({ uri });
    },
  );
}
