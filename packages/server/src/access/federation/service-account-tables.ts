import type { Role } from "../principal.ts";

export type ServiceAccount = {
  readonly id: string;
  readonly token: string; // service:<id>
  readonly organisationId: string;
  readonly name: string;
  readonly purpose: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly string[];
  readonly sites: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly state: "active" | "ended";
  readonly because: string;
  readonly createdAt: Date;
  readonly createdBy: string;
};

export type ApiKey = {
  readonly id: string;
  readonly serviceAccountId: string;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly because: string;
  readonly lastUsedAt: Date | null;
};
