import {
  ok,
  refused,
  severityText,
  unreachable,
  type IncidentState,
  type JsonObject,
  type Result,
  type TriageLevel,
  type Verdict,
} from "@tillwatch/wire";
import { isStatement } from "./evidence-fact.ts";
import { changed, noEffects, type Change, type Effects } from "./incident-effects.ts";
import type { IncidentRow } from "./incident-row.ts";
import { checkTransition, closeReasonOf, type TransitionRefusal } from "./transitions.ts";

/** What a person asks for. Texts are trimmed and not empty where they are not optional. `draftId`: a program drafted the text. */
export type Command =
  | { readonly kind: "transition"; readonly to: IncidentState; readonly because: string }
  | { readonly kind: "verdict"; readonly verdict: Verdict; readonly because: string | null }
  | { readonly kind: "override"; readonly severity: number | null; readonly because: string }
  | { readonly kind: "note"; readonly text: string; readonly covers: string | null; readonly draftId?: string }
  | {
      readonly kind: "edit";
      readonly fields: EditedFields;
      readonly because: string | null;
      readonly draftId?: string;
    };

/** Absent: stays as it is. null: unknown again. */
export type EditedFields = {
  readonly summary?: string;
  readonly category?: string;
  readonly level?: TriageLevel;
  readonly zoneId?: string | null;
  readonly occurredAtMs?: number;
  readonly valueLostMinor?: number | null;
  readonly valueRecoveredMinor?: number | null;
  readonly currency?: string | null;
  readonly peopleInvolved?: number | null;
  readonly ownerToken?: string | null;
};

export type CommandContext = {
  readonly actor: string;
  readonly nowMs: number;
  readonly newId: () => string;
  /** The sealed form of a text of the command: all that is written of it, anywhere. */
  readonly kept: (text: string) => string;
  readonly digestOf: (sealed: string) => string; // SHA-256 in hex: what the audit keeps of it
};

export type CommandRefusal = TransitionRefusal | { readonly code: "incident_nothing_changed" };

/** What a person's command does to a piece of work. Free text is written in its sealed form only; the audit holds that one's digest. */
export function runCommand(
  row: IncidentRow,
  command: Command,
  context: CommandContext,
): Result<Effects, CommandRefusal> {
  switch (command.kind) {
    case "transition":
      return transition(row, command, context);
    case "verdict":
      return ok(giveVerdict(row, command, context));
    case "override":
      return ok(override(row, command, context));
    case "note":
      return ok(note(row, command, context));
    case "edit":
      return edit(row, command, context);
    default:
      return unreachable(command);
  }
}

/** Every text of a person in a command. */
export function textsOf(command: Command): readonly string[] {
  const texts =
    command.kind === "note"
      ? [command.text]
      : [command.because, ...(command.kind === "edit" ? [command.fields.summary] : [])];
  return texts.filter((text): text is string => text !== undefined && text !== null && text !== "");
}

type Of<Kind extends Command["kind"]> = Extract<Command, { readonly kind: Kind }>;

function transition(
  row: IncidentRow,
  { to, because }: Of<"transition">,
  context: CommandContext,
): Result<Effects, CommandRefusal> {
  const checked = checkTransition({ from: row.state, to, because });
  if (!checked.ok) return checked;
  const said = because === "" ? "" : context.kept(because);
  const effects = noEffects();
  const isWork = to !== "watch" && to !== "aged_out" && !(to === "closed" && row.incidentSinceMs === null);
  const after = changed(effects, row, {
    change: changeOf(context, said === "" ? `${row.state} to ${to}` : said),
    state: to,
    incidentSinceMs: isWork ? (row.incidentSinceMs ?? context.nowMs) : row.incidentSinceMs,
    attention: null,
  });
  const reason = to === "closed" ? closeReasonOf(because) : null;
  say(effects, after, context, {
    kind: "state",
    says: `${wordFor(row.state)} became ${wordFor(to)}${said === "" ? "" : `: ${said}`}`,
    detail: { from: row.state, to, because: said },
  });
  record(effects, after, context, {
    kind: row.state === "closed" || row.state === "aged_out" ? "incident.reopened" : "incident.transitioned",
    because: reason ?? (because === "" ? "taken up" : "a person gave a reason"),
    body: { from: row.state, to, because_sha256: said === "" ? null : context.digestOf(said) },
  });
  effects.changes.push({ kind: "changed_by_person", from: row.state, incidentId: row.id });
  return ok(effects);
}

function giveVerdict(row: IncidentRow, { verdict, because }: Of<"verdict">, context: CommandContext): Effects {
  const effects = noEffects();
  const said = because === null ? null : context.kept(because);
  const change = changeOf(context, said ?? `verdict ${verdict}`);
  const after = changed(effects, row, { change, verdict, attention: null });
  effects.verdicts.push({
    id: context.newId(),
    incidentId: row.id,
    verdict,
    because: said,
    author: context.actor,
    atMs: context.nowMs,
    category: row.category,
    machineSeverity: row.machineSeverity,
  });
  const says = `Verdict: ${verdict}${said === null ? "" : `. ${said}`}`;
  say(effects, after, context, { kind: "verdict", says, detail: { verdict, before: row.verdict } });
  record(effects, after, context, {
    kind: "incident.verdict",
    because: `verdict ${verdict}`,
    body: {
      verdict,
      before: row.verdict,
      machine_severity: row.machineSeverity,
      because_sha256: said === null ? null : context.digestOf(said),
    },
  });
  effects.changes.push({ kind: "changed_by_person", from: row.state, incidentId: row.id });
  return effects;
}

