import type { SigmaMatch } from "../match/compile-rules.ts";
import type { JsonObject } from "../json.ts";
import type { SigmaProblem } from "../problem.ts";
import type { SigmaCorrelation } from "../read/correlation-model.ts";
import type { SigmaLevel, SigmaRule } from "../read/rule-model.ts";
import { ok, type Result } from "../result.ts";
import { placeReader, type PlaceReader } from "./counted-event.ts";
import { planCorrelations, type Counted, type PlannedCorrelation } from "./correlation-plan.ts";
import { GroupStore, type GroupLimits, type StoreState } from "./group-store.ts";
import type { Beginning, GroupChange, Held } from "./hit-group.ts";
import { GroupIndex } from "./kept-group.ts";

/** An event that rules matched. `ref` is the caller's name for it and comes back in what is found; the same ref at the same time counts once. */
export type CountedEvent = {
  readonly atMs: number;
  readonly ref: string;
  readonly event: JsonObject;
  readonly matches: readonly Pick<SigmaMatch, "ruleId">[];
  /** When it came, where that is known: a time ahead of it does not make all others late. */
  readonly arrivedMs?: number;
};

/** What a correlation found: its condition began to hold at `atMs`. */
export type CorrelationFinding = {
  /** From the correlation, the group and the instant: the same events give the same id, in whatever order they come. */
  readonly id: string;
  readonly correlation: SigmaCorrelation;
  readonly ruleId: string;
  readonly title: string;
  /** `medium` where the correlation gives none. */
  readonly level: SigmaLevel;
  readonly tags: readonly string[];
  /** The values that the counted events have in common. */
  readonly group: Readonly<Record<string, string>>;
  readonly atMs: number;
  /** What was counted, summed or averaged; for temporal types how many rules were seen. */
  readonly value: number;
  /** How many hits the window holds; `made` lists the newest 256 of them. */
  readonly count: number;
  readonly made: readonly CorrelationPart[];
};

/** An event that made a finding: the caller's ref and the rule that it matched; or the finding of a correlation that is counted. */
export type CorrelationPart = { readonly atMs: number; readonly ref: string; readonly ruleId: string };

export type CorrelationChange =
  /** `replaces`: ids of findings that this one takes the place of, because an event came late. */
  | { readonly kind: "found"; readonly finding: CorrelationFinding; readonly replaces: readonly string[] }
  /** Found before; by now other events are in its window. */
  | { readonly kind: "revised"; readonly finding: CorrelationFinding }
  /** Found before; with what came late it is not true. */
  | { readonly kind: "withdrawn"; readonly id: string; readonly ruleId: string };

export type CorrelationOptions = Partial<GroupLimits> & {
  /** How far an event may lie behind the newest one and still count, in milliseconds. Default: 15 minutes. */
  readonly latenessMs?: number;
  /** How far an event may lie ahead of its arrival and still move the time on, in milliseconds. Default: 1 minute. */
  readonly aheadMs?: number;
};

/** What was lost, since the set was made. Anything but zeros is worth a warning. */
export type CorrelationLosses = {
  /** Events that came later than the lateness allows, and were not counted. */
  readonly late: number;
  /** Events whose arrays would have put them into too many groups, and were counted in the first ones. */
  readonly cut: number;
  /** Groups, and hits within groups, that were dropped because there were too many; always the ones that were quiet longest. */
  readonly groups: number;
  readonly hits: number;
};

export type CorrelationState = {
  readonly newestMs: number | null;
  readonly losses: CorrelationLosses;
  readonly stores: Readonly<Record<string, StoreState>>;
};

const defaults = {
  latenessMs: 15 * 60_000,
  aheadMs: 60_000,
  groupsMax: 250_000,
  hitsMax: 1_000_000,
  hitsInGroupMax: 10_000,
};

type Counting = Counted & { readonly placesIn: PlaceReader };

