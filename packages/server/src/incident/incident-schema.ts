import { Type } from "typebox";
import { acceptedDraftShape } from "../draft/draft-schema.ts";
import { describedPersonsMax, incidentStates, protectedTraits, verdicts } from "@tillwatch/wire";

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

const picked = Type.Record(
  Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" }),
  Type.Array(Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" }), { maxItems: 20 }),
);
const description = Type.Object(
  { persons: Type.Array(picked, { maxItems: describedPersonsMax }), scene: picked },
  { ...closed, description: "picked from GET /api/v1/descriptors; `persons` in your order" },
);
const keptBecause = Type.String({
  maxLength: 2000,
  description: "why a text that names a protected trait is kept; without it such a text is refused",
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
    description: Type.Optional(description),
    keptBecause: Type.Optional(keptBecause),
    aboutColleagues: Type.Optional(
      Type.Array(Type.String({ pattern: "^[0-9a-f]{32}$" }), {
        maxItems: 20,
        uniqueItems: true,
        description: "colleagues whom it is about, as GET /api/v1/sites/{id}/colleagues names them; they do not see it",
      }),
    ),
    aboutColleague: Type.Optional(
      Type.Boolean({ description: "it is about a colleague, also where none is picked: others handle it" }),
    ),
  },
  closed,
);

export const noteBody = Type.Object(
  { text: words, covers: Type.Optional(word), keptBecause: Type.Optional(keptBecause), version },
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
    keptBecause: Type.Optional(keptBecause),
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
    q: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: "words; each must be in the title, the place, the reasons, the summary or the reference",
      }),
    ),
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
  silenced: Type.Optional(Type.Literal(true, { description: "a silence keeps it on the watch list" })),
  attention: Type.Optional(Type.String()),
});

export const pageShape = Type.Object({ items: Type.Array(summaryShape), nextCursor: nullable(Type.String()) });

const json = Type.Unknown({ description: "any JSON" });
const facts = Type.Record(Type.String(), json);
const texts = Type.Array(Type.String());
const field = Type.Object({
  field: Type.String(),
  before: json,
  after: json,
  at: time,
  actor: Type.String(),
  because: Type.String(),
});
const score = Type.Object({
  severity: Type.Number(),
  confidence: Type.Number(),
  level: Type.Enum([1, 2, 3]),
  category: Type.String(),
  totalMilliLogOdds: Type.Integer(),
  additions: Type.Array(
    Type.Object({
      kind: Type.String(),
      code: Type.String(),
      milliLogOdds: Type.Integer({ description: "thousandths of a log-odds unit; they sum to the total" }),
      says: Type.String(),
      signalIds: texts,
    }),
  ),
  weightsVersion: Type.String(),
  rulesVersion: Type.String(),
  silenced: Type.Optional(
    Type.Object(
      { by: texts, severity: Type.Number(), hides: Type.Boolean() },
      {
        description:
          "which silences cover some of it, what is left without that, and whether that keeps it from opening",
      },
    ),
  ),
});
const signal = Type.Object({
  id: Type.String(),
  type: Type.String(),
  source: Type.String(),
  shape: Type.String(),
  deviceId: nullable(Type.String()),
  zoneId: nullable(Type.String()),
  occurredAt: Type.String({ description: "as the source wrote it" }),
  correctedAt: time,
  receivedAt: time,
  clockOffsetMs: nullable(Type.Number()),
  late: Type.Boolean(),
  joinedBecause: Type.String(),
  media: Type.Array(facts),
  data: facts,
});
const timelineEntry = Type.Object({
  id: Type.String(),
  at: time,
  originalAt: nullable(Type.String()),
  clockOffsetMs: nullable(Type.Number()),
  late: Type.Boolean(),
  kind: Type.String(),
  says: Type.String(),
  actor: Type.String(),
  signalId: nullable(Type.String()),
  detail: facts,
});
const completeness = Type.Object({
  value: Type.Number(),
  ruleVersion: Type.String(),
  items: Type.Array(
    Type.Object({ code: Type.String(), title: Type.String(), present: Type.Boolean(), howToGet: Type.String() }),
  ),
});

export const recordShape = Type.Object(
  {
    ...summaryShape.properties,
    taxonomyVersion: Type.String(),
    occurredAt: time,
    summary: Type.String(),
    reporter: nullable(Type.String()),
    ownerToken: nullable(Type.String()),
    asset: Type.Object({ owner: nullable(Type.String()), criticality: nullable(Type.String()) }),
    score: nullable(score),
    override: nullable(
      Type.Object({ severity: Type.Number(), because: Type.String(), actor: Type.String(), at: time }),
    ),
    value: Type.Object({
      lostMinor: nullable(Type.Integer()),
      recoveredMinor: nullable(Type.Integer()),
      currency: nullable(Type.String()),
    }),
    completenessDetail: completeness,
    signals: Type.Array(signal),
    timeline: Type.Array(timelineEntry),
    exhibits: Type.Array(facts),
    packets: Type.Array(facts),
    playbooks: Type.Array(facts),
    sop: texts,
    history: Type.Array(field),
    allowedTransitions: Type.Array(Type.Enum([...incidentStates])),
    decisionIds: texts,
    description: Type.Optional(
      nullable(
        Type.Object({
          ...description.properties,
          vocabularyVersion: Type.String(),
          at: time,
          actor: Type.String(),
        }),
      ),
    ),
    withheld: Type.Optional(Type.Object({ code: Type.String(), says: Type.String() })),
    may: Type.Optional(texts),
    drafted: Type.Optional(Type.Array(acceptedDraftShape)),
    keptTexts: Type.Optional(
      Type.Array(
        Type.Object({
          place: Type.Enum(["summary", "note"]),
          traits: Type.Array(Type.Enum([...protectedTraits])),
          at: time,
          actor: Type.String(),
        }),
      ),
    ),
  },
  { description: "IncidentRecord of packages/wire" },
);

export const historyShape = Type.Object({
  id: Type.String(),
  ref: Type.String(),
  at: time,
  fields: facts,
  changes: Type.Array(field),
});

export const taxonomyShape = Type.Object({
  version: Type.String(),
  categories: Type.Array(
    Type.Object({
      code: Type.String(),
      title: Type.String(),
      level: Type.Enum([1, 2, 3]),
      group: Type.String(),
      evidenceChecklist: Type.Array(
        Type.Object({ code: Type.String(), title: Type.String(), howToGet: Type.String(), satisfiedBy: texts }),
      ),
      sop: texts,
      agencyCodes: Type.Record(Type.String(), Type.String()),
    }),
  ),
});

const place = { id: Type.String(), name: Type.String(), kind: Type.String() };
export const sitesShape = Type.Object({
  items: Type.Array(
    Type.Object({
      ...place,
      region: nullable(Type.String()),
      timezone: Type.String(),
      currency: Type.String(),
      zones: Type.Array(Type.Object(place)),
      devices: Type.Array(
        Type.Object({ ...place, owner: nullable(Type.String()), criticality: nullable(Type.String()) }),
      ),
    }),
  ),
});

const counts = Type.Record(Type.String(), Type.Integer());
export const statsShape = Type.Object({
  at: time,
  incidents: Type.Object({
    byState: counts,
    openByLevel: counts,
    openedLast24h: Type.Integer(),
    watchedLast24h: Type.Integer(),
    byCategoryLast24h: Type.Array(Type.Object({ category: Type.String(), count: Type.Integer() })),
    verdicts: counts,
    medianSecondsToAcknowledge: nullable(Type.Number()),
  }),
  signals: Type.Object({ acceptedSinceStart: Type.Integer(), perMinute: Type.Number() }),
});
