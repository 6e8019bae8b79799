/** What the addresses of programs, vendors and reviews answer; times are ISO 8601. */

export type ProgramKey = {
  readonly id: string;
  readonly state: "live" | "expired" | "revoked" | "ended";
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt: string | null;
  readonly because: string;
};

export type Program = {
  readonly id: string;
  readonly token: string;
  readonly name: string;
  readonly purpose: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly sites: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly state: "active" | "ended";
  readonly because: string;
  readonly keys: readonly ProgramKey[];
};

export type MadeKey = { readonly key: string; readonly id: string; readonly expiresAt: string };

/** What may be asked for vendors at most. */
export type VendorRules = {
  readonly hoursMax: number;
  readonly daysAheadMax: number;
  readonly neverScopes: readonly string[];
};

export type Vendor = {
  readonly id: string;
  readonly state: "requested" | "refused" | "planned" | "open" | "over" | "revoked";
  readonly accountToken: string;
  readonly ticket: string;
  readonly purpose: string;
  readonly scopes: readonly string[];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly requestedBy: string;
  readonly approvedBy: string | null;
  readonly because: string;
};

export type Review = {
  readonly id: string;
  readonly period: string;
  readonly state: "open" | "overdue" | "closed";
  readonly unusedAfterDays: number;
  readonly dueAt: string;
  readonly items: number;
  readonly decided: number;
};

export type ReviewLine = {
  readonly id: string;
  readonly holderKind: "person" | "service" | "vendor";
  readonly holderToken: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[] | null;
  readonly sites: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly grantedAt: string;
  readonly lastUsedAt: string | null;
  readonly proposal: "keep" | "remove";
  readonly decision: "keep" | "remove" | null;
  readonly because: string | null;
};
