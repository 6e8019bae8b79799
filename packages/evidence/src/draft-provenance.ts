import { toHex } from "./bytes.ts";
import { canonicalBytes, type Json } from "./canonical-json.ts";
import type { Sha256 } from "./hashing.ts";

/** What a program states of a draft that it hands in: bound to the draft by the first link of its chain. */
export type DraftOrigin = {
  readonly place: string;
  readonly model: { readonly name: string; readonly version: string; readonly provider: string | null };
  /** Token of the program. */
  readonly offeredBy: string;
  /** RFC 3339, by the program's clock. */
  readonly writtenAt: string;
  readonly promptSha256: string;
  readonly inputs: Json;
  readonly parameters: Json;
};

/** A text of a draft, without the text: number 0 is the program's. `textSha256` is `saidDigest` of the text and a salt of its own. */
export type DraftLink = {
  readonly number: number;
  readonly by: string;
  readonly at: string;
  readonly textSha256: string;
};

/**
 * Lower-case hex SHA-256 that commits to a link and to all before it: of the canonical JSON of draft id, link and `before`, which for number 0 is
 * the origin and for any other the chain's digest up to there. Throws for what has no canonical form.
 */
export function draftChain(
  sha256: Sha256,
  of: { readonly draftId: string; readonly link: DraftLink; readonly before: DraftOrigin | string },
): string {
  const { draftId, link, before } = of;
  const { number, by, at, textSha256 } = link;
  return toHex(sha256(canonicalBytes({ v: 1, draftId, number, by, at, textSha256, before })));
}

/** Kind of the audit entry that records the acceptance of a draft; the timeline's entry of the text names the draft in this member. */
export const draftAcceptedKind = "draft.accepted";
export const draftIdField = "draftId";

/** data/drafts.json: where each text in the packet comes from that a program drafted and a person accepted. */
export type PacketDrafts = { readonly v: 1; readonly texts: readonly PacketDraft[] };

export type PacketDraft = {
  readonly draftId: string;
  readonly origin: DraftOrigin;
  /** From the program's to the accepted one. */
  readonly revisions: readonly DraftLink[];
  /** `salt`, hex, opens the digest of the last revision to whoever has the text; null: the text was erased. */
  readonly accepted: { readonly by: string; readonly at: string; readonly salt: string | null };
  readonly changes: {
    readonly kept: number;
    readonly removed: number;
    readonly added: number;
    readonly whole: boolean;
  };
};
