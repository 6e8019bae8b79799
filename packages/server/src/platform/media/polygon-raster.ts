/** A corner in thousandths of the picture's width and height, from its upper left. */
type Corner = readonly [number, number];
export type Outline = readonly Corner[];
export type Size = { readonly width: number; readonly height: number };

/**
 * Which pixels lie under these outlines (even-odd rule): one byte each, 1 or 0, rows from the top. Grown to whole blocks of two by two,
 * because video keeps colour for such blocks only: nothing of what is covered shines through at an edge.
 */
export function coverOf({ width, height }: Size, outlines: readonly Outline[]): Uint8Array {
  const cover = new Uint8Array(width * height);
  for (const outline of outlines) {
    const corners = outline.map(([x, y]) => [(x * width) / 1000, (y * height) / 1000] as const);
    const top = Math.max(0, Math.floor(Math.min(...corners.map(([, y]) => y))));
    const bottom = Math.min(height, Math.ceil(Math.max(...corners.map(([, y]) => y))));
    for (let row = top; row < bottom; row += 1) {
      const cuts = cutsAt(corners, row + 0.5);
      for (let at = 0; at + 1 < cuts.length; at += 2) {
        const from = Math.floor((cuts[at] ?? 0) / 2) * 2;
        const to = Math.min(width, Math.ceil((cuts[at + 1] ?? 0) / 2) * 2);
        for (const twin of [row - (row % 2), row - (row % 2) + 1]) {
          if (twin < height) cover.fill(1, twin * width + Math.max(0, from), twin * width + to);
        }
      }
    }
  }
  return cover;
}

/** Where a line at this height meets the sides, from left to right. */
function cutsAt(corners: readonly Corner[], y: number): readonly number[] {
  const cuts: number[] = [];
  for (const [index, [x, cornerY]] of corners.entries()) {
    const [otherX, otherY] = corners.at(index - 1) ?? [x, cornerY];
    if (cornerY > y !== otherY > y) cuts.push(((otherX - x) * (y - cornerY)) / (otherY - cornerY) + x);
  }
  return cuts.sort((a, b) => a - b);
}
