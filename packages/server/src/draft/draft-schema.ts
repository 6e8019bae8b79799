import { Type } from "typebox";
import { draftInputKinds, draftPlaces } from "@tillwatch/wire";

const closed = { additionalProperties: false };
const time = Type.String({ format: "date-time" });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

/** As of a note: what becomes text of a case is bounded alike. */
export const textCharsMax = 10_000;
const text = Type.String({ minLength: 1, maxLength: textCharsMax, pattern: "\\S" });
const sha256 = Type.String({ pattern: "^[0-9a-f]{64}$" });
// Names of models and versions, never sentences: they stand in clear and in the record.
const named = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9 ._:/@+-]{0,99}$" });
const revision = Type.Integer({
  minimum: 0,
  description: "the last one that you saw; another one is refused with 409",
});

export const caseParams = Type.Object({ id: Type.String({ maxLength: 64 }) });
export const draftParams = Type.Object({
  id: Type.String({ maxLength: 64 }),
  draftId: Type.String({ format: "uuid" }),
});

const model = Type.Object({ name: named, version: named, provider: Type.Optional(nullable(named)) }, closed);
const input = Type.Object({ kind: Type.Enum([...draftInputKinds]), id: Type.String({ format: "uuid" }) }, closed);
const parameter = Type.Union([
  Type.Number(),
  Type.Boolean(),
  Type.Null(),
  Type.String({ pattern: "^[A-Za-z0-9._:/+-]{0,64}$" }),
]);

export const offerBody = Type.Object(
  {
    key: Type.String({
      pattern: "^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$",
      description: "what the program calls this draft; a repeat under the same key is acknowledged and does nothing",
    }),
    place: Type.Enum([...draftPlaces], { description: "what it would become" }),
    text,
    model,
    promptSha256: Type.String({ ...sha256, description: "SHA-256 of the prompt's UTF-8 bytes, in hex" }),
    prompt: Type.Optional(
      Type.String({ maxLength: 50_000, description: "kept sealed; numbers and addresses of people are masked in it" }),
    ),
    inputs: Type.Array(input, {
      maxItems: 200,
      uniqueItems: true,
      description: "signals, notes (entries of the timeline) and exhibits of this case",
    }),
    parameters: Type.Optional(
      Type.Record(Type.String({ pattern: "^[a-z][a-z0-9_]{0,31}$" }), parameter, {
        maxProperties: 20,
        description: "temperature, seed ...",
      }),
    ),
    writtenAt: time,
  },
  closed,
);

export const ifMatch = Type.Object({
  "if-match": Type.Optional(
    Type.String({
      maxLength: 40,
      description: "the revision that you saw, in quotes; another one is refused with 412",
    }),
  ),
});
export const editBody = Type.Object({ revision, text }, closed);
export const acceptBody = Type.Object(
  {
    revision,
    keptBecause: Type.Optional(
      Type.String({
        maxLength: 2000,
        description: "why a text that names a protected trait is kept; without it such a text is refused",
      }),
    ),
  },
  closed,
);
export const refuseBody = Type.Object(
  { revision, because: Type.String({ minLength: 2, maxLength: 2000, pattern: "\\S" }) },
  closed,
);
export const diffQuery = Type.Object(
  {
    from: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, description: "a revision; 0 is the program's" })),
    to: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, description: "a revision; the last where not given" })),
  },
  closed,
);

const changes = Type.Object({
  kept: Type.Integer(),
  removed: Type.Integer(),
  added: Type.Integer(),
  whole: Type.Boolean({ description: "false: compared by common beginning and end only" }),
});
const modelShape = Type.Object({ name: Type.String(), version: Type.String(), provider: nullable(Type.String()) });
const inputShape = Type.Object({ kind: Type.Enum([...draftInputKinds]), id: Type.String() });

export const offeredShape = Type.Object({
  id: Type.String({ format: "uuid" }),
  incidentId: Type.String(),
  state: Type.Enum(["offered", "accepted", "refused"]),
  textSha256: Type.String({ description: "of the text as it is kept, with a salt" }),
});
const viewMembers = {
  id: Type.String({ format: "uuid" }),
  incidentId: Type.String(),
  place: Type.Enum([...draftPlaces]),
  state: Type.Enum(["offered", "accepted", "refused"]),
  model: modelShape,
  offeredBy: Type.String(),
  program: nullable(Type.String()),
  offeredAt: time,
  writtenAt: time,
  promptSha256: Type.String(),
  promptKept: Type.Boolean(),
  inputs: Type.Array(inputShape),
  parameters: Type.Record(Type.String(), Type.Unknown()),
  revision: Type.Integer(),
  draft: Type.String(),
  text: Type.String(),
  revisions: Type.Array(
    Type.Object({
      number: Type.Integer(),
      by: Type.String(),
      at: time,
      textSha256: Type.String(),
      chainSha256: Type.String(),
    }),
  ),
  settled: nullable(Type.Object({ at: time, by: Type.String(), because: nullable(Type.String()) })),
  changes: nullable(changes),
};
export const draftShape = Type.Object(viewMembers);
export const draftsShape = Type.Object({ items: Type.Array(draftShape) });
export const detailShape = Type.Object({
  ...viewMembers,
  prompt: nullable(Type.String()),
  texts: Type.Array(Type.Object({ number: Type.Integer(), text: Type.String(), salt: Type.String() })),
});
export const diffShape = Type.Object({
  from: Type.Integer(),
  to: Type.Integer(),
  parts: Type.Array(Type.Object({ kind: Type.Enum(["same", "removed", "added"]), text: Type.String() })),
  changes,
});

/** Of an incident's record: where its accepted texts come from. */
export const acceptedDraftShape = Type.Object({
  draftId: Type.String(),
  place: Type.Enum([...draftPlaces]),
  model: modelShape,
  offeredBy: Type.String(),
  offeredAt: time,
  promptSha256: Type.String(),
  inputs: Type.Array(inputShape),
  editedBy: Type.Array(Type.String()),
  changes,
  acceptedBy: Type.String(),
  acceptedAt: time,
});
