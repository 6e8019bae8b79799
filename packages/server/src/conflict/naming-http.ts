import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import type { ActionName } from "../access/actions.ts";
import { askedOf } from "../access/ask-http.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { callersDb } from "../access/callers-db.ts";
import { namesOf } from "../access/names-read.ts";
import { idInPath } from "../access/route-access.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import { asMachine } from "../platform/database/scoped.ts";
import type { Tx } from "../schema.ts";
import { incidentSubject } from "../subjects.ts";
import { handlersAt } from "./conflict.ts";
import { choicesAt, choicesShape, colleagueRefShape, pickedColleagues, type ConflictDeps } from "./conflict-http.ts";
import { colleagueRef, keepConflict, tokensOf, wallsOf } from "./conflict-store.ts";
import {
  decideWithdrawal,
  insertWithdrawal,
  liftWall,
  lockWithdrawal,
  namedIn,
  withdrawalsOf,
  type Withdrawal,
} from "./naming-store.ts";

export type NamingDeps = ConflictDeps & {
  readonly changed: (incidentId: string) => void;
  /** After the commit: cases of the organisation are no longer there for some of its people. */
  readonly walled: (organisationId: string) => void;
};

const tags = ["incidents"];
const closed = { additionalProperties: false };
const id = Type.String({ maxLength: 64 });
const uuid = Type.String({ format: "uuid" });
const because = Type.String({
  minLength: 10,
  maxLength: 2000,
  pattern: "\\S",
  description: "in your own words; sealed",
});
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(shape: T) => Type.Union([shape, Type.Null()]);
const text = nullable(Type.String());
const onCase = (action: ActionName) => ({ access: { action, on: "incident", id: idInPath() } }) as const;
const path = "/api/v1/incidents/:id";

const conflictShape = Type.Object({
  names: Type.Record(Type.String(), Type.String(), { description: "whom the tokens below stand for" }),
  handlers: nullable(Type.Array(Type.String())),
  named: Type.Array(
    Type.Object({
      ref: colleagueRefShape,
      name: text,
      at: Type.String(),
      by: Type.String(),
      through: Type.Enum(["person", "till"]),
    }),
  ),
  withdrawals: Type.Array(
    Type.Object({
      id: uuid,
      ref: nullable(colleagueRefShape),
      name: text,
      at: Type.String(),
      by: Type.String(),
      because: Type.String(),
      state: Type.Enum(["asked", "done", "refused"]),
      decidedAt: text,
      decidedBy: text,
      decidedBecause: text,
    }),
  ),
});

/** Naming a colleague in a case that is there already, who is named, and taking a naming back with a second person. */
export function namingRoutes(deps: NamingDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const params = Type.Object({ id });
    const choices = {
      tags,
      operationId: "listColleaguesForCase",
      summary: "Colleagues whom this case may be about, and who handles it then",
      params,
      response: { 200: choicesShape },
    };
    app.get(
      `${path}/colleagues`,
      { schema: choices, config: onCase("incident:name_colleague") },
      async (request, reply) => {
        const { id: siteId, organisationId, region } = siteOf(request);
        reply.header("cache-control", "no-store");
        return choicesAt(deps, { organisationId, siteId, region });
      },
    );
    const name = {
      tags,
      operationId: "nameColleagues",
      summary: "Says that this case is about colleagues: from now on it is not there for them, and others handle it",
      params,
      body: Type.Object(
        {
          colleagues: Type.Array(colleagueRefShape, {
            maxItems: 20,
            uniqueItems: true,
            description: "as GET /api/v1/incidents/{id}/colleagues names them; none: one who is not in the list",
          }),
          because,
        },
        closed,
      ),
      response: { 204: Type.Null() },
    };
    app.post(
      `${path}/colleagues`,
      { schema: name, config: onCase("incident:name_colleague") },
      async (request, reply) => {
        await nameColleagues(deps, request, { incidentId: request.params.id, ...request.body });
        return reply.code(204).send();
      },
    );
    const read = {
      tags,
      operationId: "readColleaguesInCase",
      summary: "Whom a case is about, who handles it, and what was asked to be taken back",
      params,
      response: { 200: conflictShape },
    };
    app.get(
      `${path}/conflict`,
      { schema: read, config: onCase("incident:read_colleagues") },
      async (request, reply) => {
        reply.header("cache-control", "no-store");
        return shown(deps, request, request.params.id);
      },
    );
    withdrawalRoutes(instance, deps);
  };
}

