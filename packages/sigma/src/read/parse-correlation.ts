import {
  comparisons,
  correlationTypes,
  type CorrelationCondition,
  type CorrelationStep,
  type CorrelationTestCase,
  type CorrelationTests,
  type SigmaCorrelation,
} from "./correlation-model.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { readLevel, readStatus, readText, readTexts, type Metadata } from "./parse-metadata.ts";
import { quoted, type Place, type Problems } from "../problem.ts";
import type { FieldNames } from "./rule-model.ts";
import { entryOf, namesIn, toJson, type YamlMap, type YamlNode } from "./yaml-node.ts";

const sectionKeys = new Set(["type", "rules", "group-by", "timespan", "condition", "aliases", "generate"]);
const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const fieldsMax = 16;
const repeatMax = 10_000;

type Reading = { readonly problems: Problems; readonly section: YamlMap; readonly place: Place };

/** Reads a document that has the key `correlation`; null where it is refused, with its problems added. */
export function parseCorrelation(
  node: YamlMap,
  problems: Problems,
  definedKeys: readonly string[],
): SigmaCorrelation | null {
  const before = problems.found.length;
  const metadata: Metadata = { node, problems };
  const entry = entryOf(node, "correlation");
  if (entry?.value.kind !== "map") {
    refuse(problems, entry?.keyPlace ?? node.place, "`correlation` is not a map.");
    return null;
  }
  const reading: Reading = { problems, section: entry.value, place: entry.keyPlace };
  for (const { key, keyPlace } of entry.value.entries) {
    if (!sectionKeys.has(key)) refuse(problems, keyPlace, `The correlation holds the unknown key ${quoted(key)}.`);
  }
  if (entryOf(node, "detection") !== undefined || entryOf(node, "logsource") !== undefined) {
    refuse(problems, node.place, "A correlation has neither `logsource` nor `detection`: those are its rules'.");
  }
  if (entryOf(node, "title") === undefined) refuse(problems, node.place, "The correlation has no `title`.");
  const type = readType(reading);
  const rules = readNames(reading, "rules");
  const defined = new Set([...definedKeys, "correlation", "tests", "generate"]);
  const custom = node.entries.filter(({ key }) => !defined.has(key));
  const correlation = {
    file: problems.file,
    line: node.place.line,
    id: readText(metadata, "id", 256),
    name: readText(metadata, "name", 256),
    title: readText(metadata, "title", 256) ?? "",
    status: readStatus(metadata),
    level: readLevel(metadata),
    description: readText(metadata, "description", 65_535),
    tags: readTexts(metadata, "tags"),
    falsepositives: readTexts(metadata, "falsepositives"),
    rules,
    groupBy: readNames(reading, "group-by").map(({ name }) => name),
    aliases: readAliases(reading),
    timespanMs: readTimespan(reading),
    condition: readCondition(reading, { type, rules: rules.length }),
    generate: readGenerate(reading),
    custom: Object.fromEntries(custom.map(({ key, value }) => [key, toJson(value)])),
    tests: readTests(node, problems),
  };
  return type === null || problems.found.length > before ? null : { ...correlation, type };
}

/** Milliseconds of `90m`; null for any other form, and for nothing or more than ten years. */
export function timespanMs(text: string): number | null {
  const [, count, unit] = /^([1-9][0-9]{0,8})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit ?? ""] ?? Number.NaN);
  return ms > 0 && ms <= 3_650 * 86_400_000 ? ms : null;
}

function refuse(problems: Problems, place: Place, message: string): null {
  problems.add(place, {
    code: "sigma_correlation_malformed",
    message,
    remedy: "Write type, rules, group-by, timespan and condition as docs/formats/sigma-semantics.md has them.",
  });
  return null;
}

function readType({ section, problems, place }: Reading): SigmaCorrelation["type"] | null {
  const value = entryOf(section, "type")?.value;
  const text = value?.kind === "scalar" ? value.source : "";
  const known = correlationTypes.find((type) => type === text);
  if (known !== undefined) return known;
  problems.add(value?.place ?? place, {
    code: "sigma_correlation_type_unsupported",
    message: `The correlation type ${quoted(text)} cannot be used.`,
    remedy: `Write one of: ${correlationTypes.join(", ")}.`,
  });
  return null;
}

