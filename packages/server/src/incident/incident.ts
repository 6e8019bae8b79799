import { isJsonObject, severityText, type IncidentState, type JsonObject, type Score } from "@tillwatch/wire";
import type { ScoredSituation, SituationMember } from "../flow.ts";
import { changed, noEffects, type Effects } from "./incident-effects.ts";
import type { IncidentRow } from "./incident-row.ts";
import { toSummaryText } from "./incident-words.ts";
import { memberEntries, scoreEntry, stateEntry, type SignalFacts } from "./machine-entries.ts";

/** Work that exists for a situation, and which of the batch's signals it already has. */
export type KnownWork = { readonly row: IncidentRow; readonly knownSignalIds: readonly string[] };

export type DecideContext = {
  readonly nowMs: number;
  readonly taxonomyVersion: string;
  readonly newId: () => string;
  readonly references: readonly string[]; // one for each situation without work, in order
  readonly facts: ReadonlyMap<string, SignalFacts>; // by signal id, as far as the log has them
};

const machine = "machine";

/**
 * What a batch of scored situations does to the work: opens watch items and incidents, promotes, extends. The machine never
 * closes work and never lowers the level of an incident. A situation whose signals are all known changes nothing, so that a
 * batch that runs twice has its effects once.
 */
export function decideIncidents(
  scored: readonly ScoredSituation[],
  work: readonly KnownWork[],
  context: DecideContext,
): Effects {
  const effects = noEffects();
  const rows = new Map(work.map(({ row }) => [row.situationId, row]));
  const known = new Set(work.flatMap(({ row, knownSignalIds }) => knownSignalIds.map((id) => `${row.id} ${id}`)));
  const references = context.references.values();
  for (const one of scored) {
    const row = rows.get(one.situation.id);
    if (row === undefined) {
      if (!isShown(one)) continue;
      const opened = open(effects, one, { ...context, reference: nextOf(references) });
      rows.set(one.situation.id, opened);
      for (const member of one.situation.members) known.add(`${opened.id} ${member.signalId}`);
      continue;
    }
    const added = new Set(one.addedSignalIds.filter((id) => !known.has(`${row.id} ${id}`)));
    if (added.size === 0) continue;
    for (const id of added) known.add(`${row.id} ${id}`);
    const members = one.situation.members.filter((member) => added.has(member.signalId));
    rows.set(one.situation.id, extend(effects, { one, row, members }, context));
  }
  return effects;
}

/** The sites of the situations of the batch that become work and are none yet, in order: each needs a reference. */
export function sitesWithoutWork(scored: readonly ScoredSituation[], work: readonly KnownWork[]): readonly string[] {
  const known = new Set(work.map(({ row }) => row.situationId));
  const fresh = scored.filter((one) => isShown(one) && !known.has(one.situation.id));
  return [...new Map(fresh.map(({ situation }) => [situation.id, situation.siteId])).values()];
}

/** Below the watch floor a situation is nobody's concern; it stays open for evidence and is work as soon as it rises above. */
function isShown(one: ScoredSituation): boolean {
  return one.score.severity >= one.watchFloor;
}

