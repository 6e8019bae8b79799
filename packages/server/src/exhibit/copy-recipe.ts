import { canonicalBytes, toHex, type Sha256 } from "@tillwatch/evidence";
import type { PictureProfile } from "../privacy/picture-profiles.ts";

export type Corners = readonly (readonly [number, number])[];

/** What a person drew over an exhibit, from and to a time of it; null: all the time. */
export type Region = {
  readonly corners: Corners;
  readonly during: { readonly fromMs: number; readonly toMs: number } | null;
};

/** What is to be done to a picture or clip. The same treatment of the same bytes is the same copy. */
export type Treatment = {
  /** Of how we make copies: another number makes all anew. */
  readonly v: 1;
  /** The mask of the camera that took it; null: it is of none of ours, or nothing of it is to be masked. */
  readonly mask: { readonly deviceId: string; readonly version: number; readonly polygons: readonly Corners[] } | null;
  /** Drawn over this exhibit; null: people are shown. */
  readonly regions: { readonly version: number; readonly regions: readonly Region[] } | null;
  readonly sound: boolean;
};

/** Why there is no copy for somebody, however long he waits. */
export type CopyRefusal =
  | "copy_withheld" // the purpose, in this country, has no pictures
  | "copy_people_not_marked" // people must not be known, and nobody drew where they are
  | "copy_camera_not_named"; // the site masks cameras, and nobody said whether it is of one of them

export type Wanted =
  { readonly kind: "copy"; readonly treatment: Treatment } | { readonly kind: "none"; readonly code: CopyRefusal };

/** What is known of an exhibit and of whoever wants to see it. */
export type CopyFacts = {
  readonly camera: "ours" | "none" | "unsaid";
  readonly deviceId: string | null;
  /** Masks of the site's cameras as they are now. */
  readonly masks: readonly {
    readonly deviceId: string;
    readonly version: number;
    readonly polygons: readonly Corners[];
  }[];
  readonly regions: Treatment["regions"];
  readonly profile: PictureProfile;
};

/** What copy somebody gets. A camera's mask is in every one; what nobody knows the camera of may be of a masked one. */
export function wantedCopy({ camera, deviceId, masks, regions, profile }: CopyFacts): Wanted {
  if (profile.show === "nothing") return { kind: "none", code: "copy_withheld" };
  if (camera === "unsaid" && masks.some(({ polygons }) => polygons.length > 0)) {
    return { kind: "none", code: "copy_camera_not_named" };
  }
  const hidden = profile.show === "people_hidden";
  if (hidden && regions === null) return { kind: "none", code: "copy_people_not_marked" };
  const mask = masks.find((one) => camera === "ours" && one.deviceId === deviceId);
  const treatment: Treatment = {
    v: 1,
    mask:
      mask === undefined || mask.polygons.length === 0
        ? null
        : { deviceId: mask.deviceId, version: mask.version, polygons: mask.polygons },
    regions: hidden ? regions : null,
    sound: profile.sound,
  };
  return { kind: "copy", treatment };
}

/** Names a treatment. */
export function treatmentDigest(sha256: Sha256, treatment: Treatment): string {
  return toHex(sha256(canonicalBytes(treatment)));
}
