import { refused, ok, type Result } from "./result.ts";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type SignalId = Branded<"SignalId">;
export type SituationId = Branded<"SituationId">;
export type IncidentId = Branded<"IncidentId">;
export type ExhibitId = Branded<"ExhibitId">;
export type PacketId = Branded<"PacketId">;
export type DecisionId = Branded<"DecisionId">;
export type SiteId = Branded<"SiteId">;
export type ZoneId = Branded<"ZoneId">;
export type DeviceId = Branded<"DeviceId">;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
// Names that organisations give: printable, no path or topic separators, so that a name is safe in a URL, a topic and a file.
const name = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

/** The organisation that an installation starts with; sites that name no other are its own. */
export const homeOrganisation = "home";

export type IdRefusal = { readonly code: "id_malformed"; readonly given: string };

function parseWith<T extends string>(raw: unknown, pattern: RegExp): Result<T, IdRefusal> {
  if (typeof raw === "string" && pattern.test(raw)) return ok(raw as T);
  return refused({ code: "id_malformed", given: String(raw).slice(0, 80) });
}

/** UUIDs that leave the product are version 4, or version 5 where derived from a name (CACAO and STIX refuse 6 to 8). */
export const parseSignalId = (raw: unknown) => parseWith<SignalId>(raw, uuid);
export const parseSituationId = (raw: unknown) => parseWith<SituationId>(raw, uuid);
export const parseIncidentId = (raw: unknown) => parseWith<IncidentId>(raw, uuid);
export const parseExhibitId = (raw: unknown) => parseWith<ExhibitId>(raw, uuid);
export const parsePacketId = (raw: unknown) => parseWith<PacketId>(raw, uuid);
export const parseDecisionId = (raw: unknown) => parseWith<DecisionId>(raw, uuid);
export const parseSiteId = (raw: unknown) => parseWith<SiteId>(raw, name);
export const parseZoneId = (raw: unknown) => parseWith<ZoneId>(raw, name);
export const parseDeviceId = (raw: unknown) => parseWith<DeviceId>(raw, name);
