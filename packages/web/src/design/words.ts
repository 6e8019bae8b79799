import type { IncidentState, TimelineEntry, TriageLevel, Verdict } from "@tillwatch/wire";

/** The words of the screen for closed sets of the wire. One word per thing, as in docs/glossary.md. */
export const stateWords: Readonly<Record<IncidentState, string>> = {
  watch: "Watching",
  open: "Open",
  acknowledged: "Acknowledged",
  investigating: "Investigating",
  handed_over: "Handed over",
  closed: "Closed",
  aged_out: "Aged out",
};

/** What the button that leads into a state is called. */
export const transitionWords: Readonly<Record<IncidentState, string>> = {
  watch: "Back to watch list",
  open: "Open as incident",
  acknowledged: "Acknowledge",
  investigating: "Start investigating",
  handed_over: "Hand over",
  closed: "Close",
  aged_out: "Let it age out",
};

/** The first word of the reason for closing, as the server knows them. */
export const closeReasons = [
  { word: "resolved", says: "Resolved: it happened and is dealt with" },
  { word: "unfounded", says: "Unfounded: it did not happen" },
  { word: "duplicate", says: "Duplicate: another incident holds it" },
  { word: "dismissed", says: "Dismissed: true but not worth the work" },
] as const;

export const levelWords: Readonly<Record<TriageLevel, string>> = {
  1: "Local follow-up",
  2: "Tampering",
  3: "Coordinated or violent",
};

export const verdictWords: Readonly<Record<Verdict, string>> = {
  true: "True",
  false: "False",
  unsure: "Unsure",
};

/** A code of the wire as words of the screen: `rfid_exit_read` reads "RFID exit read". */
export function codeText(code: string): string {
  const text = code.replaceAll("_", " ").replaceAll(/\b(?:eas|pos|rfid)\b/g, (letters) => letters.toUpperCase());
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const timelineWords: Readonly<Record<TimelineEntry["kind"], string>> = {
  signal: "Signal",
  detection: "Detection",
  score: "Score",
  state: "State",
  note: "Note",
  verdict: "Verdict",
  override: "Override",
  exhibit: "Exhibit",
  packet: "Packet",
  response: "Response",
  field: "Change",
};

export function percent(share: number): string {
  return `${Math.round(share * 100)}\u00a0%`; // the sign never stands alone on a line
}

/** Thousandths of log-odds with sign: the minus is the true minus, as wide as the plus. */
export function milliText(milli: number): string {
  const sign = milli < 0 ? "−" : "+";
  return `${sign}${(Math.abs(milli) / 1000).toFixed(3)}`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}

/** An amount in minor units. A currency that the browser does not know is written as given. */
export function moneyText(minor: number, currency: string): string {
  try {
    const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
    const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
    return format.format(minor / 10 ** digits);
  } catch {
    return `${minor} ${currency} (minor units)`;
  }
}

const joined: Readonly<Record<string, string>> = {
  opened_it: "It opened the situation",
  same_zone_and_time: "Same zone, close in time, another kind of source",
  adjacent_zone_and_time: "Neighbouring zone, close in time, another kind of source",
  same_device: "The same device",
  same_terminal: "The same till",
  same_item: "The same article",
  same_person_track: "The same track of a camera",
  sale_explains_exit: "A sale that explains what left the shop",
};

/** Why a signal belongs to a situation; an unknown reason is shown as it is. */
export function joinedText(because: string): string {
  return (Object.hasOwn(joined, because) ? joined[because] : undefined) ?? because.replaceAll("_", " ");
}
