import assert from "node:assert/strict";
import { test } from "node:test";
import { loadRules } from "./load-rules.ts";

const rule = `title: A void
name: void
logsource: {product: retail, service: pos}
detection: {sel: {type: void}, condition: sel}
`;
const filter = `title: Training tills
logsource: {product: retail}
filter: {rules: any, sel: {till: T-99}, condition: not sel}
`;
const many = `title: Voids in a row
correlation: {type: event_count, rules: [void], timespan: 1h, condition: {gte: 2}}
`;

test("C09 filters of a pack narrow its rules, from a file of their own", () => {
  const loaded = loadRules(
    [
      { file: "a.yml", text: filter },
      { file: "b.yml", text: rule },
    ],
    "v",
  );
  assert.ok(loaded.ok);
  const { ruleSet } = loaded.value.rules;
  const count = (till: string) =>
    ruleSet.evaluate({ type: "void", till }, { product: "retail", service: "pos" }).length;
  assert.deepEqual([count("T-1"), count("T-99")], [1, 0]);
});

test("C08 a rule of a pack that is counted is silent, and a correlation means what its own section says", () => {
  const own = "tillwatch: {category: till_fraud, level: 2, points: 3000, says: Two voids in an hour}\n";
  const loaded = loadRules([{ file: "a.yml", text: `${rule}---\n${many}${own}` }], "v");
  assert.ok(loaded.ok);
  const { silent, meanings, titles, timespanMs } = loaded.value.rules;
  assert.deepEqual([...silent], ["void"]);
  assert.deepEqual(meanings.get("Voids in a row"), { category: "till_fraud", triageLevel: 2 });
  assert.deepEqual(loaded.value.words.get("Voids in a row"), { points: 3000, says: "Two voids in an hour" });
  assert.deepEqual([...titles.values()], ["A void", "Voids in a row"]);
  assert.equal(timespanMs, 3_600_000);
});

test("C08 a correlation that looks back over more than a day is refused, by itself or with what it counts", () => {
  const outer = `title: Rows in a row
correlation: {type: event_count, rules: [Voids in a row], timespan: 13h, condition: {gte: 2}}
`;
  const named = many.replace("title:", "name: Voids in a row\ntitle:");
  const codes = (text: string) => {
    const loaded = loadRules([{ file: "a.yml", text }], "v");
    return loaded.ok ? [] : loaded.error.map(({ code, file, line }) => `${code} ${file}:${line}`);
  };
  assert.deepEqual(codes(`${rule}---\n${named.replace("1h", "25h")}`), ["sigma_correlation_too_long a.yml:6"]);
  assert.deepEqual(codes(`${rule}---\n${named.replace("1h", "12h")}---\n${outer}`), [
    "sigma_correlation_too_long a.yml:10",
  ]);
  assert.deepEqual(codes(`${rule}---\n${named.replace("1h", "11h")}---\n${outer}`), []);
});
