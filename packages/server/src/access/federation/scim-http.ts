import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { HttpProblem } from "../../api/problem.ts";
import { describeFault, type Log } from "../../platform/log.ts";
import type { Tx } from "../../schema.ts";
import { actorOf } from "../authenticate-http.ts";
import { loginIndexOf } from "../people/account-store.ts";
import type { PeopleDeps } from "../people/people-deps.ts";
import type { IdentityFile } from "./identity-file.ts";
import { asks } from "./route-config.ts";
import { findGroups, groupById, makeGroup, removeGroup, replaceGroup } from "./scim-group-store.ts";
import {
  equalTo,
  errorBody,
  listBody,
  matchScim,
  patchScim,
  readScim,
  resourceTypeDescriptions,
  schemaDescriptions,
  scimError,
  scimErrorBody,
  scimPageMax,
  searchWishes,
  serviceProviderConfig,
  showScim,
  wishesOf,
  type ScimKind,
  type ScimView,
} from "./scim-schema.ts";
import { memberships, scimUser, scimUsers, type ScimUserRow } from "./scim-store.ts";
import { changeUser, endUser, makeUser, unknownUser, userResource, type ScimAsker } from "./scim-user-store.ts";

export type ScimDeps = PeopleDeps & { readonly identity: IdentityFile; readonly log: Log };

type Plain = { readonly [name: string]: unknown };
type Query = Readonly<Record<string, string | undefined>>;

const root = "/scim/v2";
const mediaType = "application/scim+json";
// A filter that no index answers looks at everybody; beyond this a provider must ask for less.
const lookedAtMax = 5_000;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** SCIM 2.0 (RFC 7644) for the identity provider of an organisation: the bearer's API key says which organisation, and needs `scim:provision`. */
export function scimRoutes(deps: ScimDeps): FastifyPluginAsync {
  return async (app) => {
    for (const type of [mediaType, "application/json"]) {
      app.removeContentTypeParser(type);
      app.addContentTypeParser(type, { parseAs: "string" }, app.getDefaultJsonParser("error", "error"));
    }
    app.setErrorHandler((fault, request, reply) => answerFault(fault, { request, reply, deps }));
    app.addHook("onSend", async (_request, reply) => {
      if (reply.statusCode !== 204) reply.header("content-type", `${mediaType}; charset=utf-8`);
    });
    discoveryRoutes(app, deps);
    const kinds = [users(deps), groups(deps)];
    for (const kind of kinds) kindRoutes(app, deps, kind);
    searchRoutes(app, deps, kinds);
    const method = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    app.route({ method, url: `${root}/*`, ...options, handler: async (request, reply) => notHere(request, reply) });
  };
}

const config = asks("scim:provision");
const options = { schema: { hide: true }, config };

function discoveryRoutes(app: FastifyInstance, deps: ScimDeps): void {
  const base = baseOf(deps);
  app.get(`${root}/ServiceProviderConfig`, options, async () => serviceProviderConfig(base()));
  const lists = {
    Schemas: () => schemaDescriptions(base()),
    ResourceTypes: () => resourceTypeDescriptions(base()),
  };
  for (const [name, list] of Object.entries(lists)) {
    app.get(`${root}/${name}`, options, async (request) => {
      // RFC 7644 section 4: a filter here is refused, so that nobody takes the whole for the part.
      if ((request.query as Query)["filter"] !== undefined) throw scimError(403, null, "there is no filter here");
      const items = list();
      return listBody({ items, startIndex: 1, total: items.length });
    });
    app.get(`${root}/${name}/:id`, options, async (request) => {
      const { id } = request.params as { readonly id: string };
      const found = list().find((one) => one["id"] === id || one["name"] === id);
      if (found === undefined) throw scimError(404, null, `Resource ${id} not found`);
      return found;
    });
  }
}

function baseOf(deps: ScimDeps): () => string {
  return () => `${deps.place().origin}${root}`;
}

