import { ruleIdOf, type CorrelationFinding, type CorrelationSet } from "@tillwatch/sigma";
import type { JsonObject } from "@tillwatch/wire";
import { misuseSource, misuseWords, type MisuseRules } from "./misuse-rules.ts";
import { misuseView, type WatchedEntry, type WatchFacts } from "./misuse-view.ts";

/** What a rule found, before it is a case. */
export type MisuseFinding = {
  readonly ruleId: string;
  readonly title: string;
  readonly level: string;
  readonly actor: string | null;
  readonly says: string;
  readonly grouped: Readonly<Record<string, string>>;
  readonly counted: number;
  readonly entryIds: readonly string[]; // oldest first
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly organisationId: string;
};

const entriesKept = 100;

/**
 * Reads entries in the order of the record and says what the rules find. Holds what lies within the rules' windows; the same entries
 * give the same findings.
 */
export class MisuseReader {
  readonly #rules: MisuseRules;
  /** Each organisation counts for itself: what people of another do is not told by a number. */
  readonly #counts = new Map<string, CorrelationSet>();
  readonly #silentRules: CorrelationSet["silentRules"];

  /** How far back a reader must begin so that the counts are right. */
  readonly windowMs: number;

  constructor(rules: MisuseRules) {
    this.#rules = rules;
    const { silentRules, timespanMaxMs } = rules.makeCounts();
    this.#silentRules = silentRules;
    this.windowMs = timespanMaxMs;
  }

  read(entry: WatchedEntry, facts: WatchFacts): readonly MisuseFinding[] {
    const view = misuseView(entry, facts);
    const matches = this.#rules.ruleSet.evaluate(view, misuseSource);
    if (matches.length === 0) return [];
    const single = matches
      .filter((match) => !this.#silentRules.has(match.ruleId))
      .map((match) => this.#single(match.ruleId, { entry, view }));
    const counted = this.#countsOf(entry.organisationId)
      .add({ atMs: entry.atMs, ref: entry.id, event: view, matches })
      // What a late entry moved or changed was told before.
      .flatMap((change) => (change.kind === "found" && change.replaces.length === 0 ? [change.finding] : []))
      .map((finding) => countedFinding(finding, entry));
    return [...single.filter((finding) => finding !== null), ...counted];
  }

  forget(nowMs: number): void {
    for (const counts of this.#counts.values()) counts.forget(nowMs);
  }

  #countsOf(organisationId: string): CorrelationSet {
    const known = this.#counts.get(organisationId) ?? this.#rules.makeCounts();
    this.#counts.set(organisationId, known);
    return known;
  }

  #single(
    ruleId: string,
    { entry, view }: { readonly entry: WatchedEntry; readonly view: JsonObject },
  ): MisuseFinding | null {
    const rule = this.#rules.rules.find((one) => ruleIdOf(one) === ruleId);
    if (rule === undefined) return null;
    const words = misuseWords(rule);
    const actor = words.flags === "actor" ? entry.actor : null;
    return {
      ruleId,
      title: rule.title,
      level: rule.level ?? "medium",
      actor,
      says: filled(words.says, { actor: entry.actor, count: "1", ...textsOf(view) }),
      grouped: { entry: entry.id },
      counted: 1,
      entryIds: [entry.id],
      firstAtMs: entry.atMs,
      lastAtMs: entry.atMs,
      organisationId: entry.organisationId,
    };
  }
}

function countedFinding(found: CorrelationFinding, entry: WatchedEntry): MisuseFinding {
  const words = misuseWords(found.correlation);
  return {
    ruleId: found.ruleId,
    title: found.title,
    level: found.level,
    // A count that is not by person (many looked at one case) flags nobody alone.
    actor: words.flags === null ? null : (found.group[words.flags] ?? null),
    says: filled(words.says, { count: String(found.value), ...found.group }),
    grouped: found.group,
    counted: found.value,
    entryIds: found.made.slice(-entriesKept).map(({ ref }) => ref),
    firstAtMs: found.made[0]?.atMs ?? found.atMs,
    lastAtMs: found.atMs,
    organisationId: entry.organisationId,
  };
}

function filled(says: string, values: Readonly<Record<string, string>>): string {
  return says.replaceAll(/\{([a-z_.]+)\}/g, (whole, name: string) => values[name] ?? whole).slice(0, 500);
}

function textsOf(view: JsonObject): Record<string, string> {
  const texts = Object.entries(view).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : []));
  return Object.fromEntries(texts) as Record<string, string>;
}
