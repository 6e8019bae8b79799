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
};

/** 201 of `POST /api/v1/incidents/{id}/exhibits`. */
export type ExhibitReceived = { readonly id: string; readonly sha256: string; readonly bytes: number };
