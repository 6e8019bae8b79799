import { parseNetwork } from "../value/cidr.ts";
import { base64, base64Offsets, dashPermutations, utf16Bytes, utf16WithMark, utf8Bytes } from "../value/encoding.ts";
import { parseTemplate } from "./placeholder.ts";
import { quoted, type Complaint } from "../problem.ts";
import { compileRegex } from "../value/regex.ts";
import { ok, refused, unreachable, type Result } from "../result.ts";
import type { Comparison, Encoder, ItemSpec, PatternTest } from "./rule-model.ts";
import { padded, parseTextPattern, plainText, type Token } from "../value/text-pattern.ts";
import { timePartRange } from "../value/time-part.ts";
import type { YamlScalar } from "./yaml-node.ts";

export const valueLengthMax = 8_192;
const permutationsMax = 625;

/** Turns one value of a rule into the test that its modifiers ask for, or says why it cannot. */
export function lowerValue(scalar: YamlScalar, spec: ItemSpec): Result<PatternTest, Complaint> {
  if (scalar.source.length > valueLengthMax) return refused(tooLong());
  if (scalar.value === null) return lowerNull(spec);
  if (spec.timePart !== null) return lowerTimePart(scalar, spec);
  switch (spec.operator) {
    case "exists":
      return typeof scalar.value === "boolean"
        ? ok({ kind: "exists", value: scalar.value })
        : refused(wrongType("exists", "true or false", scalar));
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return lowerNumber(scalar, spec.operator);
    case "re":
      return lowerRegex(scalar, spec);
    case "cidr":
      return lowerNetwork(scalar);
    case "fieldref":
      if (scalar.source === "") return refused(empty("fieldref"));
      return typeof scalar.value === "string"
        ? ok({ kind: "fieldref", fields: [scalar.source], cased: spec.cased })
        : refused(wrongType("fieldref", "the name of a field", scalar));
    case "contains":
    case "startswith":
    case "endswith":
      return spec.expand ? parseTemplate(scalar.source) : lowerText(scalar.source, spec);
    case "equals":
      return lowerEquals(scalar, spec);
    default:
      return unreachable(spec.operator);
  }
}

/** Text with the modifiers of `spec` applied, for values and for expanded placeholders. */
export function lowerText(source: string, spec: ItemSpec): Result<PatternTest, Complaint> {
  if (source.length > valueLengthMax) return refused(tooLong());
  const bare = spec.operator === "equals" && spec.encoders.length === 0;
  if (source === "" && !bare) return refused(empty(spec.encoders[0] ?? spec.operator));
  const tokens = parseTextPattern(source);
  if (spec.encoders.length === 0) return ok(textTest(tokens, { spec, windash: spec.windash }));
  const plain = plainText(tokens);
  if (plain === null) {
    return refused({
      code: "sigma_encoding_needs_plain_text",
      message: `${quoted(source)} holds a wildcard, and ${quoted(spec.encoders[0] ?? "")} can encode plain text only.`,
      remedy: "Write a backslash before * or ? where the character itself is meant; otherwise leave it out.",
    });
  }
  const variants = spec.windash ? dashPermutations(plain, permutationsMax) : [plain];
  if (variants === null) {
    return refused({
      code: "sigma_expansion_too_large",
      message: `${quoted(source)} holds so many dashes that windash makes more than ${permutationsMax} texts to encode.`,
      remedy: "Seek a shorter text with at most four dashes.",
    });
  }
  const tests: PatternTest[] = [];
  for (const variant of variants) {
    const encoded = encode(variant, spec.encoders);
    if (encoded === null) return refused(tooShort(source));
    for (const literal of encoded) tests.push(textTest([{ literal }], { spec, windash: false }));
  }
  const [only] = tests;
  return ok(tests.length === 1 && only !== undefined ? only : { kind: "one_of", tests });
}

function textTest(tokens: readonly Token[], how: { readonly spec: ItemSpec; readonly windash: boolean }): PatternTest {
  const { operator, cased } = how.spec;
  const before = operator === "contains" || operator === "endswith";
  const after = operator === "contains" || operator === "startswith";
  return { kind: "text", tokens: padded(tokens, { before, after }), cased, windash: how.windash };
}

function encode(text: string, encoders: readonly Encoder[]): readonly string[] | null {
  let state: { readonly text: string; readonly isBytes: boolean } = { text, isBytes: false };
  const bytes = () => (state.isBytes ? state.text : utf8Bytes(state.text));
  for (const encoder of encoders) {
    switch (encoder) {
      case "utf16le":
        state = { text: utf16Bytes(state.text, "le"), isBytes: true };
        break;
      case "utf16be":
        state = { text: utf16Bytes(state.text, "be"), isBytes: true };
        break;
      case "utf16":
        state = { text: utf16WithMark(state.text), isBytes: true };
        break;
      case "base64":
        state = { text: base64(bytes()), isBytes: false };
        break;
      case "base64offset":
        return base64Offsets(bytes());
    }
  }
  return [state.text];
}

