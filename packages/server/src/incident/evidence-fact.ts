/**
 * What can be known to be there without looking at it: a fact of an incident's evidence, gathered as signals, exhibits and notes
 * come. `covers:<code>` says that a person named the checklist item that his note or exhibit provides.
 */
export const evidenceFacts = [
  "clip", //      a signal points to a clip, or an exhibit is video
  "image", //     a signal points to a still, or an exhibit is an image
  "till", //      a till signal: receipt, void, refund ...
  "item", //      an article is named: sku or epc
  "exhibit", //   anything is secured
  "document", //  an exhibit that is neither video nor image
  "statement", // a note that begins with "Statement:"
  "summary", //   a person wrote what happened
  "value", //     the value lost is stated, or the directory knows the goods' value
  "device", //    the device that saw it is named
  "checked_clock", // a device's signal was compared with our clock when it came
] as const;
export type EvidenceFact = (typeof evidenceFacts)[number];

export function isEvidenceFact(word: string): word is EvidenceFact {
  return (evidenceFacts as readonly string[]).includes(word);
}

// Where the taxonomy does not say what satisfies an item, its code does. First match wins: "pos_clip" is a clip.
const words: readonly (readonly [RegExp, readonly EvidenceFact[]])[] = [
  [/^media/, ["clip", "image"]],
  [/^exhibit/, ["exhibit"]],
  [/clock|device_time/, ["checked_clock"]],
  [/summary/, ["summary"]],
  [/video|clip|footage|cctv|recording/, ["clip"]],
  [/photo|image|still|snapshot|picture/, ["image"]],
  [/statement|witness|description|interview|account/, ["statement"]],
  [/receipt|journal|\bpos|^pos_|till|transaction|refund|sale|void/, ["till", "document"]],
  [/value|loss|amount|cost/, ["value"]],
  [/item|article|sku|epc|tag|product|goods|stock|inventory/, ["item"]],
  [/terminal|device|sensor|serial/, ["device"]],
  [/log|export|document|form|report|record|roster|list/, ["document"]],
];

/** What satisfies a checklist item by its code; an exhibit document where the code tells nothing. */
export function factsFor(code: string): readonly EvidenceFact[] {
  return words.find(([pattern]) => pattern.test(code))?.[1] ?? ["document"];
}

/** The facts that an exhibit of a media type (null: not known) is. */
export function factsOfExhibit(mediaType: string | null): readonly EvidenceFact[] {
  if (mediaType === null) return ["exhibit"];
  const kind = mediaType.startsWith("video/") ? "clip" : mediaType.startsWith("image/") ? "image" : "document";
  return ["exhibit", kind];
}

/** Whether a note is a witness statement: it says so in its first word. */
export function isStatement(note: string): boolean {
  return /^statement\s*:/i.test(note.trim());
}