function withdrawalRoutes(instance: Parameters<FastifyPluginAsync>[0], deps: NamingDeps): void {
  const app = typed(instance);
  const config = onCase("incident:unname_colleague");
  const ask = {
    tags,
    operationId: "askNamingWithdrawal",
    summary: "Asks to take back that a case is about a colleague; another person decides",
    params: Type.Object({ id }),
    body: Type.Object(
      {
        colleague: nullable(colleagueRefShape),
        because,
      },
      { ...closed, description: "`colleague` null: it is about no colleague, and anybody handles it again" },
    ),
    response: { 201: Type.Object({ id: uuid }) },
  };
  app.post(`${path}/conflict/withdrawals`, { schema: ask, config }, async (request, reply) =>
    reply.code(201).send(await askWithdrawal(deps, request, { incidentId: request.params.id, ...request.body })),
  );
  const decide = {
    tags,
    operationId: "decideNamingWithdrawal",
    summary: "Decides on what another person asked: with a yes the wall falls",
    params: Type.Object({ id, withdrawal: uuid }),
    body: Type.Object({ approve: Type.Boolean(), because }, closed),
    response: { 204: Type.Null() },
  };
  app.post(`${path}/conflict/withdrawals/:withdrawal/decision`, { schema: decide, config }, async (request, reply) => {
    const { id: incidentId, withdrawal } = request.params;
    await decideOn(deps, request, { incidentId, withdrawal, ...request.body });
    return reply.code(204).send();
  });
}

function siteOf(request: FastifyRequest) {
  const { facts } = askedOf(request);
  if (!("site" in facts) || facts.site === null) throw new Error("a case is at a site");
  return facts.site;
}

type Naming = { readonly incidentId: string; readonly colleagues: readonly string[]; readonly because: string };

async function nameColleagues(deps: NamingDeps, request: FastifyRequest, said: Naming): Promise<void> {
  const { incidentId, colleagues } = said;
  const { id: siteId, organisationId } = siteOf(request);
  const subjects = await pickedColleagues(deps, { organisationId, refs: colleagues, pointer: "/colleagues" });
  const { token: actor } = actorOf(request);
  await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx) => {
      const sealed = await deps.fields.seal(tx, incidentSubject(incidentId), said.because.trim());
      const handlers = handlersAt(deps.policy, siteId);
      await keepConflict(
        tx,
        { incidentId, subjects, handlers, actor, nowMs: deps.clock(), because: sealed },
        deps.chance,
      );
    });
  deps.changed(incidentId);
  // Who lost it is told nothing of the case: open pages of the house ask again.
  deps.walled(organisationId);
}

async function shown(
  deps: NamingDeps,
  request: FastifyRequest,
  incidentId: string,
): Promise<Static<typeof conflictShape>> {
  const db = callersDb(deps.db, request);
  const [named, withdrawals, walls] = [
    await namedIn(db, incidentId),
    await withdrawalsOf(db, incidentId),
    await wallsOf(db, [incidentId]),
  ];
  // Nobody decides on what somebody asked whom he does not know.
  const actors = [...named.map(({ actor }) => actor), ...withdrawals.map(({ actor }) => actor)];
  return {
    names: await namesOf({ db: deps.db, vault: deps.fields }, actorOf(request), { actors, subjects: [] }),
    handlers: walls.get(incidentId)?.handlers?.slice() ?? null,
    named: named.map(({ token, name, at, actor: by, through }) => ({
      ref: colleagueRef(deps.fields, token),
      name,
      at: at.toISOString(),
      by,
      through,
    })),
    withdrawals: withdrawals.map((each) => ({
      id: each.id,
      ref: each.token === null ? null : colleagueRef(deps.fields, each.token),
      name: each.name,
      at: each.at.toISOString(),
      by: each.actor,
      because: each.because,
      state: each.state,
      decidedAt: each.decidedAt?.toISOString() ?? null,
      decidedBy: each.decidedBy,
      decidedBecause: each.decidedBecause,
    })),
  };
}

type Asking = { readonly incidentId: string; readonly colleague: string | null; readonly because: string };

