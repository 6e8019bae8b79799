/**
 * What the world is built from: the part of the organisation's directory (`pack/retail/directory.yaml`) that it needs, as plain data.
 * The server's own directory fits in without a change.
 */
export type SimDirectory = {
  readonly sites: readonly SimSite[];
  readonly products: readonly SimProduct[];
  readonly calendar: readonly SimSalePeriod[];
};

export type SimSite = {
  readonly id: string;
  readonly timezone: string; // IANA
  readonly currency: string;
  readonly openingHours: SimOpeningHours | null; // null: always open
  readonly assortments?: readonly string[] | undefined; // absent: sells everything
  readonly zones: readonly SimZone[];
  readonly devices: readonly SimDevice[];
};

/** Wall-clock spans per weekday in minutes after midnight, half-open. */
export type SimOpeningHours = Readonly<
  Record<"mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun", readonly (readonly [number, number])[]>
>;

export type SimZone = {
  readonly id: string;
  readonly kind: string;
  readonly highValue: boolean;
  readonly adjacent?: readonly string[] | undefined; // absent: from everywhere to everywhere in one step
};

export type SimDevice = {
  readonly id: string;
  readonly kind: string;
  readonly zone: string | null;
  readonly covers: readonly string[];
};

export type SimProduct = {
  readonly sku: string;
  readonly valueMinor: number;
  readonly epcClass: string | null;
  readonly highValue: boolean;
  readonly assortment?: string | undefined;
};

export type SimSalePeriod = { readonly fromMs: number; readonly toMs: number; readonly sites: readonly string[] };
