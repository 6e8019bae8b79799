import type { IncidentRecord } from "@tillwatch/wire";

/** Why the personal parts are not in an answer, in words for whoever asked. */
export type Withheld = NonNullable<IncidentRecord["withheld"]>;

const hidden = "Not shown: say why you need it";

/**
 * The record without what people wrote about people: summary, notes and reasons, description, names of files, what the history says of
 * them. What the machine found stays. That something is there, when and of which kind stays too, so that nobody mistakes it for nothing.
 */
export function withoutPersonalParts(record: IncidentRecord, withheld: Withheld): IncidentRecord {
  const { description: _description, keptTexts: _keptTexts, ...rest } = record;
  return {
    ...rest,
    summary: "",
    override: record.override === null ? null : { ...record.override, because: hidden },
    timeline: record.timeline.map((entry) =>
      entry.actor === "machine" ? entry : { ...entry, says: hidden, detail: {} },
    ),
    exhibits: record.exhibits.map((exhibit) => ({ ...exhibit, name: hidden, source: "" })),
    history: record.history.map((change) => ({
      ...change,
      ...(personalFields.has(change.field) ? { before: null, after: null } : {}),
      because: change.actor === "machine" ? change.because : hidden,
    })),
    withheld,
  };
}

const personalFields = new Set(["summary", "description"]);
