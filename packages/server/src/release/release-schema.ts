import { Type } from "typebox";
import { channels } from "./release.ts";

const closed = { additionalProperties: false };
const time = Type.String({ format: "date-time" });
const code = Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" });
const words = (maxLength: number) => Type.String({ minLength: 2, maxLength, pattern: "\\S" });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

export const packetParams = Type.Object({ id: Type.String({ maxLength: 64 }) });
export const listQuery = Type.Object({
  packet: Type.Optional(
    Type.String({ format: "uuid", description: "what stands against the release of this one; none: of any" }),
  ),
});
export const releaseParams = Type.Object({
  id: Type.String({ maxLength: 64 }),
  releaseId: Type.String({ format: "uuid" }),
});

const partner = Type.Object(
  { partnerId: Type.String({ minLength: 1, maxLength: 32 }) },
  { ...closed, description: "an organisation here that the case is shared with; its people take the packet" },
);
const outside = Type.Object(
  {
    agency: words(200),
    person: words(200),
    reference: Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: "\\S",
      description: "the recipient's own case number",
    }),
    channel: Type.Enum([...channels]),
  },
  { ...closed, description: "somebody outside, by name; you hand the packet over yourself" },
);

export const releaseBody = Type.Object(
  {
    recipient: Type.Union([partner, outside]),
    purpose: code,
    ground: code,
    because: Type.String({
      minLength: 10,
      maxLength: 2000,
      pattern: "\\S",
      description: "why; it goes into the record",
    }),
    holds: Type.Optional(
      Type.Array(Type.String({ format: "uuid" }), {
        maxItems: 200,
        description: "the legal holds that keep the case: each is named, so that the record shows that you knew",
      }),
    ),
    despite: Type.Optional(
      Type.String({
        minLength: 10,
        maxLength: 2000,
        pattern: "\\S",
        description: "why all the same, where something stands against it",
      }),
    ),
  },
  closed,
);
export const becauseBody = Type.Object(
  { because: Type.String({ minLength: 10, maxLength: 2000, pattern: "\\S" }) },
  closed,
);
export const takenBody = Type.Object({ note: Type.Optional(Type.String({ maxLength: 500 })) }, closed);

export const releaseShape = Type.Object({
  id: Type.String(),
  packetId: Type.String(),
  incidentId: Type.String(),
  recipient: Type.Object({
    kind: Type.Enum(["partner", "outside"]),
    partnerId: nullable(Type.String()),
    agency: Type.String(),
    person: nullable(Type.String()),
    reference: nullable(Type.String()),
  }),
  channel: Type.String(),
  link: nullable(
    Type.Object({
      id: Type.String(),
      state: Type.String(),
      madeAt: time,
      madeBy: Type.String(),
      expiresAt: time,
      openedAt: nullable(time),
      triesLeft: Type.Integer(),
      refusals: Type.Integer(),
    }),
  ),
  purpose: Type.String(),
  ground: Type.String(),
  because: Type.String(),
  noted: Type.Array(Type.Object({ code: Type.String(), count: Type.Integer() })),
  despite: nullable(Type.String()),
  holds: Type.Array(Type.Object({ id: Type.String(), ground: Type.String() })),
  sha256: Type.String(),
  bytes: Type.Integer(),
  releasedAt: time,
  releasedBy: Type.String(),
  takenAt: nullable(time),
  takenBy: nullable(Type.String()),
  withdrawnAt: nullable(time),
  withdrawnBy: nullable(Type.String()),
  withdrawnBecause: nullable(Type.String()),
});

export const releasesShape = Type.Object({
  items: Type.Array(releaseShape),
  partners: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), kind: Type.String() })),
  standing: Type.Array(
    Type.Object({
      code: Type.String(),
      says: Type.String(),
      remedy: Type.String(),
      grounds: Type.Array(Type.String()),
      count: Type.Integer(),
    }),
  ),
  holds: Type.Array(
    Type.Object({ id: Type.String(), ground: Type.String(), matter: nullable(Type.String()), at: time }),
  ),
  purposes: Type.Array(Type.String()),
  grounds: Type.Array(Type.String()),
  channels: Type.Array(Type.String()),
});
export const madeShape = Type.Object({ id: Type.String(), auditId: Type.String(), sha256: Type.String() });
export const withdrawnShape = Type.Object({ withdrawnAt: time, says: Type.String() });
export const receiptShape = Type.Object({
  receipt: Type.Object({}, { additionalProperties: true }),
  envelope: Type.Object({}, { additionalProperties: true }),
});
