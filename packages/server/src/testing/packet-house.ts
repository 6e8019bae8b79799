import { join } from "node:path";
import { signerFromSeed } from "@tillwatch/evidence";
import { ok, type IncidentId, type IncidentRecord, type SignalId, type SiteId } from "@tillwatch/wire";
import { openLogFiles } from "../audit/audit-log-files.ts";
import { AuditSequencer } from "../audit/audit-sequencer.ts";
import { recordCopy } from "../exhibit/exhibit-intake-store.ts";
import { exhibitsOf } from "../exhibit/exhibit-read.ts";
import type { PacketJobDeps } from "../packet/packet-jobs.ts";
import { packetsOf } from "../packet/packet-read.ts";
import { silentLog } from "../platform/log.ts";
import type { OpenDatabase } from "../schema.ts";
import { incidentId, incidentRef, withHouse, type House } from "./prove-house.ts";

export type PacketHouse = House & {
  readonly packets: PacketJobDeps;
  readonly sequencer: AuditSequencer;
  readonly changes: string[];
};

/** A house with a running log and all that packets are built from; the incident record is made up, and full of hostile texts. */
export function withPacketHouse(database: OpenDatabase, run: (house: PacketHouse) => Promise<void>): Promise<void> {
  return withHouse(database, async (house) => {
    const { deps, keys } = house;
    const files = await openLogFiles(join(house.folder, "log"));
    const signer = await signerFromSeed(keys.logSeed);
    const { clock, chance } = deps;
    const sequencer = new AuditSequencer({
      database,
      files,
      signer,
      clock,
      chance,
      log: silentLog,
      origin: "shop.example/log",
    });
    await sequencer.start();
    const changes: string[] = [];
    const packets: PacketJobDeps = {
      stillMay: async () => ok(true),
      db: deps.db,
      fields: deps.fields,
      files,
      sequencer,
      clock,
      chance,
      log: silentLog,
      vault: deps.vault,
      sealSigner: await signerFromSeed(keys.sealSeed),
      organization: "Example Stores",
      recordOf: async (db, id) => ({
        ...hostileRecord,
        exhibits: await exhibitsOf(db, id),
        packets: await packetsOf(db, id),
      }),
      draftsOf: async () => [],
      goingOf: async () => ({ kind: "original", underTwoKeys: false }),
      recordCopy: (tx, copy) => recordCopy(tx, copy, chance),
      addTimeline: deps.addTimeline,
      packetChanged: (packet) => changes.push(packet.state),
    };
    try {
      await run({ ...house, packets, sequencer, changes });
    } finally {
      await sequencer.close();
    }
  });
}

const hostile = `<script>alert("x")</script> \u202egnp.exe & 'quotes' \ud800`;
const signalId = "b0a7c1de-0000-4000-8000-000000000001" as SignalId;

export const hostileRecord: IncidentRecord = {
  id: incidentId as IncidentId,
  ref: incidentRef,
  state: "open",
  level: 2,
  category: "till_tampering",
  categoryTitle: "Till tampering",
  title: `Till 3 was opened without a sale ${hostile}`,
  siteId: "S-1001" as SiteId,
  siteName: `Main street ${hostile}`,
  zoneId: null,
  zoneName: null,
  severity: 0.934,
  machineSeverity: 0.934,
  confidence: 0.8,
  verdict: null,
  openedAt: "2026-03-23T15:04:06.000Z",
  updatedAt: "2026-03-23T15:04:06.000Z",
  lastSignalAt: "2026-03-23T15:04:05.120Z",
  signalCount: 1,
  completeness: 0.5,
  topReasons: ["The drawer was opened without a sale"],
  rank: "highest severity",
  version: 3,
  taxonomyVersion: "1",
  occurredAt: "2026-03-23T15:04:05.120Z",
  summary: hostile,
  reporter: null,
  ownerToken: null,
  asset: { owner: null, criticality: null },
  score: {
    severity: 0.934,
    confidence: 0.8,
    level: 2,
    category: "till_tampering",
    totalMilliLogOdds: 2650,
    additions: [
      {
        kind: "detection",
        code: "rule-1",
        milliLogOdds: 5100,
        says: `The drawer was opened without a sale ${hostile}`,
        signalIds: [signalId],
      },
      {
        kind: "exculpatory",
        code: "float_change",
        milliLogOdds: -450,
        says: "A float change was announced for this hour",
        signalIds: [],
      },
      {
        kind: "base_rate",
        code: "base",
        milliLogOdds: -2000,
        says: "How seldom this is on a usual day",
        signalIds: [],
      },
    ],
    weightsVersion: "w1",
    rulesVersion: "r1",
  },
  override: null,
  value: { lostMinor: 12_000, recoveredMinor: null, currency: "EUR" },
  completenessDetail: {
    value: 0.5,
    ruleVersion: "1",
    items: [
      { code: "video", title: "Video of the till", present: true, howToGet: "" },
      { code: "journal", title: "Till journal", present: false, howToGet: `Ask the POS team ${hostile}` },
    ],
  },
  signals: [
    {
      id: signalId,
      type: "pos_no_sale",
      source: `till-3 ${hostile}`,
      shape: "device-event",
      deviceId: "T-03",
      zoneId: null,
      occurredAt: "2026-03-23T16:06:05.120+01:00",
      correctedAt: "2026-03-23T15:04:05.120Z",
      receivedAt: "2026-03-23T15:04:05.300Z",
      clockOffsetMs: 120_000,
      late: true,
      joinedBecause: "opened_it",
      enrichment: [],
      media: [],
      data: { cashier: "c:17" },
    },
  ],
  timeline: [
    {
      id: "b0a7c1de-0000-4000-8000-000000000002",
      at: "2026-03-23T15:04:05.120Z",
      originalAt: "2026-03-23T16:06:05.120+01:00",
      clockOffsetMs: 120_000,
      late: true,
      kind: "signal",
      says: hostile,
      actor: "till-3",
      signalId,
      detail: { note: hostile },
    },
  ],
  exhibits: [],
  packets: [],
  playbooks: [],
  sop: [],
  history: [
    {
      field: "severity",
      before: 0.5,
      after: 0.934,
      at: "2026-03-23T15:04:07.000Z",
      actor: "machine",
      because: hostile,
    },
  ],
  allowedTransitions: ["acknowledged"],
  decisionIds: [],
};
