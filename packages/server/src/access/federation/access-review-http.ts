import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import { Type, type Static } from "typebox";
import { problem } from "../../api/problem.ts";
import { typed } from "../../api/typed.ts";
import type { Tx } from "../../schema.ts";
import { actorOf } from "../authenticate-http.ts";
import { organisationDb } from "../callers-db.ts";
import { accountForUpdate, updateAccount } from "../people/account-store.ts";
import type { PeopleDeps } from "../people/people-deps.ts";
import { endSessions } from "../people/person-session-store.ts";
import { reviewState } from "./access-review.ts";
import {
  closeIfDone,
  decideItem,
  reviewItemForUpdate,
  reviewItems,
  reviewsOf,
  startReview,
  type ReviewItem,
  type ReviewRow,
  type StartRules,
} from "./access-review-store.ts";
import { record } from "./recorded-append.ts";
import { asks } from "./route-config.ts";
import { endServiceAccount } from "./service-account-store.ts";
import { endVendorAccess } from "./vendor-store.ts";

export type ReviewDeps = PeopleDeps & StartRules;

const tags = ["access reviews"];
const instant = Type.String({ format: "date-time" });
const orNull = (shape: ReturnType<typeof Type.String>) => Type.Union([shape, Type.Null()]);
const list = Type.Array(Type.String());
const verdict = Type.Enum(["keep", "remove"]);
const reviewShape = Type.Object({
  id: Type.String({ format: "uuid" }),
  period: Type.String({ description: "2026-Q4" }),
  state: Type.Enum(["open", "overdue", "closed"]),
  unusedAfterDays: Type.Integer(),
  startedAt: instant,
  dueAt: instant,
  closedAt: orNull(instant),
  items: Type.Integer(),
  decided: Type.Integer(),
});
const itemShape = Type.Object({
  id: Type.String({ format: "uuid" }),
  holderKind: Type.Enum(["person", "service", "vendor"]),
  holderToken: Type.String(),
  name: Type.String(),
  roles: list,
  scopes: Type.Union([list, Type.Null()]),
  sites: Type.Union([list, Type.Null()]),
  regions: Type.Union([list, Type.Null()]),
  grantedAt: instant,
  lastUsedAt: orNull(instant),
  proposal: verdict,
  decision: Type.Union([verdict, Type.Null()]),
  decidedBy: orNull(Type.String()),
  decidedAt: orNull(instant),
  because: orNull(Type.String()),
});
const decisionShape = Type.Object(
  { decision: verdict, because: Type.String({ minLength: 1, maxLength: 500, pattern: "\\S" }) },
  { additionalProperties: false },
);
const idParams = Type.Object({ id: Type.String({ format: "uuid" }) });
const itemParams = Type.Object({ id: Type.String({ format: "uuid" }), item: Type.String({ format: "uuid" }) });

/** The quarterly question who still needs what: each line is kept or removed by somebody else, with a reason. */
export function reviewRoutes(deps: ReviewDeps): FastifyPluginAsync {
  return async (app) => {
    readRoutes(app, deps);
    startRoute(app, deps);
    decideRoute(app, deps);
  };
}

function readRoutes(instance: FastifyInstance, deps: ReviewDeps): void {
  const app = typed(instance);
  const config = asks("review:read");
  const all = {
    tags,
    operationId: "listAccessReviews",
    summary: "Reviews of who has what, the newest first",
    response: { 200: Type.Object({ items: Type.Array(reviewShape) }) },
  };
  app.get("/api/v1/access-reviews", { schema: all, config }, async (request) => {
    const reviews = await reviewsOf(organisationDb(deps.db, request), actorOf(request).organisationId);
    return { items: reviews.map((review) => reviewView(review, deps.clock())) };
  });
  const one = {
    tags,
    operationId: "readAccessReview",
    summary: "One review with its lines, those proposed for removal first",
    params: idParams,
    response: { 200: Type.Intersect([reviewShape, Type.Object({ lines: Type.Array(itemShape) })]) },
  };
  app.get("/api/v1/access-reviews/:id", { schema: one, config }, async (request) => {
    const reviews = await reviewsOf(organisationDb(deps.db, request), actorOf(request).organisationId);
    const review = reviews.find(({ id }) => id === request.params.id);
    if (review === undefined) throw unknownReview();
    return { ...reviewView(review, deps.clock()), lines: await linesOf(review.id, deps) };
  });
}

async function linesOf(reviewId: string, deps: ReviewDeps): Promise<readonly Static<typeof itemShape>[]> {
  const items = await reviewItems(deps.db, reviewId);
  const people = items.filter((item) => item.holderKind === "person");
  const names = await deps.vault.openMany(
    deps.db,
    people.map((item) => item.name),
  );
  const nameOf = new Map(people.map((item, index) => [item.id, names[index] ?? item.holderToken]));
  return items.map((item) => itemView(item, nameOf.get(item.id) ?? item.name));
}

