import type { IncidentChange, ScoredSituation } from "../flow.ts";
import type { Chance } from "../platform/chance.ts";
import type { Tx } from "../schema.ts";
import { decideIncidents, situationsWithoutWork } from "./incident.ts";
import { lockWorkOf, saveEffects, signalFacts, takeReferences } from "./incident-store.ts";
import { toChanges, type SummaryNeeds } from "./incident-summary.ts";

export type IncidentStageDeps = { readonly chance: Chance; readonly needs: () => SummaryNeeds };

export type IncidentStage = (
  scored: readonly ScoredSituation[],
  context: { readonly tx: Tx; readonly nowMs: number },
) => Promise<readonly IncidentChange[]>;

/** Stage 6: scored situations become watch items and incidents, in the batch's transaction. Publish the changes after its commit. */
export function incidentStage(deps: IncidentStageDeps): IncidentStage {
  return async (scored, { tx, nowMs }) => {
    if (scored.length === 0) return [];
    const needs = deps.needs();
    const work = await lockWorkOf(tx, {
      situationIds: scored.map((one) => one.situation.id),
      signalIds: scored.flatMap((one) => one.addedSignalIds),
    });
    const year = new Date(nowMs).getUTCFullYear();
    const worked = new Set(work.map(({ row }) => row.situationId));
    const references = await takeReferences(tx, year, situationsWithoutWork(scored, work));
    const effects = decideIncidents(scored, work, {
      nowMs,
      taxonomyVersion: needs.taxonomies.current.version,
      newId: deps.chance.uuid,
      references,
      // Work that exists has the facts of its older members already.
      facts: await signalFacts(
        tx,
        scored.flatMap((one) =>
          worked.has(one.situation.id) ? one.addedSignalIds : one.situation.members.map((member) => member.signalId),
        ),
      ),
    });
    await saveEffects(tx, effects, deps.chance);
    return toChanges(effects, needs, nowMs);
  };
}
