import type { Enrichment } from "@tillwatch/wire";
import type { Explanation } from "./sale-explains.ts";

export type EnrichmentFacts = {
  readonly directoryVersion: string;
  readonly atMs: number; // when it was looked up: the receipt of the signal
  readonly itemCount: number;
  readonly offset: { readonly ms: number; readonly delays: number } | null;
  readonly explanation: { readonly verdict: Explanation["verdict"]; readonly salesSeen: number } | null;
  readonly explains: readonly string[];
  readonly windows: number;
};

/** Says of every fact that we added where it comes from, so that a reader can tell it from what the source stated. */
export function enrichmentOf(facts: EnrichmentFacts): readonly Enrichment[] {
  const at = new Date(facts.atMs).toISOString();
  const version = facts.directoryVersion;
  const found: Enrichment[] = [
    { fields: ["site.*", "zone.*", "device.*"], from: "the directory's entry of the device", version, at },
    { fields: ["time.*"], from: "the site's time zone, opening hours and trading calendar", version, at },
  ];
  if (facts.itemCount > 0) {
    const fields = ["context.items_value_minor", "context.item_count"];
    found.push({ fields, from: "the list prices of the products", version, at });
  }
  if (facts.explanation !== null) {
    const fields = ["context.sale_explains", "context.unexplained_value_minor", "context.unexplained_count"];
    const from = `${facts.explanation.salesSeen} remembered sales of the site: they explain ${facts.explanation.verdict}`;
    found.push({ fields, from, version: null, at });
  }
  if (facts.explains.length > 0) {
    const from = `exits without a sale: signals ${facts.explains.join(", ")}`;
    found.push({ fields: ["context.explains"], from, version: null, at });
  }
  if (facts.windows > 0) {
    const from = "counts of the site's signals of the last half hour at most, by corrected time";
    found.push({ fields: ["site_windows.*"], from, version: null, at });
  }
  if (facts.offset !== null) {
    const from = `the delays of the device's last ${facts.offset.delays} signals`;
    found.push({ fields: ["context.clock_offset_seconds"], from, version: null, at });
  }
  return found;
}
