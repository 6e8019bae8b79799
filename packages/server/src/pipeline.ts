import { sealedIn } from "@tillwatch/wire";
import { appendAudit, type AuditRecord } from "./audit/audit-append.ts";
import { correlateStage, type CorrelateInputs } from "./correlate/correlate-stage.ts";
import { situationsIn } from "./correlate/correlate-store.ts";
import type { SituationMemory } from "./correlate/situation-memory.ts";
import type { Surroundings } from "./correlate/traits-of.ts";
import { recordDecision, type DecisionRecord, type DecisionVersions } from "./decision/decision-record.ts";
import { saveDecisions } from "./decision/decision-store.ts";
import { detectStage } from "./detect/detect-stage.ts";
import { recount, type LoadedRules } from "./detect/detect.ts";
import type { SiteCounts } from "./detect/site-counts.ts";
import { withModels, type ReadyModel } from "./detect/model-detections.ts";
import type { Directory } from "./enrich/directory.ts";
import { enrichStage, salesIn } from "./enrich/enrich-stage.ts";
import type { SiteMemory } from "./enrich/site-memory.ts";
import type {
  Batch,
  DetectedSignal,
  EnrichedSignal,
  IncidentChange,
  ScoredSituation,
  SituationChange,
} from "./flow.ts";
import { modelsOff } from "./model/model-switch-store.ts";
import type { ModelWatch } from "./model/model-watch.ts";
import type { LoadedPack } from "./pack/load-pack.ts";
import { verdictsOver } from "./noise/dismissal-store.ts";
import { silencesOver } from "./noise/silence-store.ts";
import type { Chance } from "./platform/chance.ts";
import type { FieldVault } from "./platform/keys/field-vault.ts";
import { nodeDigest } from "./platform/digest.ts";
import { saveHits } from "./rule/rule-hit-store.ts";
import { ruleHits } from "./rule/rule-hits.ts";
import type { RunningRules } from "./rule/running-rules.ts";
import type { Db, Tx } from "./schema.ts";
import { scoreStage } from "./score/score-stage.ts";
import type { RuleWords } from "./score/weights.ts";

/**
 * The way of a signal, in order. `signal` takes in and appends to the log; the others run over a batch of it, in one transaction
 * with the cursor (pipeline-worker.ts). A stage is given its input and answers its output; none knows another.
 */
export const stageNames = [
  "signal",
  "enrich",
  "detect",
  "correlate",
  "score",
  "incident",
  "respond",
  "notify",
] as const;

const noVerdicts: Awaited<ReturnType<typeof verdictsOver>> = new Map();

/** The stages after the score, built by app.ts with what they need. */
export type WorkStages = {
  readonly incident: (scored: readonly ScoredSituation[], at: BatchTx) => Promise<readonly IncidentChange[]>;
  readonly respond: (changes: readonly IncidentChange[], at: BatchTx) => Promise<void>;
  readonly notify: (changes: readonly IncidentChange[], at: BatchTx) => Promise<void>;
};

export type BatchTx = { readonly tx: Tx; readonly nowMs: number };

export type PipelineDeps = {
  readonly pack: LoadedPack;
  readonly chance: Chance;
  readonly fields: FieldVault;
  readonly work: WorkStages;
  readonly lateAfterMs: number;
  readonly modelWatch?: ModelWatch; // what models are given and find, for whoever watches over them
};

/** The next signals of one partition with what enrichment, the rules' windows and correlation remember of it. */
export type BatchPart = {
  readonly batch: Batch;
  readonly memory: SiteMemory;
  readonly counts: SiteCounts;
  readonly watched: SiteCounts | null; // the windows of what watches; null: nothing does
  readonly situations: SituationMemory;
};

/**
 * Batches of several partitions at once: each stage reads and writes once for all of them. All MUST have one `nowMs`, and windows that
 * count by the rules that `running` holds, those that watch among them.
 */
export type Pipeline = (
  parts: readonly BatchPart[],
  at: BatchTx & { readonly directory: Directory; readonly running: RunningRules },
) => Promise<readonly IncidentChange[]>;

