import type { ModelShown } from "../src/model/model-notes.ts";
import { minutesAgo } from "./fixture-world.ts";

/** One model; where it is `drifted`, one of its features has moved from its training, and every page says so. */
export class FixtureModels {
  on = true;
  drifted = false;

  get(path: string): unknown {
    return path === "/api/v1/models" ? { items: [this.#model()] } : undefined;
  }

  post(path: string, body: unknown): unknown {
    if (path !== "/api/v1/models/site-windows/switch") return undefined;
    this.on = (body as { readonly on: boolean }).on;
    return this.#model();
  }

  #model(): ModelShown {
    return {
      id: "site-windows",
      sha256: "5d".repeat(32),
      on: this.on,
      changedAt: this.on ? null : minutesAgo(2),
      changedBy: this.on ? null : "user:me",
      threshold: 0.6123,
      scored: { windows: 12_408, odd: 3 },
      drift: [
        {
          feature: "arrivals_10s",
          says: "people who came in within 10 s",
          rows: 5_000,
          index: 0.021,
          verdict: "steady",
        },
        { feature: "voids_30m", says: "voids at the tills within 30 min", rows: 5_000, index: 0.144, verdict: "watch" },
        {
          feature: "exits_2m",
          says: "tags at the exits within 2 min",
          rows: 5_000,
          ...(this.drifted ? { index: 0.312, verdict: "drifted" } : { index: 0.041, verdict: "steady" }),
        },
        { feature: "shelf_drops_2m", says: "shelves emptied within 2 min", rows: 212, index: null, verdict: "too_few" },
      ],
      card: {
        version: "1",
        title: "Odd stretches of time at a shop",
        purpose: "Finds stretches of time in which much more happens at a shop than usual.",
        origin: "simulated",
        data: "60 days of 4 shops",
        from: "2026-03-02T00:00:00.000Z",
        to: "2026-05-01T00:00:00.000Z",
        sites: 4,
        windows: 182_330,
        trainedAt: "2026-11-20T12:00:00.000Z",
        trainedBy: "Jo Analyst",
        approvedBy: null,
        limits: ["It was trained on simulated shops: real ones differ.", "It says nothing about a person."],
      },
    };
  }
}
