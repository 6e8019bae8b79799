import {
  harmOfLevel,
  riskOf,
  type AuditEntryView,
  type CheckpointView,
  type DeadLetter,
  type IncidentId,
  type IncidentSummary,
  type SignalId,
  type SiteId,
  type SourceSignal,
  type SourceSummary,
  type ZoneId,
} from "@tillwatch/wire";

/** A small world of the right shapes: enough for every state that a page can be in. Times hang on one instant, so that ages hold. */
export const worldNowMs = Date.now();

export function minutesAgo(minutes: number): string {
  return new Date(worldNowMs - minutes * 60_000).toISOString();
}

export const incidentId = (n: number): IncidentId =>
  `00000000-0000-4000-8000-${String(n).padStart(12, "0")}` as IncidentId;
export const signalId = (n: number): SignalId => `11111111-1111-5111-8111-${String(n).padStart(12, "0")}` as SignalId;

export const taxonomy = {
  version: "retail-taxonomy-1",
  categories: [
    ["shoplifting", "Shoplifting", "theft", 1],
    ["organised_theft", "Organised theft", "theft", 3],
    ["refund_fraud", "Refund fraud", "fraud", 1],
    ["till_skimming", "Till skimming", "fraud", 1],
    ["assault", "Assault", "violence", 3],
    ["threat", "Threat", "violence", 3],
    ["device_tampering", "Device tampering", "tamper", 2],
    ["vandalism", "Vandalism", "property", 1],
    ["suspicious", "Suspicious behaviour", "watch", 1],
    ["other", "Something else", "other", 1],
  ].map(([code, title, group, level]) => ({
    code: String(code),
    title: String(title),
    group: String(group),
    level: level as 1 | 2 | 3,
    sop: [
      "Keep your distance; never pursue, hold or search anybody",
      "Note the time, the exit used and the goods",
      "Bookmark the cameras of the zone and of the exit",
    ],
  })),
};

export const sites = [
  { id: "S-1001", name: "Market Hall Brussels", zones: ["Entrance", "Tills 1 to 4", "Spirits", "Exit"] },
  { id: "S-1002", name: "High Street Leeds", zones: ["Entrance", "Self-checkout", "Fitting rooms"] },
  { id: "S-1003", name: "Outlet Lyon", zones: ["Entrance", "Tills", "Loading bay"] },
].map(({ id, name, zones }) => ({
  id,
  name,
  timezone: id === "S-1002" ? "Europe/London" : id === "S-1003" ? "Europe/Paris" : "Europe/Brussels",
  currency: id === "S-1002" ? "GBP" : "EUR",
  zones: zones.map((zone) => ({ id: zone.toLowerCase().replaceAll(" ", "-"), name: zone, kind: "aisle" })),
  devices: [
    { id: "C-01", name: "Spirits camera", kind: "camera" },
    { id: "C-02", name: "Exit camera", kind: "camera" },
    { id: "T-01", name: "Till 1", kind: "till" },
  ],
}));

const base: IncidentSummary = {
  id: incidentId(1),
  ref: "TW-2026-000123",
  state: "open",
  level: 3,
  category: "organised_theft",
  categoryTitle: "Organised theft",
  title: "Tagged spirits left through the exit without a sale",
  siteId: "S-1001" as SiteId,
  siteName: "Market Hall Brussels",
  zoneId: "exit" as ZoneId,
  zoneName: "Exit",
  severity: 0.9761,
  machineSeverity: 0.9761,
  confidence: 0.93,
  verdict: null,
  openedAt: minutesAgo(3),
  updatedAt: minutesAgo(1),
  lastSignalAt: minutesAgo(2),
  signalCount: 3,
  completeness: 0.5,
  topReasons: [
    "Six tagged bottles passed the exit and no till sold them",
    "The exit gate and the RFID reader saw it independently",
    "Loitering in the spirits aisle two minutes before",
  ],
  rank: "Risk 3.904: severity 0.976 times 4 for level 3 (coordinated or violent).",
  version: 4,
};

export function summary(news: Partial<IncidentSummary>): IncidentSummary {
  return { ...base, ...news };
}

function rankText(row: IncidentSummary): string {
  const risk = riskOf(row).toFixed(3);
  return `Risk ${risk}: severity ${row.severity.toFixed(3)} times ${harmOfLevel[row.level]} for level ${row.level}.`;
}

