import { Type } from "typebox";
import { ruleKinds, ruleStates } from "@tillwatch/wire";
import { ruleTextMax } from "./check-rule.ts";
import { stepKinds } from "./rule-store.ts";

const closed = { additionalProperties: false };
const instant = Type.String({ format: "date-time" });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const because = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: "\\S",
  description: "why; it stands in the record",
});
const number = Type.Integer({ minimum: 0, maximum: 1_000_000 });
// Named `rule` in bodies: a member `text` is words of a person, in which numbers are masked.
const text = Type.String({
  minLength: 1,
  maxLength: ruleTextMax,
  description: "the rule file: one Sigma rule, correlation or filter in YAML with its `tests`",
});
const sha256 = Type.String({ pattern: "^[0-9a-f]{64}$" });
const state = Type.Enum([...ruleStates]);

export const ruleParams = Type.Object({ id: Type.String({ format: "uuid" }) });
export const versionParams = Type.Object({ id: Type.String({ format: "uuid" }), number });

export const checkBody = Type.Object(
  {
    rule: Type.String({ maxLength: ruleTextMax }),
    isNew: Type.Optional(Type.Boolean({ description: "it would be a new rule: the id of one that is there is wrong" })),
    against: Type.Optional(
      Type.Object(
        { id: Type.String({ format: "uuid" }), number },
        { ...closed, description: "a version to tell the difference to" },
      ),
    ),
  },
  closed,
);
export const newRuleBody = Type.Object({ rule: text, because }, closed);
export const newVersionBody = Type.Object(
  {
    rule: text,
    because,
    base: Type.Integer({ ...number, description: "the last version that you saw; 0: the pack's file" }),
  },
  closed,
);
export const becauseBody = Type.Object({ because }, closed);
export const signBody = Type.Object(
  { because, sha256: Type.String({ ...sha256, description: "of the text that is signed, as the version shows it" }) },
  closed,
);
export const rollBackBody = Type.Object(
  {
    because,
    to: Type.Optional(
      Type.Integer({ ...number, description: "a version that ran at some time; what ran before if left out" }),
    ),
  },
  closed,
);

export const changedShape = Type.Object({
  id: Type.String(),
  number,
  kind: Type.Enum([...stepKinds], { description: "signature_asked: it runs once another person has signed" }),
  live: Type.Union([number, Type.Null()], { description: "what runs from now on; null: nothing" }),
});

const judged = Type.Object({
  right: Type.Integer({ description: "cases that a person called true" }),
  wrong: Type.Integer({ description: "cases that a person called false" }),
});
const problem = Type.Object({
  code: Type.String(),
  line: Type.Integer(),
  column: Type.Integer(),
  message: Type.String(),
  remedy: Type.String(),
});
const way = Type.Enum(["match", "no_match"]);
const test = Type.Object({
  title: Type.String(),
  expected: way,
  got: way,
  ok: Type.Boolean(),
  note: nullable(Type.String()),
});
const kind = Type.Enum([...ruleKinds], {
  description: "correlation: it counts what other rules match; filter: it narrows other rules",
});
const narrows = Type.Array(Type.String(), { description: "of a filter: titles of the rules that it narrows" });
const facts = Type.Object({
  kind,
  id: Type.String(),
  title: Type.String(),
  level: nullable(Type.String()),
  category: Type.String(),
  triageLevel: Type.Integer(),
  points: nullable(Type.Integer()),
  service: nullable(Type.String()),
  pages: Type.Boolean({
    description:
      "it adds points or has level 2 or 3, so it can put somebody on his feet; of a filter: something that it narrows does",
  }),
  narrows,
});
const diff = Type.Array(Type.Object({ kind: Type.Enum(["same", "removed", "added"]), text: Type.String() }));
const checkFields = {
  ok: Type.Boolean({ description: "it is understood, carries tests both ways, and passes them" }),
  facts: nullable(facts),
  problems: Type.Array(problem),
  tests: Type.Array(test),
};
export const checkShape = Type.Object({
  ...checkFields,
  diff: nullable(diff),
});

const day = Type.Object({ day: Type.String(), live: Type.Integer(), shadow: Type.Integer() });
const itemFields = {
  kind,
  id: Type.String(),
  title: Type.String(),
  origin: Type.Enum(["pack", "written"]),
  editable: Type.Boolean({ description: "false: it shares its file of the pack with others, or has no id" }),
  countedBy: Type.Array(Type.String(), { description: "titles of correlations: only they speak of what it matches" }),
  state,
  live: nullable(number),
  shadow: nullable(number),
  latest: number,
  asked: nullable(Type.Object({ number, by: Type.String(), at: instant })),
  level: nullable(Type.String()),
  category: Type.String(),
  triageLevel: Type.Integer(),
  service: nullable(Type.String()),
  pages: Type.Boolean(),
  narrows,
  days: Type.Array(day, {
    description: "matches by UTC day of processing, of a filter what it kept out; days without any are left out",
  }),
  judged: nullable(judged),
  shadowJudged: nullable(judged),
};
const item = Type.Object(itemFields);
export const listShape = Type.Object({
  items: Type.Array(item),
  fromDay: Type.String(),
  bar: Type.Object({ share: Type.Number(), verdictsMin: Type.Integer() }),
  rulebook: Type.Object({
    version: Type.String(),
    revision: Type.Integer(),
    fault: nullable(Type.String({ description: "why newer rules of the store do not run in this process" })),
  }),
});
export const ruleShape = Type.Object({
  ...itemFields,
  versions: Type.Array(
    Type.Object({
      number,
      state,
      title: Type.String(),
      sha256,
      author: Type.String(),
      because: Type.String(),
      at: nullable(instant),
    }),
  ),
  back: nullable(
    Type.Object(
      {
        live: Type.Union([number, Type.Null()], { description: "null: nothing runs" }),
        guarded: Type.Boolean({
          description:
            "it was retired or rolled back, so it is let run as any version: tests, precision or a signature",
        }),
      },
      { description: "where roll-back leads; null: nowhere" },
    ),
  ),
  names: Type.Record(Type.String(), Type.String(), {
    description: "of the people that are named here by their tokens",
  }),
  steps: Type.Array(
    Type.Object({
      kind: Type.Enum([...stepKinds]),
      number,
      liveBefore: nullable(number),
      liveAfter: nullable(number),
      actor: Type.String(),
      signedBy: nullable(Type.String()),
      because: Type.String(),
      judged: nullable(judged),
      at: instant,
    }),
  ),
});
export const versionShape = Type.Object({
  id: Type.String(),
  number,
  state,
  text: Type.String(),
  sha256,
  author: Type.String(),
  because: Type.String(),
  at: nullable(instant),
  check: Type.Object(checkFields),
  against: nullable(number),
  diff,
});
export const againstQuery = Type.Object({
  against: Type.Optional(
    Type.Integer({ ...number, description: "compare with this version; the one before if left out" }),
  ),
});
export const hitsShape = Type.Object({
  items: Type.Array(
    Type.Object({
      signalId: Type.String(),
      siteId: Type.String(),
      at: instant,
      incidentId: nullable(Type.String()),
      incidentRef: nullable(Type.String()),
      type: nullable(Type.String({ description: "of the signal; null: it is gone, or not yours to see" })),
      deviceId: nullable(Type.String()),
    }),
  ),
});
