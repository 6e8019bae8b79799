/**
 * Readers of what stands behind the `?` of each page. The router hands a page also the members that a reader left out, so that every
 * page reads its search through its reader again: nothing from an address is trusted because the router has seen it.
 */
type Raw = Readonly<Record<string, unknown>>;

/** Only a path of our own: `//host`, `/\host` and `https:` would lead a signed-in person elsewhere. */
export function readSignInSearch(raw: Raw): { to?: string } {
  const to = raw["to"];
  return typeof to === "string" && /^\/(?![/\\])/.test(to) ? { to } : {};
}

const incidentTabs = ["why", "timeline", "signals", "exhibits", "packet", "work", "history"] as const;
export type IncidentTab = (typeof incidentTabs)[number];

export function readIncidentSearch(raw: Raw): { tab?: IncidentTab } {
  const tab = incidentTabs.find((known) => known === raw["tab"]);
  return tab === undefined ? {} : { tab };
}

export function readSourcesSearch(raw: Raw): { tab?: "dead-letters" } {
  return raw["tab"] === "dead-letters" ? { tab: "dead-letters" } : {};
}

export function readAuditSearch(raw: Raw): { kind?: string; actor?: string } {
  return { ...textMember("kind", raw["kind"]), ...textMember("actor", raw["actor"]) };
}

const textMax = 120;

/** A member that is a text with something in it, at most 120 letters; else no member. The router reads `q=123` as a number. */
export function textMember<Name extends string>(name: Name, given: unknown): { [Key in Name]?: string } {
  const text = typeof given === "string" || typeof given === "number" ? String(given).slice(0, textMax) : "";
  return (text === "" ? {} : { [name]: text }) as { [Key in Name]?: string };
}
