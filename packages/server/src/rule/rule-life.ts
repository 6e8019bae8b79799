import { ok, refused, type Result, type RuleKind, type RuleState } from "@tillwatch/wire";

/**
 * Where a rule stands. `live` and `shadow` are numbers of versions, 0 is the pack's file as shipped, null none. `everLive` holds every version
 * that ran at some time.
 */
export type RuleLife = {
  readonly latest: number;
  readonly live: number | null;
  readonly shadow: number | null;
  readonly asked: { readonly number: number; readonly by: string } | null;
  readonly everLive: ReadonlySet<number>;
};

/** How well a version did, by verdicts of people on cases that hold a signal which it matched. */
export type Judged = { readonly right: number; readonly wrong: number };

/** Verdicts on the cases that a version would have had a hand in, as a word about it: a filter is right to keep out what people called false. */
export function judgedAs(kind: RuleKind, judged: Judged = { right: 0, wrong: 0 }): Judged {
  return kind === "filter" ? { right: judged.wrong, wrong: judged.right } : judged;
}

/** What activation of a rule that pages asks for: this share of right verdicts, over at least so many. */
export type PrecisionBar = { readonly share: number; readonly verdictsMin: number };

type LifeRefusalCode =
  | "rule_version_unknown"
  | "rule_not_in_shadow"
  | "rule_already_running"
  | "rule_already_in_shadow"
  | "rule_not_running"
  | "rule_signature_not_asked"
  | "rule_second_person_needed"
  | "rule_nothing_to_roll_back"
  | "rule_never_ran";
export type LifeRefusal = { [Code in LifeRefusalCode]: { readonly code: Code } }[LifeRefusalCode];

type Points = Pick<RuleLife, "live" | "shadow" | "asked">;

export function stateOfVersion(life: RuleLife, number: number): RuleState {
  if (life.live === number) return "active";
  if (life.shadow === number) return "shadow";
  return life.everLive.has(number) ? "retired" : "draft";
}

export function stateOfRule(life: RuleLife): RuleState {
  if (life.live !== null) return "active";
  if (life.shadow !== null) return "shadow";
  return life.everLive.size > 0 ? "retired" : "draft";
}

/** Lets a draft, or a version that ran before, watch in place of the version that watched so far. */
export function toShadow(life: RuleLife, number: number): Result<Points, LifeRefusal> {
  if (number < 1 || number > life.latest) return refused({ code: "rule_version_unknown" });
  if (life.live === number) return refused({ code: "rule_already_running" });
  if (life.shadow === number) return refused({ code: "rule_already_in_shadow" });
  return ok({ live: life.live, shadow: number, asked: null });
}

export function endShadow(life: RuleLife): Result<Points, LifeRefusal> {
  if (life.shadow === null) return refused({ code: "rule_not_in_shadow" });
  return ok({ live: life.live, shadow: null, asked: null });
}

export type Activation = Points & { readonly kind: "activated" | "signature_asked" };

type Asked = {
  readonly by: string;
  readonly kind: RuleKind;
  readonly pages: boolean;
  readonly judged: Judged;
  readonly bar: PrecisionBar;
};

/**
 * Only what watches can run. A version that pages runs at once where people judged it often and well enough; else it waits for the
 * signature of another person. A filter over what pages waits always: what it hides, nobody judges any more.
 */
export function activate(life: RuleLife, number: number, given: Asked): Result<Activation, LifeRefusal> {
  if (life.live === number) return refused({ code: "rule_already_running" });
  if (life.shadow !== number) return refused({ code: "rule_not_in_shadow" });
  if (mayRun(given)) return ok({ kind: "activated", live: number, shadow: null, asked: null });
  return ok({ kind: "signature_asked", live: life.live, shadow: number, asked: { number, by: given.by } });
}