function open(effects: Effects, one: ScoredSituation, context: DecideContext & { readonly reference: string }) {
  const { situation, score, threshold } = one;
  const isIncident = opens(one);
  const report = situation.members.find((member) => member.service === "person");
  const row: IncidentRow = {
    id: context.newId(),
    ref: context.reference,
    situationId: situation.id,
    state: isIncident ? "open" : "watch",
    level: score.level,
    category: score.category,
    taxonomyVersion: context.taxonomyVersion,
    summary: textOf(report, "summary"),
    siteId: situation.siteId,
    zoneId: situation.zoneId,
    deviceId: heaviestDevice(situation.members, score),
    occurredAtMs: situation.firstAtMs,
    openedAtMs: context.nowMs,
    updatedAtMs: context.nowMs,
    lastSignalAtMs: situation.lastAtMs,
    incidentSinceMs: isIncident ? context.nowMs : null,
    severity: score.severity,
    machineSeverity: score.severity,
    confidence: score.confidence,
    score,
    override: null,
    verdict: null,
    reporter: textOf(report, "reporter"),
    ownerToken: null,
    valueLostMinor: amountOf(report, "value_minor"),
    valueRecoveredMinor: null,
    currency: textOf(report, "currency"),
    peopleInvolved: null,
    signalCount: situation.members.length,
    evidence: factsAfter([], situation.members, context.facts),
    personFields: [],
    attention: null,
    version: 1,
  };
  effects.rows.set(row.id, row);
  const because = isIncident
    ? `severity ${severityText(score.severity)} reaches ${severityText(threshold)}`
    : score.severity >= threshold
      ? `severity ${severityText(score.severity)} reaches ${severityText(threshold)} and is silenced`
      : `severity ${severityText(score.severity)} is below ${severityText(threshold)}`;
  record(effects, { one, row, members: situation.members }, context);
  effects.timeline.push(
    stateEntry(context, row, { from: null, says: `${isIncident ? "Opened" : "Put on the watch list"}: ${because}.` }),
  );
  audit(effects, { kind: isIncident ? "incident.opened" : "incident.watch_opened", one, row, because }, context.nowMs);
  effects.changes.push({ kind: isIncident ? "incident_opened" : "watch_opened", from: null, incidentId: row.id });
  if (!isIncident) holdBack(effects, { one, row, members: situation.members }, row);
  return row;
}

/** Whether it is work for people: over the threshold, and not only by what somebody silenced. */
function opens({ score, threshold }: ScoredSituation): boolean {
  return score.severity >= threshold && score.silenced?.hides !== true;
}

/** Whether all that these signals found is silenced. */
function isHushed({ one, members }: Extension): boolean {
  const hushed = new Set(one.hushed?.signalIds);
  const finding = members.filter(({ detections }) => detections.length > 0);
  return finding.length > 0 && finding.every(({ signalId }) => hushed.has(signalId));
}

/** What silences did here: kept it from opening, or let it go on without telling anybody. */
function holdBack(effects: Effects, { one, members }: Extension, row: IncidentRow): void {
  const { silenced, severity, level } = one.score;
  const held = waiting.has(row.state);
  if (silenced === undefined || (held && !silenced.hides)) return;
  const times = members.map(({ correctedAtMs }) => correctedAtMs);
  effects.heldBack.push(
    ...silenced.by.map((silenceId) => ({
      silenceId,
      incidentId: row.id,
      kind: held ? ("held" as const) : ("quiet" as const),
      firstAtMs: Math.min(...times),
      lastAtMs: Math.max(...times),
      signals: members.length,
      severity,
      level,
    })),
  );
}

type Extension = {
  readonly one: ScoredSituation;
  readonly row: IncidentRow;
  readonly members: readonly SituationMember[];
};

function extend(effects: Effects, extension: Extension, context: DecideContext): IncidentRow {
  const { one, row, members } = extension;
  const next = nextState(extension);
  const level = row.personFields.includes("level") ? row.level : levelAfter(row, one.score);
  const after = changed(effects, row, {
    change: { atMs: context.nowMs, actor: machine, because: next.because },
    state: next.state,
    level,
    category: row.personFields.includes("category") ? row.category : one.score.category,
    zoneId: row.personFields.includes("zoneId") ? row.zoneId : one.situation.zoneId,
    occurredAtMs: row.personFields.includes("occurredAt") ? row.occurredAtMs : one.situation.firstAtMs,
    lastSignalAtMs: Math.max(row.lastSignalAtMs ?? 0, one.situation.lastAtMs),
    incidentSinceMs: next.state === "open" ? (row.incidentSinceMs ?? context.nowMs) : row.incidentSinceMs,
    deviceId: heaviestDevice(one.situation.members, one.score) ?? row.deviceId,
    machineSeverity: one.score.severity,
    confidence: one.score.confidence,
    score: one.score,
    signalCount: row.signalCount + members.length,
    evidence: factsAfter(row.evidence, members, context.facts),
    attention: next.attention,
  });
  record(effects, { one, row, members }, context);
  if (after.state !== row.state) {
    effects.timeline.push(stateEntry(context, after, { from: row.state, says: next.says }));
    audit(effects, { kind: next.audit, one, row: after, because: next.because }, context.nowMs);
  }
  if (after.level !== row.level) {
    effects.timeline.push(
      stateEntry(context, after, { from: null, says: `Level ${row.level} became ${after.level}.` }),
    );
    const because = `evidence of level ${after.level}`;
    audit(effects, { kind: "incident.level_changed", one, row: after, because }, context.nowMs);
  }
  const quiet = next.kind === "extended" && after.level === row.level && isHushed(extension);
  const note = { kind: next.kind, from: row.state, incidentId: row.id };
  effects.changes.push(quiet ? { ...note, silenced: true } : note);
  if (quiet || waiting.has(after.state)) holdBack(effects, extension, after);
  return after;
}

