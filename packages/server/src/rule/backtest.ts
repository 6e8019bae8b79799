import type { BacktestDay, BacktestExample, BacktestQuiet } from "@tillwatch/wire";
import { sealedIn } from "@tillwatch/wire";
import type { OpenedTexts } from "../detect/detect.ts";
import type { ReadyModel } from "../detect/model-detections.ts";
import { countsHorizonMs } from "../detect/site-counts.ts";
import type { Directory } from "../enrich/directory.ts";
import { SiteMemory } from "../enrich/site-memory.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import { deciding } from "../pipeline.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Db } from "../schema.ts";
import { logSpans, pastNoise, salesReceivedBy, signalPage, type LogSpan, type SignalPage } from "./backtest-read.ts";
import type { ChangedRules, Rules } from "./changed-rules.ts";
import { compareMatters, isHeld, quietOf, type Difference, type Told } from "./matters.ts";
import type { PastNoise } from "./past-noise.ts";
import { Sandbox } from "./sandbox.ts";

export type BacktestGiven = {
  readonly asker: Db; // sees the asker's signals alone
  readonly machine: Db; // for keys of the vault and the ends of the log
  readonly fields: FieldVault;
  readonly pack: LoadedPack;
  readonly directory: Directory;
  readonly models: readonly ReadyModel[];
  readonly lateAfterMs: number;
  readonly horizonMs: number;
  readonly present: Rules;
  readonly changed: ChangedRules;
  readonly fromMs: number;
  readonly toMs: number;
  /** Between two pages; false ends it. */
  readonly onPage: (progress: BacktestProgress) => Promise<boolean>;
};

/** `share` of the log that was read, 0 to 1. */
export type BacktestProgress = { readonly share: number; readonly signals: number };

export type BacktestFindings = {
  readonly signals: number;
  readonly since: string | null; // receipt of the first of them; null: there is none
  readonly days: readonly BacktestDay[]; // those with anything, in order
  readonly examples: readonly BacktestExample[]; // the most severe, incidents first
  readonly quiet: BacktestQuiet;
};

const pageSize = 500;
const noTexts: OpenedTexts = new Map();
const examplesMax = 25; // of each kind
const evidenceMax = 5;

/**
 * What the stored signals of a time come to under two rulebooks, through the stages of the pipeline, and the difference. Writes nothing.
 * null: it was ended before its end. Time is that of receipt; what was received shortly before fills windows and situations and is not counted.
 */
export async function backtest(given: BacktestGiven): Promise<BacktestFindings | null> {
  const { fromMs, toMs, machine } = given;
  const spans = await logSpans(machine, { fromMs: fromMs - warmingMs(given), toMs });
  const total = Math.max(
    1,
    spans.reduce((sum, { from, to }) => sum + to - from, 0),
  );
  const tally = new Tally();
  // A verdict lowers for as many days as the weights say; a silence reaches what began before it.
  const noiseMs = warmingMs(given) + (given.pack.weights.dismissals?.days ?? 0) * 86_400_000;
  const noise = await pastNoise(machine, fromMs - noiseMs);
  let done = 0;
  for (const span of spans) {
    const read = (seq: number, received: readonly number[]) => {
      tally.signals += received.length;
      tally.sinceMs = Math.min(tally.sinceMs, received[0] ?? Infinity);
      return given.onPage({ share: (done + seq - span.from) / total, signals: tally.signals });
    };
    const made = await partition({ ...given, noise }, span, read);
    if (made === null) return null;
    tally.take(made);
    done += span.to - span.from;
  }
  return tally.findings(noise.unknown);
}

/** As far back as windows, and what a situation can reach. */
function warmingMs({ pack, horizonMs, present, changed }: BacktestGiven): number {
  const spanMs = Math.max(present.rulebook.rules.timespanMs, changed.rulebook.rules.timespanMs);
  return horizonMs + countsHorizonMs(spanMs) + 2 * pack.policy.situationMs;
}

