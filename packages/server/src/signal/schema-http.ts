import type { FastifyPluginAsync } from "fastify";
import { Type, type TSchema } from "typebox";
import { signalShapes } from "@tillwatch/wire";
import { cloudEventSchema } from "./shapes/cloudevent.ts";
import { deviceEventSchema } from "./shapes/device-event.ts";
import { incidentRecordSchema } from "./shapes/incident-record.ts";
import { staffReportSchema } from "./shapes/staff-report.ts";

const anyObject = Type.Record(Type.String(), Type.Unknown());
const textOrNull = Type.Union([Type.String(), Type.Null()]);
const shareOrNull = Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()]);

/** The canonical signal of packages/wire, as it stands in the log. */
export const signalSchema = Type.Object(
  {
    id: Type.String({ format: "uuid" }),
    source: Type.String(),
    sourceEventId: Type.String(),
    shape: Type.Union(signalShapes.map((shape) => Type.Literal(shape))),
    type: Type.String(),
    siteId: Type.String(),
    zoneId: textOrNull,
    deviceId: textOrNull,
    occurredAt: Type.String({ format: "date-time" }),
    occurredAtMs: Type.Integer(),
    receivedAtMs: Type.Integer(),
    clockOffsetMs: Type.Union([Type.Integer(), Type.Null()]),
    confidence: shareOrNull,
    severity: shareOrNull,
    media: Type.Array(
      Type.Object({
        uri: Type.String(),
        kind: Type.Union(["thumbnail", "clip", "image", "document"].map((kind) => Type.Literal(kind))),
        sha256: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$" })),
      }),
    ),
    data: anyObject,
    extra: anyObject,
  },
  { $id: "https://tillwatch.org/schemas/signal.json", title: "Canonical signal", additionalProperties: false },
);

const schemas: Readonly<Record<string, TSchema>> = {
  signal: signalSchema,
  cloudevent: cloudEventSchema,
  "device-event": deviceEventSchema,
  "staff-report": staffReportSchema,
  "incident-record": incidentRecordSchema,
};

/** `GET /api/v1/schemas/<shape>.json`: the very schemas that intake checks with, JSON Schema 2020-12. */
export function schemaRoutes(): FastifyPluginAsync {
  return async (app) => {
    for (const [name, schema] of Object.entries(schemas)) {
      const text = JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", ...schema });
      const docs = { tags: ["signals"], summary: `JSON Schema of ${name}` };
      app.get(
        `/api/v1/schemas/${name}.json`,
        { schema: docs, config: { access: { action: "schema:read", on: "own" } } },
        async (_request, reply) => reply.header("content-type", "application/schema+json").send(text),
      );
    }
  };
}
