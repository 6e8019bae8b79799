import { sealedTextsIn } from "@tillwatch/wire";
import { holdTillOperators, nameTillOperators } from "../conflict/till-operator-store.ts";
import type { IncidentChange, ScoredSituation } from "../flow.ts";
import type { Chance } from "../platform/chance.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Tx } from "../schema.ts";
import { saveHeldBack } from "../noise/silence-hit-store.ts";
import { decideIncidents, sitesWithoutWork } from "./incident.ts";
import type { IncidentRow } from "./incident-row.ts";
import { lockWorkOf, saveEffects, signalFacts, takeReferences } from "./incident-store.ts";
import { saveSearchWords } from "./incident-text-store.ts";
import { toChanges, type SummaryNeeds } from "./incident-summary.ts";

export type IncidentStageDeps = {
  readonly chance: Chance;
  readonly fields: FieldVault;
  readonly needs: () => SummaryNeeds;
};

export type IncidentStage = (
  scored: readonly ScoredSituation[],
  context: { readonly tx: Tx; readonly nowMs: number },
) => Promise<readonly IncidentChange[]>;

/** Stage 6: scored situations become watch items and incidents, in the batch's transaction. Publish the changes after its commit. */
export function incidentStage(deps: IncidentStageDeps): IncidentStage {
  return async (scored, { tx, nowMs }) => {
    if (scored.length === 0) return [];
    const needs = deps.needs();
    await holdTillOperators(tx);
    const work = await lockWorkOf(tx, {
      situationIds: scored.map((one) => one.situation.id),
      signalIds: scored.flatMap((one) => one.addedSignalIds),
    });
    const year = new Date(nowMs).getUTCFullYear();
    const worked = new Set(work.map(({ row }) => row.situationId));
    const references = await takeReferences(tx, year, sitesWithoutWork(scored, work));
    // Work that exists has the facts of its older members already.
    const facts = await signalFacts(
      tx,
      scored.flatMap((one) =>
        worked.has(one.situation.id) ? one.addedSignalIds : one.situation.members.map((member) => member.signalId),
      ),
    );
    const effects = decideIncidents(scored, work, {
      nowMs,
      taxonomyVersion: needs.taxonomies.current.version,
      newId: deps.chance.uuid,
      references,
      facts,
    });
    await saveEffects(tx, effects, deps.chance);
    await saveHeldBack(tx, effects.heldBack, { chance: deps.chance, nowMs });
    const named = effects.signals.map(({ incidentId, signalId }) => ({
      incidentId,
      operators: facts.get(signalId)?.operators ?? [],
    }));
    await nameTillOperators(tx, named, { ...deps, nowMs });
    await makeFindable(tx, deps.fields, [...effects.rows.values()]);
    return toChanges(effects, needs, nowMs);
  };
}

/** Work that a person's report opened has that report's summary, sealed: its words are found from now on. */
async function makeFindable(tx: Tx, fields: FieldVault, rows: readonly IncidentRow[]): Promise<void> {
  const opened = rows.flatMap(({ id, version, summary }) =>
    version === 1 && summary !== null ? [{ id, summary }] : [],
  );
  const texts = await fields.texts(
    tx,
    opened.flatMap(({ summary }) => sealedTextsIn(summary)),
  );
  await saveSearchWords(
    tx,
    fields,
    opened.map(({ id, summary }) => ({ incidentId: id, text: texts.get(summary) ?? summary })),
  );
}
