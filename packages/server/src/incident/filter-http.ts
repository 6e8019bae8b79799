import type { Static } from "typebox";
import { problem } from "../api/problem.ts";
import { isStorable } from "../platform/storable-time.ts";
import { decodeCursor, parseStates, type IncidentFilter } from "./incident-filter.ts";
import type { listQuery } from "./incident-schema.ts";
import type { Places } from "./places.ts";

const limitDefault = 50;

/** The filter of a list request. Throws 400 `request_invalid` for an unknown state and `cursor_malformed` for a made-up cursor. */
export function filterOf(query: Static<typeof listQuery>, places: Places): IncidentFilter {
  const states = parseStates(query.state);
  if (!states.ok) {
    throw problem(400, "request_invalid", `query /state: ${states.error.slice(0, 40)} is not a state`, {
      pointer: "/state",
    });
  }
  const cursor = query.cursor === undefined ? null : decodeCursor(query.cursor);
  if (query.cursor !== undefined && cursor === null) {
    throw problem(400, "cursor_malformed", "the cursor is not one that a page gave", {
      pointer: "/cursor",
      remedy: "Begin again without a cursor.",
    });
  }
  return {
    states: states.value,
    kind: query.kind ?? null,
    levels: (query.level ?? "").split(",").filter(Boolean).map(Number),
    siteIds: sitesOf(query, places),
    zoneId: query.zone ?? null,
    category: query.category ?? null,
    fromMs: instantOf(query.from, "/from"),
    toMs: instantOf(query.to, "/to"),
    q: query.q ?? null,
    cursor,
    limit: query.limit ?? limitDefault,
  };
}

/** Epoch ms of a query's time; null where none is asked. Throws 400 `request_invalid` for one that no database holds. */
export function instantOf(text: string | undefined, pointer: string): number | null {
  if (text === undefined) return null;
  const ms = Date.parse(text);
  if (isStorable(ms)) return ms;
  throw problem(400, "request_invalid", `query ${pointer}: not a time between the years 1900 and 9999`, { pointer });
}

function sitesOf(query: Static<typeof listQuery>, places: Places): readonly string[] | null {
  const named = query.site === undefined ? null : query.site.split(",").filter(Boolean);
  if (query.region === undefined) return named;
  const inRegion = places.data.sites.filter((site) => site.region === query.region).map((site) => site.id);
  return named === null ? inRegion : inRegion.filter((id) => named.includes(id));
}
