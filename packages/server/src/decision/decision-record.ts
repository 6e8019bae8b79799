import canonicalize from "canonicalize";
import { correlate, type Arrival, type Candidate } from "../correlate/correlate.ts";
import type { CorrelationPolicy } from "../correlate/correlation-policy.ts";
import { detectView, type LoadedRules, type OpenedTexts } from "../detect/detect.ts";
import { detectByModels } from "../detect/model-detections.ts";
import type { LoadedModels } from "../pack/load-models.ts";
import type { JoinTrace, ScoredSituation, SituationMember } from "../flow.ts";
import type { Dismissals } from "../noise/dismissals.ts";
import type { Silence } from "../noise/silence.ts";
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

/**
 * The inputs: which members the situation had (`members` counts them in the order in which they joined, `membersSha256` digests their
 * digests; they are stored once and never change), and how the new ones came to it.
 */
type DecisionInputs = {
  readonly members: number;
  readonly membersSha256: string;
  readonly joins: readonly JoinTrace[];
  readonly models?: ModelsUsed; // absent: none was on
  readonly dismissals?: readonly Dismissals[]; // of the rules of the situation, at its place; absent: there are none
  readonly silences?: readonly Silence[]; // that cover something of it, as they were; absent: none does
};

/** The stored content of the models, and the rule ids of those that were on. */
export type ModelsUsed = { readonly version: string; readonly on: readonly string[] };

export function recordDecision(
  scored: ScoredSituation,
  at: {
    readonly atMs: number;
    readonly versions: DecisionVersions;
    readonly models: ModelsUsed | null;
    readonly sha256: (text: string) => string;
  },
): DecisionRecord {
  const { members, memberDigests } = scored.situation;
  const inputs: DecisionInputs = {
    members: members.length,
    membersSha256: at.sha256(memberDigests.join("\n")),
    joins: scored.joins,
    ...(at.models === null ? {} : { models: at.models }),
    ...(scored.dismissals === undefined ? {} : { dismissals: scored.dismissals }),
    ...(scored.hushed === undefined ? {} : { silences: scored.hushed.silences }),
  };
  const added = new Map(members.map((member) => [member.signalId, member]));
  const outputs = {
    detections: scored.joins.map(({ signalId }) => ({ signalId, detections: added.get(signalId)?.detections ?? [] })),
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

/** The inputs of a record for whoever loads its members. */
export function inputsOf(record: DecisionRecord): DecisionInputs {
  return JSON.parse(record.inputs) as DecisionInputs;
}

/**
 * Decides again from the record, its members in order of time, and the content of its versions. The result MUST equal
 * `record.outputs`. Callers MUST have checked the members against `membersSha256`.
 */
export function recomputeOutputs(
  record: DecisionRecord,
  given: {
    readonly members: readonly SituationMember[];
    readonly content: DecisionContent;
    readonly models?: LoadedModels | null; // those of the version that the inputs name
    readonly texts?: OpenedTexts; // of what is sealed in the members
  },
): string {
  const { members, content, texts } = given;
  const { joins, models: used, silences = [], dismissals = [] } = inputsOf(record);
  const models = (given.models?.models ?? []).filter(({ ruleId }) => used?.on.includes(ruleId) === true);
  const byId = new Map(members.map((member) => [member.signalId, member]));
  const detections = joins.map(({ signalId }) => {
    const member = byId.get(signalId);
    if (member === undefined)
      throw new TypeError(`decision ${record.id} names signal ${signalId}, which is not a member`);
    const byRules = detectView(member, content.rules, texts);
    return { signalId, detections: [...byRules, ...detectByModels(member, models)] };
  });
  const correlation = joins.map(({ correlation: trace }) =>
    correlate(trace.arrival as unknown as Arrival, trace.candidates as unknown as readonly Candidate[], content.policy),
  );
  const { score, threshold } = scoreSituation({
    members,
    weights: content.weights,
    words: new Map([...content.words, ...(given.models?.words ?? [])]),
    weightsVersion: content.versions.weights,
    rulesVersion: content.versions.rules,
    silences,
    dismissals,
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
