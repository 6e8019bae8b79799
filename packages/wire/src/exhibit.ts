import type { ExhibitSummary } from "./incident.ts";

/** One link of an exhibit's chain of custody. `digest` is of this entry, `prev` of the one before (null: the first). */
export type CustodyLine = {
  readonly seq: number;
  readonly at: string;
  readonly who: string;
  readonly action: string; // captured, received, accessed, copied, ...
  readonly what: string;
  readonly why: string;
  readonly authority: string;
  readonly exhibitSha256: string;
  readonly prev: string | null;
  readonly digest: string;
  readonly auditEntryId: string;
};

/** `GET /api/v1/exhibits/{id}`. `uri` is null but for a pointer. */
export type ExhibitView = ExhibitSummary & {
  readonly incidentId: string;
  readonly sha512: string | null;
  readonly receivedBy: string;
  readonly note: string;
  readonly uri: string | null;
  readonly custody: readonly CustodyLine[];
  /** By its bytes, whatever its sender called it; null: a pointer, or received before that was looked at. */
  readonly mediaKind: "picture" | "clip" | "document" | "unknown" | null;
  /** Of which camera: one of the site's (`deviceId`), none of them, or nobody said. */
  readonly camera: "ours" | "none" | "unsaid";
  readonly deviceId: string | null;
  readonly copies: readonly ExhibitCopyView[];
  readonly originalRequests: readonly OriginalRequestView[];
  /** Newest version of what a person drew over it; null: nobody did. */
  readonly regions: ExhibitRegions | null;
  /** A minor is in it; null: nobody said so. */
  readonly minor: ExhibitMinorView | null;
};

/** A copy of a picture or clip, made anew from its pixels: what people see while the original stays sealed. */
export type ExhibitCopyView = {
  readonly id: string;
  readonly state: "making" | "ready" | "not_needed" | "cannot";
  readonly problem: string | null; // code
  readonly madeAt: string | null;
  readonly mediaType: string | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly tool: string | null;
  readonly maskVersion: number | null; // null: no mask is burned in
  readonly regionsVersion: number | null;
  readonly sound: boolean;
};

/** Somebody asked to open an original; another person decides. */
export type OriginalRequestView = {
  readonly id: string;
  readonly askedBy: string;
  readonly askedAt: string;
  readonly purpose: string;
  readonly because: string;
  readonly hours: number;
  readonly state: "asked" | "approved" | "refused" | "ended";
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
  readonly decidedBecause: string | null;
  readonly endsAt: string | null;
};

/** Drawn over an exhibit: corners in thousandths of the picture, milliseconds from the begin of a clip. */
export type ExhibitRegions = {
  readonly version: number;
  readonly regions: readonly {
    readonly corners: readonly (readonly [number, number])[];
    readonly during: { readonly fromMs: number; readonly toMs: number } | null;
  }[];
};

export type ExhibitMinorView = {
  readonly because: string;
  readonly at: string;
  readonly actor: string;
  readonly ground: string | null;
  readonly groundBecause: string | null;
  readonly groundAt: string | null;
  readonly groundBy: string | null;
  /** The legal grounds that another person may state. */
  readonly grounds: readonly string[];
};

/** 201 of `POST /api/v1/incidents/{id}/exhibits`. */
export type ExhibitReceived = { readonly id: string; readonly sha256: string; readonly bytes: number };
