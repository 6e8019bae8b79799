import type { SituationId } from "@tillwatch/wire";
import type { DetectedSignal, JoinTrace, Situation, SituationChange, SituationMember } from "../flow.ts";
import { byTime, memberDigest, type SituationStore } from "./correlate-store.ts";
import { correlate, tiedCandidates, type Arrival, type Candidate, type CorrelationDecision } from "./correlate.ts";
import { longestReachMs, type CorrelationPolicy } from "./correlation-policy.ts";
import { mayJoin, roleOf, roleWithoutDetection } from "./role-of.ts";
import type { SituationMemory } from "./situation-memory.ts";
import { traitsOf, type Surroundings } from "./traits-of.ts";
import type { Traits } from "./traits.ts";

export type CorrelateInputs = {
  readonly store: SituationStore;
  readonly policy: CorrelationPolicy;
  readonly surroundings: Surroundings;
  readonly newId: () => string;
  readonly nowMs: number;
  readonly memoryOf: (siteId: string) => SituationMemory; // of every site of the signals
};

/** Stage 4: joins what belongs together. Answers one change per touched situation, in the order they were first touched. */
export function correlateStage() {
  return async (detected: readonly DetectedSignal[], inputs: CorrelateInputs): Promise<readonly SituationChange[]> => {
    const relevant = detected.filter((signal) => mayJoin(signal, inputs.policy));
    if (relevant.length === 0) return [];
    const near = await nearSituations(relevant, inputs);
    const working = new Map<string, Working>(near.map((situation) => [situation.id, workingOn(situation)]));
    const bySite = Map.groupBy(working.values(), (entry) => entry.situation.siteId);
    for (const signal of relevant) place(signal, { working, bySite }, inputs);
    const changed = [...working.values()].filter((entry) => entry.added.length > 0);
    await inputs.store.save(changed);
    const { membersMax } = inputs.policy;
    for (const { situation } of changed) {
      const memory = inputs.memoryOf(situation.siteId);
      if (situation.members.length < membersMax) memory.keep(situation);
      else memory.drop(situation);
    }
    return changed.map((entry) => ({
      kind: entry.isNew ? "opened" : "extended",
      situation: entry.situation,
      addedSignalIds: entry.added.map((member) => member.signalId),
      joins: entry.joins,
    }));
  };
}

type Working = {
  situation: Situation;
  candidate: Candidate; // the situation as correlation sees it
  readonly added: SituationMember[];
  readonly joins: JoinTrace[];
  readonly isNew: boolean;
};

/** What the signals may join: from memory where it reaches back far enough, else read for those sites and remembered. */
async function nearSituations(
  signals: readonly DetectedSignal[],
  { store, policy, nowMs, memoryOf }: CorrelateInputs,
): Promise<readonly Situation[]> {
  const reachMs = longestReachMs(policy);
  const needed = new Map<string, number>(); // site -> from when on
  for (const { signal, correctedAtMs } of signals) {
    needed.set(signal.siteId, Math.min(needed.get(signal.siteId) ?? Infinity, correctedAtMs - reachMs));
  }
  const unknown = [...needed].filter(([siteId, fromMs]) => memoryOf(siteId).since(siteId, fromMs) === null);
  if (unknown.length > 0) {
    // Further back than needed: signals a little older than these come next.
    const fromMs = Math.min(...unknown.map(([, from]) => from)) - reachMs;
    const siteIds = unknown.map(([siteId]) => siteId);
    const bySite = Map.groupBy(
      await store.since(siteIds, { fromMs, membersMax: policy.membersMax }),
      (situation) => situation.siteId,
    );
    for (const siteId of siteIds) memoryOf(siteId).learn(siteId, fromMs, bySite.get(siteId) ?? []);
  }
  const near = [...needed].flatMap(([siteId, fromMs]) => memoryOf(siteId).since(siteId, fromMs) ?? []);
  // In a backlog the next signals are as old as these, whatever the clock says.
  const forgetMs = Math.min(nowMs - 3 * reachMs, ...[...needed.values()].map((fromMs) => fromMs - reachMs));
  for (const siteId of needed.keys()) memoryOf(siteId).forgetBefore(forgetMs);
  return near;
}

type Places = { readonly working: Map<string, Working>; readonly bySite: Map<string, Working[]> };

function workingOn(situation: Situation): Working {
  return { situation, candidate: candidateOf(situation), added: [], joins: [], isNew: false };
}

