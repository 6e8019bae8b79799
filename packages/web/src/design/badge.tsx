import type { IncidentState, TriageLevel, Verdict } from "@tillwatch/wire";
import { Check, CircleHelp, X } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx.ts";
import { levelWords, stateWords, verdictWords } from "./words.ts";

const frame = "inline-flex items-center gap-1.5 rounded-xs px-1.5 text-xs font-medium whitespace-nowrap min-h-5.5";

const levelLooks: Readonly<Record<TriageLevel, string>> = {
  3: "bg-level-3-fill text-level-3-on",
  2: "bg-level-2-fill text-level-2-on",
  1: "bg-level-1-fill text-level-1-on",
};

/** Bars, number and name: the level is read without colour, and from across a room by its shape. */
export function LevelBadge(props: {
  readonly level: TriageLevel;
  readonly short?: boolean;
  readonly compact?: boolean; // true: on a phone the name is left to screen readers
}) {
  const { level, short = false, compact = false } = props;
  return (
    <span className={cx(frame, levelLooks[level])} title={`Level ${level}: ${levelWords[level]}`}>
      <LevelBars level={level} />
      <span>
        {short ? (
          <>
            <span className="sr-only">Level </span>
            <span aria-hidden="true">L</span>
            {level}
          </>
        ) : (
          <>
            Level {level}
            <span className={cx(compact && "max-md:sr-only")}> · {levelWords[level]}</span>
          </>
        )}
      </span>
    </span>
  );
}

function LevelBars({ level }: { readonly level: TriageLevel }) {
  return (
    <svg viewBox="0 0 12 10" className="h-2.5 w-3" aria-hidden="true">
      {[1, 2, 3].map((bar) => (
        <rect
          key={bar}
          x={(bar - 1) * 4.25 + 0.4}
          y={9.6 - bar * 3}
          width="2.7"
          height={bar * 3}
          fill={bar <= level ? "currentColor" : "none"}
          stroke="currentColor"
          strokeWidth="0.8"
        />
      ))}
    </svg>
  );
}

const stateLooks: Readonly<Record<IncidentState, string>> = {
  watch: "border-line-strong border-dashed text-ink-soft",
  open: "border-ink text-ink",
  acknowledged: "border-line-strong text-ink",
  investigating: "border-accent text-accent bg-accent-wash",
  handed_over: "border-good text-good",
  closed: "border-line text-ink-muted bg-sunken",
  aged_out: "border-line text-ink-muted bg-sunken border-dashed",
};

export function StateBadge({ state }: { readonly state: IncidentState }) {
  return <span className={cx(frame, "border", stateLooks[state])}>{stateWords[state]}</span>;
}

/** `short`: the mark alone, where a line has no room for the word; screen readers get it all the same. */
export function VerdictBadge({ verdict, short = false }: { readonly verdict: Verdict; readonly short?: boolean }) {
  const Icon = verdict === "true" ? Check : verdict === "false" ? X : CircleHelp;
  return (
    <span className={cx(frame, "border border-line-strong text-ink")}>
      <Icon className="size-3" aria-hidden="true" />
      <span className={short ? "sr-only" : undefined}>
        <span className="sr-only">Verdict: </span>
        {verdictWords[verdict]}
      </span>
    </span>
  );
}

export type Tone = "good" | "warn" | "bad" | "plain";

const tones: Readonly<Record<Tone, string>> = {
  good: "bg-good-wash text-good",
  warn: "bg-warn-wash text-warn",
  bad: "bg-bad-wash text-bad",
  plain: "bg-sunken text-ink-soft",
};

/** A fact with a tone. The words carry it; the tone only helps to find it. */
export function Tag({ tone = "plain", children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  return <span className={cx(frame, tones[tone])}>{children}</span>;
}
