import type { FastifySchema, FastifySchemaCompiler } from "fastify";
import { Compile } from "typebox/compile";
import { Format } from "typebox/format";
import { Value } from "typebox/value";
import type { TSchema } from "typebox";
import { isStorable } from "../platform/storable-time.ts";
import { HttpProblem } from "./problem.ts";

/**
 * A "date-time" in a request is an RFC 3339 instant that can be stored. The library's own format also takes leap seconds, suffixes of
 * RFC 9557 and the year 0000, which the clock reads as no time at all or the database refuses. (A signal's time has its own reader.)
 */
Format.Set("date-time", (text) => instant.test(text) && isStorable(Date.parse(text)) && existsInCalendar(text));
const instant = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Date.parse reads 30 February as 1 March. */
function existsInCalendar(text: string): boolean {
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

type Part = "body" | "querystring" | "params" | "headers";
type Found = {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
};

/**
 * Checks a part of the request against its schema. Text parts (query, path, headers) are converted first ("12" -> 12); a body is
 * taken as it is: a number in quotes is refused. Nothing is dropped or filled in silently. The first violation is answered as
 * `request_invalid` with its pointer.
 */
export const validatorCompiler: FastifySchemaCompiler<FastifySchema> = ({ schema, httpPart }) => {
  const part = (httpPart ?? "body") as Part;
  const checked = Compile(schema as TSchema);
  return (value: unknown) => {
    const given = part === "body" ? value : Value.Convert(schema as TSchema, value);
    if (checked.Check(given)) {
      const at = unstorableText(given, "");
      return at === null ? { value: given } : { error: unstorable(part, at) };
    }
    return { error: invalid(part, checked.Errors(given)) };
  };
};

/** Pointer to the first text with NUL or half of a surrogate pair, which no database keeps; null where there is none. */
function unstorableText(value: unknown, pointer: string): string | null {
  if (typeof value === "string") return value.includes("\0") || !value.isWellFormed() ? pointer : null;
  if (typeof value !== "object" || value === null) return null;
  for (const [name, member] of Object.entries(value)) {
    if (unstorableText(name, "") !== null) return pointer;
    const found = unstorableText(member, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
    if (found !== null) return found;
  }
  return null;
}

function unstorable(part: Part, pointer: string): HttpProblem {
  const detail = `${wordFor(part)} ${pointer}: the text holds NUL or half of a surrogate pair`;
  return new HttpProblem(400, "request_invalid", detail, { pointer, remedy: "Remove the character." });
}

function invalid(part: Part, errors: readonly Found[]): HttpProblem {
  // "schema is false" is how an unknown member of a closed object shows; it names the member, its parent's error does not.
  const first = errors.find((error) => error.keyword !== "additionalProperties") ?? errors[0];
  if (first === undefined) return new HttpProblem(400, "request_invalid", `the ${wordFor(part)} is not as expected`);
  const pointer = first.instancePath + missingMember(first);
  const says = wordsOf(first);
  const where = pointer === "" ? `the ${wordFor(part)}` : `${wordFor(part)} ${pointer}`;
  return new HttpProblem(400, "request_invalid", `${where}: ${says}`, {
    pointer,
    remedy: "See the operation in /openapi.json for the expected shape.",
  });
}

function wordsOf(error: Found): string {
  if (error.keyword === "boolean") return "is not a known member";
  const isTime = error.keyword === "format" && "format" in error.params && error.params.format === "date-time";
  return isTime ? "is no time as 2026-11-20T08:15:00Z, of the years 1900 to 9999 (RFC 3339)" : error.message;
}

function missingMember(error: Found): string {
  if (error.keyword !== "required" || !("requiredProperties" in error.params)) return "";
  const [name] = error.params.requiredProperties as readonly string[];
  return name === undefined ? "" : `/${name}`;
}

function wordFor(part: Part): string {
  return part === "querystring" ? "query" : part === "params" ? "path" : part;
}
