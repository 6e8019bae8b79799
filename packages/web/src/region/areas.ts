/** A corner in thousandths of the picture's width and height, from its upper left. */
export type Corner = readonly [number, number];

/** What is drawn over a picture or clip. `during`: milliseconds from the begin of the clip; null: all the time. */
export type Area = {
  readonly corners: readonly Corner[];
  readonly during: { readonly fromMs: number; readonly toMs: number } | null;
};

/** An upright rectangle, in thousandths. `right` and `bottom` lie beyond `left` and `top`. */
export type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

export const areasMax = 20; // as the server takes it
/** Smaller is a slip of the finger, not an area. */
export const sideMin = 10;

/** The rectangle that the corners make; null: they make another shape. */
export function boxOf(corners: readonly Corner[]): Box | null {
  if (corners.length !== 4) return null;
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const box = { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
  const each = new Set(corners.map(([x, y]) => `${x} ${y}`));
  return cornersOf(box).every(([x, y]) => each.has(`${x} ${y}`)) && each.size === 4 ? box : null;
}

export function cornersOf({ left, top, right, bottom }: Box): readonly Corner[] {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

/** The rectangle between two points, inside the picture; null: too small to be meant. */
export function boxBetween(a: Corner, b: Corner): Box | null {
  const [left, right] = ordered(inside(a[0]), inside(b[0]));
  const [top, bottom] = ordered(inside(a[1]), inside(b[1]));
  return right - left < sideMin || bottom - top < sideMin ? null : { left, top, right, bottom };
}

/** The same shape elsewhere: as far as asked, or as far as the picture goes. */
export function moved(corners: readonly Corner[], [byX, byY]: Corner): readonly Corner[] {
  const x = within(
    byX,
    corners.map((corner) => corner[0]),
  );
  const y = within(
    byY,
    corners.map((corner) => corner[1]),
  );
  return corners.map((corner) => [corner[0] + x, corner[1] + y]);
}

/** With one side elsewhere; the other three stay, and it keeps `sideMin`. */
export function withSide(box: Box, side: keyof Box, to: number): Box {
  const at = inside(to);
  switch (side) {
    case "left":
      return { ...box, left: Math.min(at, box.right - sideMin) };
    case "top":
      return { ...box, top: Math.min(at, box.bottom - sideMin) };
    case "right":
      return { ...box, right: Math.max(at, box.left + sideMin) };
    case "bottom":
      return { ...box, bottom: Math.max(at, box.top + sideMin) };
  }
}

/** A new area in the middle: where there is no pointer to draw with. */
export const middle: Area = { corners: cornersOf({ left: 400, top: 350, right: 600, bottom: 650 }), during: null };

/** Whether it is to be seen at this moment; null: of a picture. */
export function isAt({ during }: Area, ms: number | null): boolean {
  return during === null || ms === null || (ms >= during.fromMs && ms <= during.toMs);
}

export function inside(value: number): number {
  return Math.min(1000, Math.max(0, Math.round(value)));
}

function within(by: number, values: readonly number[]): number {
  return Math.max(-Math.min(...values), Math.min(1000 - Math.max(...values), Math.round(by)));
}

function ordered(a: number, b: number): readonly [number, number] {
  return a < b ? [a, b] : [b, a];
}