function startRoute(instance: FastifyInstance, deps: ReviewDeps): void {
  const schema = {
    tags,
    operationId: "startAccessReview",
    summary: "Makes the list of this quarter, if the machine has not yet",
    response: { 201: Type.Object({ id: Type.String({ format: "uuid" }) }) },
  };
  typed(instance).post("/api/v1/access-reviews", { schema, config: asks("review:decide") }, async (request, reply) => {
    const { token: actor, organisationId } = actorOf(request);
    const asked = { organisationId, actor, nowMs: deps.clock(), unusedAfterDays: deps.unusedAfterDays };
    const id = await deps.db.transaction().execute((tx) => startReview(tx, asked, deps.chance));
    if (id === null) throw problem(409, "review_exists", "the review of this quarter was started before");
    return reply.code(201).send({ id });
  });
}

function decideRoute(instance: FastifyInstance, deps: ReviewDeps): void {
  const schema = {
    tags,
    operationId: "decideAccess",
    summary: "Keeps an access, or removes it, with the reason",
    params: itemParams,
    body: decisionShape,
    response: { 204: Type.Null() },
  };
  const config = asks("review:decide");
  const url = "/api/v1/access-reviews/:id/lines/:item/decide";
  typed(instance).post(url, { schema, config }, async (request, reply) => {
    const { token, organisationId } = actorOf(request);
    const { decision, because } = request.body;
    const nowMs = deps.clock();
    await deps.db.transaction().execute(async (tx) => {
      const at = { reviewId: request.params.id, itemId: request.params.item, organisationId };
      const item = await reviewItemForUpdate(tx, at);
      if (item === null) throw unknownReview();
      if (item.decision !== null) throw problem(409, "review_decided", "this line was decided before");
      if (item.holderToken === token) {
        throw problem(403, "review_own_access", "nobody decides on the own access", {
          remedy: "Another reviewer decides.",
        });
      }
      await decideItem(tx, { id: item.id, decision, by: token, because }, nowMs);
      if (decision === "remove") await removeAccess(tx, item, { token, organisationId, because, deps });
      const subject = {
        kind: item.holderKind === "person" ? "account" : `${item.holderKind}_access`,
        id: item.holderId,
      };
      const kind = decision === "keep" ? "access_review.kept" : "access_review.removed";
      const body = { review: at.reviewId, holder: item.holderToken };
      await record(tx, { kind, actor: token, organisationId, subject, because, body }, deps);
      if (await closeIfDone(tx, at.reviewId, nowMs)) {
        const whole = { kind: "access_review", id: at.reviewId };
        const entry = { kind: "access_review.closed", actor: token, organisationId, subject: whole };
        await record(tx, { ...entry, because: "every line is decided" }, deps);
      }
    });
    await deps.watch.check();
    return reply.code(204).send();
  });
}

/** Takes it away at once. A person is suspended, so that an error can be mended; nobody signs in past it, whatever a provider says. */
async function removeAccess(
  tx: Tx,
  item: Pick<ReviewItem, "holderKind" | "holderId">,
  by: { readonly token: string; readonly organisationId: string; readonly because: string; readonly deps: ReviewDeps },
): Promise<void> {
  const { token, organisationId, deps } = by;
  const nowMs = deps.clock();
  const because = `access review: ${by.because}`;
  switch (item.holderKind) {
    case "person": {
      const account = await accountForUpdate(tx, item.holderId);
      if (account === null || account.state === "ended") return;
      const { roles, sites, regions } = account;
      // Why stands in the review and in the record, sealed; an account says only by what it came about.
      const change = { state: "suspended", because: "removed in a review of access", roles, sites, regions } as const;
      await updateAccount(tx, account.id, { change, nowMs });
      await endSessions(tx, { accountId: account.id }, { because: "suspended", nowMs });
      return;
    }
    case "service":
      await endServiceAccount(tx, { id: item.holderId, organisationId, because, atMs: nowMs });
      return;
    case "vendor":
      await endVendorAccess(tx, item.holderId, { token, because, nowMs });
  }
}

function unknownReview() {
  return problem(404, "review_unknown", "there is no such review, or no such line in it");
}

function reviewView(review: ReviewRow, nowMs: number) {
  return {
    ...review,
    state: reviewState(review, nowMs),
    startedAt: review.startedAt.toISOString(),
    dueAt: review.dueAt.toISOString(),
    closedAt: review.closedAt?.toISOString() ?? null,
  };
}

function itemView(item: ReviewItem, name: string): Static<typeof itemShape> {
  const { holderId: _, ...rest } = item;
  return {
    ...rest,
    name,
    roles: [...item.roles],
    scopes: item.scopes === null ? null : [...item.scopes],
    sites: item.sites === null ? null : [...item.sites],
    regions: item.regions === null ? null : [...item.regions],
    grantedAt: item.grantedAt.toISOString(),
    lastUsedAt: item.lastUsedAt?.toISOString() ?? null,
    decidedAt: item.decidedAt?.toISOString() ?? null,
  };
}
