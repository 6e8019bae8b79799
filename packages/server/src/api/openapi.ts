import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import { Type } from "typebox";

const problemShape = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: "stable; docs/errors.md explains each" }),
    detail: Type.String(),
    remedy: Type.Optional(Type.String()),
    instance: Type.Optional(Type.String()),
    pointer: Type.Optional(Type.String({ description: "RFC 6901: the place in the body" })),
  },
  { description: "RFC 9457 problem details" },
);

/** OpenAPI 3.1 from the routes' schemas. Every operation can also answer problem details; those with a token say so, and which action they ask for (`x-tillwatch-action`). */
export function openApiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Tillwatch",
        version,
        description: "Signals in, explained incidents and verifiable packets out.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: "/" }],
      security: [{ bearer: [] }, { session: [] }],
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer" },
          session: { type: "apiKey", in: "cookie", name: "tillwatch_session" },
        },
        schemas: { Problem: problemShape },
      },
    },
    transform: ({ schema, url, route }) => {
      const hidden = url === "/*" || (schema as { readonly hide?: boolean } | undefined)?.hide === true;
      const open = route.config?.public === true ? { security: [] } : {};
      const action = route.config?.access?.action;
      const asks = action === undefined ? {} : { "x-tillwatch-action": action };
      return { schema: { ...schema, ...open, ...asks, ...(hidden ? { hide: true } : {}) }, url };
    },
    transformObject: (document) =>
      "openapiObject" in document ? withProblems(document.openapiObject) : document.swaggerObject,
  };
}

type Operation = { responses?: Record<string, unknown> };

function withProblems<T extends { paths?: unknown }>(document: T): T {
  const answer = {
    description: "Refused or failed: problem details",
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  };
  for (const item of Object.values((document.paths ?? {}) as Record<string, Record<string, Operation>>)) {
    for (const operation of Object.values(item)) {
      const { responses = {} } = operation;
      // A route that documents no answer of its own: what it says when all is well has no fixed form.
      const fine = Object.keys(responses).some((status) => status.startsWith("2") && status !== "200");
      operation.responses = { ...responses, ...(fine ? {} : { "2XX": { description: "Done" } }), default: answer };
    }
  }
  return document;
}
