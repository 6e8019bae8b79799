import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { cx } from "../design/cx.ts";
import { boxBetween, boxOf, cornersOf, isAt, moved, withSide, type Area, type Box, type Corner } from "./areas.ts";

type Props = {
  readonly label: string;
  readonly picture: ReactNode;
  readonly areas: readonly Area[];
  readonly chosen: number | null;
  readonly preview: boolean;
  readonly seenMs: number | null;
  readonly onChoose: (at: number | null) => void;
  readonly onAdd: (area: Area) => void;
  readonly onPut: (at: number, area: Area) => void;
  readonly onRemove: (at: number) => void;
};

/** What the pointer does since it went down: draws a new area, moves one, or pulls its lower right corner. */
type Doing =
  | { readonly kind: "draws"; readonly from: Corner; readonly to: Corner }
  | { readonly kind: "moves" | "sizes"; readonly at: number; readonly from: Corner; readonly before: Area };

/** The picture with its areas. A finger draws and does not scroll: the page scrolls beside it. */
export function AreaCanvas(props: Props) {
  const { label, picture, areas, chosen, preview, seenMs, onChoose, onAdd, onPut } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [doing, setDoing] = useState<Doing | null>(null);
  const pointAt = (event: PointerEvent): Corner => {
    const box = frame.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0 || box.height === 0) return [0, 0];
    return [((event.clientX - box.left) / box.width) * 1000, ((event.clientY - box.top) / box.height) * 1000];
  };
  const begin = (event: PointerEvent, next: Doing): void => {
    if (preview || event.button !== 0) return;
    event.stopPropagation();
    frame.current?.setPointerCapture(event.pointerId);
    setDoing(next);
  };
  const goOn = (event: PointerEvent): void => {
    if (doing === null) return;
    const to = pointAt(event);
    if (doing.kind === "draws") setDoing({ ...doing, to });
    else onPut(doing.at, pulled(doing, to));
  };
  const end = (): void => {
    const box = doing?.kind === "draws" ? boxBetween(doing.from, doing.to) : null;
    setDoing(null);
    if (box !== null) onAdd({ corners: cornersOf(box), during: null });
    else if (doing?.kind === "draws") onChoose(null);
  };
  const drawn = doing?.kind === "draws" ? boxBetween(doing.from, doing.to) : null;
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- each area in it is a button, and "Add an area" makes one
    <div
      ref={frame}
      className={cx(
        "relative w-full overflow-hidden rounded-sm border border-line-strong bg-sunken select-none",
        !preview && "cursor-crosshair touch-none",
      )}
      onPointerDown={(event) => {
        const from = pointAt(event);
        begin(event, { kind: "draws", from, to: from });
      }}
      onPointerMove={goOn}
      onPointerUp={end}
      onPointerCancel={() => setDoing(null)}
    >
      {picture}
      <fieldset aria-label={label} className="absolute inset-0">
        {areas.map((area, at) =>
          !isAt(area, seenMs) && at !== chosen ? null : (
            <AreaShape
              // oxlint-disable-next-line react/no-array-index-key -- an area has no name but its place
              key={at}
              {...props}
              at={at}
              area={area}
              onGrab={(event, kind) => {
                onChoose(at);
                begin(event, { kind, at, from: pointAt(event), before: area });
              }}
            />
          ),
        )}
        {drawn === null ? null : (
          <div className="pointer-events-none absolute border-2 border-dashed border-accent" style={placeOf(drawn)} />
        )}
      </fieldset>
    </div>
  );
}

function pulled(doing: Exclude<Doing, { kind: "draws" }>, to: Corner): Area {
  const { before, from, kind } = doing;
  const by: Corner = [to[0] - from[0], to[1] - from[1]];
  if (kind === "moves") return { ...before, corners: moved(before.corners, by) };
  const box = boxOf(before.corners);
  if (box === null) return before;
  const wider = withSide(box, "right", box.right + by[0]);
  return { ...before, corners: cornersOf(withSide(wider, "bottom", box.bottom + by[1])) };
}

type Shape = Props & {
  readonly at: number;
  readonly area: Area;
  readonly onGrab: (event: PointerEvent, kind: "moves" | "sizes") => void;
};

const step = 10; // thousandths: about a tenth of a person in a usual picture

function AreaShape({ at, area, chosen, preview, onChoose, onPut, onRemove, onGrab }: Shape) {
  const box = boxOf(area.corners);
  const bounds = box ?? around(area.corners);
  if (preview) return <Burned area={area} />;
  const isChosen = at === chosen;
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      return onRemove(at);
    }
    const by = steps[event.key];
    if (by === undefined) return;
    event.preventDefault();
    onChoose(at);
    if (!event.shiftKey) return onPut(at, { ...area, corners: moved(area.corners, by) });
    if (box === null) return;
    const wider = withSide(box, "right", box.right + by[0]);
    onPut(at, { ...area, corners: cornersOf(withSide(wider, "bottom", box.bottom + by[1])) });
  };
  return (
    <div className="absolute" style={placeOf(bounds)}>
      <button
        type="button"
        aria-label={areaText(at, bounds)}
        aria-pressed={isChosen}
        className={cx(
          "absolute inset-0 cursor-move touch-none border-2 bg-mask-wash text-sm font-semibold text-on-mask",
          isChosen ? "border-accent outline-2 outline-on-mask" : "border-on-mask",
        )}
        onPointerDown={(event) => onGrab(event, "moves")}
        onFocus={() => onChoose(at)}
        onKeyDown={onKey}
      >
        {at + 1}
      </button>
      {isChosen && box !== null ? (
        <span
          aria-hidden="true"
          className="absolute -right-3 -bottom-3 grid size-6 cursor-nwse-resize touch-none place-content-center pointer-coarse:-right-5 pointer-coarse:-bottom-5 pointer-coarse:size-10"
          onPointerDown={(event) => onGrab(event, "sizes")}
        >
          <span className="size-4 rounded-full border-2 border-on-mask bg-accent" />
        </span>
      ) : null}
    </div>
  );
}

const steps: Readonly<Record<string, Corner>> = {
  ArrowLeft: [-step, 0],
  ArrowRight: [step, 0],
  ArrowUp: [0, -step],
  ArrowDown: [0, step],
};

/** As it is burned in: opaque black, whatever its shape. */
function Burned({ area }: { readonly area: Area }) {
  return (
    <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" className="absolute inset-0 size-full" aria-hidden="true">
      <polygon points={area.corners.map(([x, y]) => `${x},${y}`).join(" ")} className="fill-mask" />
    </svg>
  );
}

function around(corners: readonly Corner[]): Box {
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

function placeOf({ left, top, right, bottom }: Box) {
  return {
    left: `${left / 10}%`,
    top: `${top / 10}%`,
    width: `${(right - left) / 10}%`,
    height: `${(bottom - top) / 10}%`,
  };
}

function areaText(at: number, { left, top, right, bottom }: Box): string {
  const percent = (share: number) => `${Math.round(share / 10)} %`;
  return `Area ${at + 1}: ${percent(left)} from the left, ${percent(top)} from the top, ${percent(right - left)} wide, ${percent(bottom - top)} high`;
}
