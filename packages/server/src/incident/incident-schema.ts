import { Type } from "typebox";
import { incidentStates, verdicts } from "@tillwatch/wire";

const closed = { additionalProperties: false };
const time = Type.String({ format: "date-time" });
const name = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$" });
const word = Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" });
const money = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "in minor units" });
const currency = Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217" });
const people = Type.Integer({ minimum: 0, maximum: 10_000 });
const words = Type.String({ minLength: 1, maxLength: 10_000, pattern: "\\S" });
const reason = Type.String({ maxLength: 2000 });
const token = Type.String({ minLength: 1, maxLength: 200, pattern: "^\\S+$" });
const version = Type.Optional(
  Type.Integer({ minimum: 1, description: "what you saw; another one is refused with 409" }),
);
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

export const idParams = Type.Object({ id: Type.String({ maxLength: 64 }) });

export const ifMatch = Type.Object({
  "if-match": Type.Optional(
    Type.String({ maxLength: 40, description: "the ETag you saw; another one is refused with 412" }),
  ),
});

export const reportHeaders = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: "a repeat opens nothing" }),
  ),
});

export const reportBody = Type.Object(
  {
    siteId: name,
    category: word,
    occurredAt: time,
    summary: words,
    zoneId: Type.Optional(nullable(name)),
    valueLostMinor: Type.Optional(nullable(money)),
    currency: Type.Optional(nullable(currency)),
    peopleInvolved: Type.Optional(nullable(people)),
  },
  closed,
);

export const noteBody = Type.Object(
  { text: words, covers: Type.Optional(word), version },
  { ...closed, description: "`covers`: the checklist item that this provides" },
);
export const verdictBody = Type.Object(
  { verdict: Type.Enum([...verdicts]), because: Type.Optional(reason), version },
  closed,
);
export const overrideBody = Type.Object(
  { severity: nullable(Type.Number({ minimum: 0, maximum: 1 })), because: words, version },
  { ...closed, description: "severity null takes the override back" },
);
export const transitionBody = Type.Object(
  { to: Type.Enum([...incidentStates]), because: Type.Optional(reason), version },
  {
    ...closed,
    description: "closed needs `resolved`, `unfounded`, `duplicate` or `dismissed` as the first word of because",
  },
);
export const editBody = Type.Object(
  {
    summary: Type.Optional(words),
    category: Type.Optional(word),
    level: Type.Optional(Type.Enum([1, 2, 3])),
    zoneId: Type.Optional(nullable(name)),
    occurredAt: Type.Optional(time),
    valueLostMinor: Type.Optional(nullable(money)),
    valueRecoveredMinor: Type.Optional(nullable(money)),
    currency: Type.Optional(nullable(currency)),
    peopleInvolved: Type.Optional(nullable(people)),
    ownerToken: Type.Optional(nullable(token)),
    because: Type.Optional(reason),
    version,
  },
  { ...closed, minProperties: 1 },
);

export const listQuery = Type.Object(
  {
    state: Type.Optional(Type.String({ maxLength: 200, description: "one or more, by comma" })),
    kind: Type.Optional(Type.Enum(["incident", "watch", "done"])),
    level: Type.Optional(Type.String({ pattern: "^[123](,[123])*$", description: "one or more, by comma" })),
    site: Type.Optional(Type.String({ maxLength: 2000, description: "one or more, by comma" })),
    region: Type.Optional(Type.String({ maxLength: 64 })),
    zone: Type.Optional(name),
    category: Type.Optional(word),
    from: Type.Optional(Type.String({ format: "date-time", description: "of the occurrence, inclusive" })),
    to: Type.Optional(Type.String({ format: "date-time", description: "of the occurrence, exclusive" })),
    q: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    cursor: Type.Optional(Type.String({ maxLength: 400 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  },
  closed,
);

export const historyQuery = Type.Object(
  { at: Type.Optional(time), field: Type.Optional(Type.String({ maxLength: 64 })) },
  closed,
);

export const reported = Type.Object({
  id: Type.String({ format: "uuid" }),
  ref: Type.String(),
  version: Type.Integer(),
});

export const summaryShape = Type.Object({
  id: Type.String({ format: "uuid" }),
  ref: Type.String(),
  state: Type.Enum([...incidentStates]),
  level: Type.Enum([1, 2, 3]),
  category: Type.String(),
  categoryTitle: Type.String(),
  title: Type.String(),
  siteId: Type.String(),
  siteName: Type.String(),
  zoneId: nullable(Type.String()),
  zoneName: nullable(Type.String()),
  severity: Type.Number(),
  machineSeverity: nullable(Type.Number()),
  confidence: nullable(Type.Number()),
  verdict: nullable(Type.Enum([...verdicts])),
  openedAt: time,
  updatedAt: time,
  lastSignalAt: nullable(time),
  signalCount: Type.Integer(),
  completeness: Type.Number(),
  topReasons: Type.Array(Type.String()),
  rank: Type.String(),
  version: Type.Integer(),
  attention: Type.Optional(Type.String()),
});

export const pageShape = Type.Object({ items: Type.Array(summaryShape), nextCursor: nullable(Type.String()) });
