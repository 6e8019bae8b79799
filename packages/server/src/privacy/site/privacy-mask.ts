import { ok, refused, type Result } from "@tillwatch/wire";

/** A corner in thousandths of the picture's width and height, from its upper left. */
export type Corner = readonly [number, number];
export type Polygon = readonly Corner[];

export type MaskRefusal = { readonly code: "mask_malformed"; readonly says: string };

const polygonsMax = 20;
const cornersMax = 50;

/** Masks that a renderer can draw: three corners at least, inside the picture, no sides that cross. */
export function checkMask(polygons: readonly Polygon[]): Result<readonly Polygon[], MaskRefusal> {
  const bad = (says: string) => refused({ code: "mask_malformed" as const, says });
  if (polygons.length > polygonsMax) return bad(`a camera has at most ${polygonsMax} masks`);
  for (const [index, polygon] of polygons.entries()) {
    if (polygon.length < 3 || polygon.length > cornersMax)
      return bad(`mask ${index + 1} has 3 to ${cornersMax} corners`);
    if (polygon.some(([x, y]) => !inside(x) || !inside(y))) return bad(`mask ${index + 1} leaves the picture`);
    if (areaOf(polygon) === 0 || crosses(polygon))
      return bad(`the sides of mask ${index + 1} cross, or enclose nothing`);
  }
  return ok(polygons);
}

function inside(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 1000;
}

/** Twice the area, with its sign. */
function areaOf(polygon: Polygon): number {
  return polygon.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = polygon[(at + 1) % polygon.length] ?? [x, y];
    return sum + x * nextY - nextX * y;
  }, 0);
}

function crosses(polygon: Polygon): boolean {
  const sides = polygon.map((corner, at) => [corner, polygon[(at + 1) % polygon.length] ?? corner] as const);
  return sides.some(([a, b], first) =>
    sides.some(([c, d], second) => {
      const apart = Math.abs(first - second);
      if (apart <= 1 || apart === sides.length - 1) return false;
      return turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
    }),
  );
}

function turn([ax, ay]: Corner, [bx, by]: Corner, [cx, cy]: Corner): number {
  return Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));
}

/** Whether a point of a picture of this size lies under a mask (even-odd rule): for whoever paints it black. */
export function isMasked(polygons: readonly Polygon[], at: { readonly x: number; readonly y: number }): boolean {
  return polygons.some((polygon) => {
    let odd = false;
    for (const [index, [x, y]] of polygon.entries()) {
      const [otherX, otherY] = polygon.at(index - 1) ?? [x, y];
      if (y > at.y !== otherY > at.y && at.x < ((otherX - x) * (at.y - y)) / (otherY - y) + x) odd = !odd;
    }
    return odd;
  });
}

/** Frigate's form (`motion.mask`, `objects.mask`): corners as shares of one, by comma. */
export function frigateMask(polygon: Polygon): string {
  return polygon.map(([x, y]) => `${x / 1000},${y / 1000}`).join(",");
}

/** ONVIF Media2 `CreateMask`: corners from -1 to 1, the y axis upward. */
export function onvifMask(polygon: Polygon) {
  return {
    type: "Color",
    color: { x: 0, y: 0, z: 0, colorspace: "http://www.onvif.org/ver10/colorspace/RGB" },
    polygon: polygon.map(([x, y]) => ({ x: x / 500 - 1, y: 1 - y / 500 })),
  };
}

/** Draws over a picture of any size: black, nothing shines through. */
export function svgMask(polygons: readonly Polygon[]): string {
  const shapes = polygons
    .map((polygon) => `<polygon points="${polygon.map(([x, y]) => `${x},${y}`).join(" ")}"/>`)
    .join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 1000" preserveAspectRatio="none" fill="#000">${shapes}</svg>`;
}

/** Paints the masks black in raw RGB or RGBA, in place. `channels` 3 or 4; rows from the top. */
export function blacken(
  pixels: Uint8Array,
  picture: { readonly width: number; readonly height: number; readonly channels: 3 | 4 },
  polygons: readonly Polygon[],
): void {
  const { width, height, channels } = picture;
  if (pixels.length !== width * height * channels) throw new RangeError("the pixels do not fit the picture");
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      if (!isMasked(polygons, { x: ((column + 0.5) * 1000) / width, y: ((row + 0.5) * 1000) / height })) continue;
      pixels.fill(0, (row * width + column) * channels, (row * width + column) * channels + 3);
    }
  }
}
