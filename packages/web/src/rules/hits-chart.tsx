import type { Day } from "./rule-shapes.ts";
import type { RuleKind } from "@tillwatch/wire";
import { everyDay, hitsText, shortDay, shownDays, sumOf } from "./rule-words.ts";

type Given = { readonly days: readonly Day[]; readonly fromDay: string; readonly kind?: RuleKind };

/** Two weeks in a line's height: dark what ran, outlined what watched. */
export function HitsSpark({ days, fromDay }: Given) {
  const shown = everyDay(days, fromDay, shownDays);
  const most = Math.max(1, ...shown.map(({ live, shadow }) => Math.max(live, shadow)));
  const height = (hits: number) => (hits === 0 ? 0 : Math.max(1.5, (14 * hits) / most));
  return (
    <svg viewBox={`0 0 ${shownDays * 5} 16`} className="h-4 w-18" aria-hidden="true">
      <line x1="0" x2={shownDays * 5} y1="15.5" y2="15.5" stroke="var(--line)" />
      {shown.map(({ day, live, shadow }, at) => (
        <g key={day}>
          <rect x={at * 5 + 0.5} width="4" y={15 - height(live)} height={height(live)} fill="var(--accent)" />
          {shadow === 0 ? null : (
            <rect
              x={at * 5 + 1}
              width="3"
              y={15 - height(shadow)}
              height={height(shadow)}
              fill="none"
              stroke="var(--warn)"
            />
          )}
        </g>
      ))}
    </svg>
  );
}

/** The same, large, with its numbers as a table for whoever does not see it. */
export function HitsChart({ days, fromDay, kind = "rule" }: Given) {
  const shown = everyDay(days, fromDay, shownDays);
  const most = Math.max(1, ...shown.map(({ live, shadow }) => Math.max(live, shadow)));
  const high = (hits: number) => (hits === 0 ? 0 : Math.max(1, (84 * hits) / most));
  return (
    <figure className="grid gap-2">
      <figcaption className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-muted">
        <span>
          <span aria-hidden="true" className="mr-1.5 inline-block size-2.5 bg-accent" />
          {hitsText(kind, "ran", sumOf(shown, "live"))}
        </span>
        <span>
          <span aria-hidden="true" className="mr-1.5 inline-block size-2.5 border-2 border-warn" />
          {hitsText(kind, "watched", sumOf(shown, "shadow"))}
        </span>
        <span>most on a day: {most === 1 && sumOf(shown, "live") + sumOf(shown, "shadow") === 0 ? 0 : most}</span>
      </figcaption>
      <svg viewBox="0 0 420 92" className="w-full max-w-2xl" aria-hidden="true">
        <line x1="0" x2="420" y1="90" y2="90" stroke="var(--line-strong)" strokeWidth="0.75" />
        {shown.map(({ day, live, shadow }, at) => (
          <g key={day}>
            <rect x={at * 30 + 4} width="12" y={90 - high(live)} height={high(live)} fill="var(--accent)" />
            {shadow === 0 ? null : (
              <rect
                x={at * 30 + 17}
                width="9"
                y={90 - high(shadow)}
                height={high(shadow)}
                fill="var(--warn-wash)"
                stroke="var(--warn)"
              />
            )}
          </g>
        ))}
      </svg>
      {/* Beside the drawing, so that they keep their size however wide it is. */}
      <div className="relative h-4 max-w-2xl text-2xs text-ink-muted tabular-nums" aria-hidden="true">
        {shown.map(({ day }, at) =>
          at % 3 === 0 ? (
            <span key={day} className="absolute" style={{ left: `${(100 * (at + 0.13)) / shown.length}%` }}>
              {shortDay(day)}
            </span>
          ) : null,
        )}
      </div>
      <div className="sr-only">
        {/* A table takes the width of its words, however narrow it is asked to be. */}
        <table>
          <caption>{kind === "filter" ? "Kept out a day" : "Matches a day"}</caption>
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col">Running</th>
              <th scope="col">Watching</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ day, live, shadow }) => (
              <tr key={day}>
                <th scope="row">{day}</th>
                <td>{live}</td>
                <td>{shadow}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