async function partition(
  given: BacktestGiven & { readonly noise: PastNoise },
  span: LogSpan,
  onPage: (seq: number, received: readonly number[]) => Promise<boolean>,
): Promise<Compared | null> {
  const { asker, machine, fields, directory, fromMs } = given;
  const { enrich } = deciding({ ...given, newId: () => "" });
  const memory = new SiteMemory(given.horizonMs);
  const sandbox = new Sandbox(given);
  const sales = salesReceivedBy(asker);
  const after = (seq: number) => (seq < span.to ? signalPage(asker, { ...span, seq, limit: pageSize }) : null);
  // The next page is read while this one is decided.
  for (let next = after(span.from); next !== null;) {
    const page = await next;
    next = after(page.seq);
    const going = await takePage(page);
    const received = page.signals.map(({ receivedAtMs }) => receivedAtMs).filter((atMs) => atMs >= fromMs);
    if (!going || !(await onPage(page.seq, received))) {
      await next?.catch(() => {});
      return null;
    }
  }
  const { before: was, after: would } = await sandbox.end();
  const [before, afterwards] = [was.all(), would.all()];
  const quiet = { before: quietOf(before, fromMs), after: quietOf(afterwards, fromMs) };
  return { ...compareMatters(before, afterwards, fromMs), quiet };

  async function takePage({ signals, sealed }: SignalPage): Promise<boolean> {
    if (signals.length === 0) return true;
    const enriched = await enrich({ partition: span.partition, nowMs: 0, signals }, { sales, memory, directory });
    // Enrichment adds none: what is sealed in a view was so in its signal.
    const texts = sealed
      ? await fields.texts(
          machine,
          enriched.flatMap(({ view }) => sealedIn(view)),
        )
      : noTexts;
    await sandbox.take(enriched, texts);
    return true;
  }
}

type Quiet = ReturnType<typeof quietOf>;
type Compared = ReturnType<typeof compareMatters> & {
  readonly quiet: { readonly before: Quiet; readonly after: Quiet };
};

/** Adds up partitions. */
class Tally {
  signals = 0;
  sinceMs = Infinity;
  readonly #held = { before: 0, after: 0 };
  readonly #lowered = { before: 0, after: 0 };
  readonly #days = new Map<string, BacktestDay>();
  #examples: Difference[] = [];

  take({ differences, told, quiet }: Compared): void {
    for (const side of ["before", "after"] as const) {
      this.#held[side] += quiet[side].held;
      this.#lowered[side] += quiet[side].lowered;
    }
    for (const one of [...differences, ...told]) this.#count(one);
    const kinds = Map.groupBy([...this.#examples, ...differences], ({ kind, what }) => `${kind} ${what}`);
    this.#examples = [...kinds.values()].flatMap((same) => same.toSorted(bySeverity).slice(0, examplesMax));
  }

  findings(unknown: BacktestQuiet["unknown"]): BacktestFindings {
    const days = [...this.#days.values()].toSorted((a, b) => (a.day < b.day ? -1 : 1));
    // A situation that is also listed as an incident is the same matter.
    const incidents = new Set(this.#examples.filter(({ what }) => what === "incident").map(({ matter }) => matter));
    const shown = this.#examples.filter(({ what, matter }) => what === "incident" || !incidents.has(matter));
    const kinds = Map.groupBy(shown.toSorted(bySeverity), ({ kind }) => kind);
    const examples = [...kinds.values()].flatMap((same) => same.slice(0, examplesMax)).map(exampleOf);
    const quiet = { held: { ...this.#held }, lowered: { ...this.#lowered }, unknown };
    const since = this.signals === 0 ? null : new Date(this.sinceMs).toISOString();
    return { signals: this.signals, since, days, examples, quiet };
  }

  #count({ kind, what, atMs }: Pick<Difference | Told, "kind" | "what" | "atMs">): void {
    const day = new Date(atMs).toISOString().slice(0, 10);
    const known = this.#days.get(day) ?? { day, situation: noCounts, incident: noCounts };
    this.#days.set(day, { ...known, [what]: { ...known[what], [kind]: known[what][kind] + 1 } });
  }
}

const noCounts = { before: 0, after: 0, made: 0, unmade: 0 };

function bySeverity(a: Difference, b: Difference): number {
  const rank = ({ what }: Difference) => (what === "incident" ? 0 : 1);
  return rank(a) - rank(b) || b.matter.severity - a.matter.severity || b.atMs - a.atMs;
}

function exampleOf({ kind, what, atMs, matter }: Difference): BacktestExample {
  const { siteId, severity, level, category, rules, evidence } = matter;
  const at = new Date(atMs).toISOString();
  const signalIds = evidence.slice(0, evidenceMax);
  const held = isHeld(matter) ? { held: true as const } : {};
  return { kind, what, at, siteId, severity, level, category, rules, signalIds, ...held };
}
