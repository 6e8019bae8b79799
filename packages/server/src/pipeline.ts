import { appendAudit, type AuditRecord } from "./audit/audit-append.ts";
import { correlateStage } from "./correlate/correlate-stage.ts";
import type { SituationMemory } from "./correlate/situation-memory.ts";
import type { Surroundings } from "./correlate/traits-of.ts";
import { recordDecision, type DecisionRecord } from "./decision/decision-record.ts";
import { saveDecisions } from "./decision/decision-store.ts";
import { detectStage } from "./detect/detect-stage.ts";
import type { Directory } from "./enrich/directory.ts";
import { enrichStage } from "./enrich/enrich-stage.ts";
import type { SiteMemory } from "./enrich/site-memory.ts";
import type { Batch, EnrichedSignal, IncidentChange, ScoredSituation } from "./flow.ts";
import type { LoadedPack } from "./pack/load-pack.ts";
import type { Chance } from "./platform/chance.ts";
import { nodeDigest } from "./platform/digest.ts";
import type { Tx } from "./schema.ts";
import { scoreStage } from "./score/score-stage.ts";

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
  readonly work: WorkStages;
  readonly lateAfterMs: number;
};

/** The next signals of one partition with what enrichment and correlation remember of it. */
export type BatchPart = {
  readonly batch: Batch;
  readonly memory: SiteMemory;
  readonly situations: SituationMemory;
};

/** Batches of several partitions at once: each stage reads and writes once for all of them. All MUST have one `nowMs`. */
export type Pipeline = (
  parts: readonly BatchPart[],
  at: BatchTx & { readonly directory: Directory },
) => Promise<readonly IncidentChange[]>;

export function pipeline({ pack, chance, work, lateAfterMs }: PipelineDeps): Pipeline {
  const enrich = enrichStage({ explain: pack.policy.explain, lateAfterMs });
  const detect = detectStage();
  const correlate = correlateStage();
  const score = scoreStage();
  const newId = chance.uuid;
  const { rules, words } = pack.rulebook;
  const scoreConfig = {
    weights: pack.weights,
    words,
    weightsVersion: pack.versions.weights,
    rulesVersion: pack.versions.rules,
    newId,
  };

  return async (parts, { tx, nowMs, directory }) => {
    const at = { tx, nowMs };
    const enriched: EnrichedSignal[] = [];
    for (const { batch, memory } of parts) enriched.push(...(await enrich(batch, { tx, memory, directory })));
    const detected = detect(enriched, rules);
    const surroundings = surroundingsOf(directory);
    const memoryOf = situationMemories(parts);
    const situations = await correlate(detected, { tx, nowMs, policy: pack.policy, surroundings, newId, memoryOf });
    const scored = score(situations, scoreConfig);
    await putOnRecord(scored, at);
    const changes = await work.incident(scored, at);
    await work.respond(changes, at);
    await work.notify(changes, at);
    return changes;
  };

  async function putOnRecord(scored: readonly ScoredSituation[], at: BatchTx): Promise<void> {
    const records = scored.map((one) =>
      recordDecision(one, { atMs: at.nowMs, versions: pack.versions, sha256: nodeDigest.sha256 }),
    );
    await saveDecisions(at.tx, records);
    const entries = scored.map((one, index) => auditOf(one, { nowMs: at.nowMs, record: records[index] }));
    await appendAudit(at.tx, entries, chance);
  }
}

function situationMemories(parts: readonly BatchPart[]): (siteId: string) => SituationMemory {
  const bySite = new Map<string, SituationMemory>();
  for (const { batch, situations } of parts) for (const { siteId } of batch.signals) bySite.set(siteId, situations);
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
    body: {
      decision: scored.decisionId,
      severity: scored.score.severity,
      level: scored.score.level,
      threshold: scored.threshold,
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
