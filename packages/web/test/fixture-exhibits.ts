import type { ExhibitSummary, ExhibitView } from "@tillwatch/wire";

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

/** An exhibit of a record as `GET /api/v1/exhibits/{id}` shows it: a masked copy, and somebody who asked for the original. */
export function exhibitView(exhibit: ExhibitSummary, incidentId: string): ExhibitView {
  return {
    ...exhibit,
    incidentId,
    sha512: null,
    receivedBy: "person:7f3a",
    note: "",
    uri: null,
    custody: custodyOf(exhibit),
    mediaKind: exhibit.mediaType.startsWith("image/") ? "picture" : "document",
    camera: "ours",
    deviceId: "C-02",
    copies: [
      {
        id: "33333333-3333-4333-8333-333333333333",
        state: "ready",
        problem: null,
        madeAt: minutesAgo(1),
        mediaType: "image/jpeg",
        bytes: 391_204,
        sha256: "a81f0c6d2b7e4f5390d1c2b3a4958677f8e9d0c1b2a3948576a7b8c9d0e1f203",
        tool: "sharp 0.35.5 with libvips 8.18.7",
        maskVersion: 2,
        regionsVersion: null,
        sound: false,
      },
    ],
    originalRequests: [
      {
        id: "44444444-4444-4444-8444-444444444444",
        askedBy: "user:ines",
        askedAt: minutesAgo(1),
        purpose: "case_building",
        because: "The court asked for the file itself",
        hours: 4,
        state: "asked",
        decidedBy: null,
        decidedAt: null,
        decidedBecause: null,
        endsAt: null,
      },
    ],
    regions: null,
    minor: null,
  };
}

function custodyOf(exhibit: ExhibitSummary): ExhibitView["custody"] {
  return [
    {
      seq: 0,
      at: minutesAgo(3),
      who: "person:7f3a",
      action: "received",
      what: `${exhibit.name}, ${exhibit.bytes ?? 0} bytes`,
      why: "uploaded as evidence of the incident",
      authority: "role:person",
      exhibitSha256: exhibit.sha256 ?? "",
      prev: null,
      digest: "b94bfec86dc75093cbffd737e9644b37e0ae5125479a58f30cf7eb4fd0d188d3",
      auditEntryId: "0f340650-fd53-4f7c-82db-ba8bb626fa14",
    },
    {
      seq: 1,
      at: minutesAgo(1),
      who: "machine",
      action: "copied",
      what: "a copy without metadata, masked",
      why: "people see copies; the original stays sealed",
      authority: "policy",
      exhibitSha256: exhibit.sha256 ?? "",
      prev: "b94bfec86dc75093cbffd737e9644b37e0ae5125479a58f30cf7eb4fd0d188d3",
      digest: "5d41402abc4b2a76b9719d911017c592ae2f0b1c3d4e5f60718293a4b5c6d7e8",
      auditEntryId: "1a350650-fd53-4f7c-82db-ba8bb626fa15",
    },
  ];
}
