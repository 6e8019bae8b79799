const tabs = ["vendors", "webhooks", "review"] as const;
export type AccessTab = "programs" | (typeof tabs)[number];

/** The first tab has no name in the address. */
export function readAccessSearch(raw: Readonly<Record<string, unknown>>): { tab?: (typeof tabs)[number] } {
  const tab = tabs.find((known) => known === raw["tab"]);
  return tab === undefined ? {} : { tab };
}
