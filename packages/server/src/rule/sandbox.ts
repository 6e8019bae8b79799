import { longestReachMs } from "../correlate/correlation-policy.ts";
import type { SituationStore } from "../correlate/correlate-store.ts";
import { mayJoin } from "../correlate/role-of.ts";
import { SituationMemory } from "../correlate/situation-memory.ts";
import { detectView, type OpenedTexts } from "../detect/detect.ts";
import { withModels, type ReadyModel } from "../detect/model-detections.ts";
import { SiteCounts } from "../detect/site-counts.ts";
import type { Directory } from "../enrich/directory.ts";
import type { DetectedSignal, EnrichedSignal, ScoredSituation, Situation } from "../flow.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import { deciding } from "../pipeline.ts";
import type { ChangedRules, Rules } from "./changed-rules.ts";
import { Matters } from "./matters.ts";
import type { PastNoise } from "./past-noise.ts";

export type SandboxGiven = {
  readonly pack: LoadedPack;
  readonly directory: Directory;
  readonly lateAfterMs: number;
  readonly models: readonly ReadyModel[];
  readonly present: Rules;
  readonly changed: ChangedRules;
  readonly noise: PastNoise;
};

/**
 * How far back situations are kept to be joined. The pipeline keeps them all in the database, so here alone a signal that arrives more than a
 * day after the last of its situation opens another one; in what was and in what would have been alike.
 */
const keptMs = 24 * 60 * 60_000;

type Both<T> = { readonly before: T; readonly after: T };

/**
 * Two rulebooks over the signals of one partition: the stages of the pipeline, with what they keep in memory. What was received in one
 * instant at a site is decided together, as what is sent together is by the pipeline. Where the change can change nothing (no signal of the
 * instant is detected otherwise, and no situation within reach differs) it is decided once for both.
 */
export class Sandbox {
  readonly matters: Both<Matters> = { before: new Matters(), after: new Matters() };
  readonly #given: SandboxGiven;
  readonly #stages: ReturnType<typeof deciding>;
  readonly #counts: Both<SiteCounts>;
  readonly #stores: Both<SituationsInMemory> = { before: new SituationsInMemory(), after: new SituationsInMemory() };
  readonly #differing = new Map<string, Map<string, number>>(); // site -> situation -> its last instant
  readonly #reachMs: number;
  #waiting: Both<DetectedSignal>[] = []; // of the last instant: more of it may come

