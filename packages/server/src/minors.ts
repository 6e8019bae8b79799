/** Somebody said that a minor is in it. `ground`: the legal ground on which another person let it out for good; null: nobody did. */
export type MinorFlag = { readonly flaggedBy: string; readonly ground: string | null };

/** The flags that an exhibit stands under: its own, and that of its case. `ofExhibit` null for the case as a whole. */
export type Minors = { readonly ofCase: Pick<MinorFlag, "flaggedBy"> | null; readonly ofExhibit: MinorFlag | null };

/** Somebody lets it out this once. `mayLift`: the policies allow him `exhibit:release_minor`. */
export type Lift = { readonly ground: string; readonly by: string; readonly mayLift: boolean };

export type MinorVerdict =
  | { readonly kind: "free"; readonly because: "no_minor" | "ground_stated" }
  | { readonly kind: "lifted"; readonly ground: string }
  | {
      readonly kind: "withheld";
      readonly because: "no_ground" | "ground_does_not_allow" | "role_may_not" | "same_person";
    };

/**
 * Whether something may leave although a minor is in it (J11): the one rule of packets, releases, shares and of looks that hand on. What is
 * flagged, itself or with its case, stays unless a ground that the pack names was stated by somebody who may, and who did not flag it. A
 * ground that was stated for the very exhibit holds against the flag of the case too. `grounds`: `release.minor_grounds` of privacy.yaml.
 */
export function minorVerdict(
  { ofCase, ofExhibit }: Minors,
  lift: Lift | null,
  grounds: readonly string[],
): MinorVerdict {
  if (ofExhibit === null && ofCase === null) return { kind: "free", because: "no_minor" };
  if (ofExhibit !== null && ofExhibit.ground !== null) return { kind: "free", because: "ground_stated" };
  if (lift === null) return { kind: "withheld", because: "no_ground" };
  if (!grounds.includes(lift.ground)) return { kind: "withheld", because: "ground_does_not_allow" };
  if (!lift.mayLift) return { kind: "withheld", because: "role_may_not" };
  const flaggedByHim = [ofCase, ofExhibit].some((flag) => flag?.flaggedBy === lift.by);
  return flaggedByHim ? { kind: "withheld", because: "same_person" } : { kind: "lifted", ground: lift.ground };
}
