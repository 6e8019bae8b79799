import { signalId } from "../signal/signal-id.ts";
import { signalFromRow } from "../signal/parse-signals.ts";
import type { Delivery, IncidentFound } from "@tillwatch/sim";
import type { Signal, SituationId } from "@tillwatch/wire";
import { correlate, type Candidate } from "../correlate/correlate.ts";
import { longestReachMs } from "../correlate/correlation-policy.ts";
import { traitsOf } from "../correlate/traits-of.ts";
import type { Traits } from "../correlate/traits.ts";
import { detect } from "../detect/detect.ts";
import { SiteCounts } from "../detect/site-counts.ts";
import { withModels } from "../detect/model-detections.ts";
import { Directory } from "../enrich/directory.ts";
import { enrich } from "../enrich/enrich.ts";
import { SiteMemory } from "../enrich/site-memory.ts";
import type { DetectedSignal, Situation, SituationMember } from "../flow.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import { surroundingsOf } from "../pipeline.ts";
import { nodeDigest } from "../platform/digest.ts";
import { scoreSituation, type Scored } from "../score/score.ts";

const hourMs = 3_600_000;

export type SituationFound = {
  readonly situation: Situation;
  readonly scored: Scored;
  readonly openedAtMs: number | null; // when it crossed its threshold, by arrival; null: it stayed on the watch list
  readonly stories: readonly string[]; // what really happened, one a member
};

/** The id that intake gives to what a simulated device sent. */
export function signalIdOf(source: string, id: string): string {
  return signalId(nodeDigest, source, id);
}

/**
 * Stages 1 to 5 over deliveries, one by one in memory: the same pure decisions as in the pipeline, without a database. Answers every
 * situation with its last score and the instant at which it became an incident.
 */
export function runWorld(deliveries: Iterable<Delivery>, pack: LoadedPack): readonly SituationFound[] {
  const run = new WorldRun(pack);
  for (const delivery of deliveries) run.take(delivery);
  return run.found();
}

export function incidentsOf(found: readonly SituationFound[]): readonly IncidentFound[] {
  return found.flatMap(({ situation, scored, openedAtMs }) =>
    openedAtMs === null
      ? []
      : [
          {
            id: situation.id,
            siteId: situation.siteId,
            category: scored.score.category,
            openedAtMs,
            signalIds: situation.members.map(({ signalId: id }) => id),
          },
        ],
  );
}

type Kept = {
  readonly id: string;
  readonly siteId: string;
  members: readonly SituationMember[];
  scored: Scored;
  openedAtMs: number | null;
};

class WorldRun {
  readonly #pack: LoadedPack;
  readonly #directory: Directory;
  readonly #memory = new SiteMemory(2 * hourMs);
  readonly #counts: SiteCounts;
  readonly #seen = new Map<string, string>(); // signal id -> story
  readonly #kept: Kept[] = [];
  #recent: Kept[] = [];

  constructor(pack: LoadedPack) {
    this.#pack = pack;
    this.#directory = new Directory(pack.directory);
    this.#counts = new SiteCounts(pack.rulebook.rules);
  }

  take(delivery: Delivery): void {
    const parsed = signalFromRow(delivery.event, { receivedAtMs: delivery.atMs, digest: nodeDigest, channel: {} });
    if (!parsed.ok) throw new Error(`intake refuses ${JSON.stringify(delivery.event)}: ${parsed.error.message}`);
    if (this.#seen.has(parsed.value.id)) return;
    this.#seen.set(parsed.value.id, delivery.story);
    this.#place(this.#understand(parsed.value), delivery.atMs);
  }

  found(): readonly SituationFound[] {
    return this.#kept.map(({ id, siteId, members, scored, openedAtMs }) => {
      const times = members.map(({ correctedAtMs }) => correctedAtMs);
      const span = { firstAtMs: Math.min(...times), lastAtMs: Math.max(...times) };
      const situation = {
        id: id as SituationId,
        siteId,
        zoneId: members[0]?.zoneId ?? null,
        ...span,
        members,
        memberDigests: [],
      };
      const stories = members.map(({ signalId: member }) => this.#seen.get(member) ?? "?");
      return { situation, scored, openedAtMs, stories };
    });
  }

