import type { OriginalRequestView } from "@tillwatch/wire";

/** What of pictures and clips is in a packet. */
export type Contents = "copies" | "originals" | "none";

/** How far somebody is with the two keys to an original. */
export type KeyState = "no key" | "one key" | "two keys";

export function keyState(requests: readonly Pick<OriginalRequestView, "state" | "askedBy">[], token: string): KeyState {
  const own = requests.filter(({ askedBy }) => askedBy === token);
  if (own.some(({ state }) => state === "approved")) return "two keys";
  return own.some(({ state }) => state === "asked") ? "one key" : "no key";
}

/** The body of the request for a packet: what is not said is not sent. */
export function packetBodyOf(draft: {
  readonly contents: Contents;
  readonly because: string;
  readonly minorGround: string;
}): object {
  const { contents, minorGround } = draft;
  const because = draft.because.trim();
  return {
    ...(contents === "none" ? { includeMedia: false } : {}),
    ...(contents === "originals" ? { originals: true } : {}),
    ...(because === "" ? {} : { because }),
    ...(minorGround === "" ? {} : { minorGround }),
  };
}
