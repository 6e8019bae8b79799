export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Canonical JSON after RFC 8785: members in order of their UTF-16 code units, numbers and texts as JSON.stringify writes them. */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) {
    // JSON.stringify writes lists of numbers as the standard asks, and at once.
    if (value.every((one) => typeof one === "number")) return JSON.stringify(value);
    return `[${value.map(canonicalJson).join(",")}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value as { readonly [key: string]: JsonValue });
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(",")}}`;
}