function place(signal: DetectedSignal, { working, bySite }: Places, inputs: CorrelateInputs): void {
  const traits = traitsOf(signal, inputs.surroundings);
  const siteId = signal.signal.siteId;
  const entries = bySite.get(siteId) ?? [];
  const role = isToldAlready(signal, entries, inputs.policy) ? roleWithoutDetection : roleOf;
  const arrival: Arrival = { traits, role: role(signal, inputs.policy) };
  if (arrival.role === "nothing") return;
  const here = entries.map((entry) => entry.candidate);
  const decision = correlate(arrival, here, inputs.policy);
  if (decision.kind === "none") return;
  const situationId = decision.kind === "join" ? decision.situationId : inputs.newId();
  const known = working.get(situationId);
  const member = memberOf(signal, arrival, decision);
  const candidates = tiedCandidates(arrival, here, inputs.policy);
  const join: JoinTrace = { signalId: signal.signal.id, correlation: { arrival, candidates, decision } };
  if (known === undefined) {
    const situation = openedBy(member, { id: situationId as SituationId, siteId });
    const opened = { situation, candidate: candidateOf(situation), added: [member], joins: [join], isNew: true };
    working.set(situationId, opened);
    bySite.set(siteId, [...(bySite.get(siteId) ?? []), opened]);
    return;
  }
  known.situation = extend(known.situation, member);
  known.candidate = candidateOf(known.situation);
  known.added.push(member);
  known.joins.push(join);
}

// Situations are never changed in place, and most that are near a batch were near the one before.
const candidates = new WeakMap<Situation, Candidate>();

function candidateOf(situation: Situation): Candidate {
  const known = candidates.get(situation);
  if (known !== undefined) return known;
  const made = toCandidate(situation);
  candidates.set(situation, made);
  return made;
}

/** Only evidence ties: a passer-by who was seen near the spot must not carry the situation on to the next passer-by. */
function toCandidate(situation: Situation): Candidate {
  const tying = situation.members.filter((member) => member.role === "evidence");
  return {
    situationId: situation.id,
    firstAtMs: situation.firstAtMs,
    lastAtMs: situation.lastAtMs,
    size: situation.members.length,
    circumstances: situation.members.filter((member) => member.role === "context").length,
    members: tying.map((member) => member.traits as unknown as Traits),
  };
}

/**
 * An odd stretch of time is one finding, and each signal within it carries it: what only repeats it is no evidence of its own, or a dense
 * hour would decide on the same thing with every signal. Asked of what is stored, so that it is the same after a crash.
 */
function isToldAlready(
  { detections, correctedAtMs }: DetectedSignal,
  entries: readonly Working[],
  { sameModelMs }: CorrelationPolicy,
): boolean {
  if (detections.length === 0 || detections.some(({ model }) => model === undefined)) return false;
  const evidence = entries.flatMap(({ situation }) => situation.members.filter(({ role }) => role === "evidence"));
  const near = evidence.filter((member) => Math.abs(member.correctedAtMs - correctedAtMs) < sameModelMs);
  const told = new Set(near.flatMap((member) => member.detections.map(({ ruleId }) => ruleId)));
  return detections.every(({ ruleId }) => told.has(ruleId));
}

function memberOf(
  signal: DetectedSignal,
  arrival: Arrival,
  decision: Exclude<CorrelationDecision, { kind: "none" }>,
): SituationMember {
  return {
    signalId: signal.signal.id,
    type: signal.signal.type,
    service: signal.service,
    source: signal.signal.source,
    deviceId: signal.signal.deviceId,
    zoneId: arrival.traits.zones[0] ?? null,
    correctedAtMs: signal.correctedAtMs,
    late: signal.late,
    confidence: signal.signal.confidence,
    role: arrival.role === "nothing" ? "context" : arrival.role,
    because: decision.kind === "join" ? decision.because : "opened_it",
    detections: signal.detections,
    ...(signal.found === undefined ? {} : { found: signal.found }),
    view: signal.view,
    enrichment: signal.enrichment,
    traits: arrival.traits,
  };
}

function openedBy(member: SituationMember, at: { id: SituationId; siteId: string }): Situation {
  return {
    ...at,
    zoneId: member.zoneId,
    firstAtMs: member.correctedAtMs,
    lastAtMs: member.correctedAtMs,
    members: [member],
    memberDigests: [memberDigest(member)],
  };
}

function extend(situation: Situation, member: SituationMember): Situation {
  return {
    ...situation,
    firstAtMs: Math.min(situation.firstAtMs, member.correctedAtMs),
    lastAtMs: Math.max(situation.lastAtMs, member.correctedAtMs),
    members: [...situation.members, member].toSorted(byTime),
    memberDigests: [...situation.memberDigests, memberDigest(member)],
  };
}