  #understand(signal: Signal): DetectedSignal {
    const policy = { explain: this.#pack.policy.explain, lateAfterMs: 5 * 60_000 };
    const known = { directory: this.#directory, memory: this.#memory, policy, olderSales: [] };
    const { enriched, remembered } = enrich(signal, known);
    this.#memory.remember(remembered);
    this.#memory.forgetBefore(signal.receivedAtMs);
    const detected = detect(enriched, { rules: this.#pack.rulebook.rules, counts: this.#counts });
    return withModels(detected, this.#pack.models);
  }

  #place(signal: DetectedSignal, atMs: number): void {
    const { policy } = this.#pack;
    const traits = traitsOf(signal, surroundingsOf(this.#directory));
    const role = this.#roleOf(signal);
    const reachMs = longestReachMs(policy);
    this.#recent = this.#recent.filter(({ members }) => members.some((one) => one.correctedAtMs > atMs - 2 * hourMs));
    const near = this.#recent.filter(
      ({ siteId, members }) =>
        siteId === signal.signal.siteId && members.some((one) => Math.abs(one.correctedAtMs - traits.atMs) < reachMs),
    );
    const decision = correlate({ traits, role }, near.map(candidateOf), policy);
    if (decision.kind === "none" || role === "nothing") return;
    const because = decision.kind === "join" ? decision.because : ("opened_it" as const);
    const member = memberOf(signal, { traits, role, because });
    const joined = decision.kind === "join" ? near.find(({ id }) => id === decision.situationId) : undefined;
    const members = [...(joined?.members ?? []), member].toSorted(byTime);
    const scored = this.#score(members);
    const isIncident = scored.score.severity >= scored.threshold;
    if (joined === undefined) {
      const id = `situation-${this.#kept.length + 1}`;
      const kept = { id, siteId: signal.signal.siteId, members, scored, openedAtMs: isIncident ? atMs : null };
      this.#kept.push(kept);
      this.#recent.push(kept);
      return;
    }
    joined.members = members;
    joined.scored = scored;
    if (isIncident) joined.openedAtMs ??= atMs;
  }

  #roleOf(signal: DetectedSignal): "evidence" | "exculpatory" | "context" | "nothing" {
    if (signal.detections.length > 0) return "evidence";
    if (signal.explains.length > 0) return "exculpatory";
    return this.#pack.policy.contextTypes.has(signal.signal.type) ? "context" : "nothing";
  }

  #score(members: readonly SituationMember[]): Scored {
    const { weights, versions, rulebook } = this.#pack;
    const named = { weightsVersion: versions.weights, rulesVersion: versions.rules };
    return scoreSituation({ members, weights, words: rulebook.words, ...named });
  }
}

function candidateOf({ id, members }: Kept): Candidate {
  const times = members.map(({ correctedAtMs }) => correctedAtMs);
  const span = { firstAtMs: Math.min(...times), lastAtMs: Math.max(...times) };
  const evidence = members.filter(({ role }) => role === "evidence");
  const size = members.length;
  const circumstances = members.filter(({ role }) => role === "context").length;
  return {
    situationId: id,
    ...span,
    size,
    circumstances,
    members: evidence.map(({ traits }) => traits as unknown as Traits),
  };
}

function memberOf(
  signal: DetectedSignal,
  place: {
    readonly traits: Traits;
    readonly role: SituationMember["role"];
    readonly because: SituationMember["because"];
  },
): SituationMember {
  const { id, type, source, deviceId, confidence } = signal.signal;
  const { service, correctedAtMs, late, detections, view } = signal;
  const zoneId = place.traits.zones[0] ?? null;
  const own = { signalId: id, type, service, source, deviceId, zoneId, correctedAtMs, late, confidence };
  return { ...own, ...place, detections, view, enrichment: signal.enrichment };
}

function byTime(a: SituationMember, b: SituationMember): number {
  return a.correctedAtMs - b.correctedAtMs || (a.signalId < b.signalId ? -1 : 1);
}
