import { severityText, type IncidentState } from "@tillwatch/wire";
import type { ScoredSituation, SituationMember } from "../flow.ts";
import type { NewTimelineEntry } from "./incident-effects.ts";
import type { IncidentRow } from "./incident-row.ts";
import { toSummaryText } from "./incident-words.ts";

type Context = {
  readonly nowMs: number;
  readonly newId: () => string;
  readonly facts?: ReadonlyMap<string, SignalFacts>;
};

/** What the log says of a signal besides the situation's member. */
export type SignalFacts = {
  readonly originalAt: string; // as the source wrote it
  readonly clockOffsetMs: number | null;
  readonly mediaKinds: readonly string[];
  readonly operators?: readonly string[]; // of a till: who worked at it, by token
};

/** The lines of a signal and of what was detected in it, at its corrected time; what the source wrote stands beside it. */
export function memberEntries(
  context: Context,
  row: IncidentRow,
  member: SituationMember,
): readonly NewTimelineEntry[] {
  const base = { incidentId: row.id, atMs: member.correctedAtMs, late: member.late, signalId: member.signalId };
  const facts = context.facts?.get(member.signalId);
  const differs = facts !== undefined && Date.parse(facts.originalAt) !== member.correctedAtMs;
  const signal: NewTimelineEntry = {
    ...base,
    originalAt: differs ? facts.originalAt : null,
    clockOffsetMs: facts?.clockOffsetMs ?? null,
    id: context.newId(),
    kind: "signal",
    says: member.late ? `${toSummaryText(member)} (late)` : toSummaryText(member),
    actor: member.source,
    detail: { type: member.type, joinedBecause: member.because, role: member.role, zoneId: member.zoneId },
  };
  const detections = member.detections.map((detection): NewTimelineEntry => ({
    ...base,
    id: context.newId(),
    kind: "detection",
    says:
      detection.model === undefined
        ? `Rule matched: ${detection.ruleTitle}`
        : `A model noticed: ${detection.ruleTitle}`,
    actor: "machine",
    detail: {
      ruleId: detection.ruleId,
      ruleLevel: detection.ruleLevel,
      category: detection.category,
      because: detection.because.map(({ selection, field, value, pattern }) => ({ selection, field, value, pattern })),
      ...(detection.counted === undefined
        ? {}
        : {
            counted: detection.counted.map(({ signalId, atMs, ruleTitle }) => ({
              signalId,
              at: new Date(atMs).toISOString(),
              ruleTitle,
            })),
          }),
      ...(detection.model === undefined ? {} : { model: detection.model }),
    },
  }));
  return [signal, ...detections];
}

/** `row` is the work before the change: the line says what the score was. */
export function scoreEntry(context: Context, row: IncidentRow, one: ScoredSituation): NewTimelineEntry {
  const { score } = one;
  const now = severityText(score.severity);
  const was = row.machineSeverity === null || row.score === score ? null : row.machineSeverity;
  const moved = was === null ? `Severity ${now}` : movedText(now, severityText(was));
  const fell = row.incidentSinceMs !== null && was !== null && score.severity < one.threshold && was >= one.threshold;
  const stays = fell ? "; it is below the threshold now and stays open, because only a person closes work" : "";
  return {
    id: context.newId(),
    incidentId: row.id,
    atMs: context.nowMs,
    kind: "score",
    says: `${moved}, level ${score.level}, confidence ${score.confidence.toFixed(2)}${stays}${shiftText(one)}.`,
    actor: "machine",
    detail: {
      decisionId: one.decisionId,
      severity: score.severity,
      was,
      level: score.level,
      threshold: one.threshold,
      ...(one.shift === undefined ? {} : { shift: one.shift }),
      weightsVersion: score.weightsVersion,
      rulesVersion: score.rulesVersion,
    },
  };
}

function shiftText({ shift, threshold }: ScoredSituation): string {
  if (shift === undefined) return "";
  return `; ${shift.period} asks for ${severityText(threshold)} instead of ${severityText(shift.from)}`;
}

/** More evidence can leave the severity where it was, at its end: "0.999, was 0.999" would read like a fault. */
function movedText(now: string, was: string): string {
  return now === was ? `Severity stays ${now}` : `Severity ${now}, was ${was}`;
}

export function stateEntry(
  context: Context,
  row: IncidentRow,
  move: { readonly from: IncidentState | null; readonly says: string },
): NewTimelineEntry {
  return {
    id: context.newId(),
    incidentId: row.id,
    atMs: context.nowMs,
    kind: "state",
    says: move.says,
    actor: "machine",
    detail: { from: move.from, to: row.state, level: row.level },
  };
}
