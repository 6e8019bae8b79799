import { minorVerdict, type Lift, type MinorFlag, type Minors, type MinorVerdict } from "../minors.ts";

/** Ways in which a packet reaches somebody who has no account here. A partner's people take it by themselves. */
export const channels = ["in_person", "post", "encrypted_mail", "authority_portal", "download_link"] as const;
export type Channel = (typeof channels)[number];

/** To whom a packet is released: a partner organisation, or somebody outside. */
export type Recipient =
  | { readonly kind: "partner"; readonly partnerId: string }
  | {
      readonly kind: "outside";
      readonly agency: string;
      readonly person: string;
      readonly reference: string;
      readonly channel: Channel;
    };

/** What is known of a case and its packet at the moment of the release. */
export type ReleaseSituation = {
  readonly incidentState: string;
  /** Said of the case as a whole; null: nobody said that a minor is in it. */
  readonly minor: Pick<MinorFlag, "flaggedBy"> | null;
  /** What was said of the exhibits whose bytes are in the packet. */
  readonly minorExhibits: readonly MinorFlag[];
  /** Marks of persons who occur in the case: how many objected, how many asked for restriction. */
  readonly objections: number;
  readonly restrictions: number;
  /** Partners that the case is shared with now. */
  readonly sharedWith: readonly string[];
  /** Legal holds on the case, in force. */
  readonly holds: readonly ReleaseHold[];
};

/** A hold keeps content from being destroyed, not from being released; whoever releases names it, and so shows that he knows. */
export type ReleaseHold = { readonly id: string; readonly ground: string };

/** Who releases. `mayLiftMinor`: the policies allow him to let out what a minor is in. */
export type Releaser = { readonly token: string; readonly mayLiftMinor: boolean };

/** The legal grounds under which a minor's or an objecting person's data may leave all the same (`privacy.yaml`, `release`). */
export type ReleaseGrounds = { readonly minorGrounds: readonly string[]; readonly objectionGrounds: readonly string[] };

export type ReleaseAsked = {
  readonly recipient: Recipient;
  readonly ground: string;
  /** Why it leaves all the same; null: nobody said. */
  readonly despite: string | null;
  /** The holds that the releaser named. */
  readonly holds: readonly string[];
  readonly by: Releaser;
};

/** Something that stands against a release. `grounds`: those under which it may be done all the same, if somebody says why. */
export type Obstacle = {
  readonly code:
    | "release_watch_item"
    | "release_minor"
    | "release_minor_exhibit"
    | "release_objection"
    | "release_not_shared"
    | "release_hold_not_named";
  readonly says: string;
  readonly remedy: string;
  readonly grounds: readonly string[];
  readonly count: number;
};

// Not yet, or not any more, an incident: a situation below the threshold is nobody's deed.
const unproven: ReadonlySet<string> = new Set(["watch", "aged_out"]);

/** Everything about the case and its packet that stands against a release by this person, whoever it goes to. */
export function obstaclesOf(situation: ReleaseSituation, grounds: ReleaseGrounds, by: Releaser): readonly Obstacle[] {
  const { objectionGrounds } = grounds;
  const objecting = situation.objections + situation.restrictions;
  const found: Obstacle[] = [];
  if (unproven.has(situation.incidentState)) {
    found.push({
      code: "release_watch_item",
      says: "it is a watch item: below the threshold nothing is told to anybody outside",
      remedy: "Make it an incident first, by looking into it.",
      grounds: [],
      count: 1,
    });
  }
  found.push(...minorObstacles(situation, grounds, by));
  if (objecting > 0) {
    found.push({
      code: "release_objection",
      says: `${personsText(objecting)} of this case objected to the use of their data or had it restricted`,
      remedy: `Release it under ${oneOf(objectionGrounds)} and say in \`despite\` why it must leave.`,
      grounds: objectionGrounds,
      count: objecting,
    });
  }
  return found;
}

