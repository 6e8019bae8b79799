import assert from "node:assert/strict";
import { compileRules } from "../match/compile-rules.ts";
import {
  CorrelationSet,
  type CorrelationChange,
  type CorrelationFinding,
  type CorrelationOptions,
} from "../correlate/correlation-set.ts";
import type { JsonObject } from "../json.ts";
import { parseSigma } from "../read/parse-rules.ts";

/** A rule of the given name that matches events of that kind. */
export const ruleNamed = (name: string): string => `title: ${name}
name: ${name}
logsource: {product: tillwatch}
detection: {sel: {kinds: ${name}}, condition: sel}
`;

/** The documents of a file: rules `a`, `b` and `c`, and correlations by name and section. */
export function fileOf(sections: Readonly<Record<string, string>>, more = ""): string {
  const documents = ["a", "b", "c"].map(ruleNamed);
  for (const [name, section] of Object.entries(sections)) {
    documents.push(`title: The ${name}\nname: ${name}\ncorrelation: ${section}\n${more}`);
  }
  return documents.join("---\n");
}

export function understood(text: string, options: CorrelationOptions = {}) {
  const parsed = parseSigma(text, "f.yml");
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const rules = compileRules(parsed.value.rules);
  assert.ok(rules.ok);
  const make = () => {
    const set = CorrelationSet.compile(parsed.value.correlations, parsed.value.rules, options);
    assert.ok(set.ok, JSON.stringify(set));
    return set.value;
  };
  return { ...parsed.value, ruleSet: rules.value, make };
}

export type Told = {
  readonly atMs: number;
  readonly ref: string;
  readonly event: JsonObject;
  readonly arrivedMs?: number;
};

/** A set that is told events, and what stands after all that it said. */
export class Standing {
  readonly set: CorrelationSet;
  readonly #understood: ReturnType<typeof understood>;
  readonly #standing = new Map<string, CorrelationFinding>();

  constructor(file: ReturnType<typeof understood>, set = file.make()) {
    this.#understood = file;
    this.set = set;
  }

  tell(told: Told): readonly CorrelationChange[] {
    const changes = this.set.add({ ...told, matches: this.#understood.ruleSet.evaluate(told.event) });
    for (const change of changes) this.#hear(change);
    return changes;
  }

  /** What stands, in the order of time; each as plain values. */
  findings(): readonly object[] {
    return [...this.#standing.values()]
      .toSorted((one, other) => one.atMs - other.atMs || (one.id < other.id ? -1 : 1))
      .map(({ ruleId, group, atMs, value, count, made }) => ({
        ruleId,
        group,
        atMs,
        value,
        count,
        made: made.map(({ ref, ruleId: rule }) => `${rule}:${ref}`),
      }));
  }

  /** A change that speaks of what was never said would leave a reader without a clue. */
  #hear(change: CorrelationChange): void {
    if (change.kind === "withdrawn") assert.ok(this.#standing.delete(change.id), "withdrawn, and never found");
    else {
      const { finding } = change;
      for (const id of change.kind === "found" ? change.replaces : []) {
        assert.ok(this.#standing.delete(id), "replaced, and never found");
      }
      assert.equal(
        this.#standing.has(finding.id),
        change.kind === "revised",
        `${change.kind} twice, or out of nothing`,
      );
      this.#standing.set(finding.id, finding);
    }
  }
}
