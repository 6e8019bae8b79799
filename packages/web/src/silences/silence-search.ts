import { textMember } from "../app/route-search.ts";

export type SilenceSearch = {
  readonly rule?: string;
  readonly site?: string;
  readonly zone?: string;
  readonly device?: string;
};

/** What a new silence begins with: from a case or a rule. The form shows it, and the server checks it. */
export function readSilenceSearch(raw: Readonly<Record<string, unknown>>): SilenceSearch {
  return {
    ...textMember("rule", raw["rule"]),
    ...textMember("site", raw["site"]),
    ...textMember("zone", raw["zone"]),
    ...textMember("device", raw["device"]),
  };
}
