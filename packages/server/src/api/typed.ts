import type { FastifyInstance, FastifyTypeProvider, RawServerDefault } from "fastify";
import type { FastifyBaseLogger, RawReplyDefaultExpression, RawRequestDefaultExpression } from "fastify";
import type { Static, TSchema } from "typebox";

/** Lets a handler's body, query and params have the types of its TypeBox schemas. */
export interface TypeBoxProvider extends FastifyTypeProvider {
  readonly validator: this["schema"] extends TSchema ? Static<this["schema"]> : unknown;
  readonly serializer: unknown;
}

export type TypedApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxProvider
>;

/** The same app, whose routes are typed by their schemas: `const app = typed(instance)` at the top of a routes plugin. */
export function typed(app: FastifyInstance): TypedApp {
  return app.withTypeProvider<TypeBoxProvider>();
}