type Named = SigmaCorrelation["rules"][number];

function readNames({ section, problems, place }: Reading, key: "rules" | "group-by"): readonly Named[] {
  const entry = entryOf(section, key);
  const names = entry === undefined ? [] : namesIn(entry.value);
  // Without group-by all events are one group; without rules there is nothing to count.
  const isEnough = key === "group-by" ? names !== null && names.length <= fieldsMax : (names ?? []).length > 0;
  const isTwice = key === "group-by" && new Set(names?.map(({ name }) => name)).size < (names?.length ?? 0);
  if (!isEnough || isTwice) {
    const what = isTwice ? "names a field twice" : "is not a list of names";
    refuse(problems, entry?.keyPlace ?? place, `${quoted(key)} ${what}.`);
  }
  return names ?? [];
}

function readTimespan({ section, problems, place }: Reading): number {
  const value = entryOf(section, "timespan")?.value;
  const ms = value?.kind === "scalar" ? timespanMs(value.source) : null;
  if (ms === null) refuse(problems, value?.place ?? place, "`timespan` is not a number with s, m, h or d, like 90m.");
  return ms ?? 0;
}

type Counting = { readonly type: SigmaCorrelation["type"] | null; readonly rules: number };

function readCondition({ section, problems, place }: Reading, counting: Counting): CorrelationCondition {
  const { type } = counting;
  const entry = entryOf(section, "condition");
  const isTemporal = type === "temporal" || type === "temporal_ordered";
  // All of the rules, unless it says otherwise.
  const whole: CorrelationCondition = { bounds: [{ comparison: "gte", value: counting.rules }], fields: [] };
  if (entry === undefined && isTemporal) return whole;
  if (entry?.value.kind !== "map") {
    refuse(problems, entry?.keyPlace ?? place, "`condition` is not a map, like `gte: 10`.");
    return whole;
  }
  const bounds: CorrelationCondition["bounds"][number][] = [];
  let fields: readonly string[] = [];
  for (const { key, keyPlace, value } of entry.value.entries) {
    const comparison = comparisons.find((known) => known === key);
    if (key === "field") {
      const names = namesIn(value);
      if (names === null || names.length === 0 || names.length > fieldsMax) {
        refuse(problems, keyPlace, "`field` is neither a name nor a list of names.");
      }
      fields = (names ?? []).map(({ name }) => name);
    } else if (comparison === undefined) {
      refuse(problems, keyPlace, `The condition's ${quoted(key)} is not one of ${comparisons.join(", ")}, field.`);
    } else {
      const bound = readBound(value, type);
      if (bound === null) refuse(problems, value.place, `${quoted(key)} is not ${boundIn(type)}.`);
      else bounds.push({ comparison, value: bound });
    }
  }
  if (bounds.length === 0 && !isTemporal) refuse(problems, entry.keyPlace, "The condition says no number.");
  refuseFields(problems, entry.keyPlace, { ...counting, fields });
  refuseOrder(problems, entry.keyPlace, { ...counting, bounds });
  return { bounds: bounds.length === 0 ? whole.bounds : bounds, fields };
}

function isAmount(type: Counting["type"]): boolean {
  return type === "value_sum" || type === "value_avg";
}

function boundIn(type: Counting["type"]): string {
  return isAmount(type) ? "a number" : "a count, a whole number from 0 on";
}

function readBound(value: YamlNode, type: Counting["type"]): number | null {
  const number = value.kind === "scalar" && typeof value.value === "number" ? value.value : Number.NaN;
  if (isAmount(type)) return Number.isFinite(number) ? number : null;
  return Number.isSafeInteger(number) && number >= 0 ? number : null;
}

function refuseFields(
  problems: Problems,
  place: Place,
  { type, fields }: Counting & { fields: readonly string[] },
): void {
  if (type === "value_count" && fields.length === 0) refuse(problems, place, "value_count needs `condition.field`.");
  if (isAmount(type) && fields.length !== 1) refuse(problems, place, `${type ?? ""} needs one \`condition.field\`.`);
  if (type !== null && type !== "value_count" && !isAmount(type) && fields.length > 0) {
    refuse(problems, place, `${type} counts ${type === "event_count" ? "events" : "rules"}, not a field.`);
  }
}

