import type {
  Completeness,
  ExhibitId,
  IncidentRecord,
  IncidentSignal,
  IncidentSummary,
  PacketId,
  Score,
  TimelineEntry,
} from "@tillwatch/wire";
import { gateSilence } from "./fixture-silences.ts";
import { incidentId, minutesAgo, signalId, taxonomy } from "./fixture-world.ts";

export const score: Score = {
  severity: 0.9761,
  confidence: 0.93,
  level: 3,
  category: "organised_theft",
  totalMilliLogOdds: 3710,
  weightsVersion: "retail-score-1",
  rulesVersion: "retail-rules-1",
  additions: [
    {
      kind: "detection",
      code: "rfid-exit-unsold",
      milliLogOdds: 4200,
      says: "Six tagged bottles passed the exit and no till sold them",
      signalIds: [signalId(1)],
    },
    {
      kind: "detection",
      code: "eas-alarm-unexplained",
      milliLogOdds: 2410,
      says: "The exit alarm rang and no sale of the last minutes explains it",
      signalIds: [signalId(2)],
    },
    {
      kind: "corroboration",
      code: "independent_sources",
      milliLogOdds: 1200,
      says: "The exit gate and the RFID reader saw it independently of each other",
      signalIds: [signalId(1), signalId(2)],
    },
    {
      kind: "exculpatory",
      code: "tag_noise",
      milliLogOdds: -700,
      says: "This gate rings falsely more often than others",
      signalIds: [signalId(2)],
    },
    {
      kind: "context",
      code: "value_high",
      milliLogOdds: 700,
      says: "The goods are worth 214.00 EUR",
      signalIds: [signalId(1)],
    },
    {
      kind: "context",
      code: "zone_high_value",
      milliLogOdds: 500,
      says: "It began in a zone with goods of high value",
      signalIds: [signalId(3)],
    },
    {
      kind: "base_rate",
      code: "base_rate",
      milliLogOdds: -4600,
      says: "Most of what sensors notice is harmless",
      signalIds: [],
    },
  ],
};

function entry(
  n: number,
  minutes: number,
  news: Partial<TimelineEntry> & Pick<TimelineEntry, "kind" | "says">,
): TimelineEntry {
  return {
    id: `entry-${n}`,
    at: minutesAgo(minutes),
    originalAt: null,
    clockOffsetMs: null,
    late: false,
    actor: "machine",
    signalId: null,
    detail: {},
    ...news,
  };
}

const timeline: readonly TimelineEntry[] = [
  entry(1, 5, {
    kind: "signal",
    says: "Camera C-03 saw somebody linger in the spirits aisle for 95 seconds",
    actor: "camera:C-03",
    originalAt: minutesAgo(2),
    clockOffsetMs: 180_000,
    signalId: signalId(3),
  }),
  entry(2, 3.2, {
    kind: "signal",
    says: "RFID reader R-01 read six tags going out",
    actor: "rfid:R-01",
    signalId: signalId(1),
  }),
  entry(3, 3.1, {
    kind: "detection",
    says: "Rule “Tagged goods leave without a sale” matched",
    detail: {
      because: [
        { selection: "selection", field: "context.sale_explains", value: "none", pattern: "none" },
        { selection: "selection", field: "context.unexplained_count", value: "6", pattern: ">= 2" },
      ],
    },
  }),
  entry(4, 3, {
    kind: "signal",
    says: "Exit gate E-01 rang, two tags",
    actor: "eas:E-01",
    late: true,
    signalId: signalId(2),
  }),
  entry(5, 3, {
    kind: "detection",
    says: "Rule “Exit alarm that no sale explains” matched",
    detail: {
      ruleId: "f37fc7ed-9e7e-4ef0-b63f-5aa2c5097cbe",
      ruleLevel: "high",
      because: [{ selection: "alarm", field: "event_type", value: "eas_alarm", pattern: "eas_alarm" }],
    },
  }),
  entry(6, 2.9, { kind: "score", says: "Severity 0.97, confidence 0.93: above 0.90, so an incident opened" }),
  entry(7, 2.9, { kind: "state", says: "Opened as incident" }),
  entry(8, 1, {
    kind: "note",
    says: "Duty manager informed; tills 1 and 2 asked for receipts of the last ten minutes.",
    actor: "person:7f3a",
  }),
];