function override(row: IncidentRow, { severity, because }: Of<"override">, context: CommandContext): Effects {
  const effects = noEffects();
  const at = new Date(context.nowMs).toISOString();
  const said = context.kept(because);
  const set = severity === null ? null : { severity, because: said, actor: context.actor, at };
  const after = changed(effects, row, { change: changeOf(context, said), override: set });
  const machine = row.machineSeverity === null ? "no machine value" : `machine ${severityText(row.machineSeverity)}`;
  const says =
    severity === null
      ? `Override taken back (${machine}): ${said}`
      : `Severity set to ${severityText(severity)} by a person (${machine}): ${said}`;
  const detail = { severity, machineSeverity: row.machineSeverity, before: row.override?.severity ?? null };
  say(effects, after, context, { kind: "override", says, detail });
  record(effects, after, context, {
    kind: "incident.override",
    because: severity === null ? "a person took the override back" : "a person set the severity",
    body: {
      severity,
      machine_severity: row.machineSeverity,
      before: row.override?.severity ?? null,
      because_sha256: context.digestOf(said),
    },
  });
  effects.changes.push({ kind: "changed_by_person", from: row.state, incidentId: row.id });
  return effects;
}

function note(row: IncidentRow, { text, covers, draftId }: Of<"note">, context: CommandContext): Effects {
  const effects = noEffects();
  const said = context.kept(text);
  // What a program drafted is nobody's statement, whatever it begins with.
  const isSaid = draftId === undefined && isStatement(text);
  const facts = [...(isSaid ? ["statement"] : []), ...(covers === null ? [] : [`covers:${covers}`])];
  const drafted = draftId === undefined ? {} : { draftId };
  const evidence = [...new Set([...row.evidence, ...facts])].sort();
  const after = changed(effects, row, { change: changeOf(context, "a note"), evidence });
  const detail = { ...(covers === null ? {} : { covers }), ...drafted };
  say(effects, after, context, { kind: "note", says: said, detail });
  record(effects, after, context, {
    kind: "incident.note",
    because: "a person wrote a note",
    body: { text_sha256: context.digestOf(said), characters: text.length, covers, ...drafted },
  });
  effects.changes.push({ kind: "changed_by_person", from: row.state, incidentId: row.id });
  return effects;
}

function edit(
  row: IncidentRow,
  { fields, because, draftId }: Of<"edit">,
  context: CommandContext,
): Result<Effects, CommandRefusal> {
  const effects = noEffects();
  const names = Object.keys(fields);
  const personFields = [...new Set([...row.personFields, ...names.map((name) => name.replace(/Ms$/, ""))])].sort();
  const said = because === null ? null : context.kept(because);
  const drafted = draftId === undefined ? {} : { draftId };
  const without = draftId === undefined ? "corrected by a person" : "a draft of a program, accepted by a person";
  const change = changeOf(context, said ?? without);
  const summary = fields.summary === undefined ? {} : { summary: context.kept(fields.summary) };
  const after = changed(effects, row, { ...fields, ...summary, change, personFields });
  const moved = effects.fields.map((one) => one.field).filter((name) => name !== "severity");
  if (moved.length === 0) return refused({ code: "incident_nothing_changed" });
  say(effects, after, context, {
    kind: "field",
    says: `Changed: ${moved.join(", ")}${said === null ? "" : `. ${said}`}`,
    detail: { fields: moved, ...drafted },
  });
  // The audit names the fields and keeps a digest of the values, of sealed ones in their sealed form: a digest of words can be guessed.
  const values = effects.fields.map(({ field, before, after: now }) => ({ field, before, after: now }));
  record(effects, after, context, {
    kind: "incident.field_changed",
    because: "a person corrected the record",
    body: { fields: moved, values_sha256: context.digestOf(JSON.stringify(values)), ...drafted },
  });
  effects.changes.push({ kind: "changed_by_person", from: row.state, incidentId: row.id });
  return ok(effects);
}

function changeOf(context: CommandContext, because: string): Change {
  return { atMs: context.nowMs, actor: context.actor, because };
}

type Line = {
  readonly kind: "state" | "verdict" | "override" | "note" | "field";
  readonly says: string;
  readonly detail: JsonObject;
};

// oxlint-disable-next-line max-params -- the two accumulators of a command and its own line
function say(effects: Effects, row: IncidentRow, context: CommandContext, line: Line): void {
  effects.timeline.push({
    ...line,
    id: context.newId(),
    incidentId: row.id,
    atMs: context.nowMs,
    actor: context.actor,
  });
}

type Recorded = { readonly kind: string; readonly because: string; readonly body: JsonObject };

// oxlint-disable-next-line max-params -- as above
function record(effects: Effects, row: IncidentRow, context: CommandContext, recorded: Recorded): void {
  effects.audits.push({
    ...recorded,
    actor: context.actor,
    subject: { kind: "incident", id: row.id },
    atMs: context.nowMs,
    body: { ref: row.ref, ...recorded.body },
  });
}

function wordFor(state: IncidentState): string {
  return state.replaceAll("_", " ");
}