/** What both kinds of resource can do; each in its own transaction. */
type Kind = {
  readonly kind: ScimKind;
  readonly byId: (tx: Tx, id: string, asker: ScimAsker) => Promise<Plain>;
  readonly find: (
    tx: Tx,
    query: Query,
    asker: ScimAsker,
  ) => Promise<{ readonly items: readonly Plain[]; readonly total: number }>;
  readonly make: (tx: Tx, resource: Plain, asker: ScimAsker) => Promise<string>;
  readonly replace: (
    tx: Tx,
    given: { readonly id: string; readonly resource: Plain },
    asker: ScimAsker,
  ) => Promise<void>;
  readonly remove: (tx: Tx, id: string, asker: ScimAsker) => Promise<void>;
};

function kindRoutes(app: FastifyInstance, deps: ScimDeps, kind: Kind): void {
  const path = `${root}/${kind.kind}s`;
  const view = (request: FastifyRequest): ScimView => ({ base: baseOf(deps)(), query: request.query as Query });
  const within = <T>(work: (tx: Tx) => Promise<T>) => deps.db.transaction().execute(work);
  const idOf = (request: FastifyRequest): string => {
    const { id } = request.params as { readonly id: string };
    if (!uuid.test(id)) throw unknownUser(id);
    return id.toLowerCase();
  };
  app.get(path, options, async (request) => {
    const { startIndex, count } = pageOf(request.query as Query);
    const { items, total } = await within((tx) => kind.find(tx, request.query as Query, askerOf(request, deps)));
    const shown = items.slice(0, count).map((item) => showScim(kind.kind, item, view(request)));
    return listBody({ items: shown, startIndex, total });
  });
  app.get(`${path}/:id`, options, async (request, reply) => {
    const found = await within((tx) => kind.byId(tx, idOf(request), askerOf(request, deps)));
    if (request.headers["if-none-match"] === versionOf(found)) return reply.code(304).send();
    return answer(found, kind.kind, { reply, view: view(request) });
  });
  app.post(path, options, async (request, reply) => {
    const resource = readScim(kind.kind, request.body);
    const made = await within(async (tx) => {
      const asker = askerOf(request, deps);
      return kind.byId(tx, await kind.make(tx, resource, asker), asker);
    });
    const shown = answer(made, kind.kind, { reply, view: view(request) });
    reply.code(201).header("location", `${baseOf(deps)()}/${kind.kind}s/${String(made["id"])}`);
    return shown;
  });
  const change = async (request: FastifyRequest, changed: (before: Plain) => Promise<Plain | null>) => {
    const asker = askerOf(request, deps);
    const id = idOf(request);
    const after = await within(async (tx) => {
      const before = await kind.byId(tx, id, asker);
      refuseStale(request, before);
      const resource = await changed(before);
      if (resource !== null) await kind.replace(tx, { id, resource }, asker);
      return resource === null ? before : kind.byId(tx, id, asker);
    });
    await deps.watch.check();
    return after;
  };
  app.put(`${path}/:id`, options, async (request, reply) => {
    const after = await change(request, async () => readScim(kind.kind, request.body));
    return answer(after, kind.kind, { reply, view: view(request) });
  });
  app.patch(`${path}/:id`, options, async (request, reply) => {
    const after = await change(request, (before) => patchScim(kind.kind, before, request.body));
    return answer(after, kind.kind, { reply, view: view(request) });
  });
  app.delete(`${path}/:id`, options, async (request, reply) => {
    const asker = askerOf(request, deps);
    await within(async (tx) => {
      refuseStale(request, await kind.byId(tx, idOf(request), asker));
      await kind.remove(tx, idOf(request), asker);
    });
    await deps.watch.check();
    return reply.code(204).send();
  });
}