const completenessDetail: Completeness = {
  value: 0.5,
  ruleVersion: taxonomy.version,
  items: [
    {
      code: "media",
      title: "Clip or image",
      present: false,
      howToGet: "Bookmark two minutes before and after at the camera system and attach it, or upload a photo",
    },
    { code: "item_list", title: "List of goods", present: true, howToGet: "" },
    { code: "value", title: "Value of the loss", present: true, howToGet: "" },
    {
      code: "witness_statement",
      title: "Witness statement",
      present: false,
      howToGet: "Write a note that begins with 'Statement:' or upload the signed statement",
    },
  ],
};

const signals: readonly IncidentSignal[] = [1, 2, 3].map((n) => ({
  id: signalId(n),
  type: ["rfid_exit_read", "eas_alarm", "person_loitering"][n - 1] ?? "",
  source: ["rfid:S-1001/R-01", "eas:S-1001/E-01", "camera:S-1001/C-03"][n - 1] ?? "",
  shape: "cloudevent" as const,
  deviceId: ["R-01", "E-01", "C-03"][n - 1] ?? null,
  zoneId: "exit",
  occurredAt: minutesAgo(n === 3 ? 2 : 3),
  correctedAt: minutesAgo(n === 3 ? 5 : 3),
  receivedAt: minutesAgo(2),
  clockOffsetMs: n === 3 ? 180_000 : null,
  late: n === 2,
  joinedBecause: n === 1 ? "opened_it" : "adjacent_zone_and_time",
  enrichment: [
    { fields: ["zone.*"], from: "the directory's entry of the device", version: "fixture-1", at: minutesAgo(2) },
  ],
  media: n === 3 ? [{ uri: "s3://clips/c-03/1504.mp4", kind: "clip" as const }] : [],
  data: { direction: "out", tag_count: 6 },
}));

function silencedBy({ silenced }: IncidentSummary): Pick<Score, "silenced"> {
  return silenced === true ? { silenced: { by: [gateSilence], severity: 0.3892, hides: true } } : {};
}

export function recordOf(of: IncidentSummary): IncidentRecord {
  const scored = of.machineSeverity !== null;
  return {
    ...of,
    taxonomyVersion: taxonomy.version,
    occurredAt: minutesAgo(5),
    summary:
      "Somebody waited in the spirits aisle, then six tagged bottles left through the exit. No till of the last ten minutes sold them.",
    reporter: scored ? null : "person:7f3a",
    ownerToken: null,
    asset: { owner: "Store operations", criticality: "high" },
    score: scored ? { ...score, ...silencedBy(of) } : null,
    override: null,
    value: { lostMinor: 21_400, recoveredMinor: null, currency: "EUR" },
    completenessDetail,
    signals,
    timeline,
    exhibits: [
      {
        id: "22222222-2222-4222-8222-222222222222" as ExhibitId,
        name: "exit-camera-1504.jpg",
        mediaType: "image/jpeg",
        bytes: 482_113,
        sha256: "3f1c9d0b7a5e4c2288d1f60b9e7a41c5d2f3a8b6c7e9f0a1b2c3d4e5f6a7b8c9",
        capturedAt: minutesAgo(4),
        receivedAt: minutesAgo(2),
        kind: "original",
        source: "person:7f3a",
      },
    ],
    packets: of.id === incidentId(3) ? [packetOf(3, "ready")] : [],
    playbooks: [
      {
        id: "playbook--1",
        title: "Organised theft: secure and inform",
        because: "Level 3 theft at a site with a guard",
        version: "retail-playbooks-1",
        steps: ["Check whether a till sold the goods"],
      },
    ],
    sop: taxonomy.categories[0]?.sop ?? [],
    history: [
      {
        field: "level",
        before: 1,
        after: 3,
        at: minutesAgo(2.9),
        actor: "machine",
        because: "Two independent sources, six items",
      },
      {
        field: "state",
        before: "watch",
        after: "open",
        at: minutesAgo(2.9),
        actor: "machine",
        because: "Severity 0.97 reached 0.90",
      },
    ],
    allowedTransitions:
      of.state === "closed"
        ? []
        : of.state === "watch"
          ? ["open", "closed"]
          : ["acknowledged", "investigating", "closed"],
    decisionIds: [],
  };
}

export const packetOf = (n: number, state: "building" | "ready") => ({
  id: `33333333-3333-4333-8333-${String(n).padStart(12, "0")}` as PacketId,
  state,
  requestedAt: minutesAgo(0),
  readyAt: state === "ready" ? minutesAgo(0) : null,
  bytes: state === "ready" ? 1_482_113 : null,
  sha256: state === "ready" ? "9d".repeat(32) : null,
  problem: null,
});
