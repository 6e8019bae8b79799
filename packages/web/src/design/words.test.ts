import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { severityText } from "@tillwatch/wire";
import { bytesText, codeText, joinedText, milliText, moneyText } from "./words.ts";

const severities: readonly (readonly [number, string])[] = [
  [0, "0.00"],
  [0.0099, "0.010"],
  [0.29, "0.29"],
  [0.8996, "0.899"], // below the threshold must not read as the threshold
  [0.9, "0.90"],
  [0.5251, "0.53"],
  [0.99, "0.990"],
  [0.9996, "0.999"],
  [1, "1.00"],
];
for (const [severity, want] of severities) {
  test(`E01 severity ${severity} reads ${want}`, () => assert.equal(severityText(severity), want));
}

test("F08 codes of the server read as words, sentences stay as they came", () => {
  assert.deepEqual(
    [codeText("rfid_exit_read"), codeText("person_loitering"), joinedText("opened_it"), joinedText("By hand.")],
    ["RFID exit read", "Person loitering", "It opened the situation", "By hand."],
  );
  assert.equal(joinedText("constructor"), "constructor");
});

test("E05 thousandths are written whole, with a true minus", () => {
  assert.deepEqual(
    [milliText(4_200), milliText(-200), milliText(0), milliText(5)],
    ["+4.200", "−0.200", "+0.000", "+0.005"],
  );
});

test("F16 sizes and amounts read as people say them", () => {
  assert.deepEqual(
    [bytesText(999), bytesText(482_113), bytesText(2_500_000_000)],
    ["999 bytes", "482.1 kB", "2.50 GB"],
  );
  assert.match(moneyText(21_400, "EUR"), /214\.00/);
  assert.match(moneyText(500, "JPY"), /500/); // no minor unit
  assert.equal(moneyText(5, "not a currency"), "5 not a currency (minor units)");
});

test("M18 the dark colours are the same whether the device or the reader chose them", () => {
  const css = readFileSync(new URL("tokens.css", import.meta.url), "utf8");
  const block = (start: string): string[] => {
    const from = css.indexOf(start);
    assert.notEqual(from, -1, start);
    const body = css.slice(css.indexOf("{", from + start.length - 1) + 1, css.indexOf("}", from));
    return [...body.matchAll(/--[a-z0-9-]+:[^;]+/g)].map(([line]) => line.replaceAll(/\s+/g, " "));
  };
  const bySystem = block(':root:not([data-theme="light"]) {');
  const byHand = block(':root[data-theme="dark"] {');
  assert.ok(bySystem.length > 30);
  assert.deepEqual(byHand, bySystem);
  const light = block(":root {").map((line) => line.split(":")[0]);
  assert.deepEqual(
    bySystem.map((line) => line.split(":")[0]),
    light,
  );
});
