import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { figuresCsv, suppressSmall, type FigureRow } from "./analytics.ts";
import { quarterNamed, quarterOf, remarksOf } from "./misuse-review.ts";
import { blacken, checkMask, frigateMask, isMasked, onvifMask, type Polygon } from "../site/privacy-mask.ts";
import { nameCandidates, scanForm } from "../text/scan-text.ts";

const row = (category: string, incidents: number): FigureRow => ({
  month: "2026-11",
  siteId: "S-1",
  siteName: "Shop",
  category,
  level: 1,
  origin: "machine",
  verdict: "none",
  incidents,
});

describe("figures", () => {
  it("J20 small cells have no number, and a lonely one takes the next smallest with it", () => {
    const numbers = (counts: readonly number[]) =>
      suppressSmall(
        counts.map((count, at) => row(`c${at}`, count)),
        5,
      ).map(({ incidents }) => incidents);
    assert.deepEqual(numbers([9, 4, 3, 20]), [9, null, null, 20]);
    assert.deepEqual(numbers([9, 4, 20]), [null, null, 20]);
    assert.deepEqual(numbers([9, 20]), [9, 20]);
    assert.deepEqual(numbers([1]), [null]);
  });
  it("J20 no number below the least ever shows, and never exactly one cell of a group is hidden among others", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 12 }), (counts) => {
        const shown = suppressSmall(
          counts.map((count, at) => row(`c${at}`, count)),
          5,
        );
        assert.ok(shown.every(({ incidents }) => incidents === null || incidents >= 5));
        const hidden = shown.filter(({ incidents }) => incidents === null).length;
        assert.ok(hidden !== 1 || shown.length === 1);
      }),
    );
  });
  it("J20 a cell that a spreadsheet would compute is text", () => {
    const csv = figuresCsv([{ ...row("x", 9), siteName: '=HYPERLINK("http://a")' }]);
    assert.match(csv, /"'=HYPERLINK\(""http:\/\/a""\)"/);
  });
});

describe("the scanner", () => {
  for (const [text, kind] of [
    ["4111 1111 1111 1111", "card"],
    ["DE89370400440532013000", "iban"],
    ["call +49 171 1234567", "phone"],
    ["a@example.org", "mail"],
    ["B-XX 123 left", "plate"],
    ["AB-123-CD", "plate"],
    ["AB12 CDE", "plate"],
    ["1-ABC-234", "plate"],
    ["user:7f3a", "token"],
    ["person:11111111-1111-4111-8111-111111111111", "token"],
  ] as const) {
    it(`J20 finds ${kind} in "${text}", with its line`, () => {
      assert.deepEqual(scanForm(`x,y\n${text}\nz`), [{ kind, line: 2 }]);
    });
  }
  it("J20 finds nobody in figures", () => {
    const csv = figuresCsv([row("shoplifting", 12), { ...row("pos_tampering", 7), incidents: null }]);
    assert.deepEqual(scanForm(csv), []);
    assert.ok(nameCandidates(csv)?.every(({ kind }) => kind !== "phone"));
  });
  it("J20 a text with too many words to ask for is not passed", () => {
    const words = Array.from({ length: 80_000 }, (_, at) => `w${at}`).join(" ");
    assert.equal(nameCandidates(words), null);
  });
});

describe("masks", () => {
  const square: Polygon = [
    [0, 0],
    [500, 0],
    [500, 500],
    [0, 500],
  ];
  it("J19 what no renderer can draw is refused", () => {
    const bad: readonly (readonly Polygon[])[] = [
      [
        [
          [0, 0],
          [1, 1],
        ],
      ],
      [
        [
          [0, 0],
          [1001, 0],
          [0, 5],
        ],
      ],
      [
        [
          [0, 0],
          [5, 5],
          [9, 9],
        ],
      ],
      [
        [
          [0, 0],
          [9, 9],
          [9, 0],
          [0, 9],
        ],
      ],
      Array.from({ length: 21 }, () => square),
    ];
    for (const polygons of bad) assert.equal(checkMask(polygons).ok, false, JSON.stringify(polygons));
    assert.ok(checkMask([square]).ok);
    assert.ok(checkMask([]).ok);
  });
  it("J19 the masked part of a picture is black and the rest is as it was", () => {
    const picture = { width: 20, height: 10, channels: 3 } as const;
    const pixels = new Uint8Array(20 * 10 * 3).fill(200);
    blacken(pixels, picture, [square]);
    for (let at = 0; at < pixels.length; at += 3) {
      const [x, y] = [(at / 3) % 20, Math.floor(at / 60)];
      assert.equal(pixels[at], x < 10 && y < 5 ? 0 : 200, `${x},${y}`);
    }
    assert.throws(() => blacken(new Uint8Array(3), picture, [square]));
    assert.ok(isMasked([square], { x: 1, y: 1 }) && !isMasked([square], { x: 501, y: 1 }));
  });
  it("J19 cameras get their own forms", () => {
    assert.equal(frigateMask(square), "0,0,0.5,0,0.5,0.5,0,0.5");
    assert.deepEqual(onvifMask(square).polygon[0], { x: -1, y: 1 });
    assert.deepEqual(onvifMask(square).polygon[2], { x: 0, y: 0 });
  });
});

describe("the review of a quarter", () => {
  const line = (name: string, judged: number, falseOnes: number) => ({
    name,
    incidents: judged,
    judged,
    falseOnes,
    overridden: 0,
  });
  it("U06 what stands out by more than chance is named, and what chance explains is not", () => {
    const bySite = [line("S-1", 40, 24), line("S-2", 50, 10), line("S-3", 60, 13), line("S-4", 5, 5)];
    const found = remarksOf({ bySite, byCategory: [], byRule: [] });
    assert.deepEqual(
      found.map(({ about }) => about),
      ["site S-1"],
    );
    assert.match(found[0]?.says ?? "", /60 % of 40 judged were false, elsewhere 24 %/);
  });
  it("U06 quarters are half-open and named", () => {
    assert.equal(quarterOf(Date.parse("2026-12-31T23:59:59.999Z")).name, "2026-Q4");
    assert.equal(quarterOf(Date.parse("2027-01-01T00:00:00Z")).name, "2027-Q1");
    assert.equal(quarterNamed("2026-Q4")?.toMs, Date.parse("2027-01-01T00:00:00Z"));
    assert.equal(quarterNamed("2026-Q5"), null);
  });
});
