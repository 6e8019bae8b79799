import { textMember } from "../app/route-search.ts";

type Raw = Readonly<Record<string, unknown>>;

/** `site` filters the list; `device` (`S-1001/C-01`) is opened. */
export function readDevicesSearch(raw: Raw): { site?: string; device?: string } {
  return { ...textMember("site", raw["site"]), ...textMember("device", raw["device"]) };
}
