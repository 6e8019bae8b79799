import type { JsonValue } from "./json.ts";

/** What a draft would become in the hands of the person who accepts it. A closed list: a program drafts nothing else. */
export const draftPlaces = ["note", "summary"] as const;
export type DraftPlace = (typeof draftPlaces)[number];

/** What a program drew on: a signal, a note or an exhibit of the same case. */
export const draftInputKinds = ["signal", "note", "exhibit"] as const;
export type DraftInput = { readonly kind: (typeof draftInputKinds)[number]; readonly id: string };

/** What wrote a draft, as the program that handed it in states it. A template is a model too, and says so in its name. */
export type DraftModel = { readonly name: string; readonly version: string; readonly provider: string | null };

/**
 * What a person changed, in words: `kept` of the draft, `removed` from it, `added` to it. `whole` false: the texts differ too much to be compared
 * word by word, and all that lies between their common beginning and end counts as taken out and written anew.
 */
export type DraftChanges = {
  readonly kept: number;
  readonly removed: number;
  readonly added: number;
  readonly whole: boolean;
};

/** A stretch of a comparison. Without the added ones it is the earlier text, without the removed ones the later, letter by letter. */
export type DiffPart = { readonly kind: "same" | "removed" | "added"; readonly text: string };

/** One text of a draft: number 0 is the program's, every later one a person's. */
export type DraftRevision = {
  readonly number: number;
  readonly by: string; // token
  readonly at: string;
  readonly textSha256: string; // with a salt
  readonly chainSha256: string; // commits to this revision and all before it
};

/** A draft as people see it. Never text of the case: what a person accepted stands in the timeline, in his name. */
export type DraftView = {
  readonly id: string;
  readonly incidentId: string;
  readonly place: DraftPlace;
  readonly state: "offered" | "accepted" | "refused";
  readonly model: DraftModel;
  readonly offeredBy: string; // token of the program
  readonly program: string | null; // its name; null: it is not known any more
  readonly offeredAt: string;
  readonly writtenAt: string; // by the program's clock
  readonly promptSha256: string;
  readonly promptKept: boolean;
  readonly inputs: readonly DraftInput[];
  readonly parameters: Readonly<Record<string, JsonValue>>;
  readonly revision: number; // the last; what an edit, an acceptance or a refusal must name
  readonly draft: string; // revision 0
  readonly text: string; // the last revision
  readonly revisions: readonly DraftRevision[];
  readonly settled: { readonly at: string; readonly by: string; readonly because: string | null } | null;
  readonly changes: DraftChanges | null; // of an accepted one
};

/** The same with what is too long for a list. */
export type DraftDetail = DraftView & {
  readonly prompt: string | null;
  readonly texts: readonly { readonly number: number; readonly text: string; readonly salt: string }[];
};

export type DraftDiff = {
  readonly from: number;
  readonly to: number;
  readonly parts: readonly DiffPart[];
  readonly changes: DraftChanges;
};

/** Where an accepted text comes from, beside it in the record of its incident. The entry of the timeline names the draft in its detail. */
export type AcceptedDraft = {
  readonly draftId: string;
  readonly place: DraftPlace;
  readonly model: DraftModel;
  readonly offeredBy: string;
  readonly offeredAt: string;
  readonly promptSha256: string;
  readonly inputs: readonly DraftInput[];
  readonly editedBy: readonly string[]; // tokens, each once
  readonly changes: DraftChanges;
  readonly acceptedBy: string;
  readonly acceptedAt: string;
};

/** The sentence that stands beside an accepted text. `named` makes a token readable. */
export function draftSays(accepted: AcceptedDraft, named: (token: string) => string = (token) => token): string {
  const { model, changes, editedBy, acceptedBy } = accepted;
  const of = changes.kept + changes.removed;
  const edits =
    changes.removed + changes.added === 0
      ? `no word of ${of} changed`
      : `${changes.removed} of ${of} words taken out, ${changes.added} added`;
  const editors = editedBy.length === 0 ? "edited by nobody" : `edited by ${editedBy.map(named).join(", ")}`;
  return `Drafted by ${model.name} ${model.version}; ${editors}: ${edits}. Accepted by ${named(acceptedBy)}.`;
}
