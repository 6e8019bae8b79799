import { asMachine } from "../platform/database/scoped.ts";
import type { PictureProfile } from "../privacy/picture-profiles.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import { cameraOf, regionsOf, type CopyRow } from "./copy-read.ts";
import { wantedCopy, type CopyFacts, type CopyRefusal } from "./copy-recipe.ts";
import { wantCopy } from "./copy-store.ts";

/** Where an exhibit belongs, as its copies need to know it. */
export type CopyPlace = {
  readonly country: string | null;
  readonly masks: CopyFacts["masks"];
  /** Ids of the site's cameras. */
  readonly cameras: readonly string[];
};

export type CopyAsking = {
  readonly clock: () => number;
  readonly chance: { readonly uuid: () => string };
  readonly placeOf: (db: DbOrTx, incidentId: string) => Promise<CopyPlace>;
  /** What a stated purpose has of pictures in a country. null: no purpose was stated. */
  readonly profileFor: (purpose: string | null, country: string | null) => PictureProfile;
  readonly enqueue: (tx: Tx, copyId: string) => Promise<void>;
};

export type CopyAnswer =
  { readonly kind: "copy"; readonly row: CopyRow } | { readonly kind: "none"; readonly code: CopyRefusal };

/** The copy that this purpose gets of this exhibit now; asked for if there is none yet. */
export async function copyFor(
  tx: Tx,
  asking: CopyAsking,
  of: { readonly exhibitId: string; readonly incidentId: string; readonly purpose: string | null },
): Promise<CopyAnswer> {
  const { exhibitId, incidentId, purpose } = of;
  const { country, masks } = await asking.placeOf(tx, incidentId);
  const profile = asking.profileFor(purpose, country);
  // Whoever may not see what was drawn gets it burned in all the same.
  const regions = await asMachine(tx, (machine) => regionsOf(machine, exhibitId));
  const facts = { ...(await cameraOf(tx, exhibitId)), regions, masks, profile };
  const wanted = wantedCopy(facts);
  if (wanted.kind === "none") return wanted;
  const { treatment } = wanted;
  const { row, isNew } = await wantCopy(tx, { id: asking.chance.uuid(), exhibitId, treatment, nowMs: asking.clock() });
  if (isNew) await asking.enqueue(tx, row.id);
  return { kind: "copy", row };
}
