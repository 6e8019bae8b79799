import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { actorOf } from "../../access/authenticate-http.ts";
import { organisationDb } from "../../access/callers-db.ts";
import { problem } from "../../api/problem.ts";
import { typed, type TypedApp } from "../../api/typed.ts";
import { identifierKinds, normalIdentifier } from "../text/identifiers.ts";
import { personFacts, personsBy, savePerson, seesIncident } from "./known-person-store.ts";
import { endHold, endMark, holdsOn, marksIn, marksOf, saveHold } from "./person-mark-store.ts";
import {
  asActor,
  because,
  closed,
  countryCode,
  identifiers,
  idOf,
  idParams,
  needs,
  personToken,
  record,
  type PrivacyHttpDeps,
} from "../privacy-answer-http.ts";
import { subjectKinds } from "../request/subject-request.ts";

const tags = ["privacy"];
// Someone's data is looked up for these; a purpose that is not about the case has no door here.
const lookupPurposes = ["security", "claims", "subject_request", "safety_duty"] as const;

/** Persons who are known: by token everywhere, by name nowhere. */
export function knownPersonRoutes(deps: PrivacyHttpDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    personRoutes(app, deps);
    lookupRoute(app, deps);
    readRoute(app, deps);
    markRoutes(app, deps);
    holdRoutes(app, deps);
  };
}

function unknownPerson() {
  return problem(404, "person_unknown", "nobody is known by this token");
}

function personRoutes(app: TypedApp, deps: PrivacyHttpDeps): void {
  const add = {
    tags,
    operationId: "addKnownPerson",
    summary: "Makes a person known by identifiers, which are sealed; answers the token",
    body: Type.Object(
      {
        kind: Type.Enum([...subjectKinds]),
        identifiers,
        country: countryCode,
        source: Type.String({ minLength: 2, maxLength: 100 }),
      },
      closed,
    ),
  };
  app.post("/api/v1/known-persons", { schema: add, config: needs("privacy:write") }, async (request, reply) => {
    const { kind, country, source } = request.body;
    if (!request.body.identifiers.some((one) => normalIdentifier(one, country) !== "")) {
      throw problem(422, "subject_unnamed", "a person is known by at least one identifier", {
        pointer: "/identifiers",
      });
    }
    const token = await asActor(deps, request, async (at) => {
      const made = await savePerson(
        at.tx,
        { ...at, kind, country, source, identifiers: request.body.identifiers },
        deps,
      );
      await record(deps, at, {
        kind: "person.known",
        subject: { kind: "person", id: made },
        because: `known from ${source}`,
        body: { kind, identifiers: request.body.identifiers.length },
      });
      return made;
    });
    return reply.code(201).send({ token });
  });
}

function lookupRoute(app: TypedApp, deps: PrivacyHttpDeps): void {
  const lookup = {
    tags,
    operationId: "lookUpPerson",
    summary: "Who is known by an identifier: tokens, never names; needs a purpose and a case, and is on the record",
    body: Type.Object(
      {
        kind: Type.Enum([...identifierKinds]),
        value: Type.String({ minLength: 2, maxLength: 300 }),
        country: countryCode,
        purpose: Type.String({ maxLength: 64 }),
        incidentId: Type.Optional(Type.String({ format: "uuid" })),
        because,
      },
      closed,
    ),
  };
  app.post(
    "/api/v1/known-persons/lookup",
    { schema: lookup, config: needs("person:look_up") },
    async (request, reply) => {
      const { kind, value, country, purpose, incidentId } = request.body;
      if (!lookupPurposes.some((known) => known === purpose)) {
        throw problem(403, "purpose_refused", `nobody is looked up for ${purpose}`, {
          pointer: "/purpose",
          remedy: `Purposes are: ${lookupPurposes.join(", ")}.`,
        });
      }
      if (purpose !== "subject_request" && incidentId === undefined) {
        throw problem(422, "lookup_without_case", "a lookup is for a case", {
          pointer: "/incidentId",
          remedy: "Name the incident in incidentId.",
        });
      }
      const items = await asActor(deps, request, async (at) => {
        if (incidentId !== undefined && !(await seesIncident(at.tx, incidentId))) {
          throw problem(422, "lookup_case_unknown", "you see no case with this id", {
            pointer: "/incidentId",
            remedy: "Look somebody up from the case that you work on.",
          });
        }
        const found = await personsBy(at.tx, { ...at, identifiers: [{ kind, value }], country }, deps.vault);
        const marks = await marksOf(
          at.tx,
          found.map(({ token }) => token),
        );
        // A digest under a key of its own: repeated searches for one person show in the record, the person does not.
        const asked = Buffer.from(
          deps.vault.blindIndex("lookup", `${kind}:${normalIdentifier({ kind, value }, country)}`),
        );
        const queryDigest = asked.toString("hex").slice(0, 32);
        await record(deps, at, {
          kind: "person.looked_up",
          subject: { kind: "person_query", id: queryDigest },
          because: request.body.because,
          body: { by: kind, purpose, queryDigest, ...caseOf(incidentId), found: found.map(({ token }) => token) },
        });
        return found.map((one) => ({
          token: one.token,
          kind: one.kind,
          marks: marks.filter((mark) => mark.token === one.token).map((mark) => mark.kind),
        }));
      });
      return reply.header("cache-control", "no-store").send({ items });
    },
  );
}