/** Queries whose wishes would not fit into a URL, of one kind or of all: those of the kinds before come first. */
function searchRoutes(app: FastifyInstance, deps: ScimDeps, kinds: readonly Kind[]): void {
  const search = (path: string, among: readonly Kind[]) =>
    app.post(path, options, async (request) => {
      const asker = askerOf(request, deps);
      const query = searchWishes(request.body);
      const { startIndex, count } = pageOf(query);
      const found = await deps.db.transaction().execute(async (tx) => {
        const items: Plain[] = [];
        let total = 0;
        for (const kind of among) {
          const from = Math.max(1, startIndex - total);
          const some = await kind.find(
            tx,
            { ...query, startIndex: String(from), count: String(count - items.length) },
            asker,
          );
          const view = { base: baseOf(deps)(), query };
          items.push(...some.items.slice(0, count - items.length).map((item) => showScim(kind.kind, item, view)));
          total += some.total;
        }
        return { items, total };
      });
      return listBody({ ...found, startIndex });
    });
  for (const kind of kinds) search(`${root}/${kind.kind}s/.search`, [kind]);
  search(`${root}/.search`, kinds);
}

function answer(resource: Plain, kind: ScimKind, to: { readonly reply: FastifyReply; readonly view: ScimView }): Plain {
  to.reply.header("etag", versionOf(resource));
  return showScim(kind, resource, to.view);
}

function versionOf(resource: Plain): string {
  const meta = resource["meta"] as { readonly version: string };
  return meta.version;
}

function refuseStale(request: FastifyRequest, resource: Plain): void {
  const wanted = request.headers["if-match"];
  if (wanted === undefined || wanted === "*" || wanted.split(",").some((one) => one.trim() === versionOf(resource)))
    return;
  throw scimError(412, null, "the resource has changed; its version is another");
}

function askerOf(request: FastifyRequest, deps: ScimDeps): ScimAsker {
  const { token, organisationId } = actorOf(request);
  const known = deps.identity.organisations.find((organisation) => organisation.id === organisationId);
  return { actor: token, organisationId, mapping: known?.mapping ?? null };
}

/** startIndex counts from 1; what is below is 1, and a count below 0 is 0 (RFC 7644 section 3.4.2.4). */
function pageOf(query: Query): { readonly startIndex: number; readonly count: number } {
  const number = (name: string, standard: number): number => {
    const text = query[name];
    if (text === undefined) return standard;
    if (!/^-?\d{1,9}$/.test(text)) throw scimError(400, "invalidValue", `${name} is not a whole number`);
    return Number(text);
  };
  return {
    startIndex: Math.max(1, number("startIndex", 1)),
    count: Math.min(scimPageMax, Math.max(0, number("count", scimPageMax))),
  };
}

function users(deps: ScimDeps): Kind {
  const at = (asker: ScimAsker) => ({ asker, deps });
  const rowOf = async (tx: Tx, id: string, asker: ScimAsker): Promise<ScimUserRow> => {
    const row = await scimUser(tx, asker.organisationId, id);
    if (row === null) throw unknownUser(id);
    return row;
  };
  const open = async (tx: Tx, rows: readonly ScimUserRow[]): Promise<readonly Plain[]> => {
    const opened = await deps.vault.openMany(
      tx,
      rows.map((row) => row.attributes),
    );
    const groupsOf = await memberships(tx, { accounts: rows.map((row) => row.id) });
    return rows.map((row, index) => {
      const attributes = JSON.parse(opened[index] ?? "{}") as Plain;
      return userResource(
        row,
        attributes,
        groupsOf.filter((one) => one.accountId === row.id),
      );
    });
  };
  return {
    kind: "User",
    byId: async (tx, id, asker) => {
      const [found] = await open(tx, [await rowOf(tx, id, asker)]);
      if (found === undefined) throw unknownUser(id);
      return found;
    },
    find: async (tx, query, asker) => {
      const { startIndex, count } = pageOf(query);
      const page = { offset: startIndex - 1, limit: count };
      const { filter } = wishesOf("User", query);
      const text = query["filter"] ?? "";
      const login = equalTo(text, "userName");
      const exact = {
        id: equalTo(text, "id"),
        externalId: equalTo(text, "externalId"),
        loginIndex: login === null ? null : Buffer.from(loginIndexOf(deps.vault, login)).toString("hex"),
      };
      if (filter === undefined || Object.values(exact).some((one) => one !== null)) {
        const { rows, total } = await scimUsers(tx, asker.organisationId, { ...exact, ...page });
        return { items: await open(tx, rows), total };
      }
      const { rows, total } = await scimUsers(tx, asker.organisationId, { offset: 0, limit: lookedAtMax });
      if (total > lookedAtMax)
        throw scimError(400, "invalidFilter", "too many people for this filter: ask by userName, externalId or id");
      const fitting = matchScim(filter, await open(tx, rows));
      return { items: fitting.slice(page.offset), total: fitting.length };
    },
    make: (tx, resource, asker) => makeUser(tx, resource, at(asker)),
    replace: async (tx, { id, resource }, asker) => {
      await changeUser(tx, { row: await rowOf(tx, id, asker), user: resource }, at(asker));
    },
    remove: async (tx, id, asker) => endUser(tx, await rowOf(tx, id, asker), at(asker)),
  };
}

