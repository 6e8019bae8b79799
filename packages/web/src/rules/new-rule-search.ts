import { textMember } from "../app/route-search.ts";

/** What a new file begins with: a rule, or a filter, for `rule` where it was asked for on that rule's page. */
export type NewRuleSearch = { readonly kind?: string; readonly rule?: string };

export function readNewRuleSearch(raw: Readonly<Record<string, unknown>>): NewRuleSearch {
  return { ...textMember("kind", raw["kind"]), ...textMember("rule", raw["rule"]) };
}
