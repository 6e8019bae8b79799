import { Trash2 } from "lucide-react";
import { Button } from "../design/button.tsx";
import { TextField } from "../design/field.tsx";
import { boxOf, cornersOf, inside, sideMin, type Area, type Box } from "./areas.ts";

/** One area by number: the same as drawing it, for whoever has no pointer or wants it exact. */
export function AreaFields(props: {
  readonly number: number;
  readonly area: Area;
  readonly seenMs: number | null;
  readonly onChange: (area: Area) => void;
  readonly onRemove: () => void;
}) {
  const { number, area, seenMs, onChange, onRemove } = props;
  const box = boxOf(area.corners);
  return (
    <fieldset className="grid gap-3 rounded-sm border border-line bg-sunken p-3">
      <legend className="px-1 text-sm font-semibold">Area {number}</legend>
      {box === null ? (
        <p className="text-sm text-ink-muted">A shape of {area.corners.length} corners: it can be moved and removed.</p>
      ) : (
        <BoxFields box={box} onChange={(news) => onChange({ ...area, corners: cornersOf(news) })} />
      )}
      {seenMs === null ? null : <TimeFields area={area} seenMs={seenMs} onChange={onChange} />}
      <Button look="quiet" className="justify-self-start" onClick={onRemove}>
        <Trash2 className="size-4" aria-hidden="true" />
        Remove area {number}
      </Button>
    </fieldset>
  );
}

function BoxFields({ box, onChange }: { readonly box: Box; readonly onChange: (box: Box) => void }) {
  const { left, top, right, bottom } = box;
  const now = { left, top, width: right - left, height: bottom - top };
  const place = (news: Partial<typeof now>): void => {
    const wanted = { ...now, ...news };
    const width = Math.min(1000, Math.max(sideMin, wanted.width));
    const height = Math.min(1000, Math.max(sideMin, wanted.height));
    const x = Math.min(inside(wanted.left), 1000 - width);
    const y = Math.min(inside(wanted.top), 1000 - height);
    onChange({ left: x, top: y, right: x + width, bottom: y + height });
  };
  return (
    <div className="grid grid-cols-2 gap-3 sm:grid-cols-4">
      <Permille label="From the left, ‰" value={now.left} onChange={(to) => place({ left: to })} />
      <Permille label="From the top, ‰" value={now.top} onChange={(to) => place({ top: to })} />
      <Permille label="Width, ‰" value={now.width} onChange={(width) => place({ width })} />
      <Permille label="Height, ‰" value={now.height} onChange={(height) => place({ height })} />
    </div>
  );
}

function Permille(props: {
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
}) {
  return (
    <TextField
      label={props.label}
      type="number"
      min={0}
      max={1000}
      inputMode="numeric"
      value={String(props.value)}
      onChange={(event) => props.onChange(Math.round(Number(event.target.value) || 0))}
    />
  );
}

/** When it is over the clip: all the time, or from one moment until another. */
function TimeFields(props: { readonly area: Area; readonly seenMs: number; readonly onChange: (area: Area) => void }) {
  const { area, seenMs, onChange } = props;
  const { during } = area;
  const set = (fromMs: number, toMs: number): void =>
    onChange({ ...area, during: { fromMs, toMs: Math.max(toMs, fromMs + 1) } });
  if (during === null) {
    return (
      <div className="flex flex-wrap items-center gap-2 text-sm">
        <span>It is there all the time.</span>
        <Button look="quiet" onClick={() => set(seenMs, seenMs + 5000)}>
          Only for a time, from here
        </Button>
      </div>
    );
  }
  const { fromMs, toMs } = during;
  return (
    <div className="flex flex-wrap items-end gap-2">
      <Seconds label="From, seconds" ms={fromMs} onChange={(ms) => set(ms, toMs)} />
      <Seconds label="Until, seconds" ms={toMs} onChange={(ms) => set(fromMs, ms)} />
      <Button onClick={() => set(fromMs, Math.max(seenMs, fromMs))}>Until here</Button>
      <Button look="quiet" onClick={() => onChange({ ...area, during: null })}>
        All the time
      </Button>
    </div>
  );
}

function Seconds(props: { readonly label: string; readonly ms: number; readonly onChange: (ms: number) => void }) {
  return (
    <TextField
      label={props.label}
      type="number"
      min={0}
      max={86_400}
      step={0.1}
      value={String(props.ms / 1000)}
      frameClass="w-32"
      onChange={(event) => props.onChange(Math.max(0, Math.round((Number(event.target.value) || 0) * 1000)))}
    />
  );
}
