import { Gauge, type Registry } from "prom-client";
import type { SiteCounts } from "./site-counts.ts";

/** What the windows of correlation rules hold and what they lost, read when somebody asks. Losses begin with zeros at every start. */
export function watchWindows(registry: Registry, counted: () => readonly SiteCounts[]): void {
  const entries = new Gauge({
    name: "tillwatch_rule_window_entries",
    help: "What the windows of correlation rules hold: groups, and hits in them",
    labelNames: ["of"],
    registers: [],
    collect() {
      this.set(
        { of: "groups" },
        total(counted(), ({ size }) => size.groups),
      );
      this.set(
        { of: "hits" },
        total(counted(), ({ size }) => size.hits),
      );
    },
  });
  const lost = new Gauge({
    name: "tillwatch_rule_window_lost",
    help: "What correlation rules did not count since the start: late events, parts of arrays, groups and hits beyond the limits",
    labelNames: ["why"],
    registers: [],
    collect() {
      for (const why of ["late", "cut", "groups", "hits"] as const) {
        this.set(
          { why },
          total(counted(), ({ losses }) => losses[why]),
        );
      }
    },
  });
  registry.registerMetric(entries);
  registry.registerMetric(lost);
}

function total(counted: readonly SiteCounts[], of: (counts: SiteCounts) => number): number {
  return counted.reduce((sum, counts) => sum + of(counts), 0);
}