async function askWithdrawal(
  deps: NamingDeps,
  request: FastifyRequest,
  asked: Asking,
): Promise<{ readonly id: string }> {
  const { incidentId, colleague } = asked;
  const { token: actor } = actorOf(request);
  const made = { id: deps.chance.uuid(), incidentId, actor, nowMs: deps.clock() };
  await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx) => {
      const token = colleague === null ? null : await namedToken(deps, tx, { incidentId, colleague, request });
      if (token === null) await refuseWhileNamed(tx, incidentId);
      const sealed = await deps.fields.seal(tx, incidentSubject(incidentId), asked.because.trim());
      if (!(await insertWithdrawal(tx, { ...made, token, because: sealed }))) {
        throw problem(409, "naming_withdrawal_open", "this was asked already and waits for another person", {
          remedy: "GET /api/v1/incidents/{id}/conflict lists what waits.",
        });
      }
      const body = { withdrawalId: made.id, colleague: token };
      await record(deps, tx, { kind: "incident.naming_withdrawal_asked", incidentId, actor, because: sealed, body });
    });
  return { id: made.id };
}

async function namedToken(
  deps: NamingDeps,
  tx: Tx,
  of: { readonly incidentId: string; readonly colleague: string; readonly request: FastifyRequest },
): Promise<string> {
  const { organisationId } = siteOf(of.request);
  const [token] = await tokensOf(tx, { organisationId, refs: [of.colleague] }, deps.fields);
  const named = await namedIn(tx, of.incidentId);
  if (token !== undefined && named.some((each) => each.token === token)) return token;
  throw problem(422, "colleague_not_named", "this case does not name such a colleague", {
    pointer: "/colleague",
    remedy: "GET /api/v1/incidents/{id}/conflict lists whom it names.",
  });
}

/** It is handled like any other again only when no person's word stands that it is about somebody. */
async function refuseWhileNamed(tx: Tx, incidentId: string): Promise<void> {
  const named = await namedIn(tx, incidentId);
  if (!named.some(({ through }) => through === "person")) return;
  throw problem(409, "colleagues_still_named", "the case names colleagues still", {
    remedy: "Take each naming back first; what tills say of who worked at them may stay.",
  });
}

type Decision = {
  readonly incidentId: string;
  readonly withdrawal: string;
  readonly approve: boolean;
  readonly because: string;
};

async function decideOn(deps: NamingDeps, request: FastifyRequest, said: Decision): Promise<void> {
  const { incidentId, approve } = said;
  const { token: by } = actorOf(request);
  const nowMs = deps.clock();
  await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx) => {
      const asked = await lockWithdrawal(tx, { incidentId, id: said.withdrawal });
      refuseDecision(asked, by);
      if (approve && asked.token === null) await refuseWhileNamed(tx, incidentId);
      const sealed = await deps.fields.seal(tx, incidentSubject(incidentId), said.because.trim());
      const state = approve ? ("done" as const) : ("refused" as const);
      await decideWithdrawal(tx, { id: asked.id, state, by, because: sealed, nowMs });
      if (approve) await asMachine(tx, (machine) => liftWall(machine, incidentId, asked.token));
      const kind = approve ? "incident.naming_withdrawn" : "incident.naming_withdrawal_refused";
      const body = { withdrawalId: asked.id, colleague: asked.token, askedBy: asked.actor };
      await record(deps, tx, { kind, incidentId, actor: by, because: sealed, body });
    });
  deps.changed(incidentId);
}

function refuseDecision(asked: Withdrawal | null, by: string): asserts asked is Withdrawal {
  if (asked === null) throw problem(404, "naming_withdrawal_unknown", "nothing of the kind was asked for this case");
  if (asked.actor === by) {
    throw problem(403, "two_persons_needed", "whoever asks to take a naming back does not decide on it", {
      remedy: "Another person of those who may decide does.",
    });
  }
  if (asked.state !== "asked") throw problem(409, "naming_withdrawal_decided", "this was decided before");
}

type Entry = {
  readonly kind: string;
  readonly incidentId: string;
  readonly actor: string;
  readonly because: string;
  readonly body: Readonly<Record<string, string | null>>;
};

async function record(deps: NamingDeps, tx: Tx, { kind, incidentId, actor, because: why, body }: Entry): Promise<void> {
  const subject = { kind: "incident", id: incidentId };
  await appendAudit(tx, [{ kind, actor, subject, because: why, atMs: deps.clock(), body }], deps.chance);
}
