import type { JsonObject, JsonValue } from "@tillwatch/wire";
import type { JoinedBecause } from "../flow.ts";
import type { CorrelationPolicy } from "./correlation-policy.ts";

/**
 * What can tie one signal to another. Plain JSON: a decision's recorded inputs hold it. `zones` are the zones that the signal
 * is about (a camera: those it covers), `borders` the zones next to them.
 */
export type Traits = {
  readonly signalId: string;
  readonly atMs: number;
  readonly service: string;
  readonly zones: readonly string[];
  readonly borders: readonly string[];
  readonly device: string | null;
  readonly terminal: string | null;
  readonly track: string | null;
  readonly items: readonly string[]; // "epc:..." and "sku:..."
  readonly explains: readonly string[]; // exit signals that this sale pays for
};

type Tie = {
  readonly because: JoinedBecause;
  readonly reachMs: (policy: CorrelationPolicy, a: Traits, b: Traits) => number;
  readonly holds: (a: Traits, b: Traits) => boolean;
};

/** Strongest first: where several ties hold, the first one is the reason that is given. */
const ties: readonly Tie[] = [
  {
    because: "sale_explains_exit",
    reachMs: (policy) => Math.max(policy.explain.beforeMs, policy.explain.afterMs),
    holds: (a, b) => a.explains.includes(b.signalId) || b.explains.includes(a.signalId),
  },
  {
    because: "same_item",
    // One tie with two reaches and not two ties: decisions from before the second reach compute to the same as then.
    reachMs: (policy, a, b) => (namePieces(a, b) ? policy.sameItemMs : policy.sameArticleMs),
    holds: sameItem,
  },
  {
    because: "same_person_track",
    reachMs: (policy) => policy.sameTrackMs,
    holds: (a, b) => a.track !== null && a.track === b.track,
  },
  {
    because: "same_device",
    reachMs: (policy) => policy.sameDeviceMs,
    holds: (a, b) => a.device !== null && a.device === b.device,
  },
  {
    because: "same_terminal",
    reachMs: (policy) => policy.sameTerminalMs,
    holds: (a, b) => a.terminal !== null && a.terminal === b.terminal,
  },
  {
    because: "same_zone_and_time",
    reachMs: (policy) => policy.sameZoneMs,
    holds: (a, b) => corroborates(a, b) && share(a.zones, b.zones),
  },
  {
    because: "adjacent_zone_and_time",
    reachMs: (policy) => policy.adjacentZoneMs,
    holds: (a, b) => corroborates(a, b) && (share(a.zones, b.borders) || share(a.borders, b.zones)),
  },
];

/** Rank of a tie: smaller is stronger. */
export type Bond = { readonly because: JoinedBecause; readonly rank: number; readonly apartMs: number };

/** The strongest tie between two signals, or null. A reach is half-open: at exactly its length they are strangers. */
export function bondBetween(a: Traits, b: Traits, policy: CorrelationPolicy): Bond | null {
  const apartMs = Math.abs(a.atMs - b.atMs);
  const rank = ties.findIndex((tie) => apartMs < tie.reachMs(policy, a, b) && tie.holds(a, b));
  const tie = ties[rank];
  return tie === undefined ? null : { because: tie.because, rank, apartMs };
}

/**
 * Nearness alone ties only what different kinds of source saw: two tills beside each other have nothing to do with one another,
 * and joining them would accuse one cashier of what happened at the other's till.
 */
function corroborates(a: Traits, b: Traits): boolean {
  return a.service !== b.service;
}

/**
 * The same piece. Where both name their pieces (EPC), the article alone ties nothing: two thieves who like the same whisky are two
 * matters. Where one knows only the article (a shelf), the article ties, though not for as long: what is loved is taken again soon.
 */
function sameItem(a: Traits, b: Traits): boolean {
  return namePieces(a, b) ? share(piecesOf(a), piecesOf(b)) : share(a.items, b.items);
}

function namePieces(a: Traits, b: Traits): boolean {
  return piecesOf(a).length > 0 && piecesOf(b).length > 0;
}

function piecesOf(traits: Traits): readonly string[] {
  return traits.items.filter((item) => item.startsWith("epc:"));
}

function share(a: readonly string[], b: readonly string[]): boolean {
  return a.length > 0 && b.length > 0 && a.some((value) => b.includes(value));
}

/** The text under `name` in a signal's data, null where it is not a text. */
export function textOf(data: JsonObject, name: string): string | null {
  const value: JsonValue | undefined = data[name];
  return typeof value === "string" && value !== "" ? value : null;
}
