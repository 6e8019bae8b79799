import { maskText } from "./mask-text.ts";

/**
 * Members of a body that a person fills with own words, whatever the operation. Both sides of the line mask them: the browser before
 * it sends (`web/src/api/request.ts`), the server before a handler sees the body. An operation whose purpose is the number itself
 * (a subject request, a lookup) names it otherwise.
 */
export const freeTextMembers: ReadonlySet<string> = new Set([
  "summary",
  "text",
  "because",
  "note",
  "keptBecause",
  "comment",
  "remark",
  "reason",
]);

const depthMax = 8;

/** The body with its free text masked; what holds none is answered as it is. Cycles and more than 8 levels are not looked into. */
export function maskFreeText(body: unknown, depth = 0): unknown {
  if (typeof body !== "object" || body === null || depth > depthMax) return body;
  if (Array.isArray(body)) {
    const items: readonly unknown[] = body;
    return items.map((item) => maskFreeText(item, depth + 1));
  }
  return Object.fromEntries(
    Object.entries(body).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === "string"
        ? freeTextMembers.has(name)
          ? maskText(value)
          : value
        : maskFreeText(value, depth + 1),
    ]),
  );
}
