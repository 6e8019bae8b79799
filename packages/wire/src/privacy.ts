/** A version of a text that people agree to; it never changes. */
export type ConsentTextView = {
  readonly id: string;
  readonly version: string;
  readonly language: string;
  readonly purpose: string;
  readonly content: string;
  readonly sha256: string;
  readonly at: string;
  readonly inForce: number; // how many agree to it now
};

/** What one person agreed to, and took back. */
export type ConsentView = {
  readonly id: string;
  readonly textId: string;
  readonly textVersion: string;
  readonly language: string;
  readonly textSha256: string;
  readonly how: string;
  readonly givenAt: string;
  readonly withdrawnAt: string | null;
};

/** Somebody who is known by an identifier: a token, never a name. */
export type PersonFound = { readonly token: string; readonly kind: string; readonly marks: readonly string[] };

/** An objection or restriction that holds: what is done no more with a person's data. */
export type PersonMarkView = {
  readonly id: string;
  readonly token: string;
  readonly kind: "objection" | "restriction";
  readonly at: string;
  readonly actor: string;
  readonly requestRef: string | null; // of the request that led to it
};

/** Figures that left, or were kept from leaving. */
export type FigureExportView = {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly rows: number;
  readonly suppressed: number; // cells without their number, because it is so small that it tells about somebody
  readonly sha256: string;
  readonly state: "released" | "refused";
  readonly findings: readonly { readonly kind: string }[];
};
