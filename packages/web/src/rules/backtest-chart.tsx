import type { BacktestDay } from "@tillwatch/wire";
import { everyBacktestDay, shortDay } from "./rule-words.ts";

type Given = { readonly days: readonly BacktestDay[]; readonly from: string; readonly to: string };

const [width, tall] = [720, 120];

/**
 * What would have been made stands above the line, what would have been unmade below it, a day a bar: incidents full, situations that
 * never became one pale. Its numbers stand in a table for whoever does not see it.
 */
export function BacktestChart({ days, from, to }: Given) {
  const shown = everyBacktestDay(days, from, to);
  const most = Math.max(
    1,
    ...shown.flatMap(({ situation, incident }) => [
      Math.max(situation.made, incident.made),
      Math.max(situation.unmade, incident.unmade),
    ]),
  );
  const step = width / shown.length;
  const bar = Math.min(26, step * 0.72);
  // One scale for both sides; each gets the room that it needs.
  const mostOf = (which: "made" | "unmade") =>
    Math.max(0, ...shown.map((one) => Math.max(one.situation[which], one.incident[which])));
  const unit = (tall - 2) / Math.max(1, mostOf("made") + mostOf("unmade"));
  const zero = 1 + unit * (mostOf("made") || 1 - Math.min(1, mostOf("unmade")));
  const high = (count: number) => (count === 0 ? 0 : Math.max(1.5, unit * count));
  const every = Math.max(1, Math.ceil(shown.length / 5));
  return (
    <figure className="grid grid-cols-1 gap-2">
      <figcaption className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-muted">
        <Key fill="bg-accent">incidents made</Key>
        <Key fill="border border-accent bg-accent-wash">situations made</Key>
        <Key fill="bg-warn">incidents unmade</Key>
        <Key fill="border border-warn bg-warn-wash">situations unmade</Key>
        <span>most on a day: {shown.some(hasAny) ? most : 0}</span>
      </figcaption>
      <svg viewBox={`0 0 ${width} ${tall}`} className="min-h-36 w-full" aria-hidden="true" preserveAspectRatio="none">
        {shown.map((one, at) => {
          const x = at * step + (step - bar) / 2;
          const [made, raised] = [high(one.situation.made), high(one.incident.made)];
          const [gone, sunk] = [high(one.situation.unmade), high(one.incident.unmade)];
          return (
            <g key={one.day}>
              <Bar at={[x, zero - made]} size={[bar, made]} of="accent" pale />
              <Bar at={[x, zero - raised]} size={[bar, raised]} of="accent" />
              <Bar at={[x, zero]} size={[bar, gone]} of="warn" pale />
              <Bar at={[x, zero]} size={[bar, sunk]} of="warn" />
            </g>
          );
        })}
        <line x1="0" x2={width} y1={zero} y2={zero} stroke="var(--line-strong)" vectorEffect="non-scaling-stroke" />
      </svg>
      <div className="relative h-4 text-2xs text-ink-muted tabular-nums" aria-hidden="true">
        {shown.map(({ day }, at) =>
          at % every === 0 && at < shown.length - every / 2 ? (
            <span key={day} className="absolute" style={{ left: `${(100 * (at + 0.14)) / shown.length}%` }}>
              {shortDay(day)}
            </span>
          ) : null,
        )}
      </div>
      <Numbers days={shown} />
    </figure>
  );
}

type BarGiven = {
  readonly at: readonly [number, number];
  readonly size: readonly [number, number];
  readonly of: "accent" | "warn";
  readonly pale?: boolean;
};

function Bar({ at: [x, y], size: [wide, high], of, pale = false }: BarGiven) {
  if (high === 0) return null;
  const fill = pale ? `var(--${of}-wash)` : `var(--${of})`;
  return (
    <rect
      x={x}
      y={y}
      width={wide}
      height={high}
      fill={fill}
      stroke={`var(--${of})`}
      vectorEffect="non-scaling-stroke"
    />
  );
}

function hasAny({ situation, incident }: BacktestDay): boolean {
  return situation.made + situation.unmade + incident.made + incident.unmade > 0;
}

function Key({ fill, children }: { readonly fill: string; readonly children: string }) {
  return (
    <span>
      <span aria-hidden="true" className={`mr-1.5 inline-block size-2.5 ${fill}`} />
      {children}
    </span>
  );
}

function Numbers({ days }: { readonly days: readonly BacktestDay[] }) {
  return (
    <div className="sr-only">
      {/* A table takes the width of its words, however narrow it is asked to be. */}
      <table>
        <caption>What would have been made and unmade, a day</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">Incidents made</th>
            <th scope="col">Incidents unmade</th>
            <th scope="col">Situations made</th>
            <th scope="col">Situations unmade</th>
          </tr>
        </thead>
        <tbody>
          {days.filter(hasAny).map(({ day, incident, situation }) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              <td>{incident.made}</td>
              <td>{incident.unmade}</td>
              <td>{situation.made}</td>
              <td>{situation.unmade}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
