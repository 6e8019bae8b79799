import canonicalize from "canonicalize";
import { utf8, utf8Text } from "./bytes.ts";
import { accepted, expectAccepted, refused, type Refusal, type Result } from "./refusal.ts";

/** What RFC 8259 can carry, and nothing else. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export type CanonicalRefusal = Refusal<"json_not_representable">;

const depthMax = 128;

/**
 * The canonical bytes of a JSON value (RFC 8785), UTF-8 without a final newline.
 *
 * Refuses with `json_not_representable` what JSON.stringify would drop or change in silence: undefined, functions,
 * symbols, bigints, NaN, infinities, lone surrogates, sparse arrays, class instances (dates too), cycles, and nesting beyond
 * 128. Two values that differ MUST NOT get the same bytes by omission. -0 is written 0, as RFC 8785 says.
 */
export function canonicalJson(value: unknown): Result<Uint8Array, CanonicalRefusal> {
  const problem = unrepresentable(value, "", 0);
  if (problem !== undefined) return refused("json_not_representable", problem);
  const text = canonicalize(value);
  if (text === undefined) return refused("json_not_representable", "the value has no JSON form");
  return accepted(utf8(text));
}

/** The same for values that our own code made: a refusal there is a bug, and throws an EvidenceFault. */
export function canonicalBytes(value: unknown): Uint8Array {
  return expectAccepted(canonicalJson(value));
}

/**
 * Reads bytes that MUST be the canonical form of a JSON value; undefined if they are not UTF-8, not JSON or another
 * spelling of it. This is what makes one value have one byte form: duplicate keys and odd white space do not survive it.
 */
export function parseCanonicalJson(bytes: Uint8Array): Json | undefined {
  const value = parseJson(bytes);
  if (value === undefined) return undefined;
  const canonical = canonicalJson(value);
  if (!canonical.ok || canonical.value.length !== bytes.length) return undefined;
  return canonical.value.every((byte, i) => byte === bytes[i]) ? value : undefined;
}

/** Reads UTF-8 JSON of any spelling; undefined if it is none. */
export function parseJson(bytes: Uint8Array): Json | undefined {
  const text = utf8Text(bytes);
  if (text === undefined) return undefined;
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unrepresentable(value: unknown, pointer: string, depth: number): string | undefined {
  const at = pointer === "" ? "the value" : pointer;
  if (depth > depthMax) return `${at}: nested deeper than ${depthMax}`;
  switch (typeof value) {
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : `${at}: ${value} is no JSON number`;
    case "string":
      return value.isWellFormed() ? undefined : `${at}: the text holds a lone surrogate`;
    case "object":
      return value === null ? undefined : unrepresentableMember(value, pointer, depth);
    case "undefined":
    case "bigint":
    case "function":
    case "symbol":
      return `${at}: ${typeof value} has no JSON form`;
    default:
      return `${at}: unknown type`;
  }
}

function unrepresentableMember(value: object, pointer: string, depth: number): string | undefined {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) {
      const problem = unrepresentable(value[i], `${pointer}/${i}`, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `${pointer === "" ? "the value" : pointer}: only plain objects have a JSON form`;
  }
  if ("toJSON" in value && typeof value.toJSON === "function") return `${pointer}/toJSON: function has no JSON form`;
  for (const [key, member] of Object.entries(value)) {
    if (!key.isWellFormed()) return `${pointer}: a key holds a lone surrogate`;
    const name = key.replaceAll("~", "~0").replaceAll("/", "~1");
    const problem = unrepresentable(member, `${pointer}/${name}`, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
