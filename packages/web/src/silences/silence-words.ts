import type { SilenceState } from "@tillwatch/wire";
import type { SiteList } from "../api/shapes.ts";
import type { Tone } from "../design/badge.tsx";
import type { SilenceChoices, SilenceItem } from "./silence-shapes.ts";

export const stateWords: Readonly<Record<SilenceState, { readonly says: string; readonly tone: Tone }>> = {
  active: { says: "In force", tone: "good" },
  to_come: { says: "To come", tone: "plain" },
  ended: { says: "Over", tone: "plain" },
};

type What = Pick<SilenceItem, "ruleId" | "ruleTitle" | "category">;

/** "Exit alarm without a sale", "Everything", "Everything of shoplifting". */
export function whatText({ ruleId, ruleTitle, category }: What): string {
  const what = ruleId === null ? "Everything" : (ruleTitle ?? `Rule ${ruleId}`);
  return category === null ? what : `${what}, of ${category.replaceAll("_", " ")}`;
}

type Where = Pick<SilenceItem, "siteId" | "zoneId" | "deviceId">;

/** "Main Street · Exit · Exit gate", with ids where names are not known; "Every shop". */
export function whereText({ siteId, zoneId, deviceId }: Where, sites: SiteList["items"]): string {
  if (siteId === null) return "Every shop";
  const site = sites.find(({ id }) => id === siteId);
  const zone = zoneId === null ? null : (site?.zones.find(({ id }) => id === zoneId)?.name ?? zoneId);
  const device = deviceId === null ? null : deviceName(site?.devices, deviceId);
  return [site?.name ?? siteId, zone, device].filter((part) => part !== null).join(" · ");
}

function deviceName(devices: SiteList["items"][number]["devices"], id: string): string {
  const name = devices?.find((device) => device.id === id)?.name;
  return name === undefined || name === id ? id : `${name} (${id})`;
}

/** "12 cases", "1 case", "nothing". */
export function hiddenText(hidden: number): string {
  return hidden === 0 ? "nothing" : hidden === 1 ? "1 case" : `${hidden} cases`;
}

export const waitsForSignature = ({ level, signed, state }: Pick<SilenceItem, "level" | "signed" | "state">): boolean =>
  level === 2 && signed === null && state !== "ended";

export type Draft = {
  readonly rule: string; // "": everything
  readonly site: string; // "": every shop
  readonly zone: string;
  readonly device: string;
  readonly starts: string; // of a field of date and time, "": now
  readonly hours: string; // or "until"
  readonly until: string;
  readonly tampering: boolean;
  readonly because: string;
};

export const emptyDraft: Draft = {
  rule: "",
  site: "",
  zone: "",
  device: "",
  starts: "",
  hours: "",
  until: "",
  tampering: false,
  because: "",
};

const lengths = [1, 2, 4, 8, 24, 72, 168, 720];

function lengthText(hours: number): string {
  return hours < 24 ? (hours === 1 ? "1 hour" : `${hours} hours`) : hours === 24 ? "1 day" : `${hours / 24} days`;
}

export function isNarrow({ rule, site, device }: Pick<Draft, "rule" | "site" | "device">): boolean {
  return site !== "" && (rule !== "" || device !== "");
}

/** How long it may last, in hours. */
export function hoursMaxOf(draft: Draft, { hoursMax }: SilenceChoices): number {
  return isNarrow(draft) ? hoursMax.narrow : hoursMax.wide;
}

export function lengthsFor(hoursMax: number): readonly { readonly value: string; readonly label: string }[] {
  return lengths
    .filter((hours) => hours <= hoursMax)
    .map((hours) => ({ value: String(hours), label: lengthText(hours) }));
}

export type Problems = Partial<Record<"site" | "hours" | "until" | "starts" | "because", string>>;

/** What is missing, at its field; the server says the rest. */
export function problemsOf(draft: Draft, choices: SilenceChoices, nowMs: number): Problems {
  const { rule, site, hours, starts, because } = draft;
  const max = hoursMaxOf(draft, choices);
  const from = startOf(draft, nowMs);
  const end = endOf(draft, nowMs);
  return {
    ...(rule === "" && site === "" ? { site: "Name a rule, a shop, or both." } : {}),
    ...(starts !== "" && !(from > nowMs - 60_000) ? { starts: "This lies in the past; leave it empty for now." } : {}),
    ...(hours === "" ? { hours: "Say when it ends." } : {}),
    ...(hours !== "" && hours !== "until" && Number(hours) > max ? { hours: tooLong(max) } : {}),
    ...(hours === "until" && !(end > Math.max(from, nowMs))
      ? { until: "A time after it begins, and in the future." }
      : {}),
    ...(hours === "until" && end - from > max * 3_600_000 ? { until: tooLong(max) } : {}),
    ...(because.trim() === "" ? { because: "A reason is needed: one sentence is enough." } : {}),
  };
}

function tooLong(max: number): string {
  return `At most ${lengthText(max)} for this; narrower lasts longer.`;
}

/** In milliseconds; NaN where what stands there is no time. */
export function startOf({ starts }: Draft, nowMs: number): number {
  return starts === "" ? nowMs : Date.parse(starts);
}

export function endOf(draft: Draft, nowMs: number): number {
  if (draft.hours === "until") return Date.parse(draft.until);
  return startOf(draft, nowMs) + Number(draft.hours) * 3_600_000;
}

/** Of the rule, or what was asked for where any rule is meant. */
export function levelOf(draft: Draft, { rules }: SilenceChoices): 1 | 2 {
  const rule = rules.find(({ id }) => id === draft.rule);
  return rule?.level === 2 || (draft.rule === "" && draft.tampering) ? 2 : 1;
}

export function bodyOf(draft: Draft, choices: SilenceChoices, nowMs: number): object {
  const given = (text: string) => (text === "" ? null : text);
  return {
    ruleId: given(draft.rule),
    siteId: given(draft.site),
    zoneId: given(draft.zone),
    deviceId: given(draft.device),
    level: levelOf(draft, choices),
    startsAt: draft.starts === "" ? null : new Date(startOf(draft, nowMs)).toISOString(),
    endsAt: new Date(endOf(draft, nowMs)).toISOString(),
    because: draft.because.trim(),
  };
}
