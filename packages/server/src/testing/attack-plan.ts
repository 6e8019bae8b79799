import { isJsonObject, type JsonObject, type JsonValue } from "@tillwatch/wire";

/** One operation of the OpenAPI document, as an attacker reads it. */
export type Operation = {
  readonly method: string; // GET, POST ...
  readonly path: string; // /api/v1/incidents/{id}
  readonly parameters: readonly string[]; // names in the path, in order
  readonly places: readonly string[]; // the path up to and including each parameter: what it is that is named there
  readonly queries: readonly string[]; // names of its query parameters
  readonly body: JsonObject | null; // schema of the JSON body; null: none is documented
};

/** What somebody else's thing is: the words that must not come out. */
export type Loot = { readonly ids: ReadonlySet<string>; readonly words: ReadonlySet<string> };

export function operationsOf(document: JsonObject): readonly Operation[] {
  const paths = document["paths"];
  if (!isJsonObject(paths)) throw new Error("the document has no paths");
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(isJsonObject(methods) ? methods : {}).flatMap(([method, operation]) => {
      if (!isJsonObject(operation)) return [];
      const queries = namesIn(operation["parameters"], "query");
      return [operationAt(method.toUpperCase(), path, { queries, body: bodyOf(operation) })];
    }),
  );
}

/** An operation by its method and path, with what is known of it. */
export function operationAt(
  method: string,
  path: string,
  known: Pick<Operation, "queries" | "body"> = { queries: [], body: null },
): Operation {
  const found = [...path.matchAll(/\{([^}]+)\}/g)];
  const parameters = found.map((match) => match[1] ?? "");
  const places = found.map((match) => path.slice(0, match.index + match[0].length));
  return { method, path, parameters, places, ...known };
}

function namesIn(parameters: JsonValue | undefined, where: string): readonly string[] {
  const list = Array.isArray(parameters) ? parameters : [];
  return list.flatMap((one) => (isJsonObject(one) && one["in"] === where ? [wordOf(one, "name")] : []));
}

function bodyOf(operation: JsonObject): JsonObject | null {
  const request = operation["requestBody"];
  const content = isJsonObject(request) ? request["content"] : null;
  const json = isJsonObject(content) ? content["application/json"] : null;
  const schema = isJsonObject(json) ? json["schema"] : null;
  return isJsonObject(schema) ? schema : null;
}

/** The path with its parameters filled in, in order; the last value serves for all that follow. */
export function filledPath(operation: Operation, values: readonly string[]): string {
  let nth = 0;
  return operation.path.replaceAll(/\{[^}]+\}/g, () =>
    encodeURIComponent(values[Math.min(nth++, values.length - 1)] ?? ""),
  );
}

/**
 * The smallest value that a schema takes, as far as it says: enough to pass validation, so that a refusal is about who asks. Members
 * whose names say what they mean get the stolen ids.
 */
export function smallestOf(
  schema: JsonValue | undefined,
  stolen: Readonly<Record<string, string>>,
  name = "",
): JsonValue {
  if (!isJsonObject(schema)) return null;
  if (stolen[name] !== undefined && schema["type"] !== "object") {
    return schema["type"] === "array" ? [stolen[name]] : stolen[name];
  }
  const { const: only, enum: choices, anyOf } = schema;
  if (only !== undefined) return only;
  if (Array.isArray(choices)) return choices[0] ?? null;
  if (Array.isArray(anyOf)) return smallestOf(anyOf[0], stolen, name);
  switch (wordOf(schema, "type")) {
    case "object": {
      const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
      const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
      const wanted = Object.keys(properties).filter((key) => required.includes(key) || stolen[key] !== undefined);
      return Object.fromEntries(wanted.map((key) => [key, smallestOf(properties[key], stolen, key)]));
    }
    case "array":
      return Array.from({ length: Number(schema["minItems"] ?? 0) }, () => smallestOf(schema["items"], stolen, name));
    case "integer":
    case "number":
      return Number(schema["minimum"] ?? 0);
    case "boolean":
      return false;
    case "string":
      return textFor(schema, name);
    default:
      return {};
  }
}

function textFor(schema: JsonObject, name: string): string {
  // A span is one on every run, however few milliseconds lie between its two members being made.
  const at = new Date(Date.now() - (spanBegins.has(name) ? 3_600_000 : 0));
  switch (wordOf(schema, "format")) {
    case "date-time":
      return at.toISOString();
    case "date":
      return at.toISOString().slice(0, 10);
    case "uuid":
      return unknownId;
    case "uri":
      return "https://attacker.example/";
    default:
      return "x".repeat(Math.max(1, Number(schema["minLength"] ?? 1)));
  }
}

const spanBegins: ReadonlySet<string> = new Set(["from", "since", "validFrom"]);

function wordOf(schema: JsonObject, name: string): string {
  const value = schema[name];
  return typeof value === "string" ? value : "";
}

/** Like this id, of the same form, and nothing has it. */
export function nothingLike(id: string): string {
  const uuidsGone = id.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/, unknownId);
  if (uuidsGone !== id) return uuidsGone;
  if (/^clip:[0-9a-f]{32}$/.test(id)) return `clip:${"f".repeat(32)}`;
  if (/^[a-z2-7]{12}$/.test(id)) return "a".repeat(12);
  if (/\d$/.test(id)) return id.replace(/\d+$/, (digits) => (digits.length > 2 ? "4004" : "44"));
  return "nowhere";
}

/** An id that nothing has. */
export const unknownId = "00000000-0000-4000-8000-000000000000";

const idForm = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\bTW-[A-Z0-9-]*\d{4}-\d+\b/g;

/** Every id in a text. */
export function idsIn(text: string): readonly string[] {
  return [...new Set(text.match(idForm) ?? [])];
}

/** The answer without what differs from request to request, and with the asked id as a placeholder: two refusals compare equal. */
export function comparable(status: number, text: string, asked: readonly string[]): string {
  let plain = text.replaceAll(/"instance":"[^"]*"/g, '"instance":""');
  const longestFirst = asked.filter((id) => id !== "").toSorted((a, b) => b.length - a.length);
  for (const id of longestFirst) plain = plain.replaceAll(id, "ID").replaceAll(encodeURIComponent(id), "ID");
  // What was made by asking has an id and a time of its own.
  if (status < 300) plain = plain.replaceAll(idForm, "ID").replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME");
  return `${status} ${plain}`;
}

/** What of the loot an answer shows, without what the asker said himself. */
export function leaked(answer: string, loot: Loot, said: string): readonly string[] {
  return [...loot.ids, ...loot.words].filter((secret) => answer.includes(secret) && !said.includes(secret));
}
