import { isJsonObject, type JsonObject, type JsonValue } from "@tillwatch/wire";
import { words } from "./canaries.ts";
import type { Operation } from "./attack-plan.ts";

/**
 * Where the OpenAPI document lets a person type what he likes: text without a choice, a format, or a pattern narrower than "not blank".
 * Members by their path: `correction[].value`.
 */
export function typedMembers(schema: JsonValue | undefined, path = ""): readonly string[] {
  if (!isJsonObject(schema)) return [];
  const { anyOf, properties, items } = schema;
  if (Array.isArray(anyOf)) return anyOf.flatMap((one) => typedMembers(one, path));
  if (isJsonObject(properties)) {
    return Object.entries(properties).flatMap(([name, member]) =>
      typedMembers(member, path === "" ? name : `${path}.${name}`),
    );
  }
  if (schema["type"] === "array") return typedMembers(items, `${path}[]`);
  return isTyped(schema) ? [path] : [];
}

function isTyped(schema: JsonObject): boolean {
  const { type, enum: choices, const: only, format, pattern } = schema;
  const narrow = typeof pattern === "string" && pattern !== "\\S";
  return type === "string" && choices === undefined && only === undefined && format === undefined && !narrow;
}

/** A body in which every member that a person types holds the canaries; what is not typed comes from `given`, or is left out. */
export function bodyOfCanaries(operation: Operation, given: JsonObject): JsonObject {
  const filled = fill(operation.body ?? {}, given, "");
  return isJsonObject(filled) ? { ...filled, ...given } : given;
}

function fill(schema: JsonValue | undefined, given: JsonObject, name: string): JsonValue | undefined {
  if (!isJsonObject(schema)) return undefined;
  if (name !== "" && given[name] !== undefined) return given[name];
  const { anyOf, properties } = schema;
  if (Array.isArray(anyOf)) return anyOf.map((one) => fill(one, given, name)).find((one) => one !== undefined);
  if (isJsonObject(properties)) {
    const members = Object.entries(properties).flatMap(([key, member]) => {
      const value = fill(member, given, key);
      return value === undefined ? [] : [[key, value] as const];
    });
    return members.length === 0 ? undefined : Object.fromEntries(members);
  }
  if (!isTyped(schema)) return undefined;
  const most = Number(schema["maxLength"] ?? 1000);
  return most >= words.length ? words : "Zaphodine Canariusova".slice(0, most);
}
