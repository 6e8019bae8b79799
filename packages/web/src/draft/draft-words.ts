import type {
  AcceptedDraft,
  DraftChanges,
  DraftInput,
  DraftModel,
  DraftPlace,
  DraftView,
  IncidentRecord,
} from "@tillwatch/wire";
import { codeText } from "../design/words.ts";

export const placeWords: Readonly<Record<DraftPlace, string>> = {
  note: "a note in the timeline",
  summary: "the summary of the case",
};

export function modelText({ name, version, provider }: DraftModel): string {
  return `${name} ${version}${provider === null ? "" : ` (${provider})`}`;
}

/** What people changed, in a sentence. */
export function changesText({ kept, removed, added, whole }: DraftChanges): string {
  const of = kept + removed;
  if (removed === 0 && added === 0) return `No word of ${of} was changed.`;
  const counts = `${removed} of ${of} words taken out, ${added} added.`;
  return whole ? counts : `${counts} The texts differ too much to be compared word by word.`;
}

/** An input of a draft as a person knows it, and the section of the case where it is. */
export function inputText(
  { kind, id }: DraftInput,
  { signals, timeline, exhibits }: Pick<IncidentRecord, "signals" | "timeline" | "exhibits">,
): { readonly says: string; readonly at: string | null; readonly tab: "signals" | "timeline" | "exhibits" } {
  switch (kind) {
    case "signal": {
      const signal = signals.find((one) => one.id === id);
      const from = signal?.deviceId == null ? "" : `, device ${signal.deviceId}`;
      const says = signal === undefined ? "A signal" : `${codeText(signal.type)}${from}`;
      return { says, at: signal?.correctedAt ?? null, tab: "signals" };
    }
    case "note": {
      const note = timeline.find((one) => one.id === id);
      return { says: note === undefined ? "A note" : `Note: ${note.says}`, at: note?.at ?? null, tab: "timeline" };
    }
    case "exhibit": {
      const exhibit = exhibits.find((one) => one.id === id);
      return { says: exhibit?.name ?? "An exhibit", at: exhibit?.receivedAt ?? null, tab: "exhibits" };
    }
  }
}

/** Those that wait first, each group as it came: newest on top. */
export function waitingFirst(drafts: readonly DraftView[]): readonly DraftView[] {
  return drafts.toSorted((a, b) => Number(b.state === "offered") - Number(a.state === "offered"));
}

/** Where the text of an entry of the timeline comes from; undefined: a person wrote it alone. */
export function draftedOf(
  record: Pick<IncidentRecord, "drafted">,
  detail: Readonly<Record<string, unknown>>,
): AcceptedDraft | undefined {
  return record.drafted?.find(({ draftId }) => draftId === detail["draftId"]);
}