/** The second signature: of somebody else than who asked for it and who wrote the version. */
export function sign(
  life: RuleLife,
  number: number,
  given: { readonly by: string; readonly author: string },
): Result<Points, LifeRefusal> {
  if (life.asked?.number !== number) return refused({ code: "rule_signature_not_asked" });
  if (life.asked.by === given.by || given.author === given.by) return refused({ code: "rule_second_person_needed" });
  return ok({ live: number, shadow: life.shadow === number ? null : life.shadow, asked: null });
}

/** Ends what runs, or the wish that what was retired run again; a version that watches goes on watching. */
export function retire(life: RuleLife): Result<Points & { readonly number: number }, LifeRefusal> {
  const { live, shadow, asked } = life;
  if (live !== null) return ok({ live: null, shadow, asked, number: live });
  if (asked === null || asked.number === shadow) return refused({ code: "rule_not_running" });
  return ok({ live: null, shadow, asked: null, number: asked.number });
}

/** One change of what runs, as the history has it; null: nothing. */
export type LiveChange = {
  readonly kind: "activated" | "retired" | "rolled_back";
  readonly liveBefore: number | null;
  readonly liveAfter: number | null;
};

/** Where a way back leads. `live` null: nothing runs. `guarded`: what was retired or rolled back is let run again, and that is asked for as for any version. */
export type WayBack = { readonly live: number | null; readonly guarded: boolean };

/**
 * Back to what ran before what runs now (oldest change first), or to `to`, which must have run at some time. What only gave way to a newer version
 * was let run and never taken out: it runs again at once. What somebody retired or rolled back was taken out for a reason.
 */
export function wayBack(
  life: Pick<RuleLife, "live" | "everLive">,
  changes: readonly LiveChange[],
  to?: number,
): Result<WayBack, LifeRefusal> {
  if (to !== undefined && !life.everLive.has(to)) return refused({ code: "rule_never_ran" });
  const { before, withdrawn } = runOf(changes);
  const target = to ?? before;
  if (target === undefined || target === life.live) return refused({ code: "rule_nothing_to_roll_back" });
  return ok({ live: target, guarded: target !== null && (life.live === null || withdrawn.has(target)) });
}

/** What ran before (undefined: nothing ever changed), and which versions were taken out since they were last let run. */
function runOf(changes: readonly LiveChange[]) {
  const first = changes[0];
  const ran = first === undefined ? [] : [first.liveBefore];
  const withdrawn = new Set<number>();
  for (const { kind, liveBefore, liveAfter } of changes) {
    if (kind !== "activated" && liveBefore !== null) withdrawn.add(liveBefore);
    if (liveAfter !== null) withdrawn.delete(liveAfter);
    // A way back takes the changes since then away, so that the next one leads further back.
    const at = kind === "rolled_back" ? ran.slice(0, -1).lastIndexOf(liveAfter) : -1;
    if (at >= 0) ran.length = at + 1;
    else ran.push(liveAfter);
  }
  return { before: ran.at(-2), withdrawn };
}

/** What a way back at once leaves: what watches must not also run. */
export function rolledBack({ shadow, asked }: RuleLife, live: number | null): Points {
  if (live === null) return { live, shadow, asked };
  return { live, shadow: shadow === live ? null : shadow, asked: asked?.number === live ? null : asked };
}

/** A way back that is guarded, as letting it run is. It need not watch for it: it did, and what it matched then still speaks. */
export function bringBack(life: RuleLife, number: number, given: Asked): Activation {
  if (mayRun(given)) return { kind: "activated", ...rolledBack(life, number) };
  return { kind: "signature_asked", live: life.live, shadow: life.shadow, asked: { number, by: given.by } };
}

export function isAboveBar({ right, wrong }: Judged, bar: PrecisionBar): boolean {
  const all = right + wrong;
  return all >= bar.verdictsMin && all > 0 && right / all >= bar.share;
}

function mayRun({ kind, pages, judged, bar }: Asked): boolean {
  return !pages || (kind !== "filter" && isAboveBar(judged, bar));
}
