import { Type } from "typebox";

const closed = { additionalProperties: false };
const time = Type.String({ format: "date-time" });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const because = Type.String({ minLength: 10, maxLength: 2000, pattern: "\\S" });

export const caseParams = Type.Object({ id: Type.String({ maxLength: 64 }) });
export const holdParams = Type.Object({ id: Type.String({ maxLength: 64 }), holdId: Type.String({ format: "uuid" }) });
export const disposalParams = Type.Object({
  id: Type.String({ maxLength: 64 }),
  disposalId: Type.String({ format: "uuid" }),
});
export const holdBody = Type.Object(
  {
    matter: Type.String({
      minLength: 3,
      maxLength: 200,
      pattern: "\\S",
      description: "the claim or proceeding; sealed",
    }),
    ground: Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" }),
    because,
  },
  closed,
);
export const endBody = Type.Object({ because }, closed);
export const requestBody = Type.Object(
  {
    kind: Type.Enum(["clips", "case", "watch_item", "exhibit"]),
    exhibitId: Type.Optional(Type.String({ format: "uuid", description: "of kind exhibit" })),
    because,
  },
  closed,
);
export const keepBody = Type.Object({ until: time, because }, closed);
export const stateQuery = Type.Object({ state: Type.Optional(Type.Enum(["open", "kept", "done"])) }, closed);

export const holdShape = Type.Object({
  id: Type.String(),
  ground: Type.String(),
  matter: nullable(Type.String()),
  because: Type.String(),
  at: time,
  actor: Type.String(),
  endedAt: nullable(time),
  endedBy: nullable(Type.String()),
});
export const disposalShape = Type.Object({
  id: Type.String(),
  siteId: Type.String(),
  incidentId: Type.String(),
  ref: Type.String(),
  exhibitId: nullable(Type.String()),
  kind: Type.String(),
  basis: Type.Object({}, { additionalProperties: true }),
  state: Type.Enum(["due", "requested", "confirmed", "kept", "done"]),
  held: Type.Boolean(),
  listedAt: time,
  requestedAt: nullable(time),
  requestedBy: nullable(Type.String()),
  because: nullable(Type.String()),
  confirmedAt: nullable(time),
  confirmedBy: nullable(Type.String()),
  keptUntil: nullable(time),
  keptBy: nullable(Type.String()),
  keptBecause: nullable(Type.String()),
  destroyedAt: nullable(time),
  doneAt: nullable(time),
  certificateAuditId: nullable(Type.String()),
});
const names = Type.Record(Type.String(), Type.String(), { description: "whom the tokens above stand for" });
export const retentionShape = Type.Object({
  incidentId: Type.String(),
  ended: Type.Boolean(),
  endedAt: nullable(time),
  due: Type.Array(Type.Object({ kind: Type.String(), days: Type.Integer(), dueAt: time })),
  keeps: Type.Object({ clipDays: Type.Integer(), reportDays: Type.Integer(), watchItemDays: Type.Integer() }),
  holds: Type.Array(holdShape),
  names,
  disposals: Type.Array(disposalShape),
  grounds: Type.Array(Type.String()),
});
export const disposalsShape = Type.Object({ items: Type.Array(disposalShape), names });
export const madeShape = Type.Object({ id: Type.String() });
export const certificateShape = Type.Object({
  certificate: Type.Object({}, { additionalProperties: true }),
  envelope: Type.Object({}, { additionalProperties: true }),
});