function groups(deps: ScimDeps): Kind {
  const at = (asker: ScimAsker) => ({ asker, deps });
  return {
    kind: "Group",
    byId: (tx, id, asker) => groupById(tx, id, asker),
    find: async (tx, query, asker) => {
      const { startIndex, count } = pageOf(query);
      const { filter } = wishesOf("Group", query);
      const text = query["filter"] ?? "";
      const exact = { displayName: equalTo(text, "displayName"), externalId: equalTo(text, "externalId") };
      const excluded = (query["excludedAttributes"] ?? "").toLowerCase().split(",");
      const withMembers = !excluded.some((name) => name.trim() === "members");
      if (filter === undefined || exact.displayName !== null || exact.externalId !== null) {
        return findGroups(tx, { ...exact, offset: startIndex - 1, limit: count, withMembers }, asker);
      }
      const all = await findGroups(tx, { ...exact, offset: 0, limit: lookedAtMax, withMembers: true }, asker);
      const fitting = matchScim(filter, all.items);
      return { items: fitting.slice(startIndex - 1), total: fitting.length };
    },
    make: (tx, resource, asker) => makeGroup(tx, resource, at(asker)),
    replace: (tx, given, asker) => replaceGroup(tx, given, at(asker)),
    remove: (tx, id, asker) => removeGroup(tx, id, at(asker)),
  };
}

const discovery = /^\/scim\/v2\/(ServiceProviderConfig|Schemas|ResourceTypes)(\/[^/]*)?$/;
const resources = /^\/scim\/v2\/(Users|Groups)(\/[^/]*)?$/;

/** Paths that there are, asked in a way that they do not answer, are 405; everything else is not here. */
function notHere(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const [path = ""] = request.url.split("?");
  const allow = discovery.test(path) ? "GET" : resources.exec(path) === null ? null : "DELETE, GET, PATCH, POST, PUT";
  const status = allow === null ? 404 : 405;
  if (allow !== null) reply.header("allow", allow);
  return reply
    .code(status)
    .send(errorBody({ status, detail: allow === null ? "there is nothing here" : "not in this way" }));
}

/** Every refusal in SCIM's words; what nobody foresaw is logged under the request's id, and says nothing. */
function answerFault(
  fault: unknown,
  at: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly deps: ScimDeps },
): FastifyReply {
  const { request, reply, deps } = at;
  const refused = scimErrorBody(fault);
  if (refused !== null) return reply.code(refused.status).send(refused.body);
  if (fault instanceof HttpProblem) {
    const { status, message, code } = fault;
    if (fault.more.retryAfterSeconds !== undefined)
      reply.header("retry-after", Math.ceil(fault.more.retryAfterSeconds));
    return reply.code(status).send(errorBody({ status, detail: `${code}: ${message}` }));
  }
  const status = fault instanceof Error && "statusCode" in fault ? Number(fault.statusCode) : 500;
  if (status >= 400 && status < 500) {
    const scimType = status === 400 ? { scimType: "invalidSyntax" } : {};
    return reply.code(status).send(errorBody({ status, ...scimType, detail: "the body cannot be read" }));
  }
  deps.log.error("scim request failed", { instance: `urn:uuid:${request.id}`, fault: describeFault(fault) });
  return reply.code(500).send(errorBody({ status: 500, detail: `something went wrong here: urn:uuid:${request.id}` }));
}
