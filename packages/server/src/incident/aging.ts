import { changed, noEffects, type Effects } from "./incident-effects.ts";
import type { IncidentRow } from "./incident-row.ts";

/**
 * Which watch items age out, and why: nothing happened to them for `ttlMs`. A verdict, a note or a signal is something; an item
 * with them ages from the last one on, and stays findable.
 */
export function agingOut(
  rows: readonly IncidentRow[],
  context: { readonly nowMs: number; readonly ttlMs: number; readonly newId: () => string },
): Effects {
  const effects = noEffects();
  for (const row of rows) {
    const idleMs = context.nowMs - row.updatedAtMs;
    if (row.state !== "watch" || idleMs < context.ttlMs) continue;
    const hours = Math.round(context.ttlMs / 360_000) / 10;
    const because = `nothing new for ${hours} h`;
    const change = { atMs: context.nowMs, actor: "machine", because };
    const after = changed(effects, row, { change, state: "aged_out" });
    effects.timeline.push({
      id: context.newId(),
      incidentId: row.id,
      atMs: context.nowMs,
      kind: "state",
      says: `Aged out: ${because}. A new signal brings it back.`,
      actor: "machine",
      detail: { from: "watch", to: "aged_out", ttlMs: context.ttlMs },
    });
    effects.audits.push({
      kind: "incident.aged_out",
      actor: "machine",
      subject: { kind: "incident", id: row.id },
      because,
      atMs: context.nowMs,
      body: { ref: row.ref, ttl_ms: context.ttlMs, idle_ms: idleMs, severity: after.severity, verdict: row.verdict },
    });
    effects.changes.push({ kind: "aged_out", from: "watch", incidentId: row.id });
  }
  return effects;
}