const others: readonly Partial<IncidentSummary>[] = [
  {
    level: 3,
    category: "threat",
    categoryTitle: "Threat",
    title: "Panic button at the tills",
    severity: 0.985,
    zoneName: "Tills 1 to 4",
    topReasons: ["Somebody pressed the panic button"],
    state: "acknowledged",
  },
  {
    level: 2,
    category: "device_tampering",
    categoryTitle: "Device tampering",
    title: "Card reader opened while the shop was closed",
    severity: 0.962,
    siteId: "S-1002" as SiteId,
    siteName: "High Street Leeds",
    zoneName: "Self-checkout",
    topReasons: [
      "The card reader's case was opened",
      "Outside opening hours",
      "An unknown device joined the same switch",
    ],
  },
  {
    level: 1,
    category: "refund_fraud",
    categoryTitle: "Refund fraud",
    title: "Cash refund without a receipt, third time this shift",
    severity: 0.941,
    siteId: "S-1003" as SiteId,
    siteName: "Outlet Lyon",
    zoneName: "Tills",
    verdict: "unsure",
    topReasons: [
      "Refund paid in cash without an original receipt",
      "The same till did it twice before within four hours",
    ],
  },
  {
    level: 1,
    category: "shoplifting",
    categoryTitle: "Shoplifting",
    title: "Shelf emptied at once in cosmetics, then the exit alarm",
    severity: 0.93,
    state: "investigating",
    siteId: "S-1002" as SiteId,
    siteName: "High Street Leeds",
    zoneName: null,
    topReasons: ["Fourteen units left the shelf within nine seconds", "Exit alarm 40 seconds later"],
  },
  {
    level: 1,
    category: "till_skimming",
    categoryTitle: "Till skimming",
    title: "Drawer opened without a sale, nine times in an hour",
    severity: 0.912,
    zoneName: "Tills 1 to 4",
    topReasons: ["Nine openings without a sale", "No manager was signed in"],
  },
  {
    level: 1,
    category: "vandalism",
    categoryTitle: "Vandalism",
    title: "Reported by staff: window of the fitting room broken",
    severity: 0.5,
    machineSeverity: null,
    confidence: null,
    siteId: "S-1003" as SiteId,
    siteName: "Outlet Lyon",
    zoneName: null,
    topReasons: [],
  },
];

const silencedCase = () =>
  summary({
    id: incidentId(22),
    ref: "TW-2026-000142",
    state: "watch",
    level: 1,
    category: "shoplifting",
    categoryTitle: "Shoplifting",
    title: "Shoplifting at the exit",
    severity: 0.9538,
    machineSeverity: 0.9538,
    topReasons: ["The exit gate sounded and no sale explains it"],
    rank: "Risk 0.954: severity 0.954 times 1 for level 1 (local follow-up). A silence keeps it on the watch list.",
    silenced: true,
  });

export function queueOfWorld(): IncidentSummary[] {
  const rows = others.map((news, index) =>
    summary({
      ...news,
      machineSeverity: news.machineSeverity === undefined ? (news.severity ?? null) : news.machineSeverity,
      id: incidentId(index + 2),
      ref: `TW-2026-00012${index + 4}`,
      openedAt: minutesAgo(index * 17 + 6),
      rank: rankText({ ...base, ...news }),
    }),
  );
  const watch = [
    summary({
      id: incidentId(20),
      ref: "TW-2026-000140",
      state: "watch",
      level: 1,
      category: "suspicious",
      categoryTitle: "Suspicious behaviour",
      title: "Somebody lingers at the spirits",
      severity: 0.1545,
      machineSeverity: 0.1545,
      zoneName: "Spirits",
      topReasons: ["Loitering at a high-value display, camera 86 % sure"],
      rank: "Below 0.90: waits for a second signal, ages out in 3 h 40 min",
    }),
    summary({
      id: incidentId(21),
      ref: "TW-2026-000141",
      state: "watch",
      level: 2,
      category: "device_tampering",
      categoryTitle: "Device tampering",
      title: "Camera C-07 was covered for 20 seconds",
      severity: 0.62,
      machineSeverity: 0.62,
      topReasons: ["Camera covered"],
      rank: "Below 0.90: waits for a second signal, ages out in 2 h",
    }),
    silencedCase(),
  ];
  const closed = [
    summary({
      id: incidentId(30),
      ref: "TW-2026-000099",
      state: "closed",
      verdict: "false",
      level: 1,
      title: "Exit alarm: forgotten tag, the sale was found",
      severity: 0.0045,
      machineSeverity: 0.0045,
      category: "shoplifting",
      categoryTitle: "Shoplifting",
      topReasons: ["A sale explains the alarm"],
      rank: "Closed 2 h ago",
    }),
  ];
  return [...rows.slice(0, 1), base, ...rows.slice(1), ...watch, ...closed];
}