export function pipeline({ pack, chance, fields, work, lateAfterMs, modelWatch }: PipelineDeps): Pipeline {
  const { enrich, detect, decide } = deciding({ pack, newId: chance.uuid, lateAfterMs });

  return async (parts, { tx, nowMs, directory, running }) => {
    const at = { tx, nowMs };
    const { rules } = running.rulebook;
    const enriched: EnrichedSignal[] = [];
    for (const { batch, memory } of parts)
      enriched.push(...(await enrich(batch, { sales: salesIn(tx), memory, directory })));
    // What people wrote is sealed in everything that is kept; rules over it read it here, in memory, and nowhere else.
    const sealed = enriched.flatMap(({ view }) => sealedIn(view));
    const texts = await fields.texts(tx, sealed);
    const byRules = detect(enriched, { rules, texts, countsOf: ofSite(parts, ({ counts }) => counts) });
    const watchedOf = ofSite(parts, ({ watched }) => watched);
    await saveHits(tx, ruleHits(byRules, running, { texts, watchedOf }), nowMs);
    const models = await modelsOn(tx);
    const detected = byRules.map((signal) => withModels(signal, models));
    modelWatch?.note(detected, models);
    const memoryOf = ofSite(parts, ({ situations }) => situations);
    const silencesOf = (situations: readonly SituationChange[]) => silencesOver(tx, situations);
    const { dismissals } = pack.weights;
    const verdictsOf = async (situations: readonly SituationChange[]) =>
      dismissals === undefined ? noVerdicts : verdictsOver(tx, situations, dismissals);
    const inputs = { store: situationsIn(tx), nowMs, memoryOf, directory, running, silencesOf, verdictsOf };
    const scored = await decide(detected, inputs);
    await putOnRecord(scored, { ...at, versions: running.versions, models });
    const changes = await work.incident(scored, at);
    await work.respond(changes, at);
    await work.notify(changes, at);
    return changes;
  };

  /** Asked in each transaction: what somebody turned off is off from the next batch on, in every process. */
  async function modelsOn(tx: Tx): Promise<readonly ReadyModel[]> {
    if (pack.models.length === 0) return [];
    const off = await modelsOff(tx);
    return pack.models.filter(({ model }) => !off.has(model.card.id));
  }

  async function putOnRecord(
    scored: readonly ScoredSituation[],
    at: BatchTx & { readonly versions: DecisionVersions; readonly models: readonly ReadyModel[] },
  ): Promise<void> {
    const models =
      pack.modelsVersion === null || at.models.length === 0
        ? null
        : { version: pack.modelsVersion, on: at.models.map(({ ruleId }) => ruleId) };
    const { nowMs: atMs, versions } = at;
    const records = scored.map((one) => recordDecision(one, { atMs, versions, models, sha256: nodeDigest.sha256 }));
    await saveDecisions(at.tx, records);
    const entries = scored.map((one, index) => auditOf(one, { nowMs: at.nowMs, record: records[index] }));
    await appendAudit(at.tx, entries, chance);
  }
}

/** Stages 2 to 5, which decide and write nothing but situations: what the pipeline runs, and a backtest with a store in memory. */
export function deciding({ pack, newId, lateAfterMs }: DecidingDeps) {
  const correlate = correlateStage();
  const score = scoreStage();
  const wordsOf = withModelWords(pack);
  const decide = async (
    detected: readonly DetectedSignal[],
    { store, nowMs, memoryOf, directory, running, silencesOf, verdictsOf }: DecideInputs,
  ): Promise<readonly ScoredSituation[]> => {
    const surroundings = surroundingsOf(directory);
    const situations = await correlate(detected, { store, nowMs, policy: pack.policy, surroundings, newId, memoryOf });
    const silences = await silencesOf(situations);
    const verdicts = await verdictsOf(situations);
    return score(situations, {
      weights: pack.weights,
      words: wordsOf(running.rulebook.words),
      weightsVersion: running.versions.weights,
      rulesVersion: running.versions.rules,
      silencesAt: (siteId) => silences.get(siteId) ?? [],
      verdictsAt: (siteId) => verdicts.get(siteId) ?? [],
      newId,
    });
  };
  return { enrich: enrichStage({ explain: pack.policy.explain, lateAfterMs }), detect: detectStage(), decide };
}