/** A part of a row has no order that the specification would name. */
function refuseOrder(
  problems: Problems,
  place: Place,
  { type, rules, bounds }: Counting & { bounds: CorrelationCondition["bounds"] },
): void {
  const isWhole = bounds.every(({ comparison, value }) => ["gte", "eq"].includes(comparison) && value === rules);
  if (type === "temporal_ordered" && !isWhole) {
    refuse(problems, place, `temporal_ordered wants all of its rules: no condition, or \`gte: ${rules}\`.`);
  }
}

function readAliases({ section, problems }: Reading): SigmaCorrelation["aliases"] {
  const entry = entryOf(section, "aliases");
  const aliases = new Map<string, ReadonlyMap<string, FieldNames>>();
  if (entry === undefined) return aliases;
  if (entry.value.kind !== "map") refuse(problems, entry.keyPlace, "`aliases` is not a map.");
  else {
    for (const { key, keyPlace, value } of entry.value.entries) {
      const pairs = value.kind === "map" ? value.entries : [];
      const fields = pairs.flatMap((pair) =>
        pair.value.kind === "scalar" && pair.value.source !== "" ? [[pair.key, [pair.value.source]] as const] : [],
      );
      if (fields.length === 0 || fields.length !== pairs.length) {
        refuse(problems, keyPlace, `The alias ${quoted(key)} is not a map from rules to fields.`);
      }
      aliases.set(key, new Map(fields));
    }
  }
  return aliases;
}

function readGenerate({ section, problems }: Reading): boolean {
  const entry = entryOf(section, "generate");
  if (entry === undefined) return false;
  if (entry.value.kind === "scalar" && typeof entry.value.value === "boolean") return entry.value.value;
  refuse(problems, entry.value.place, "`generate` is neither true nor false.");
  return false;
}

function readTests(node: YamlMap, problems: Problems): CorrelationTests {
  const entry = entryOf(node, "tests");
  if (entry === undefined) return { match: [], noMatch: [] };
  const json = toJson(entry.value);
  const section: JsonObject = isJsonObject(json) ? json : {};
  const unknown = Object.keys(section).some((key) => key !== "match" && key !== "no_match");
  const match = casesOf(section["match"]);
  const noMatch = casesOf(section["no_match"]);
  if (!isJsonObject(json) || unknown || match === null || noMatch === null) {
    problems.add(entry.keyPlace, {
      code: "sigma_tests_malformed",
      message: "The tests of the correlation are not lists of events.",
      remedy:
        "Write `tests: { match: [ { title, events: [ { after: 1m, repeat: 3, event } ] } ], no_match: [ ... ] }`.",
    });
  }
  return { match: match ?? [], noMatch: noMatch ?? [] };
}

function casesOf(value: JsonValue | undefined): readonly CorrelationTestCase[] | null {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return null;
  const cases: CorrelationTestCase[] = [];
  for (const one of value as readonly JsonValue[]) {
    if (!isJsonObject(one) || typeof one["title"] !== "string" || !Array.isArray(one["events"])) return null;
    const steps = (one["events"] as readonly JsonValue[]).map(stepOf);
    if (steps.some((step) => step === null)) return null;
    cases.push({ title: one["title"], steps: steps.filter((step) => step !== null) });
  }
  return cases;
}

function stepOf(value: JsonValue): CorrelationStep | null {
  if (!isJsonObject(value) || !isJsonObject(value["event"])) return null;
  const { after, repeat, event } = value;
  const afterMs = after === undefined ? 0 : typeof after === "string" ? timespanMs(after) : null;
  const times = repeat === undefined ? 1 : typeof repeat === "number" && Number.isInteger(repeat) ? repeat : 0;
  if (afterMs === null || times < 1 || times > repeatMax || !isJsonObject(event)) return null;
  return { afterMs, repeat: times, event };
}