type Node = {
  readonly id: string;
  readonly correlation: SigmaCorrelation;
  readonly counted: ReadonlyMap<string, Counting>;
  /** Of what is counted, at its place in the correlation's list. */
  readonly countedIds: readonly string[];
  readonly store: GroupStore;
  readonly isSilent: boolean;
};

/**
 * Correlations over the matches of rules, and over each other.
 *
 * Event time decides. A finding is spoken at once; where an event comes late, within `latenessMs` of the newest one, what it
 * changes is spoken as well (found, revised, withdrawn), so that after all of them the standing findings are those of the same events in
 * order. State is bounded by the options, and what is dropped is counted in `losses`.
 */
export class CorrelationSet {
  readonly #nodes: readonly Node[];
  readonly #options: Required<CorrelationOptions>;
  /** Rules and correlations that only serve to be counted: what they find themselves is not for people. */
  readonly silentRules: ReadonlySet<string>;
  #newestMs = Number.NEGATIVE_INFINITY;
  #late = 0;
  #cut = 0;

  private constructor(plans: readonly PlannedCorrelation[], options: Required<CorrelationOptions>) {
    this.#options = options;
    this.silentRules = silentOnes(plans);
    const indexes = new Indexes();
    this.#nodes = plans.map(({ id, correlation, counted }) => ({
      id,
      correlation,
      counted: new Map(
        [...counted].map(([of, one]) => [of, { ...one, placesIn: placeReader(correlation, one.names) }] as const),
      ),
      countedIds: correlation.rules.map((_, rule) => [...counted.values()].find((one) => one.rule === rule)?.id ?? ""),
      store: new GroupStore(correlation, options, indexes.of(correlation)),
      isSilent: this.silentRules.has(id),
    }));
  }

  /** Refuses with every problem listed; see `planCorrelations`. */
  static compile(
    correlations: readonly SigmaCorrelation[],
    rules: readonly SigmaRule[],
    options: CorrelationOptions = {},
  ): Result<CorrelationSet, readonly SigmaProblem[]> {
    const planned = planCorrelations(correlations, rules);
    return planned.ok ? ok(new CorrelationSet(planned.value, { ...defaults, ...options })) : planned;
  }

  /** How far back a reader must begin so that what it counts is right: correlations over correlations add up. 0 without any. */
  get timespanMaxMs(): number {
    const reach = new Map<string, number>();
    for (const { id, correlation, counted } of this.#nodes) {
      const below = Math.max(0, ...[...counted.keys()].map((one) => reach.get(one) ?? 0));
      reach.set(id, below + correlation.timespanMs);
    }
    return Math.max(0, ...reach.values());
  }

  get losses(): CorrelationLosses {
    const sum = (of: (store: GroupStore) => number) => this.#nodes.reduce((all, { store }) => all + of(store), 0);
    return {
      late: this.#late,
      cut: this.#cut,
      groups: sum((store) => store.groupsLost),
      hits: sum((store) => store.hitsLost),
    };
  }

  get size(): { readonly groups: number; readonly hits: number } {
    const sum = (of: (store: GroupStore) => number) => this.#nodes.reduce((all, { store }) => all + of(store), 0);
    return { groups: sum((store) => store.groups), hits: sum((store) => store.hits) };
  }

  add(event: CountedEvent): readonly CorrelationChange[] {
    if (event.atMs < this.#openMs) {
      this.#late += 1;
      return [];
    }
    const trustedMs = Math.min(event.atMs, (event.arrivedMs ?? Number.POSITIVE_INFINITY) + this.#options.aheadMs);
    this.#newestMs = Math.max(this.#newestMs, trustedMs);
    const turns: Turn[] = [];
    // A correlation stands behind those that it counts.
    for (const node of this.#nodes) {
      const counted = countedBy(node, event);
      if (turns.length === 0 && counted.length === 0) continue;
      const steps = new Steps();
      this.#countMatches(counted, event, steps);
      if (turns.length > 0) countFindings(node, turns, steps);
      for (const step of steps.all) {
        const changes = node.store.update(step.group, step, this.#openMs);
        if (changes.length > 0) turns.push({ node, group: step.group, changes });
      }
    }
    return turns.length === 0 ? nothing : turns.flatMap((turn) => (turn.node.isSilent ? [] : spoken(turn)));
  }

  /** Says that time went on to `nowMs` though no event came, and drops what nothing can ask for any more. */
  forget(nowMs: number): void {
    this.#newestMs = Math.max(this.#newestMs, nowMs);
    for (const { store } of this.#nodes) store.forget(this.#openMs);
  }

  /** What is older comes too late. */
  get #openMs(): number {
    return this.#newestMs - this.#options.latenessMs;
  }

  /** All that the set knows, as plain values: `restore` goes on as if nothing had been between. */
  save(): CorrelationState {
    return {
      newestMs: Number.isFinite(this.#newestMs) ? this.#newestMs : null,
      losses: this.losses,
      stores: Object.fromEntries(this.#nodes.map(({ id, store }) => [id, store.save()])),
    };
  }

  /** Takes up what `save` wrote; of correlations that are not there any more nothing is taken. */
  restore(state: CorrelationState): void {
    this.#newestMs = state.newestMs ?? Number.NEGATIVE_INFINITY;
    this.#late = state.losses.late;
    this.#cut = state.losses.cut;
    for (const { id, store } of this.#nodes) {
      const known = state.stores[id];
      if (known !== undefined) store.restore(known);
    }
  }

  #countMatches(counted: readonly Counting[], event: CountedEvent, steps: Steps): void {
    for (const { placesIn, rule } of counted) {
      const { places, cut } = placesIn(event.event);
      if (cut) this.#cut += 1;
      for (const { group, nth, value } of places) {
        steps.add(group, "coming", { atMs: event.atMs, ref: event.ref, rule, nth, value, holds: false });
      }
    }
  }
}

/** Whose groups of one name stand in one row is asked of each of them. */
const storesInIndexMax = 8;

/** Correlations that group by the same fields mostly have groups of the same names. */
class Indexes {
  readonly #open = new Map<string, { readonly index: GroupIndex; stores: number }>();

  of({ groupBy }: SigmaCorrelation): GroupIndex {
    const fields = JSON.stringify(groupBy);
    const open = this.#open.get(fields);
    if (open !== undefined && open.stores < storesInIndexMax) {
      open.stores += 1;
      return open.index;
    }
    const index = new GroupIndex();
    this.#open.set(fields, { index, stores: 1 });
    return index;
  }
}

const nothing: readonly CorrelationChange[] = [];
const uncounted: readonly Counting[] = [];

/** What the event is counted as, in the order of the correlation's list. */
function countedBy(node: Node, { matches }: CountedEvent): readonly Counting[] {
  const [only] = matches;
  if (only === undefined) return uncounted;
  if (matches.length === 1) {
    const one = node.counted.get(only.ruleId);
    return one === undefined ? uncounted : [one];
  }
  const counted = matches.flatMap(({ ruleId }) => node.counted.get(ruleId) ?? uncounted);
  counted.sort((one, other) => one.rule - other.rule);
  // To count an event is to count it once, whichever of the rules it matched; which rules were seen is another question.
  return isTemporal(node.correlation) ? counted : counted.slice(0, 1);
}

/** What correlations that this one counts found, or took back. A revised finding is at its place already. */
function countFindings(node: Node, below: readonly Turn[], steps: Steps): void {
  for (const turn of below) {
    const counted = node.counted.get(turn.node.id);
    if (counted === undefined) continue;
    const { places } = counted.placesIn(groupOf(turn));
    for (const { atMs, isThere } of comings(turn.changes)) {
      for (const { group, nth, value } of places) {
        const hit = { atMs, ref: findingId(turn, atMs), rule: counted.rule, nth, value, holds: false };
        steps.add(group, isThere ? "coming" : "going", hit);
      }
    }
  }
}

type GroupStep = { readonly group: readonly string[]; readonly coming: Held[]; readonly going: Held[] };

const noSteps: GroupStep[] = [];

/** What one event brings to the groups of one correlation: mostly one hit to one group, for which lists are made as short as they are. */
class Steps {
  #all = noSteps;
  #byName: Map<string, GroupStep> | null = null;

  get all(): readonly GroupStep[] {
    return this.#all;
  }

  add(group: readonly string[], way: "coming" | "going", hit: Held): void {
    const known = this.#known(group);
    if (known !== undefined) {
      known[way].push(hit);
      return;
    }
    const step = way === "coming" ? { group, coming: [hit], going: [] } : { group, coming: [], going: [hit] };
    this.#byName?.set(JSON.stringify(group), step);
    if (this.#all === noSteps) this.#all = [step];
    else this.#all.push(step);
  }

  #known(group: readonly string[]): GroupStep | undefined {
    if (this.#all === noSteps) return undefined;
    const last = this.#all.at(-1);
    if (last !== undefined && isSame(last.group, group)) return last;
    this.#byName ??= new Map(this.#all.map((step) => [JSON.stringify(step.group), step]));
    return this.#byName.get(JSON.stringify(group));
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at]);
}

/** What changed in one group. */
type Turn = { readonly node: Node; readonly group: readonly string[]; readonly changes: readonly GroupChange[] };

type Coming = { readonly atMs: number; readonly isThere: boolean };

function comings(changes: readonly GroupChange[]): readonly Coming[] {
  return changes.flatMap((change): readonly Coming[] => {
    if (change.kind === "differs") return [];
    if (change.kind === "begins") return [{ atMs: change.beginning.atMs, isThere: true }];
    return [{ atMs: change.atMs, isThere: false }];
  });
}

function spoken(turn: Turn): readonly CorrelationChange[] {
  const { node, changes } = turn;
  let gone = changes.flatMap((change) => (change.kind === "never_began" ? [findingId(turn, change.atMs)] : []));
  const said: CorrelationChange[] = [];
  for (const change of changes) {
    if (change.kind === "never_began") continue;
    const finding = findingOf(turn, change.beginning);
    if (change.kind === "differs") said.push({ kind: "revised", finding });
    else {
      said.push({ kind: "found", finding, replaces: gone });
      gone = [];
    }
  }
  return [...said, ...gone.map((id) => ({ kind: "withdrawn" as const, id, ruleId: node.id }))];
}

function findingOf(turn: Turn, { atMs, value, count, hits }: Beginning): CorrelationFinding {
  const { correlation, id, countedIds } = turn.node;
  return {
    id: findingId(turn, atMs),
    correlation,
    ruleId: id,
    title: correlation.title,
    level: correlation.level ?? "medium",
    tags: correlation.tags,
    group: groupOf(turn),
    atMs,
    value,
    count,
    made: hits.map((hit) => ({ atMs: hit.atMs, ref: hit.ref, ruleId: countedIds[hit.rule] ?? "" })),
  };
}

function findingId({ node, group }: Turn, atMs: number): string {
  return JSON.stringify([node.id, ...group, atMs]);
}

function groupOf({ node, group }: Turn): Readonly<Record<string, string>> {
  return Object.fromEntries(node.correlation.groupBy.map((field, at) => [field, group[at] ?? ""]));
}

function isTemporal({ type }: SigmaCorrelation): boolean {
  return type === "temporal" || type === "temporal_ordered";
}

/** Silent is what is counted by something, and by nothing that lets it speak for itself. */
function silentOnes(plans: readonly PlannedCorrelation[]): ReadonlySet<string> {
  const counted = plans.flatMap(({ counted: ones }) => [...ones.keys()]);
  const speaking = plans.flatMap(({ correlation, counted: ones }) => (correlation.generate ? [...ones.keys()] : []));
  return new Set(counted.filter((id) => !speaking.includes(id)));
}