type DecidingDeps = Pick<PipelineDeps, "pack" | "lateAfterMs"> & { readonly newId: () => string };
export type DecideInputs = Pick<CorrelateInputs, "store" | "nowMs" | "memoryOf"> & {
  readonly directory: Directory;
  readonly running: Pick<RunningRules, "rulebook" | "versions">;
  readonly silencesOf: (situations: readonly SituationChange[]) => ReturnType<typeof silencesOver>;
  readonly verdictsOf: (situations: readonly SituationChange[]) => ReturnType<typeof verdictsOver>;
};

function withModelWords({ models, modelWords }: LoadedPack) {
  type Words = ReadonlyMap<string, RuleWords>;
  const made = new WeakMap<Words, Words>(); // a backtest asks by turns for those of two rulebooks
  return (words: Words): Words => {
    if (models.length === 0) return words;
    const all = made.get(words) ?? new Map([...words, ...modelWords]);
    made.set(words, all);
    return all;
  };
}

/** Counts again, into empty memories, what was decided on before. */
export type Recount = (
  enriched: readonly EnrichedSignal[],
  into: readonly { readonly rules: LoadedRules; readonly counts: SiteCounts }[],
) => Promise<void>;

export function recounting({ fields, db }: Pick<PipelineDeps, "fields"> & { readonly db: Db }): Recount {
  return async (enriched, into) => {
    const counting = into.filter(({ rules }) => rules.correlations.size > 0);
    if (counting.length === 0) return;
    const texts = await fields.texts(
      db,
      enriched.flatMap(({ view }) => sealedIn(view)),
    );
    for (const { rules, counts } of counting) {
      for (const one of enriched) recount(one, { rules, counts, texts });
      counts.forget();
    }
  };
}

function ofSite<T>(parts: readonly BatchPart[], pick: (part: BatchPart) => T): (siteId: string) => T {
  const bySite = new Map<string, T>();
  for (const part of parts) for (const { siteId } of part.batch.signals) bySite.set(siteId, pick(part));
  return (siteId) => {
    const memory = bySite.get(siteId);
    if (memory === undefined) throw new Error(`no signal of this round is of site ${siteId}`);
    return memory;
  };
}

function auditOf(scored: ScoredSituation, at: { nowMs: number; record: DecisionRecord | undefined }): AuditRecord {
  return {
    kind: "decision.made",
    actor: "machine",
    subject: { kind: "situation", id: scored.situation.id },
    because: scored.kind === "opened" ? "a detection opened a situation" : "new evidence joined a situation",
    atMs: at.nowMs,
    siteId: scored.situation.siteId,
    body: {
      decision: scored.decisionId,
      severity: scored.score.severity,
      level: scored.score.level,
      threshold: scored.threshold,
      ...(scored.shift === undefined ? {} : { calendar: scored.shift.period, threshold_usual: scored.shift.from }),
      ...at.record?.versions,
      // Commits to the record of the decision: whoever rewrites it, members and all, does not fit the log.
      ...(at.record === undefined
        ? {}
        : { record_sha256: nodeDigest.sha256(`${at.record.inputs}\n${at.record.outputs}`) }),
      added_signals: scored.addedSignalIds,
    },
  };
}

/** A camera is about every zone that it covers; everything else about the zone where it stands. */
export function surroundingsOf(directory: Directory): Surroundings {
  return {
    zonesOf: ({ siteId, zoneId, deviceId }) => {
      const device = directory.device(siteId, deviceId);
      const own = zoneId ?? device?.zone ?? null;
      const zones = [...new Set([...(own === null ? [] : [own]), ...(device?.covers ?? [])])];
      const borders = own === null ? [] : (directory.zone(siteId, own)?.adjacent ?? []);
      return { zones, borders };
    },
  };
}
