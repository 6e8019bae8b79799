import { Type } from "typebox";
import { incidentStates, silenceStates } from "@tillwatch/wire";

const closed = { additionalProperties: false };
const instant = Type.String({ format: "date-time" });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const place = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$" });
const code = Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" });
const rule = Type.String({
  minLength: 1,
  maxLength: 200,
  description: "of a rule, or of a model as `model:<id>`; as detections carry it",
});
const words = (description: string) => Type.String({ maxLength: 500, description });

export const silenceParams = Type.Object({ id: Type.String({ format: "uuid" }) });

// Reason and end are optional here so that what is missing is said in words, with the remedy.
export const newSilenceBody = Type.Object(
  {
    ruleId: Type.Optional(nullable(rule)),
    siteId: Type.Optional(nullable(place)),
    zoneId: Type.Optional(nullable(place)),
    deviceId: Type.Optional(nullable(place)),
    category: Type.Optional(nullable(code)),
    level: Type.Optional(
      Type.Enum([1, 2], { description: "up to which level it holds back; 2 once another person has signed" }),
    ),
    startsAt: Type.Optional(nullable(instant)),
    endsAt: Type.Optional(nullable(Type.String({ ...instant, description: "required" }))),
    because: Type.Optional(words("required: why; shown beside what the silence hid, and on the record")),
  },
  { ...closed, description: "a rule, a site, or both; what is left out is any" },
);
export const stepBody = Type.Object({ because: Type.Optional(words("required: why")) }, closed);
export const silenceQuery = Type.Object({ state: Type.Optional(Type.Enum([...silenceStates])) });

export const madeShape = Type.Object({ id: Type.String({ format: "uuid" }) });

const step = nullable(Type.Object({ at: instant, by: Type.String(), because: Type.String() }));
const silenceFields = {
  id: Type.String({ format: "uuid" }),
  state: Type.Enum([...silenceStates]),
  ruleId: nullable(Type.String()),
  ruleTitle: nullable(
    Type.String({ description: "as it is called now; null where ruleId is null, and for a rule that runs no longer" }),
  ),
  siteId: nullable(Type.String()),
  zoneId: nullable(Type.String()),
  deviceId: nullable(Type.String()),
  category: nullable(Type.String()),
  level: Type.Enum([1, 2]),
  startsAt: instant,
  endsAt: instant,
  because: Type.String(),
  madeAt: instant,
  owner: Type.String(),
  signed: step,
  ended: Type.Union([...step.anyOf], { description: "before its time; null: it ends, or ended, by itself" }),
  hidden: Type.Integer({ description: "cases that it held back, of those that you may see" }),
};
const names = Type.Record(Type.String(), Type.String(), { description: "of the people that are named here by tokens" });
export const silenceListShape = Type.Object({
  items: Type.Array(Type.Object(silenceFields)),
  names,
});
export const choicesShape = Type.Object({
  rules: Type.Array(Type.Object({ id: Type.String(), title: Type.String(), level: Type.Enum([1, 2]) }), {
    description: "rules and models that run and may be silenced, by title",
  }),
  everySite: Type.Boolean({ description: "a rule may be silenced at every site" }),
  hoursMax: Type.Object({ narrow: Type.Integer(), wide: Type.Integer() }),
});
export const silenceShape = Type.Object({
  ...silenceFields,
  cases: Type.Array(
    Type.Object({
      incidentId: Type.String({ format: "uuid" }),
      ref: Type.String(),
      state: Type.Enum([...incidentStates]),
      category: Type.String(),
      siteId: Type.String(),
      kind: Type.Enum(["held", "quiet"], {
        description: "held: it would have opened; quiet: it went on and nobody was told",
      }),
      firstAt: instant,
      lastAt: instant,
      signals: Type.Integer(),
      severity: Type.Number(),
      level: Type.Integer(),
    }),
    { description: "newest first, at most 500" },
  ),
  names,
});
