/** Answers of the routes of devices, which have no name of their own in packages/wire. */
export type DeviceState = "open" | "invited" | "enrolled" | "expiring" | "expired" | "revoked";

export type Device = {
  readonly siteId: string;
  readonly deviceId: string;
  readonly kind: string;
  readonly name: string;
  readonly state: DeviceState;
  readonly credentials: number; // usable now
  readonly enrolledUntil: string | null;
  readonly codeUntil: string | null;
  readonly lastProvenAt: string | null;
  readonly lastSignalAt: string | null;
  readonly refusedAttempts: number; // of the last 30 days
  readonly lastRefusal: { readonly at: string; readonly code: string; readonly says: string } | null;
};

export type DeviceList = { readonly items: readonly Device[] };

export type DeviceIdentity = {
  readonly credentials: readonly {
    readonly id: string;
    readonly kind: "certificate" | "key";
    readonly name: string;
    readonly issuedAt: string;
    readonly expiresAt: string;
    readonly retiresAt: string | null;
    readonly revokedAt: string | null;
    readonly revokedBecause: string | null;
    readonly lastUsedAt: string | null;
  }[];
  readonly refusals: readonly {
    readonly code: string;
    readonly via: string;
    readonly attempts: number;
    readonly lastAt: string;
    readonly says: string;
    readonly address: string;
  }[];
};

export type EnrolmentCode = {
  readonly code: string;
  readonly device: string;
  readonly expiresAt: string;
  readonly audience: string;
  readonly authoritySha256: string;
};
