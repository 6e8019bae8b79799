import { Type, type Static } from "typebox";

const Points = Type.Integer({ minimum: -100_000, maximum: 100_000 });
const Share = Type.Integer({ minimum: 0, maximum: 1_000 });
const Shares = Type.Array(Share, { minItems: 1, maxItems: 20 });
const Severity = Type.Number({ minimum: 0, maximum: 1 });
const Level = Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(3)]);
const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);

const Condition = Type.Union([
  Type.Object({ field: Type.String(), equals: Scalar }, { additionalProperties: false }),
  Type.Object({ field: Type.String(), at_least: Type.Number() }, { additionalProperties: false }),
  Type.Object({ field: Type.String(), one_of: Type.Array(Scalar) }, { additionalProperties: false }),
]);

const Factor = Type.Object({
  code: Type.String({ minLength: 1 }),
  group: Type.Optional(Type.String()),
  points: Points,
  says: Type.String({ minLength: 1 }),
  signals: Type.Union([Type.Literal("evidence"), Type.Literal("any")]),
  when: Type.Array(Condition, { minItems: 1 }),
});

const RuleWeights = Type.Record(
  Type.String(),
  Type.Object(
    {
      points: Type.Optional(Points),
      after: Type.Optional(
        Type.Object({
          signals: Type.Integer({ minimum: 2, maximum: 200 }),
          minutes: Type.Number({ exclusiveMinimum: 0 }),
        }),
      ),
      because: Type.String({ minLength: 1 }),
    },
    { additionalProperties: false },
  ),
);

/** `score.yaml`; what each number does: docs/formats/score.md. Points are thousandths of log-odds, shares thousandths. */
export const WeightsFile = Type.Object({
  version: Type.String({ minLength: 1 }),
  base_rate: Points,
  base_rate_says: Type.String(),
  incident_threshold: Severity,
  watch_floor: Severity,
  watch_minutes: Type.Number({ minimum: 1 }),
  points_by_level: Type.Object({
    informational: Points,
    low: Points,
    medium: Points,
    high: Points,
    critical: Points,
  }),
  rule_weights: RuleWeights,
  confidence: Type.Object({
    unstated: Share,
    bands: Type.Array(Type.Object({ from: Severity, share: Share }), { minItems: 1 }),
    unstated_observation: Share,
  }),
  repeats: Type.Object({ same_signal: Shares, same_rule_same_source: Shares, same_rule_other_source: Shares }),
  kind_limit: Type.Record(Type.String(), Points),
  kind_limit_says: Type.String(),
  corroboration: Type.Object({ from: Points, points: Type.Array(Points, { minItems: 1 }), says: Type.String() }),
  context: Type.Array(Factor),
  exculpatory: Type.Object({
    sale_explains: Type.Object({ points: Points, says: Type.String() }),
    factors: Type.Array(Factor),
  }),
  level_raises: Type.Array(
    Type.Object({
      code: Type.String(),
      level: Level,
      categories: Type.Array(Type.String(), { minItems: 1 }),
      category: Type.String(),
      says: Type.String(),
    }),
  ),
  dismissals: Type.Optional(
    Type.Object(
      {
        days: Type.Integer({ minimum: 1, maximum: 365 }),
        from: Type.Integer({ minimum: 2, maximum: 100 }),
        share_each: Share,
        share_max: Type.Integer({ minimum: 0, maximum: 900 }),
        says: Type.String({ minLength: 1 }),
      },
      { additionalProperties: false },
    ),
  ),
  calendar: Type.Record(
    Type.String(),
    Type.Object({
      incident_threshold: Severity,
      rule_weights: Type.Optional(RuleWeights), // in place of those of the same rules, for signals of the period
      says: Type.Optional(Type.String()),
    }),
  ),
});

export type Weights = Static<typeof WeightsFile>;
export type Factor = Static<typeof Factor>;
export type Condition = Static<typeof Condition>;

/** What a rule file says of its own weight. `points` null: by the Sigma level. */
export type RuleWords = { readonly points: number | null; readonly says: string };
