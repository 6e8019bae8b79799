import type { CopyRecipe, Json } from "@tillwatch/evidence";
import type { Result } from "@tillwatch/wire";
import type { Chance } from "../platform/chance.ts";
import { clipAnew, type Black, type ClipTools } from "../platform/media/clip-anew.ts";
import type { Clock } from "../platform/clock.ts";
import { MediaFault } from "../platform/media/media-refusal.ts";
import { pictureAnew } from "../platform/media/picture-anew.ts";
import {
  putSealed,
  readSealed,
  VaultFault,
  type SealedObject,
  type StoredObject,
  type Vault,
} from "../platform/keys/vault.ts";
import type { Db } from "../schema.ts";
import { copyById, type CopyRow } from "./copy-read.ts";
import type { Treatment } from "./copy-recipe.ts";
import { keepCopy, keepNoCopy } from "./copy-store.ts";
import { recordDamage } from "./exhibit-intake-store.ts";
import { exhibitById } from "./exhibit-read.ts";
import { kindBytes, KindMeter, type MediaKind } from "./media-kind.ts";

export type CopyMakerDeps = {
  readonly db: Db;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly tools: ClipTools;
  /** Called after the commit, so that screens follow. */
  readonly incidentChanged: (incidentId: string) => void;
};

type Made = { readonly bytes: AsyncIterable<Uint8Array>; readonly mediaType: string; readonly recipe: CopyRecipe };
type Outcome =
  | { readonly kind: "made"; readonly made: Made }
  | { readonly kind: "not_needed" }
  | { readonly kind: "cannot"; readonly problem: string };

const pictureTypes = { jpeg: "image/jpeg", png: "image/png", webp: "image/webp", gif: "image/gif" } as const;

/** Makes one copy that was asked for, or says why there is none. May run again after a stop at any point, and beside itself. */
export async function makeCopy(deps: CopyMakerDeps, id: string): Promise<void> {
  const copy = await copyById(deps.db, id);
  if (copy === null || copy.state !== "making") return;
  const exhibit = await exhibitById(deps.db, copy.exhibitId);
  if (exhibit === null || exhibit.object === null || exhibit.bytes === null || exhibit.sha256 === null) return;
  const { bytes, sha256, mediaType, incidentId } = exhibit;
  const sealed: SealedObject = { id: exhibit.id, bytes, sha256, ...exhibit.object };
  try {
    const outcome = await outcomeOf(deps, { copy, sealed, mediaType });
    if (outcome.kind === "made") await store(deps, { copy, exhibit: { incidentId, sha256 }, made: outcome.made });
    else await settle(deps, copy, outcome.kind === "cannot" ? outcome.problem : null);
  } catch (fault) {
    if (fault instanceof MediaFault) await settle(deps, copy, fault.refusal.code);
    else if (fault instanceof VaultFault) {
      await recordDamage(deps, exhibit.id, fault.message);
      await settle(deps, copy, "exhibit_damaged");
    } else throw fault;
  }
  deps.incidentChanged(incidentId);
}

type Source = { readonly copy: CopyRow; readonly sealed: SealedObject; readonly mediaType: string };

async function outcomeOf(deps: CopyMakerDeps, source: Source): Promise<Outcome> {
  const { copy, sealed } = source;
  const { wanted } = copy;
  const kind = await kindOf(deps.vault, source);
  switch (kind.kind) {
    case "document":
      return { kind: "not_needed" };
    case "unknown":
      return { kind: "cannot", problem: "media_unsupported" };
    case "picture": {
      const black = blackOf(wanted).flatMap(({ outlines }) => outlines);
      const made = await pictureAnew(readSealed(deps.vault, sealed), { format: kind.format, black }, deps.tools.limits);
      return outcomeFrom(made, ({ version, bytes }) => ({
        bytes: once(bytes),
        mediaType: pictureTypes[kind.format],
        recipe: recipeOf({ wanted, tool: { name: "sharp", version }, args: [kind.format], sound: false }),
      }));
    }
    case "clip": {
      const order = { format: kind.format, black: blackOf(wanted), sound: wanted.sound };
      const made = await clipAnew(readSealed(deps.vault, sealed), order, deps.tools);
      return outcomeFrom(made, ({ version, args, sound, bytes }) => ({
        bytes,
        mediaType: "video/mp4",
        recipe: recipeOf({ wanted, tool: { name: "ffmpeg", version }, args, sound }),
      }));
    }
  }
}

function outcomeFrom<T>(made: Result<T, { readonly code: string }>, to: (value: T) => Made): Outcome {
  return made.ok ? { kind: "made", made: to(made.value) } : { kind: "cannot", problem: made.error.code };
}

/** By the bytes; whoever is no text is not read to its end. */
async function kindOf(vault: Vault, { sealed, mediaType }: Source): Promise<MediaKind> {
  const first = new KindMeter();
  await drained(first.watch(readSealed(vault, sealed, { from: 0, to: Math.min(kindBytes, sealed.bytes) })));
  const kind = first.kind(mediaType);
  if (kind.kind !== "document") return kind;
  const whole = new KindMeter();
  await drained(whole.watch(readSealed(vault, sealed)));
  return whole.kind(mediaType);
}

async function drained(bytes: AsyncGenerator<Uint8Array>): Promise<void> {
  while ((await bytes.next()).done !== true);
}

function blackOf({ mask, regions }: Treatment): readonly Black[] {
  const always = mask === null ? [] : [{ outlines: mask.polygons, during: null }];
  const drawn = (regions?.regions ?? []).map(({ corners, during }) => ({ outlines: [corners], during }));
  return [...always, ...drawn];
}

function recipeOf(of: {
  readonly wanted: Treatment;
  readonly tool: CopyRecipe["tool"];
  readonly args: readonly string[];
  readonly sound: boolean;
}): CopyRecipe {
  const { wanted, tool, args, sound } = of;
  const { mask, regions } = wanted as unknown as { mask: Json; regions: Json };
  return { v: 1, tool, arguments: args, sound, mask, regions };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function store(
  deps: CopyMakerDeps,
  of: {
    readonly copy: CopyRow;
    readonly exhibit: { readonly incidentId: string; readonly sha256: string };
    readonly made: Made;
  },
): Promise<void> {
  const { copy, exhibit, made } = of;
  // Each attempt has a key of its own: objects are never replaced, and of two attempts at once the first to commit counts.
  const object = { id: copy.id, objectKey: `copies/${copy.id}/${deps.chance.uuid()}` };
  const bytesMax = deps.tools.limits.bytesMax;
  const stored: StoredObject = await putSealed(deps.vault, object, { source: made.bytes, bytesMax });
  const { mediaType, recipe } = made;
  const nowMs = deps.clock();
  let kept = false;
  try {
    kept = await deps.db
      .transaction()
      .execute((tx) => keepCopy(tx, { copy, exhibit, stored, mediaType, recipe, nowMs }, deps.chance));
  } finally {
    if (!kept) await deps.vault.objects.delete(stored.objectKey);
  }
}

async function settle(deps: CopyMakerDeps, copy: CopyRow, problem: string | null): Promise<void> {
  const nowMs = deps.clock();
  await deps.db.transaction().execute((tx) => keepNoCopy(tx, { copy, problem, nowMs }, deps.chance));
}
