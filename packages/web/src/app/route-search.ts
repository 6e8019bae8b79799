/**
 * Readers of what stands behind the `?` of each page. The router hands a page also the members that a reader left out, so that every
 * page reads its search through its reader again: nothing from an address is trusted because the router has seen it.
 */
type Raw = Readonly<Record<string, unknown>>;

/** Only a path of our own: `//host`, `/\host` and `https:` would lead a signed-in person elsewhere. */
export function readSignInSearch(raw: Raw): { to?: string; problem?: string } {
  const { to, problem } = raw;
  return {
    ...(typeof to === "string" && /^\/(?![/\\])/.test(to) ? { to } : {}),
    ...(typeof problem === "string" && /^[a-z_]{1,60}$/.test(problem) ? { problem } : {}),
  };
}

const incidentTabs = ["why", "timeline", "signals", "exhibits", "packet", "work", "history"] as const;
export type IncidentTab = (typeof incidentTabs)[number];

export function readIncidentSearch(raw: Raw): { tab?: IncidentTab } {
  const tab = incidentTabs.find((known) => known === raw["tab"]);
  return tab === undefined ? {} : { tab };
}

export function readSourcesSearch(raw: Raw): { tab?: "dead-letters"; q?: string } {
  return { ...(raw["tab"] === "dead-letters" ? { tab: "dead-letters" } : {}), ...textMember("q", raw["q"]) };
}

const auditTabs = ["misuse", "interests", "controls", "changes"] as const;
export type AuditTab = (typeof auditTabs)[number];
const deeds = ["saw", "changed", "released", "decided"] as const;

export type AuditSearch = {
  readonly tab?: AuditTab;
  readonly did?: (typeof deeds)[number];
  readonly subject?: string;
  readonly incident?: string;
  readonly kind?: string;
  readonly actor?: string;
};

export function readAuditSearch(raw: Raw): AuditSearch {
  const tab = auditTabs.find((known) => known === raw["tab"]);
  const did = deeds.find((known) => known === raw["did"]);
  return {
    ...(tab === undefined ? {} : { tab }),
    ...(did === undefined ? {} : { did }),
    ...textMember("subject", raw["subject"]),
    ...textMember("incident", raw["incident"]),
    ...textMember("kind", raw["kind"]),
    ...textMember("actor", raw["actor"]),
  };
}

const privacyTabs = [
  "watch",
  "persons",
  "consents",
  "objections",
  "tills",
  "figures",
  "retention",
  "sites",
  "cameras",
  "review",
] as const;
export type PrivacyTab = (typeof privacyTabs)[number];

export function readPrivacySearch(raw: Raw): { tab?: PrivacyTab } {
  const tab = privacyTabs.find((known) => known === raw["tab"]);
  return tab === undefined ? {} : { tab };
}

const textMax = 120;

/** A member that is a text with something in it, at most 120 letters; else no member. The router reads `q=123` as a number. */
export function textMember<Name extends string>(name: Name, given: unknown): { [Key in Name]?: string } {
  const text = typeof given === "string" || typeof given === "number" ? String(given).slice(0, textMax) : "";
  return (text === "" ? {} : { [name]: text }) as { [Key in Name]?: string };
}
