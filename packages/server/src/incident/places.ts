/** What this stage asks of the directory. Names are those of now; an unknown place is shown by its id. */
export type Places = {
  readonly data: { readonly sites: readonly SitePlace[] };
  site(siteId: string): SitePlace | null;
  zone(siteId: string, zoneId: string | null): ZonePlace | null;
  device(siteId: string, deviceId: string | null): DevicePlace | null;
};

export type SitePlace = {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly organisation: string;
  readonly region: string | null;
  readonly timezone: string;
  readonly currency: string;
  readonly zones: readonly ZonePlace[];
  readonly devices: readonly DevicePlace[];
};
export type ZonePlace = { readonly id: string; readonly name: string; readonly kind: string };
export type DevicePlace = {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly owner: string | null;
  readonly criticality: string | null;
};
