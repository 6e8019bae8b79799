import type { Detection, TriageLevel } from "@tillwatch/wire";
import type { SituationMember } from "../flow.ts";

/**
 * A silence as the score reads it, and as a decision records it. Null: any. `untilMs` is its end, or the instant at which somebody ended it
 * before. `level2FromMs`: since when another person's signature lets it hold back level 2; null: level 1 alone.
 */
export type Silence = {
  readonly id: string;
  readonly ruleId: string | null;
  readonly siteId: string | null; // callers hand in those of the situation's site
  readonly zoneId: string | null;
  readonly deviceId: string | null;
  readonly category: string | null;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly level2FromMs: number | null;
};

/** What silences leave of a situation: the members without what is covered, by which silences, and the signals that are covered whole. */
export type Hushed = {
  readonly silences: readonly Silence[]; // that cover something, in order of id
  readonly signalIds: readonly string[]; // whose every detection is covered
};

type Given = {
  readonly members: readonly SituationMember[];
  readonly silences: readonly Silence[];
  readonly level: TriageLevel; // of the whole situation
};

/**
 * What of a situation is silenced; null: nothing. Event time decides, so a late signal and a replay find the same. Level 3 is never silenced,
 * nor is what a person reported or what a rule of level `critical` found.
 */
export function hush({
  members,
  silences,
  level,
}: Given): (Hushed & { readonly members: readonly SituationMember[] }) | null {
  if (silences.length === 0 || level === 3) return null;
  const used = new Map<string, Silence>();
  const signalIds: string[] = [];
  const left = members.map((member) => {
    const loud = member.detections.filter((detection) => {
      const covering = silences.filter((silence) => covers(silence, { member, detection, level }));
      for (const silence of covering) used.set(silence.id, silence);
      return covering.length === 0;
    });
    if (loud.length === member.detections.length) return member;
    if (loud.length === 0) signalIds.push(member.signalId);
    return { ...member, detections: loud };
  });
  if (used.size === 0) return null;
  const inOrder = [...used.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return { members: left, silences: inOrder, signalIds };
}

type Found = { readonly member: SituationMember; readonly detection: Detection; readonly level: TriageLevel };

function covers(silence: Silence, { member, detection, level }: Found): boolean {
  const atMs = member.correctedAtMs;
  const fromMs = level === 1 ? silence.fromMs : Math.max(silence.fromMs, silence.level2FromMs ?? Infinity);
  return (
    member.service !== "person" &&
    detection.ruleLevel !== "critical" &&
    fromMs <= atMs &&
    atMs < silence.untilMs &&
    fits(silence.ruleId, detection.ruleId) &&
    fits(silence.category, detection.category) &&
    fits(silence.zoneId, member.zoneId) &&
    fits(silence.deviceId, member.deviceId)
  );
}

function fits(wanted: string | null, value: string | null): boolean {
  return wanted === null || wanted === value;
}
