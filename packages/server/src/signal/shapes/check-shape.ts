import { Compile } from "typebox/compile";
import type { TSchema } from "typebox";
import type { JsonObject, JsonValue } from "@tillwatch/wire";
import { pointerToken, shown, type Refusal, type RowRefusalCode } from "../refusal.ts";

/** A letter or digit, then letters, digits and `._:-`, at most 64 in all: what a site, zone or device is called. */
export const namePattern = "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$";
/** No white space and no control characters. */
export const wordPattern = "^[\\x21-\\x7E\\xA1-\\uFFFF]+$";

/** Checks a row against a shape's schema; answers the first thing wrong with its place, or null. */
export function checker(schema: TSchema): (row: JsonObject) => Refusal | null {
  const compiled = Compile(schema);
  return (row) => {
    if (compiled.Check(row)) return null;
    // Formats stand in the schema for its readers; a time is refused by parseInstant, which can say what is wrong with it.
    const error = compiled.Errors(row).find(({ keyword }) => keyword !== "format");
    return error === undefined ? null : toRefusal(error, row);
  };
}

type SchemaError = ReturnType<ReturnType<typeof Compile>["Errors"]>[number];

const codes: Readonly<Record<string, RowRefusalCode>> = {
  required: "signal_member_missing",
  minimum: "signal_number_out_of_range",
  maximum: "signal_number_out_of_range",
};

function toRefusal(error: SchemaError, row: JsonObject): Refusal {
  const code = codes[error.keyword] ?? "signal_member_malformed";
  if (error.keyword === "required") {
    const missing = error.params.requiredProperties.filter((name) => !hasAt(row, error.instancePath, name));
    const pointer = error.instancePath + pointerToken(missing[0] ?? error.params.requiredProperties[0] ?? "");
    return { code, pointer, message: `missing: ${missing.join(", ")}` };
  }
  const given = shown(valueAt(row, error.instancePath));
  return { code, pointer: error.instancePath, message: `${given} ${error.message}`.slice(0, 300) };
}

function hasAt(row: JsonObject, pointer: string, name: string): boolean {
  const value = valueAt(row, pointer);
  return typeof value === "object" && value !== null && Object.hasOwn(value, name);
}

function valueAt(row: JsonObject, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = row;
  for (const token of pointer.split("/").slice(1)) {
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
    value = typeof value === "object" && value !== null ? (value as JsonObject)[name] : undefined;
  }
  return value;
}