type Next = {
  readonly state: IncidentState;
  readonly kind: "watch_opened" | "promoted" | "extended";
  readonly because: string;
  readonly says: string;
  readonly audit: string;
  readonly attention: string | null;
};

function nextState({ one, row, members }: Extension): Next {
  const { severity, additions } = one.score;
  const reaches = opens(one);
  const added = new Set<string>(members.map((member) => member.signalId));
  // Which of the new signals weighed most; without one of its own it is the corroboration as a whole.
  const cause = additions.find((addition) => addition.signalIds.some((id) => added.has(id)))?.says;
  const waits = waiting.has(row.state);
  // A person dismissed weaker evidence than this: what was never an incident may become one.
  const dismissedBefore = row.state === "closed" && row.incidentSinceMs === null;
  if (reaches && (waits || dismissedBefore)) {
    const because = `severity ${severityText(severity)} reaches ${severityText(one.threshold)}: ${cause ?? "more evidence came"}`;
    const attention = dismissedBefore ? "It was closed as a watch item; new signals made it an incident." : null;
    const says = `Promoted to an incident: ${because}`;
    return { state: "open", kind: "promoted", because, says, audit: "incident.promoted", attention };
  }
  const hushed = new Set(one.hushed?.signalIds);
  const alarm = finished.has(row.state) ? alarmIn(members.filter(({ signalId }) => !hushed.has(signalId))) : undefined;
  if (reaches && alarm !== undefined) {
    const because = `a new alarm came after it was ${stateInWords(row.state)}: ${toSummaryText(alarm)}`;
    const says = `Opened again: ${because}`;
    return {
      state: "open",
      kind: "promoted",
      because,
      says,
      audit: "incident.reopened",
      attention: `${upperFirst(because)}.`,
    };
  }
  if (row.state === "aged_out") {
    const because = `a new signal came after it had aged out: ${cause ?? "evidence came"}`;
    const says = `Back on the watch list: ${because}`;
    return { state: "watch", kind: "watch_opened", because, says, audit: "incident.watch_reopened", attention: null };
  }
  const attention = finished.has(row.state)
    ? `New signals came after it was ${stateInWords(row.state)}; the last: ${lastOf(members)}.`
    : row.attention;
  const because = cause ?? "signals of the same situation";
  return { state: row.state, kind: "extended", because, says: "", audit: "incident.extended", attention };
}

// Below the threshold, or held back.
const waiting: ReadonlySet<IncidentState> = new Set(["watch", "aged_out"]);

// Nobody looks at these any more.
const finished: ReadonlySet<IncidentState> = new Set(["closed", "handed_over"]);

/**
 * The first new signal that may not end in a drawer: somebody pressed the button again two minutes after the first press was put
 * down as a mistake. Late signals are what the closed work was about; weaker ones only flag it.
 */
function alarmIn(members: readonly SituationMember[]): SituationMember | undefined {
  return members.find(
    (member) =>
      !member.late && member.detections.some(({ ruleLevel }) => ruleLevel === "critical" || ruleLevel === "high"),
  );
}

