import type { Static } from "typebox";
import { problem } from "../api/problem.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { isStorable } from "../platform/storable-time.ts";
import { decodeCursor, parseStates, type IncidentFilter, type SearchWord } from "./incident-filter.ts";
import type { listQuery } from "./incident-schema.ts";
import type { SummaryNeeds } from "./incident-summary.ts";
import { wordIndex } from "./incident-text-store.ts";
import type { Places } from "./places.ts";
import { searchWordsOf } from "./search-words.ts";

const limitDefault = 50;
const wordsMax = 12;

/** The filter of a list request. Throws 400 `request_invalid` for an unknown state and `cursor_malformed` for a made-up cursor. */
export function filterOf(query: Static<typeof listQuery>, needs: SummaryNeeds, fields: FieldVault): IncidentFilter {
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
    siteIds: sitesOf(query, needs.places),
    zoneId: query.zone ?? null,
    category: query.category ?? null,
    fromMs: instantOf(query.from, "/from"),
    toMs: instantOf(query.to, "/to"),
    words: wordsOf(query.q ?? "", needs, fields),
    cursor,
    limit: query.limit ?? limitDefault,
  };
}

/** A row shows titles and names, so that is what people type; the table holds codes and ids. */
function wordsOf(q: string, { taxonomies, places }: SummaryNeeds, fields: FieldVault): readonly SearchWord[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean).slice(0, wordsMax);
  return words.map((text) => {
    const bears = (name: string) => name.toLowerCase().includes(text);
    return {
      text,
      indexes: searchWordsOf(text).map((word) => wordIndex(fields, word)),
      categories: taxonomies.current.categories.filter(({ title }) => bears(title)).map(({ code }) => code),
      siteIds: places.data.sites.filter(({ name }) => bears(name)).map(({ id }) => id),
      zones: places.data.sites.flatMap(({ id, zones }) =>
        zones.filter(({ name }) => bears(name)).map((zone) => `${id}/${zone.id}`),
      ),
    };
  });
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
