import canonicalize from "canonicalize";
import { correlate, type Arrival, type Candidate } from "../correlate/correlate.ts";
import type { CorrelationPolicy } from "../correlate/correlation-policy.ts";
import { detectView, type LoadedRules } from "../detect/detect.ts";
import type { JoinTrace, ScoredSituation, SituationMember } from "../flow.ts";
import { scoreSituation } from "../score/score.ts";
import type { RuleWords, Weights } from "../score/weights.ts";

/**
 * One automated decision about a situation: everything it was made from, and what came out, both as canonical JSON
 * (RFC 8785), so that a recomputation is compared byte by byte.
 */
export type DecisionRecord = {
  readonly id: string;
  readonly situationId: string;
  readonly atMs: number;
  readonly versions: DecisionVersions;
  readonly inputs: string;
  readonly outputs: string;
};

export type DecisionVersions = { readonly rules: string; readonly weights: string; readonly correlation: string };

/** The exact content behind the versions of a decision. */
export type DecisionContent = {
  readonly rules: LoadedRules;
  readonly words: ReadonlyMap<string, RuleWords>;
  readonly weights: Weights;
  readonly policy: CorrelationPolicy;
  readonly versions: DecisionVersions;
};

/** What the score reads of a member; its ties are in the joins. */
type ScoredMember = Omit<SituationMember, "traits">;
type DecisionInputs = { readonly members: readonly ScoredMember[]; readonly joins: readonly JoinTrace[] };

export function recordDecision(
  scored: ScoredSituation,
  at: { atMs: number; versions: DecisionVersions },
): DecisionRecord {
  const members = scored.situation.members.map(withoutTraits);
  const inputs: DecisionInputs = { members, joins: scored.joins };
  const detections = scored.joins.map((join) => ({
    signalId: join.signalId,
    detections: members.find((member) => member.signalId === join.signalId)?.detections ?? [],
  }));
  const outputs = {
    detections,
    correlation: scored.joins.map((join) => join.correlation.decision),
    score: scored.score,
    threshold: scored.threshold,
  };
  return {
    id: scored.decisionId,
    situationId: scored.situation.id,
    atMs: at.atMs,
    versions: at.versions,
    inputs: canonical(inputs),
    outputs: canonical(outputs),
  };
}

function withoutTraits(member: SituationMember): ScoredMember {
  const { traits: _traits, ...scored } = member;
  return scored;
}

/** Decides again from the recorded inputs and the recorded versions' content. The result MUST equal `record.outputs`. */
export function recomputeOutputs(record: DecisionRecord, content: DecisionContent): string {
  const { members, joins } = JSON.parse(record.inputs) as DecisionInputs;
  const detections = joins.map((join) => ({
    signalId: join.signalId,
    detections: detectView(
      { signal: { id: join.signalId as never }, service: join.service, view: join.view },
      content.rules,
    ),
  }));
  const correlation = joins.map(({ correlation: trace }) =>
    correlate(trace.arrival as unknown as Arrival, trace.candidates as unknown as readonly Candidate[], content.policy),
  );
  const { score, threshold } = scoreSituation({
    members: members.map((member) => ({ ...member, traits: null })),
    weights: content.weights,
    words: content.words,
    weightsVersion: content.versions.weights,
    rulesVersion: content.versions.rules,
  });
  return canonical({ detections, correlation, score, threshold });
}

/** Where two texts of canonical JSON first differ, for a person to read. */
export function firstDifference(
  expected: string,
  got: string,
): { readonly offset: number; readonly expected: string; readonly got: string } {
  let offset = 0;
  while (offset < expected.length && expected[offset] === got[offset]) offset++;
  const around = (text: string) => text.slice(Math.max(0, offset - 60), offset + 60);
  return { offset, expected: around(expected), got: around(got) };
}

function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("a decision must be JSON");
  return text;
}
