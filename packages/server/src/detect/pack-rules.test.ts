import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import {
  compile,
  compileRules,
  parseRules,
  runCorrelationTests,
  runRuleTests,
  type Detector,
  type RuleSet,
  type SigmaCorrelation,
  type SigmaRule,
} from "@tillwatch/sigma";
import { isJsonObject, type JsonObject } from "@tillwatch/wire";
import { parse, parseAllDocuments } from "yaml";

const pack = new URL("../../../../pack/retail/", import.meta.url);
const files = readdirSync(new URL("rules/", pack)).filter((file) => file.endsWith(".yml"));
const signalsPage = readFileSync(new URL("../../../../docs/formats/signals.md", import.meta.url), "utf8");

function wholePack(): Detector {
  const detector = compile(files.map((file) => ({ file, text: readFileSync(new URL(`rules/${file}`, pack), "utf8") })));
  assert.ok(detector.ok, JSON.stringify(detector, null, 2).slice(0, 2_000));
  return detector.value;
}

function compiled(rules: readonly SigmaRule[]): RuleSet {
  const set = compileRules(rules);
  assert.ok(set.ok, set.ok ? "" : JSON.stringify(set.error, null, 2));
  return set.value;
}

function yaml(file: string): JsonObject {
  const value: unknown = parse(readFileSync(new URL(file, pack), "utf8"));
  assert.ok(isJsonObject(value));
  return value;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function serviceOf(event: JsonObject): string {
  const device = event["device"];
  return isJsonObject(device) ? textOf(device["kind"]) : "";
}

type Known = { readonly set: RuleSet; readonly categories: ReadonlySet<string>; readonly silent?: ReadonlySet<string> };

/** Everything that is wrong with a rule of the pack, in sentences. A rule that only serves to be counted is shown to nobody. */
function faultsOf(rule: SigmaRule, { set, categories, silent }: Known): readonly string[] {
  const isSilent = silent?.has(rule.id ?? "") ?? false;
  const own = isJsonObject(rule.custom["tillwatch"]) ? rule.custom["tillwatch"] : {};
  const { match, noMatch } = rule.tests;
  const badTests = runRuleTests(rule, set).filter(({ ok }) => !ok);
  const service = rule.logsource.service ?? "";
  // A rule whose events come from another service would pass its tests and never run.
  const elsewhere = match.filter(({ event }) => serviceOf(event) !== service);
  const faults = [
    [/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(rule.id ?? ""), "id is no UUIDv4"],
    [rule.author === "Tillwatch" && rule.status !== null && rule.level !== null, "author, status or level is missing"],
    [(rule.description ?? "").length > 20, "description says too little"],
    [isSilent || rule.falsepositives.length > 0, "no false positives are named"],
    [rule.logsource.product === "retail", "product is not retail"],
    [signalsPage.includes(`\`${service}\``), `service ${service} is not on the signals page`],
    [match.length >= 2 && noMatch.length >= 2, "fewer than two events each way"],
    [categories.has(textOf(own["category"])), "category is not in the taxonomy"],
    [[1, 2, 3].includes(Number(own["level"])), "level is not 1, 2 or 3"],
    [isSilent || speaks(own), "says nothing, or its points are no whole number"],
    [
      badTests.length === 0,
      `tests fail: ${badTests.map(({ title, expected }) => `${title} (${expected})`).join(", ")}`,
    ],
    [elsewhere.length === 0, "a test event comes from another service"],
  ] as const;
  return faults.flatMap(([fine, fault]) => (fine ? [] : [`${rule.file}: ${fault}`]));
}

function speaks({ points, says }: JsonObject): boolean {
  return Number.isInteger(points) && Number(points) > 0 && typeof says === "string" && says.length > 5;
}

function faultsOfCorrelation(correlation: SigmaCorrelation, detector: Detector, categories: Known["categories"]) {
  const own = isJsonObject(correlation.custom["tillwatch"]) ? correlation.custom["tillwatch"] : {};
  const { match, noMatch } = correlation.tests;
  const results = runCorrelationTests(correlation, { ...detector.documents, ruleSet: detector.ruleSet });
  const badTests = results.ok ? results.value.filter(({ ok }) => !ok) : [{ title: "they cannot be run" }];
  const faults = [
    [/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(correlation.id ?? ""), "no UUIDv4"],
    [correlation.status !== null && correlation.level !== null, "status or level is missing"],
    [correlation.falsepositives.length > 0, "no false positives are named"],
    [match.length >= 1 && noMatch.length >= 2, "fewer than one story that matches and two that do not"],
    [categories.has(textOf(own["category"])), "category is not in the taxonomy"],
    [[1, 2, 3].includes(Number(own["level"])), "level is not 1, 2 or 3"],
    [speaks(own), "says nothing, or its points are no whole number"],
    [badTests.length === 0, `tests fail: ${badTests.map(({ title }) => title).join(", ")}`],
  ] as const;
  return faults.flatMap(([fine, fault]) => (fine ? [] : [`${correlation.file}: ${fault}`]));
}

function taxonomyCodes(): ReadonlySet<string> {
  const categories = yaml("taxonomy.yaml")["categories"];
  assert.ok(Array.isArray(categories));
  return new Set(categories.map((category: JsonObject) => textOf(category["code"])));
}

describe("rules of the retail pack", () => {
  const detector = wholePack();
  const { rules, correlations } = detector.documents;
  const { ruleSet: set } = detector;
  const silent = detector.startCorrelating().silentRules;
  const categories = taxonomyCodes();

  it("C09 the pack holds at least thirty rules, each with an id and a title of its own", () => {
    assert.ok(rules.length >= 30, `only ${rules.length}`);
    assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
    assert.equal(new Set(rules.map(({ title }) => title)).size, rules.length);
  });

  for (const rule of rules) {
    it(`C09 ${rule.file} is complete and passes its own tests`, () => {
      assert.deepEqual(faultsOf(rule, { set, categories, silent }), []);
    });
  }

  for (const correlation of correlations) {
    it(`C08 C09 the correlation of ${correlation.file} is complete and passes its own tests`, () => {
      assert.deepEqual(faultsOfCorrelation(correlation, detector, categories), []);
    });
  }

  it("C08 a correlation without words or with a failing test is found", () => {
    const [correlation] = correlations;
    assert.ok(correlation !== undefined);
    const { match, noMatch } = correlation.tests;
    const broken = { ...correlation, custom: {}, tests: { match: noMatch, noMatch: match } };
    const faults = faultsOfCorrelation(broken, detector, categories).join("\n");
    assert.match(faults, /says nothing/);
    assert.match(faults, /tests fail/);
  });

  it("C05 every event class that a rule asks for is on the signals page", () => {
    const asked = files.flatMap((file) => {
      const documents = parseAllDocuments(readFileSync(new URL(`rules/${file}`, pack), "utf8"));
      return [...JSON.stringify(documents).matchAll(/"event_type":(?:"([a-z_]+)"|\[([^\]]*)\])/g)].flatMap(
        ([, one, many]) => (one === undefined ? (many ?? "").replaceAll('"', "").split(",") : [one]),
      );
    });
    assert.ok(asked.length > 100);
    assert.deepEqual(
      [...new Set(asked)].filter((type) => !signalsPage.includes(`\`${type}\``)),
      [],
    );
  });

  it("C09 a rule that fails its tests, or names an unknown category, is found", () => {
    const [file] = files;
    assert.ok(file !== undefined);
    const text = readFileSync(new URL(`rules/${file}`, pack), "utf8")
      .replace(/^ {2}category: .*$/m, "  category: nonsense")
      .replace(/event_type: \w+/, "event_type: something_else");
    const parsed = parseRules(text, file);
    assert.ok(parsed.ok);
    const [broken] = parsed.value;
    assert.ok(broken !== undefined);
    const faults = faultsOf(broken, { set: compiled([broken]), categories }).join("\n");
    assert.match(faults, /category is not in the taxonomy/);
    assert.match(faults, /tests fail/);
  });

  it("C04 every rule that the weights speak of exists", () => {
    const { rule_weights: weights } = yaml("score.yaml");
    assert.ok(isJsonObject(weights));
    const known = new Set(rules.map(({ id }) => id));
    assert.deepEqual(
      Object.keys(weights).filter((id) => !known.has(id)),
      [],
    );
  });
});
