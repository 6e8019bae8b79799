import type { QueueFilter } from "../api/queries.ts";
import { textMember } from "../app/route-search.ts";

export type QueueSearch = {
  readonly view?: "watch" | "closed";
  readonly site?: string;
  readonly level?: 1 | 2 | 3;
  readonly category?: string;
  readonly q?: string;
};

/** The queue's filters as they stand in the address, so that a view can be sent to a colleague. Unset members are left out. */
export function readQueueSearch(raw: Record<string, unknown>): QueueSearch {
  const view = raw["view"] === "watch" || raw["view"] === "closed" ? { view: raw["view"] } : {};
  const levelGiven = Number(raw["level"]);
  const level = levelGiven === 1 || levelGiven === 2 || levelGiven === 3 ? { level: levelGiven } : {};
  return {
    ...(view as { view?: "watch" | "closed" }),
    ...(level as { level?: 1 | 2 | 3 }),
    ...textMember("site", raw["site"]),
    ...textMember("category", raw["category"]),
    ...textMember("q", raw["q"]),
  };
}

export function filterOf(search: QueueSearch): QueueFilter {
  return { ...search, view: search.view ?? "incidents" };
}

/** Is anything filtered at all? */
export function isFiltered(filter: QueueFilter): boolean {
  return [filter.site, filter.level, filter.category, filter.q].some((member) => member !== undefined);
}
