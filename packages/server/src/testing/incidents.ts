import type { DecisionId, Score, SignalId, SituationId } from "@tillwatch/wire";
import type { ScoredSituation, SituationMember } from "../flow.ts";
import type { SummaryNeeds } from "../incident/incident-summary.ts";
import type { Places, SitePlace } from "../incident/places.ts";
import { openTaxonomies } from "../incident/taxonomy-store.ts";
import type { Taxonomy } from "../incident/taxonomy.ts";
import { systemChance } from "../platform/chance.ts";
import type { Db } from "../schema.ts";

export const nowMs = Date.parse("2026-11-20T10:00:00.000Z");

export const testTaxonomy: Taxonomy = {
  version: "2026-11",
  categories: [
    {
      code: "shoplifting",
      title: "Shoplifting",
      level: 1,
      group: "loss",
      evidenceChecklist: [
        { code: "exit_clip", title: "Clip of the exit", howToGet: "Export it.", satisfiedBy: ["clip"] },
        { code: "item_list", title: "What is missing", howToGet: "Count the shelf.", satisfiedBy: ["item"] },
      ],
      sop: ["Stay safe.", "Save the clip."],
      agencyCodes: {},
    },
    {
      code: "pos_tampering",
      title: "Till tampering",
      level: 2,
      group: "tamper",
      evidenceChecklist: [],
      sop: [],
      agencyCodes: {},
    },
  ],
};

const site: SitePlace = {
  id: "S-1001",
  name: "Main Street",
  kind: "supermarket",
  organisation: "home",
  region: "north",
  timezone: "Europe/Berlin",
  currency: "EUR",
  zones: [{ id: "Z-exit", name: "Exit", kind: "exit" }],
  devices: [{ id: "G-01", name: "Gate", kind: "eas_gate", owner: "user:loss", criticality: "high" }],
};
const other: SitePlace = { ...site, id: "S-2002", name: "Harbour", region: "south", zones: [], devices: [] };

export const testPlaces: Places = {
  data: { sites: [site, other] },
  site: (id) => [site, other].find((one) => one.id === id) ?? null,
  zone: (id, zoneId) => testPlaces.site(id)?.zones.find((zone) => zone.id === zoneId) ?? null,
  device: (id, deviceId) => testPlaces.site(id)?.devices.find((device) => device.id === deviceId) ?? null,
};

/** The taxonomy stored, as app start does it, and the names of the test's places. */
export async function testNeeds(db: Db, taxonomy: Taxonomy = testTaxonomy): Promise<SummaryNeeds> {
  const opened = await openTaxonomies(db, taxonomy, nowMs);
  if (!opened.ok) throw new Error(opened.error.code);
  return { taxonomies: opened.value, places: testPlaces };
}

export function memberOf(edit: Partial<SituationMember> = {}): SituationMember {
  return {
    signalId: systemChance.uuid(),
    type: "eas_alarm",
    service: "eas_gate",
    source: "device/S-1001/G-01",
    deviceId: "G-01",
    zoneId: "Z-exit",
    correctedAtMs: nowMs - 60_000,
    late: false,
    confidence: 0.9,
    role: "evidence",
    because: "opened_it",
    detections: [],
    view: {},
    enrichment: [],
    traits: null,
    ...edit,
  };
}

export function scoreOf(severity: number, members: readonly SituationMember[], edit: Partial<Score> = {}): Score {
  const additions = members.map((member) => ({
    kind: "detection" as const,
    code: `rule_${member.type}`,
    milliLogOdds: 1000,
    says: `${member.type} counts.`,
    signalIds: [member.signalId as SignalId],
  }));
  return {
    severity,
    confidence: 0.8,
    level: 1,
    category: "shoplifting",
    totalMilliLogOdds: additions.length * 1000,
    additions,
    weightsVersion: "w1",
    rulesVersion: "r1",
    ...edit,
  };
}

/** A situation with these members and this severity; the last `added` of them are new. */
export function scoredOf(given: {
  readonly severity: number;
  readonly members: readonly SituationMember[];
  readonly situationId?: string;
  readonly added?: number;
  readonly score?: Partial<Score>;
  readonly siteId?: string;
}): ScoredSituation {
  const { members } = given;
  const times = members.map((member) => member.correctedAtMs);
  return {
    kind: given.situationId === undefined ? "opened" : "extended",
    situation: {
      id: (given.situationId ?? systemChance.uuid()) as SituationId,
      siteId: given.siteId ?? "S-1001",
      zoneId: "Z-exit",
      firstAtMs: Math.min(...times),
      lastAtMs: Math.max(...times),
      members,
      memberDigests: [],
    },
    joins: [],
    watchFloor: 0.02,
    addedSignalIds: members.slice(-(given.added ?? members.length)).map((member) => member.signalId),
    score: scoreOf(given.severity, members, given.score),
    threshold: 0.9,
    decisionId: systemChance.uuid() as DecisionId,
  };
}
