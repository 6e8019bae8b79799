import type { Role } from "../principal.ts";

/** One line of an organisation's mapping: who is in any of `groups` and has all of `attributes` gets `roles`, at `places`. */
export type MappingRule = {
  readonly groups: readonly string[] | null; // null: whatever the groups
  readonly attributes: Readonly<Record<string, readonly string[]>>; // any of the values, for each
  readonly roles: readonly Role[];
  readonly places: "all" | { readonly sites: readonly string[]; readonly regions: readonly string[] };
};

/** What a person is given: both places null means every site of the organisation. */
export type MappedAccess = {
  readonly roles: readonly Role[];
  readonly sites: readonly string[] | null;
  readonly regions: readonly string[] | null;
};

/** What an identity provider says of a person: read by name, values as texts. */
export type Attributes = {
  readonly groups: readonly string[];
  readonly valuesOf: (name: string) => readonly string[];
};

/** Adds up every rule that fits. Null: no rule fits, so there is nothing to do here for this person. */
export function mapAccess(rules: readonly MappingRule[], person: Attributes): MappedAccess | null {
  const fitting = rules.filter((rule) => fits(rule, person));
  if (fitting.length === 0) return null;
  const roles = union(fitting.map((rule) => rule.roles));
  const places = fitting.map((rule) => rule.places);
  if (places.includes("all")) return { roles, sites: null, regions: null };
  const named = places.filter((place) => place !== "all");
  return {
    roles,
    sites: union(named.map((place) => place.sites)),
    regions: union(named.map((place) => place.regions)),
  };
}

function fits(rule: MappingRule, person: Attributes): boolean {
  if (rule.groups !== null && !rule.groups.some((group) => person.groups.includes(group))) return false;
  return Object.entries(rule.attributes).every(([name, wanted]) => {
    const values = person.valuesOf(name);
    return wanted.some((value) => values.includes(value));
  });
}

function union<T extends string>(lists: readonly (readonly T[])[]): readonly T[] {
  return [...new Set(lists.flat())].sort();
}

/**
 * The texts of a claim: a text, or those of a list; numbers and booleans as they print; anything else is nothing. A name that is not a
 * member itself may be a path (`realm_access.roles`). Names of members come from the configuration, values from the provider.
 */
export function claimTexts(claims: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : memberAt(claims, name.split("."));
  return [value].flat().flatMap((one) => {
    if (typeof one === "string") return [one];
    return typeof one === "number" || typeof one === "boolean" ? [String(one)] : [];
  });
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, first)) return undefined;
  return memberAt((value as Readonly<Record<string, unknown>>)[first], rest);
}

export function sameAccess(a: MappedAccess, b: MappedAccess): boolean {
  return sameList(a.roles, b.roles) && sameList(a.sites, b.sites) && sameList(a.regions, b.regions);
}

function sameList(a: readonly string[] | null, b: readonly string[] | null): boolean {
  if (a === null || b === null) return a === b;
  return [...a].sort().join("\n") === [...b].sort().join("\n");
}
