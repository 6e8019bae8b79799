import { readFileSync } from "node:fs";
import { parse } from "yaml";

const shipped = (file: string): unknown =>
  parse(readFileSync(new URL(`../../../pack/retail/${file}`, import.meta.url), "utf8"));

type WordsFile = {
  readonly version: string;
  readonly languages: Readonly<Record<string, Readonly<Record<string, unknown>> & { readonly traits: Traits }>>;
};
type Traits = Readonly<Record<string, { readonly always: readonly string[]; readonly of_people: readonly string[] }>>;

/** The shipped words as the server answers them. */
function wordsOfPack(): unknown {
  const { version, languages } = shipped("sensitive-words.yaml") as WordsFile;
  return {
    version,
    languages: Object.fromEntries(
      Object.entries(languages).map(([name, lists]) => [
        name,
        {
          ...lists,
          thingsBefore: lists["things_before"],
          adjectiveAfter: lists["adjective_after"],
          nounsHaveCapitals: lists["nouns_have_capitals"],
          traits: Object.fromEntries(
            Object.entries(lists.traits).map(([trait, words]) => [
              trait,
              { always: words.always, ofPeople: words.of_people },
            ]),
          ),
        },
      ]),
    ),
  };
}

const request = {
  id: "77777777-7777-4777-8777-777777777777",
  ref: "SR-2026-000001",
  kind: "access",
  subjectKind: "customer",
  country: "BE",
  receivedAt: "2026-10-01T00:00:00.000Z",
  dueAt: "2026-11-01T23:59:59.999Z",
  daysLeft: -20,
  overdue: true,
  extendedAt: null,
  identity: "confirmed",
  state: "open",
  answerSha256: null,
  answerAuditId: null,
  version: 2,
  asked: { identifiers: [{ kind: "name", value: "Anna Zeligman" }], wording: "Please tell me what you keep about me." },
  steps: [{ at: "2026-10-01T08:00:00.000Z", actor: "user:7f3a", kind: "entered", says: "access request entered" }],
};
const requests = [
  request,
  {
    ...request,
    id: "77777777-7777-4777-8777-777777777778",
    ref: "SR-2026-000002",
    kind: "erasure",
    state: "answered",
    overdue: false,
    daysLeft: null,
    answerSha256: "ab".repeat(32),
  },
];

const entry = {
  id: "88888888-8888-4888-8888-888888888888",
  state: "proposed",
  siteIds: ["S-1001"],
  incidentId: "00000000-0000-4000-8000-000000000001",
  ground: "barring_notice",
  ageBand: "a30_44",
  proposedBy: "user:7f3a",
  proposedAt: "2026-11-20T08:00:00.000Z",
  decidedBy: null,
  expiresAt: "2026-12-20T10:00:00.000Z",
  endedAt: null,
  proofAuditId: null,
};
const watchList = {
  daysMax: 90,
  grounds: ["barring_notice", "repeated_violence", "organised_theft"],
  items: [
    entry,
    { ...entry, id: "88888888-8888-4888-8888-888888888889", state: "active", decidedBy: "user:91cc" },
    {
      ...entry,
      id: "88888888-8888-4888-8888-88888888888a",
      state: "expired",
      decidedBy: "user:91cc",
      proofAuditId: request.id,
    },
  ],
};

const masks = {
  items: [
    {
      deviceId: "C-01",
      version: 1,
      at: null,
      actor: null,
      polygons: [
        [
          [0, 0],
          [400, 0],
          [400, 300],
          [0, 300],
        ],
      ],
    },
    { deviceId: "C-02", version: 0, at: null, actor: null, polygons: [] },
  ],
};

const least = { clipDays: 3, reportDays: 180, watchItemDays: 1, maskedDisplay: true, audio: false, analytics: false };
const sitePrivacy = {
  settings: { ...least, clipDays: 30 },
  least,
  departures: [{ setting: "clip days", least: "3", here: "30", because: "the works council agreed" }],
};

const line = (name: string, judged: number, falseOnes: number) => ({
  name,
  incidents: judged + 5,
  judged,
  falseOnes,
  overridden: 1,
});
const review = {
  quarter: "2026-Q4",
  finished: false,
  bySite: [line("S-1001", 40, 24), line("S-1002", 50, 10)],
  byCategory: [line("shoplifting", 60, 20)],
  byRule: [line("camera-loitering-high-value", 20, 11)],
  keptTexts: [{ name: "religion", count: 1 }],
  watchEntries: [{ name: "barring_notice, active", count: 2 }],
  lookUps: [{ name: "user:7f3a", count: 12 }],
  requests: [{ name: "access, answered", count: 3 }],
  remarks: [{ about: "site S-1001", says: "60 % of 40 judged were false, elsewhere 20 %" }],
  questions: ["Which rules are judged false more often than others, and at which sites? Who looks at why?"],
};

/** What the server answers about personal data, by path. */
export const privacyAnswers: Readonly<Record<string, () => unknown>> = {
  "/api/v1/descriptors": () => shipped("descriptors.yaml"),
  "/api/v1/sensitive-words": wordsOfPack,
  "/api/v1/subject-requests": () => ({ items: requests.map(({ asked: _asked, steps: _steps, ...row }) => row) }),
  "/api/v1/subject-requests/77777777-7777-4777-8777-777777777777": () => requests[0],
  "/api/v1/watch-entries": () => watchList,
  "/api/v1/sites/S-1001/masks": () => masks,
  "/api/v1/sites/S-1001/privacy": () => sitePrivacy,
  "/api/v1/privacy/reviews/current": () => review,
};
