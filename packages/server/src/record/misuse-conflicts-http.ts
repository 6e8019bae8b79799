import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { actorOf } from "../access/authenticate-http.ts";
import { namesOf, peopleIn } from "../access/names-read.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { Tx } from "../schema.ts";
import { addConflict, conflictListOf, isColleague, takeConflicts } from "./misuse-store.ts";
import type { MisuseRouteDeps } from "./misuse-http.ts";
import { wordsOf } from "./search-words.ts";

const tags = ["misuse"];
const closed = { additionalProperties: false };
const config = { access: { action: "misuse:decide", on: "organisation" } } as const;
const actor = Type.String({ pattern: "^(?:user|service):[A-Za-z0-9-]{1,64}$" });
const words = Type.String({ minLength: 2, maxLength: 500 });
const noted = Type.Object({ actor, words }, closed);
const withdrawn = Type.Object(
  {
    actor,
    words: Type.Optional(Type.Union([words, Type.Null()])),
    because: Type.String({ minLength: 10, maxLength: 2000, pattern: "\\S", description: "in your own words; sealed" }),
  },
  { ...closed, description: "`words`: as they were noted; without them, all of that person's" },
);
const conflicts = Type.Object({
  items: Type.Array(
    Type.Object({
      actor: Type.String(),
      name: Type.String(),
      words: Type.Integer({ description: "how many; which ones nobody can read" }),
      at: Type.String(),
      by: Type.String(),
    }),
  ),
  people: Type.Array(Type.Object({ token: Type.String(), name: Type.String(), roles: Type.Array(Type.String()) }), {
    description: "of whom one may note some: everybody of the organisation but oneself",
  }),
  names: Type.Record(Type.String(), Type.String()),
});

/**
 * Words in which somebody has a private interest (the own street, the name of a neighbour): a search for one is looked at. Kept as digests
 * alone, so that a list says of whom, how many and since when, and never which. Nobody has to do with his own.
 */
export function misuseConflictRoutes(deps: MisuseRouteDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const path = "/api/v1/misuse/conflicts";
    const list = {
      tags,
      operationId: "listMisuseConflicts",
      summary: "Of whom private interests are noted: how many words, since when, by whom; never the words",
      response: { 200: conflicts },
    };
    app.get(path, { schema: list, config }, async (request, reply) => {
      const { token, organisationId } = actorOf(request);
      const reader = { organisationId, but: token };
      const rows = await conflictListOf(deps.db, reader);
      const people = await peopleIn(deps.db, reader);
      reply.header("cache-control", "no-store");
      return {
        items: rows.map(({ at, ...one }) => ({ ...one, at: at.toISOString() })),
        people: people.map(({ id: _id, ...one }) => ({ ...one, roles: [...one.roles] })),
        names: { ...(await namesOf(deps, actorOf(request), { actors: rows.map(({ by }) => by), subjects: [] })) },
      };
    });
    const set = {
      tags,
      operationId: "addMisuseConflict",
      summary: "Notes words in which somebody has a private interest; they are kept as digests alone",
      body: noted,
      response: { 204: Type.Null() },
    };
    app.post(path, { schema: set, config }, async (request, reply) => {
      await noteConflict(deps, request, request.body);
      return reply.code(204).send();
    });
    const take = {
      tags,
      operationId: "withdrawMisuseConflict",
      summary: "Takes noted words back, because they were a mistake or are true no more",
      body: withdrawn,
      response: { 200: Type.Object({ taken: Type.Integer({ description: "how many words" }) }) },
    };
    app.post(`${path}/withdrawals`, { schema: take, config }, async (request) => ({
      taken: await withdrawConflicts(deps, request, { words: null, ...request.body }),
    }));
  };
}

async function noteConflict(
  { db, clock, chance, wordIndex }: MisuseRouteDeps,
  request: FastifyRequest,
  { actor: of, words: said }: { readonly actor: string; readonly words: string },
): Promise<void> {
  const { token: by } = actorOf(request);
  const atMs = clock();
  const list = wordsOf(said);
  if (list.length === 0) {
    throw problem(422, "misuse_conflict_wordless", "there is no word of two letters or digits in it", {
      pointer: "/words",
    });
  }
  await db.transaction().execute(async (tx) => {
    await refuseStranger(tx, request, of);
    for (const word of list) await addConflict(tx, { actor: of, word: wordIndex(word), by, atMs });
    const record = {
      kind: "misuse.conflict_noted",
      actor: by,
      subject: { kind: "account", id: of },
      because: "a private interest was noted",
      atMs,
      body: { words: list.length },
    };
    await appendAudit(tx, [record], chance);
  });
}

type Withdrawing = { readonly actor: string; readonly words: string | null; readonly because: string };

async function withdrawConflicts(
  { db, clock, chance, vault, wordIndex }: MisuseRouteDeps,
  request: FastifyRequest,
  { actor: of, words: said, because }: Withdrawing,
): Promise<number> {
  const { token: by } = actorOf(request);
  return db.transaction().execute(async (tx) => {
    await refuseStranger(tx, request, of);
    const taken = await takeConflicts(tx, of, said === null ? null : wordsOf(said).map(wordIndex));
    if (taken === 0) {
      throw problem(404, "misuse_conflict_unknown", "none of these words are noted of this person");
    }
    const record = {
      kind: "misuse.conflict_withdrawn",
      actor: by,
      subject: { kind: "account", id: of },
      because: await vault.seal(tx, of, because.trim().toWellFormed()),
      atMs: clock(),
      body: { words: taken, all: said === null },
    };
    await appendAudit(tx, [record], chance);
    return taken;
  });
}

/** Of the own organisation, and not oneself. Somebody of another one is as unknown as nobody. */
async function refuseStranger(tx: Tx, request: FastifyRequest, of: string): Promise<void> {
  const { token, organisationId } = actorOf(request);
  if (of === token) throw problem(409, "misuse_conflict_own", "somebody else notes your private interests");
  if (await isColleague(tx, { token: of, organisationId })) return;
  throw problem(422, "misuse_colleague_unknown", "nobody of your organisation has this token", {
    pointer: "/actor",
    remedy: "GET /api/v1/misuse/conflicts lists whom there is.",
  });
}
