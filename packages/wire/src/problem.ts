/** RFC 9457 problem details. `code` is stable and stands in docs/errors.md; `pointer` (RFC 6901) names the place in the body. */
export type Problem = {
  readonly type: string; // https://tillwatch.org/errors#<code>
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly remedy?: string;
  readonly instance?: string;
  readonly pointer?: string;
};

export const problemMediaType = "application/problem+json";

/** One refused row of a batch; the others were taken. */
export type RowRefusal = {
  readonly index: number; // 0-based position in the request
  readonly code: string;
  readonly pointer: string; // RFC 6901, "" is the whole row
  readonly message: string;
};

/** 202 of `POST /api/v1/signals`. Everything counted here as accepted is committed to disk. */
export type SignalsAccepted = {
  readonly accepted: number;
  readonly duplicates: number;
  readonly deadLettered: number; // accepted and kept, but the site or device is unknown: see GET /api/v1/dead-letters
  readonly refused: readonly RowRefusal[];
  readonly refusedCount?: number; // present where more rows were refused than `refused` lists
};
