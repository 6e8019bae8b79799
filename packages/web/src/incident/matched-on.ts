import { isJsonObject, type JsonObject, type JsonValue, type MatchedOn, type TimelineEntry } from "@tillwatch/wire";

/** What a rule matched on, out of a timeline entry's `detail.because`. Anything of another shape is left out: it explains nothing. */
export function matchedOn(detail: JsonObject): readonly MatchedOn[] {
  const because = detail["because"];
  if (!Array.isArray(because)) return [];
  return because.flatMap((item: JsonValue) => {
    if (!isJsonObject(item)) return [];
    const { selection, field, value, pattern } = item;
    if (typeof selection !== "string" || typeof value !== "string" || typeof pattern !== "string") return [];
    return [{ selection, field: typeof field === "string" ? field : null, value, pattern }];
  });
}

/** What a correlation counted, out of a timeline entry's `detail.counted`, in order of time. */
export function countedIn(detail: JsonObject): readonly { readonly at: string; readonly ruleTitle: string }[] {
  const { counted } = detail;
  if (!Array.isArray(counted)) return [];
  return counted.flatMap((item: JsonValue) => {
    if (!isJsonObject(item)) return [];
    const { at, ruleTitle } = item;
    return typeof at === "string" && typeof ruleTitle === "string" ? [{ at, ruleTitle }] : [];
  });
}

/** Titles of the rules that matched, by rule id, out of the timeline's detections ("Rule matched: <title>"). */
export function ruleTitles(timeline: readonly TimelineEntry[]): ReadonlyMap<string, string> {
  return new Map(
    timeline.flatMap((entry) => {
      const { ruleId } = entry.detail;
      if (entry.kind !== "detection" || typeof ruleId !== "string") return [];
      return [[ruleId, entry.says.replace(/^(?:Rule matched|A model noticed): /, "")] as const];
    }),
  );
}
