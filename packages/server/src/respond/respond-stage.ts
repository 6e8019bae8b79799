import type { IncidentId, JsonObject, TimelineEntry } from "@tillwatch/wire";
import { appendAudit, type AuditRecord } from "../audit/audit-append.ts";
import type { IncidentChange } from "../flow.ts";
import type { Chance } from "../platform/chance.ts";
import type { Tx } from "../schema.ts";
import type { PlaybookIndex } from "./playbooks.ts";
import { recordApplied } from "./respond-store.ts";
import { applicable, saysApplied, type Applicable } from "./respond.ts";

/** A line for an incident's timeline, handed to the stage that owns timelines. */
export type TimelineLine = {
  readonly id: string;
  readonly incidentId: IncidentId;
  readonly atMs: number;
  readonly kind: Extract<TimelineEntry["kind"], "response">;
  readonly says: string;
  readonly actor: string;
  readonly detail: JsonObject;
};

export type RespondDeps = {
  readonly playbooks: PlaybookIndex;
  readonly chance: Chance;
  readonly addTimeline: (tx: Tx, lines: readonly TimelineLine[]) => Promise<void>;
};

export type RespondInputs = { readonly tx: Tx; readonly nowMs: number };

/** Stage 7: which playbooks apply to what changed, each once an incident, with its line in the timeline and the record. */
export function respondStage(deps: RespondDeps) {
  return async (changes: readonly IncidentChange[], { tx, nowMs }: RespondInputs): Promise<void> => {
    const { version } = deps.playbooks;
    const found = lastOfEach(changes).flatMap(({ incident }) =>
      applicable(incident, deps.playbooks).map((entry) => ({ incidentId: incident.id, entry })),
    );
    const appliedAt = new Date(nowMs).toISOString();
    const rows = found.map(({ incidentId, entry: { playbook, because } }) => {
      const { id: playbookId, title, steps } = playbook;
      return { incidentId, playbookId, version, title, because, steps, appliedAt };
    });
    const added = await recordApplied(tx, rows);
    const isNew = new Set(added.map((row) => `${row.incidentId} ${row.playbookId}`));
    const fresh = found.filter(({ incidentId, entry }) => isNew.has(`${incidentId} ${entry.playbook.id}`));
    if (fresh.length === 0) return;
    const lines = fresh.map(({ incidentId, entry }) => ({
      id: deps.chance.uuid(),
      incidentId,
      atMs: nowMs,
      kind: "response" as const,
      says: saysApplied(entry),
      actor: "machine",
      detail: { playbook: entry.playbook.id, version, because: entry.because },
    }));
    await deps.addTimeline(tx, lines);
    const records = fresh.map(({ incidentId, entry }) => recordOf(incidentId, entry, { atMs: nowMs, version }));
    await appendAudit(tx, records, deps.chance);
  };
}

/** The latest state of each incident of the batch. */
function lastOfEach(changes: readonly IncidentChange[]): readonly IncidentChange[] {
  return [...new Map(changes.map((change) => [change.incident.id, change])).values()];
}

function recordOf(incidentId: string, entry: Applicable, when: { atMs: number; version: string }): AuditRecord {
  return {
    kind: "playbook.applied",
    actor: "machine",
    subject: { kind: "incident", id: incidentId },
    because: entry.because,
    atMs: when.atMs,
    body: { playbook: entry.playbook.id, version: when.version },
  };
}