function lowerEquals(scalar: YamlScalar, spec: ItemSpec): Result<PatternTest, Complaint> {
  const asText = spec.cased || spec.windash || spec.expand || spec.encoders.length > 0;
  if (spec.expand) return parseTemplate(scalar.source);
  if (asText) return lowerText(scalar.source, spec);
  const ambiguity = ambiguous(scalar);
  if (ambiguity !== null) return refused(ambiguity);
  if (typeof scalar.value === "number") return lowerNumber(scalar, "eq");
  if (typeof scalar.value === "boolean") return ok({ kind: "boolean", value: scalar.value });
  return lowerText(scalar.source, spec);
}

function lowerNull(spec: ItemSpec): Result<PatternTest, Complaint> {
  const plain = spec.operator === "equals" && spec.timePart === null && spec.encoders.length === 0;
  if (plain && !spec.cased && !spec.windash && !spec.expand && !spec.all) return ok({ kind: "null" });
  return refused({
    code: "sigma_modifier_value_type",
    message: "null stands alone: no modifier but `neq` can be applied to it.",
    remedy: "Remove the modifiers, or write the text that is meant in quotes.",
  });
}

function lowerNumber(scalar: YamlScalar, comparison: Comparison): Result<PatternTest, Complaint> {
  const { value } = scalar;
  if (typeof value !== "number") return refused(wrongType(comparison, "a number without quotes", scalar));
  const ambiguity = ambiguous(scalar);
  if (ambiguity !== null) return refused(ambiguity);
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    return refused({
      code: "sigma_number_not_exact",
      message: `The number ${quoted(scalar.source)} cannot be held exactly.`,
      remedy: "Put it in quotes to compare it as text.",
    });
  }
  return ok({ kind: "number", comparison, value });
}

function lowerTimePart(scalar: YamlScalar, spec: ItemSpec): Result<PatternTest, Complaint> {
  const part = spec.timePart ?? "hour";
  const [low, high] = timePartRange[part];
  const comparison: Comparison = isComparison(spec.operator) ? spec.operator : "eq";
  const { value } = scalar;
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) {
    return refused(wrongType(part, `a whole number from ${low} to ${high}`, scalar));
  }
  return ok({ kind: "time", part, comparison, value });
}

function isComparison(operator: string): operator is Comparison {
  return operator === "lt" || operator === "lte" || operator === "gt" || operator === "gte";
}

function lowerRegex(scalar: YamlScalar, spec: ItemSpec): Result<PatternTest, Complaint> {
  if (scalar.source === "") return refused(empty("re"));
  const compiled = compileRegex(scalar.source, spec.regex);
  return compiled.ok ? ok({ kind: "regex", pattern: scalar.source, flags: spec.regex }) : compiled;
}

function lowerNetwork(scalar: YamlScalar): Result<PatternTest, Complaint> {
  const network = parseNetwork(scalar.source);
  if (typeof network !== "string") return ok({ kind: "cidr", network });
  return refused({
    code: "sigma_cidr_malformed",
    message:
      network === "host_bits"
        ? `${quoted(scalar.source)} has bits set behind its prefix, so it names a host, not a network.`
        : `${quoted(scalar.source)} is not an IPv4 or IPv6 network.`,
    remedy: "Write the first address of the network and its prefix length, like 10.0.0.0/8, 10.1.2.3/32 or fe80::/10.",
  });
}

/** Values that YAML 1.1 readers, which most Sigma tools are, take for something else than YAML 1.2 readers do. */
function ambiguous(scalar: YamlScalar): Complaint | null {
  if (!scalar.plain) return null;
  const other = /^(?:yes|no|on|off)$/i.test(scalar.source)
    ? "true or false"
    : /^[-+]?(?:0\d+|0o[0-7]+|\d+[eE][-+]?\d+|\d[\d_]*_[\d_]*|\d+(?::[0-5]?\d)+)$/.test(scalar.source)
      ? "another number"
      : null;
  if (other === null) return null;
  return {
    code: "sigma_value_ambiguous",
    message: `The value ${scalar.source} without quotes is read as ${other} by tools of YAML 1.1.`,
    remedy: "Put text in quotes; write booleans as true or false and numbers in plain decimal.",
  };
}

function wrongType(modifier: string, wanted: string, scalar: YamlScalar): Complaint {
  return {
    code: "sigma_modifier_value_type",
    message: `The modifier ${quoted(modifier)} wants ${wanted}, not ${quoted(scalar.source)}.`,
    remedy: "Correct the value, or use another modifier.",
  };
}

function empty(modifier: string): Complaint {
  return {
    code: "sigma_value_empty",
    message: `An empty value with the modifier ${quoted(modifier)} would match everything.`,
    remedy: "Use `exists: true` to ask for a field; write '' without modifiers to ask for empty text.",
  };
}

function tooShort(source: string): Complaint {
  return {
    code: "sigma_base64offset_too_short",
    message: `${quoted(source)} is too short: at some place nothing of its base64 is constant.`,
    remedy: "Seek at least two bytes.",
  };
}

function tooLong(): Complaint {
  return {
    code: "sigma_value_too_long",
    message: `The value is longer than ${valueLengthMax} characters.`,
    remedy: "Seek a part of it that is long enough to be telling.",
  };
}
