import { severityText, type JsonValue } from "@tillwatch/wire";

/** `machineSeverity` reads "machine severity". */
export function fieldWords(field: string): string {
  return field
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();
}

// Who, when and why stand beside every change; here they would be said twice.
const saidBeside = new Set(["actor", "at", "because"]);

/** A tracked value in words; null: there was none. A severity reads as everywhere else, an object by its members. */
export function valueWords(value: JsonValue, field = ""): string | null {
  if (value === null || value === "") return null;
  if (typeof value === "number") return /severity/i.test(field) ? severityText(value) : String(value);
  if (Array.isArray(value)) {
    return value.length === 0 ? null : value.map((one) => valueWords(one, field) ?? "nothing").join(", ");
  }
  if (typeof value !== "object") return String(value);
  const members = Object.entries(value).filter(([name]) => !saidBeside.has(name));
  return members.map(([name, member]) => `${fieldWords(name)} ${valueWords(member, name) ?? "nothing"}`).join(", ");
}