/** What a minor in the case, or in an exhibit of the packet, puts in the way of this person. */
function minorObstacles(
  { minor, minorExhibits }: ReleaseSituation,
  { minorGrounds }: ReleaseGrounds,
  by: Releaser,
): readonly Obstacle[] {
  const found: Obstacle[] = [];
  if (minor !== null) {
    const says = "a minor is among the people of this case";
    found.push({ code: "release_minor", says, count: 1, ...wayOut({ ofCase: minor, ofExhibit: null }) });
  }
  const kept = minorExhibits.filter((flag) => flag.ground === null);
  const [first, ...others] = kept.map((ofExhibit) => wayOut({ ofCase: null, ofExhibit }));
  if (first !== undefined) {
    const says = `a minor is in ${kept.length === 1 ? "an exhibit" : `${kept.length} exhibits`} of this packet`;
    // Where one of them keeps this person from it, all of them do.
    const way = others.find((one) => one.grounds.length === 0) ?? first;
    found.push({ code: "release_minor_exhibit", says, count: kept.length, ...way });
  }
  return found;

  function wayOut(minors: Minors): Pick<Obstacle, "grounds" | "remedy"> {
    const under = (ground: string): Lift => ({ ground, by: by.token, mayLift: by.mayLiftMinor });
    const verdicts = minorGrounds.map((ground) => minorVerdict(minors, under(ground), minorGrounds));
    if (verdicts.some(({ kind }) => kind === "lifted")) {
      const remedy = `Release it under ${oneOf(minorGrounds)} and say in \`despite\` why it must leave.`;
      return { grounds: minorGrounds, remedy };
    }
    return { grounds: [], remedy: otherWay(verdicts[0], minors, minorGrounds) };
  }
}

function otherWay(verdict: MinorVerdict | undefined, minors: Minors, minorGrounds: readonly string[]): string {
  const under = `under ${oneOf(minorGrounds)}`;
  const without = minors.ofExhibit === null ? "" : " Or build the packet again: then it stays out.";
  const samePerson = verdict?.kind === "withheld" && verdict.because === "same_person";
  return samePerson
    ? `You said so: another person who may release what a minor is in releases it, ${under}.${without}`
    : `Counsel may release it, ${under}.${without}`;
}

export type ReleaseVerdict = {
  /** What keeps this release from being made; empty: nothing. */
  readonly blocking: readonly Obstacle[];
  /** What stands against it and is overcome by ground and reason: goes into the record. */
  readonly noted: readonly Obstacle[];
};

/** Decides on one release. */
export function judgeRelease(
  asked: ReleaseAsked,
  situation: ReleaseSituation,
  grounds: ReleaseGrounds,
): ReleaseVerdict {
  const overcome = (one: Obstacle) => one.grounds.includes(asked.ground) && asked.despite !== null;
  const obstacles = obstaclesOf(situation, grounds, asked.by);
  const { recipient } = asked;
  const blocking = obstacles.filter((one) => !overcome(one));
  if (recipient.kind === "partner" && !situation.sharedWith.includes(recipient.partnerId)) {
    blocking.push({
      code: "release_not_shared",
      says: "the case is not shared with this partner",
      remedy: "Share the case with the partner first; then release the packet.",
      grounds: [],
      count: 1,
    });
  }
  const unnamed = situation.holds.filter(({ id }) => !asked.holds.includes(id));
  if (unnamed.length > 0) {
    const named = unnamed.map(({ id, ground }) => `${id} (${ground})`).join(", ");
    blocking.push({
      code: "release_hold_not_named",
      says: `the case is under legal hold: ${named}`,
      remedy: "It may be released all the same: name each hold in `holds`, so that the record shows that you knew.",
      grounds: [],
      count: unnamed.length,
    });
  }
  return { blocking, noted: obstacles.filter(overcome) };
}

function oneOf(grounds: readonly string[]): string {
  return grounds.length === 0 ? "no ground that there is" : `the ground ${grounds.join(" or ")}`;
}

function personsText(count: number): string {
  return count === 1 ? "one person" : `${count} persons`;
}