/** The case in the form by which an entry belongs to it. */
function caseOf(incidentId: string | undefined): { readonly incidentId?: string } {
  return incidentId === undefined ? {} : { incidentId };
}

function readRoute(app: TypedApp, deps: PrivacyHttpDeps): void {
  const read = {
    tags,
    operationId: "readKnownPerson",
    summary: "What is known about a token: kinds of identifiers, marks and holds; no value. On the record",
    params: Type.Object({ token: personToken }),
  };
  app.get("/api/v1/known-persons/:token", { schema: read, config: needs("person:look_up") }, async (request) => {
    const { organisationId } = actorOf(request);
    const { token } = request.params;
    const facts = await personFacts(organisationDb(deps.db, request), organisationId, token);
    if (facts === null) throw unknownPerson();
    await asActor(deps, request, (at) =>
      record(deps, at, {
        kind: "person.facts_read",
        subject: { kind: "person", id: token },
        because: "no reason given",
        body: {},
      }),
    );
    const holds = await holdsOn(organisationDb(deps.db, request), organisationId, [token]);
    return { ...facts, marks: await marksOf(organisationDb(deps.db, request), [token]), holds };
  });
}

function markRoutes(app: TypedApp, deps: PrivacyHttpDeps): void {
  const list = {
    tags,
    operationId: "listPersonMarks",
    summary: "Objections and restrictions that hold: whose data is used no further",
  };
  app.get("/api/v1/person-marks", { schema: list, config: needs("privacy:write") }, async (request) => ({
    items: await marksIn(deps.db, actorOf(request).organisationId),
  }));
  const end = {
    tags,
    operationId: "endPersonMark",
    summary: "Ends an objection or restriction, because the subject took it back or it was decided otherwise",
    params: idParams,
    body: Type.Object({ because }, closed),
  };
  app.post("/api/v1/person-marks/:id/end", { schema: end, config: needs("privacy:write") }, async (request, reply) => {
    const unknown = () => problem(404, "person_mark_unknown", "there is no such mark in force");
    const id = idOf(request.params.id, unknown);
    await asActor(deps, request, async (at) => {
      if (!(await endMark(at.tx, { ...at, id }))) throw unknown();
      await record(deps, at, {
        kind: "person.mark_ended",
        subject: { kind: "person_mark", id },
        because: request.body.because,
        body: {},
      });
    });
    return reply.code(204).send();
  });
}

function holdRoutes(app: TypedApp, deps: PrivacyHttpDeps): void {
  const list = { tags, operationId: "listLegalHolds", summary: "Legal holds in force" };
  // Whoever reads pages that follow from the configuration does not read why somebody is held: those are words about a person.
  app.get("/api/v1/legal-holds", { schema: list, config: needs("privacy:write") }, async (request) => ({
    items: await holdsOn(organisationDb(deps.db, request), actorOf(request).organisationId, null),
  }));
  const add = {
    tags,
    operationId: "addLegalHold",
    summary: "Keeps a person's data from erasure while a claim is open",
    body: Type.Object({ subject: personToken, ground: Type.String({ minLength: 5, maxLength: 200 }), because }, closed),
  };
  app.post("/api/v1/legal-holds", { schema: add, config: needs("hold:set") }, async (request, reply) => {
    const id = await asActor(deps, request, async (at) => {
      const made = await saveHold(at.tx, { ...at, ...request.body }, deps);
      await record(deps, at, {
        kind: "hold.set",
        subject: { kind: "person", id: request.body.subject },
        because: request.body.ground,
        body: { hold: made },
      });
      return made;
    });
    return reply.code(201).send({ id });
  });
  const end = {
    tags,
    operationId: "endLegalHold",
    summary: "Ends a hold",
    params: idParams,
    body: Type.Object({ because }, closed),
  };
  app.post("/api/v1/legal-holds/:id/end", { schema: end, config: needs("hold:set") }, async (request, reply) => {
    const unknown = () => problem(404, "legal_hold_unknown", "there is no such hold in force");
    const id = idOf(request.params.id, unknown);
    await asActor(deps, request, async (at) => {
      if (!(await endHold(at.tx, { ...at, id }))) throw unknown();
      await record(deps, at, {
        kind: "hold.ended",
        subject: { kind: "legal_hold", id },
        because: request.body.because,
        body: {},
      });
    });
    return reply.code(204).send();
  });
}
