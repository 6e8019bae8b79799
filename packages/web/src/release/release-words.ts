import type { ReleaseLinkView, ReleaseObstacle, ReleasesView, ReleaseView } from "@tillwatch/wire";
import { wordsOf } from "../policy/policy-words.ts";

const channelWords: Readonly<Record<string, string>> = {
  in_person: "In person",
  post: "By post",
  encrypted_mail: "By encrypted mail",
  authority_portal: "Over the authority's portal",
  download_link: "By a download link and a code",
};

export function channelText(channel: string): string {
  return channelWords[channel] ?? wordsOf(channel);
}

/** What a person fills in. `to`: the id of a partner after `partner:`, or `outside`. */
export type ReleaseDraft = {
  readonly to: string;
  readonly agency: string;
  readonly person: string;
  readonly reference: string;
  readonly channel: string;
  readonly purpose: string;
  readonly ground: string;
  readonly because: string;
  readonly despite: string;
  /** That the releaser knows of the holds. */
  readonly knowsHolds: boolean;
};

export const emptyDraft: ReleaseDraft = {
  to: "",
  agency: "",
  person: "",
  reference: "",
  channel: "",
  purpose: "",
  ground: "",
  because: "",
  despite: "",
  knowsHolds: false,
};

export const outside = "outside";
export const partnerPrefix = "partner:";
export const reasonMin = 10; // as the server asks for it

/** Grounds that overcome all that stands against a release; null: nothing stands against it, any will do. */
export function groundsDespite(standing: readonly ReleaseObstacle[]): readonly string[] | null {
  const [first, ...others] = standing;
  if (first === undefined) return null;
  return first.grounds.filter((ground) => others.every(({ grounds }) => grounds.includes(ground)));
}

/** What a person does about it, in the words of this screen. */
export function wayPast({ grounds, remedy }: ReleaseObstacle): string {
  if (grounds.length === 0) return remedy;
  return `It may leave all the same if you say why, under: ${grounds.map(wordsOf).join("; ")}.`;
}

/** The body of the request; null: something is missing yet, or stands against it under this ground. */
export function releaseBodyOf(
  draft: ReleaseDraft,
  { standing, holds }: Pick<ReleasesView, "standing" | "holds">,
): object | null {
  const { purpose, ground } = draft;
  const [because, despite] = [draft.because.trim(), draft.despite.trim()];
  const recipient = recipientOf(draft);
  if (recipient === null || purpose === "" || ground === "" || because.length < reasonMin) return null;
  if (holds.length > 0 && !draft.knowsHolds) return null;
  const said = {
    recipient,
    purpose,
    ground,
    because,
    ...(holds.length === 0 ? {} : { holds: holds.map(({ id }) => id) }),
  };
  const overcoming = groundsDespite(standing);
  if (overcoming === null) return said;
  if (!overcoming.includes(ground) || despite.length < reasonMin) return null;
  return { ...said, despite };
}

function recipientOf({ to, channel, ...draft }: ReleaseDraft): object | null {
  if (to.startsWith(partnerPrefix)) return { partnerId: to.slice(partnerPrefix.length) };
  const [agency, person, reference] = [draft.agency.trim(), draft.person.trim(), draft.reference.trim()];
  if (to !== outside || agency.length < 2 || person.length < 2 || reference === "" || channel === "") return null;
  return { agency, person, reference, channel };
}

/** Who got it: "City Police", or "Court of Ghent, J. Claes, 26/417". */
export function recipientText({ agency, person, reference }: ReleaseView["recipient"]): string {
  return [agency, person, reference].filter((part) => part !== null && part !== "").join(", ");
}

/** On what grounds it was held: "legal claim; a law that obliges us". */
export function holdsText(holds: ReleaseView["holds"]): string {
  const words = [...new Set(holds.map(({ ground }) => wordsOf(ground)))].join("; ");
  return words.charAt(0).toLowerCase() + words.slice(1);
}

const linkWords: Readonly<Record<string, string>> = {
  open: "A link waits for them",
  opened: "Taken by the link just now",
  used: "Taken by the link",
  expired: "The link is over",
  ended: "The link was ended",
  tries_spent: "Shut: too many wrong codes",
  release_withdrawn: "The link is dead: taken back",
  release_withheld: "The link is dead: a minor is in it",
  packet_gone: "The link is dead: the packet was destroyed",
  organisation_ended: "The link is dead",
};

/** How it is with a link, for whoever made it. */
export function linkText({ state }: Pick<ReleaseLinkView, "state">): string {
  return linkWords[state] ?? wordsOf(state);
}

/** Whether somebody can still take the packet by it. */
export function linkOpens({ state }: Pick<ReleaseLinkView, "state">): boolean {
  return state === "open" || state === "opened";
}

/** A code as it is read out: 1234 5678. */
export function spokenCode(code: string): string {
  return code.replace(/^(\d{4})(\d{4})$/, "$1 $2");
}