  constructor(given: SandboxGiven) {
    this.#given = given;
    this.#reachMs = longestReachMs(given.pack.policy);
    let made = 0;
    // In the order of opening, so that of two equal ties the older situation wins, whatever the rules.
    const newId = () => String(++made).padStart(12, "0");
    this.#stages = deciding({ pack: given.pack, lateAfterMs: given.lateAfterMs, newId });
    const { present, changed } = given;
    this.#counts = {
      before: new SiteCounts(present.rulebook.rules),
      after: new SiteCounts(changed.rulebook.rules),
    };
  }

  async take(enriched: readonly EnrichedSignal[], texts: OpenedTexts): Promise<void> {
    for (const signal of this.#detect(enriched, texts)) {
      const [first] = this.#waiting;
      if (first !== undefined && !isTogether(first.before, signal.before)) await this.#decide();
      this.#waiting.push(signal);
    }
    const newest = enriched.at(-1)?.signal.receivedAtMs;
    if (newest === undefined) return;
    for (const store of [this.#stores.before, this.#stores.after]) store.forgetBefore(newest - keptMs);
    for (const of of this.#differing.values()) {
      for (const [id, lastAtMs] of of) if (lastAtMs < newest - keptMs) of.delete(id);
    }
  }

  /** Decides what waits. Call once, at the end. */
  async end(): Promise<Both<Matters>> {
    await this.#decide();
    return this.matters;
  }

  /** The very same object on both sides where the change does not touch the signal. */
  #detect(enriched: readonly EnrichedSignal[], texts: OpenedTexts): readonly Both<DetectedSignal>[] {
    const { present, changed, models } = this.#given;
    const before = this.#stages
      .detect(enriched, { rules: present.rulebook.rules, texts, countsOf: () => this.#counts.before })
      .map((signal) => withModels(signal, models));
    const { touched, delta } = changed;
    if (touched.size === 0) return before.map((one) => ({ before: one, after: one }));
    const after = delta === null ? this.#detectAgain(enriched, texts) : null;
    return before.map((one, at) => {
      const isTouched = this.#isTouched(one);
      const other =
        after === null ? (isTouched || delta?.(one, texts) === true ? this.#changedFrom(one, texts) : one) : after[at];
      return { before: one, after: other === undefined || (!isTouched && isSame(one, other)) ? one : other };
    });
  }

  #detectAgain(enriched: readonly EnrichedSignal[], texts: OpenedTexts): readonly DetectedSignal[] {
    const { changed, models } = this.#given;
    return this.#stages
      .detect(enriched, { rules: changed.rulebook.rules, texts, countsOf: () => this.#counts.after })
      .map((signal) => withModels(signal, models));
  }

  /** What the changed rules say of a signal of which windows hold the same on both sides. */
  #changedFrom(before: DetectedSignal, texts: OpenedTexts): DetectedSignal {
    const { changed, models } = this.#given;
    const { signal, service, view, found = [] } = before;
    const detections = detectView({ signalId: signal.id, service, view, found }, changed.rulebook.rules, texts);
    return withModels({ ...before, detections }, models);
  }

  async #decide(): Promise<void> {
    const together = this.#waiting;
    const [first] = together;
    if (first === undefined) return;
    this.#waiting = [];
    const { policy } = this.#given.pack;
    if (!together.some(({ before, after }) => mayJoin(before, policy) || mayJoin(after, policy))) return;
    const { receivedAtMs: nowMs, siteId } = first.before.signal;
    const before = await this.#decideOne("before", together, nowMs);
    if (together.every((one) => one.before === one.after) && !this.#differsNear(siteId, together)) {
      for (const one of before) {
        this.#stores.after.keep(one.situation);
        this.matters.before.note(one, nowMs);
        this.matters.after.note(one, nowMs);
      }
      return;
    }
    const after = this.#settle(before, await this.#decideOne("after", together, nowMs));
    for (const one of before) this.matters.before.note(one, nowMs);
    for (const one of after) this.matters.after.note(one, nowMs);
  }

  #decideOne(side: "before" | "after", together: readonly Both<DetectedSignal>[], nowMs: number) {
    const { pack, directory, present, changed, noise } = this.#given;
    const memory = new SituationMemory(); // of this decision alone: what the store answers is in memory anyway
    return this.#stages.decide(
      together.map((one) => one[side]),
      {
        store: this.#stores[side],
        nowMs,
        memoryOf: () => memory,
        directory,
        running: side === "before" ? present : changed,
        // As a decision read them that was made when the signals came.
        silencesOf: (situations) => noise.silencesOf(situations),
        verdictsOf: async (situations) =>
          pack.weights.dismissals === undefined ? new Map() : noise.verdictsOf(situations, nowMs),
      },
    );
  }

  /** Whether these signals could join a situation that one side has and the other has not, or has otherwise. */
  #differsNear(siteId: string, together: readonly Both<DetectedSignal>[]): boolean {
    const differing = this.#differing.get(siteId);
    if (differing === undefined || differing.size === 0) return false;
    const fromMs = Math.min(...together.map(({ before }) => before.correctedAtMs)) - this.#reachMs;
    return differing.values().some((lastAtMs) => lastAtMs >= fromMs);
  }

  /**
   * What both sides made alike becomes one situation again, under one id, unless the change is about a rule that it holds: then it may weigh
   * otherwise. Answers `after` with those ids.
   */
  #settle(before: readonly ScoredSituation[], after: readonly ScoredSituation[]): readonly ScoredSituation[] {
    const { before: was, after: would } = this.#stores;
    const alike = new Map(before.map((one) => [digestsOf(one.situation), one.situation]));
    const settled = after.map((one) => {
      const same = alike.get(digestsOf(one.situation));
      if (same === undefined || same.members.some((member) => this.#isTouched(member))) return one;
      if (one.kind === "extended" && same.id !== one.situation.id) return one;
      would.drop(one.situation);
      would.keep(same);
      return { ...one, situation: same };
    });
    for (const { situation } of [...before, ...settled]) {
      const { id, siteId } = situation;
      const differing = this.#differing.get(siteId) ?? new Map<string, number>();
      this.#differing.set(siteId, differing);
      const [left, right] = [was.get(siteId, id), would.get(siteId, id)];
      if (left === right) differing.delete(id);
      else differing.set(id, Math.max(left?.lastAtMs ?? 0, right?.lastAtMs ?? 0));
    }
    return settled;
  }

  #isTouched({ detections }: Pick<DetectedSignal, "detections">): boolean {
    return detections.some(({ ruleId }) => this.#given.changed.touched.has(ruleId));
  }
}

function isTogether({ signal: a }: DetectedSignal, { signal: b }: DetectedSignal): boolean {
  return a.receivedAtMs === b.receivedAtMs && a.siteId === b.siteId;
}

function isSame(a: DetectedSignal, b: DetectedSignal): boolean {
  if (a === b) return true;
  if (a.detections.length !== b.detections.length) return false;
  const told = ({ detections, found = [] }: DetectedSignal) => JSON.stringify([detections, found]);
  return a.detections.length === 0 || told(a) === told(b);
}

function digestsOf({ memberDigests }: Situation): string {
  return memberDigests.join("\n");
}

/** Answers as the tables do, of what was saved since it was made. */
class SituationsInMemory implements SituationStore {
  readonly #bySite = new Map<string, Map<string, Situation>>();

  readonly since: SituationStore["since"] = async (siteIds, { fromMs, membersMax }) =>
    siteIds.flatMap((siteId) =>
      [...(this.#bySite.get(siteId)?.values() ?? [])].filter(
        ({ lastAtMs, members }) => lastAtMs >= fromMs && members.length < membersMax,
      ),
    );

  readonly save: SituationStore["save"] = async (changed) => {
    for (const { situation } of changed) this.keep(situation);
  };

  get(siteId: string, id: string): Situation | undefined {
    return this.#bySite.get(siteId)?.get(id);
  }

  keep(situation: Situation): void {
    const known = this.#bySite.get(situation.siteId) ?? new Map<string, Situation>();
    this.#bySite.set(situation.siteId, known.set(situation.id, situation));
  }

  drop({ siteId, id }: Situation): void {
    this.#bySite.get(siteId)?.delete(id);
  }

  forgetBefore(ms: number): void {
    for (const situations of this.#bySite.values()) {
      for (const { id, lastAtMs } of situations.values()) if (lastAtMs < ms) situations.delete(id);
    }
  }
}
