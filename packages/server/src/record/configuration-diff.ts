import type { JsonValue } from "@tillwatch/wire";

/** A part of the configuration as flat text: path (`calendar.sale.incident_threshold`) to value. */
export type FlatPart = Readonly<Record<string, string>>;

export type ConfigurationChange = {
  readonly part: string;
  readonly path: string;
  readonly before: string | null; // null: was not there
  readonly after: string | null; // null: is gone
};

const depthMax = 12;
const valueMax = 400;

/** A value as paths and texts. Lists are numbered; an empty list or map is a value of its own. */
export function flattened(value: JsonValue): FlatPart {
  const flat: Record<string, string> = {};
  const walk = (one: JsonValue, path: string, depth: number): void => {
    const entries = typeof one === "object" && one !== null ? Object.entries(one) : [];
    if (entries.length === 0 || depth >= depthMax) {
      flat[path] = (typeof one === "string" ? one : JSON.stringify(one)).slice(0, valueMax);
      return;
    }
    for (const [key, child] of entries) walk(child, path === "" ? key : `${path}.${key}`, depth + 1);
  };
  walk(value, "", 0);
  return flat;
}

/** What differs, part by part and path by path, in order. */
export function configurationChanges(
  before: Readonly<Record<string, FlatPart>>,
  after: Readonly<Record<string, FlatPart>>,
): readonly ConfigurationChange[] {
  const parts = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return parts.flatMap((part) => {
    const [old, now] = [before[part] ?? {}, after[part] ?? {}];
    const paths = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
    return paths
      .filter((path) => old[path] !== now[path])
      .map((path) => ({ part, path, before: old[path] ?? null, after: now[path] ?? null }));
  });
}

/** The reason that stands at the top of a pack's CHANGES file: its first line that says something. */
export function reasonIn(changes: string | null): string | null {
  const line = (changes ?? "")
    .split("\n")
    .filter((one) => !one.startsWith("#")) // headings
    .map((one) => one.replace(/^[-*\s]+/, "").trim())
    .find((one) => one !== "");
  return line === undefined ? null : line.slice(0, 500);
}

export const reasonUnknown = "unknown: nobody gave a reason (TILLWATCH_CHANGE_REASON, or the pack's CHANGES)";