export const sources: readonly SourceSummary[] = [
  {
    source: "camera:S-1001/C-01",
    siteId: "S-1001",
    deviceId: "C-01",
    kind: "camera",
    name: "Entrance camera",
    lastSignalAt: minutesAgo(1),
    signalsToday: 1204,
    duplicatesToday: 3,
    clockOffsetMs: null,
    sequenceGaps: 0,
    state: "ok",
  },
  {
    source: "camera:S-1001/C-03",
    siteId: "S-1001",
    deviceId: "C-03",
    kind: "camera",
    name: "Spirits camera",
    lastSignalAt: minutesAgo(2),
    signalsToday: 391,
    duplicatesToday: 0,
    clockOffsetMs: 180_000,
    sequenceGaps: 0,
    state: "skewed",
  },
  {
    source: "eas:S-1001/E-01",
    siteId: "S-1001",
    deviceId: "E-01",
    kind: "eas_gate",
    name: "Exit gate",
    lastSignalAt: minutesAgo(96),
    signalsToday: 17,
    duplicatesToday: 1,
    clockOffsetMs: null,
    sequenceGaps: 4,
    state: "silent",
  },
  {
    source: "till:S-1002/T-02",
    siteId: "S-1002",
    deviceId: "T-02",
    kind: "till",
    name: "Till 2",
    lastSignalAt: null,
    signalsToday: 0,
    duplicatesToday: 0,
    clockOffsetMs: null,
    sequenceGaps: 0,
    state: "never_seen",
  },
];

export function sourceSignals(source: string): readonly SourceSignal[] {
  const [siteId = "", deviceId = ""] = source.replace(/^[a-z]+:/, "").split("/");
  return [
    {
      id: "6b1f5c9e-58a0-5d51-9a53-0d6b1a6c2f11",
      type: "person_loitering",
      shape: "device-event",
      occurredAt: "2026-03-23T15:04:05Z",
      receivedAt: minutesAgo(2),
      clockOffsetMs: -180_000,
      original: {
        store_id: siteId,
        camera_id: deviceId,
        timestamp: "2026-03-23T15:04:05Z",
        event_type: "person_loitering",
        confidence: 0.86,
        thumbnail_url: "[address kept inside]",
      },
    },
  ];
}

export const deadLetters: readonly DeadLetter[] = [
  {
    id: "dl-1",
    receivedAt: minutesAgo(30),
    source: "camera:S-9999/C-01",
    code: "signal_site_unknown",
    message: "No site S-9999 in the directory",
    signal: { type: "person_loitering", siteId: "S-9999" },
    original: { store_id: "S-9999", camera_id: "C-01", event_type: "person_loitering" },
    state: "waiting",
  },
  {
    id: "dl-2",
    receivedAt: minutesAgo(90),
    source: "camera:S-1001/C-77",
    code: "signal_device_unknown",
    message: "Site S-1001 has no device C-77",
    signal: { type: "motion_detected" },
    original: null,
    state: "waiting",
  },
];

export const checkpoint: CheckpointView = {
  origin: "tillwatch.example/log",
  size: 1842,
  rootHash: "q0h1VQ2cZ0yq5o1bqS5m0m5V6z0m5o3n4p5q6r7s8t9=",
  note: "tillwatch.example/log\n1842\nq0h1VQ2cZ0yq5o1bqS5m0m5V6z0m5o3n4p5q6r7s8t9=\n\n— tillwatch.example/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n",
  signedAt: minutesAgo(0.1),
  vkey: "tillwatch.example/log+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
};

export function auditEntries(): AuditEntryView[] {
  const kinds: readonly (readonly [string, string, string])[] = [
    ["verdict.given", "person:7f3a", "A person said unsure"],
    ["decision.scored", "machine", "Severity 0.97 reached 0.90, an incident opened"],
    ["exhibit.received", "person:7f3a", "Uploaded with the incident"],
    ["packet.built", "machine", "Asked for by person:7f3a"],
    ["session.started", "person:7f3a", "Signed in with a token"],
  ];
  return Array.from({ length: 25 }, (_, n) => {
    const [kind = "", actor = "", because = ""] = kinds[n % kinds.length] ?? [];
    return {
      index: n === 0 ? null : 1842 - n,
      id: `44444444-4444-4444-8444-${String(n).padStart(12, "0")}`,
      at: minutesAgo(n * 2),
      kind,
      actor,
      subject: { kind: "incident", id: "TW-2026-000123" },
      because,
      body: { severity: 0.9761 },
    };
  });
}