function stateInWords(state: IncidentState): string {
  return state.replaceAll("_", " ");
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Signals, detections, score and decision: what every change by the machine writes. */
function record(effects: Effects, { one, row, members }: Extension, context: DecideContext): void {
  for (const member of members) {
    effects.signals.push({
      incidentId: row.id,
      signalId: member.signalId,
      joinedBecause: member.because,
      correctedAtMs: member.correctedAtMs,
      late: member.late,
    });
  }
  effects.decisions.push({ incidentId: row.id, decisionId: one.decisionId, atMs: context.nowMs });
  effects.timeline.push(...members.flatMap((member) => memberEntries(context, row, member)));
  effects.timeline.push(scoreEntry(context, row, one));
}

type Audited = {
  readonly kind: string;
  readonly one: ScoredSituation;
  readonly row: IncidentRow;
  readonly because: string;
};

function audit(effects: Effects, audited: Audited, atMs: number): void {
  const { kind, one, row, because } = audited;
  const body: JsonObject = {
    ref: row.ref,
    state: row.state,
    level: row.level,
    category: row.category,
    site: row.siteId,
    situation: one.situation.id,
    decision: one.decisionId,
    severity: one.score.severity,
    threshold: one.threshold,
    signals: one.addedSignalIds,
    ...(one.score.silenced === undefined ? {} : { silences: one.score.silenced.by }),
  };
  effects.audits.push({ kind, actor: machine, subject: { kind: "incident", id: row.id }, because, atMs, body });
}

/** A watch item follows the score; an incident's level only rises: whoever works on it has been told. */
function levelAfter(row: IncidentRow, score: Score) {
  return row.incidentSinceMs === null || score.level > row.level ? score.level : row.level;
}

function heaviestDevice(members: readonly SituationMember[], score: Score): string | null {
  const weighty = score.additions.flatMap((addition) => addition.signalIds as readonly string[]);
  const first = weighty
    .map((id) => members.find((member) => member.signalId === id)?.deviceId ?? null)
    .find((deviceId) => deviceId !== null);
  return first ?? members.find((member) => member.deviceId !== null)?.deviceId ?? null;
}

function factsAfter(
  facts: readonly string[],
  members: readonly SituationMember[],
  logged: ReadonlyMap<string, SignalFacts>,
): readonly string[] {
  const all = new Set(facts);
  for (const member of members) {
    const fact = logged.get(member.signalId);
    for (const kind of fact?.mediaKinds ?? []) all.add(kind === "thumbnail" ? "image" : kind);
    if (fact !== undefined && member.deviceId !== null) all.add("checked_clock");
    if (member.deviceId !== null) all.add("device");
    if (member.service === "till") all.add("till");
    if (amountOf(member, "value_minor") !== null || knownValueOf(member) > 0) all.add("value");
    if (namesItem(dataOf(member))) all.add("item");
  }
  return [...all].sort();
}

function knownValueOf(member: SituationMember): number {
  const context = member.view["context"];
  const value = isJsonObject(context) ? context["items_value_minor"] : null;
  return typeof value === "number" ? value : 0;
}

function namesItem(data: JsonObject): boolean {
  return ["sku", "epc", "epcs", "skus", "lines"].some((name) => data[name] !== undefined && data[name] !== null);
}

function dataOf(member: SituationMember | undefined): JsonObject {
  const data = member?.view["data"];
  return isJsonObject(data) ? data : {};
}

function textOf(member: SituationMember | undefined, name: string): string | null {
  const value = dataOf(member)[name];
  return typeof value === "string" && value.trim() !== "" ? value : null;
}

function amountOf(member: SituationMember | undefined, name: string): number | null {
  const value = dataOf(member)[name];
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function lastOf(members: readonly SituationMember[]): string {
  const last = members.at(-1);
  return last === undefined ? "unknown" : toSummaryText(last);
}

function nextOf(references: Iterator<string>): string {
  const { value, done } = references.next();
  if (done === true) throw new RangeError("fewer references than situations without work");
  return value;
}
