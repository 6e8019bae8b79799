import type { Problem } from "@tillwatch/wire";

// The title of a problem is the phrase of its HTTP status unless the server has a better one (RFC 9457 section 4.2.1). A person is told what it
// means for what he was about to do.
const headings: ReadonlyMap<string, string> = new Map([
  ["Bad Request", "Something is missing or has another form"],
  ["Unauthorized", "You are not signed in"],
  ["Forbidden", "This is not open to you"],
  ["Not Found", "It is not here"],
  ["Conflict", "It is not as it was when you opened this"],
  ["Gone", "It is no longer there"],
  ["Payload Too Large", "It is too large"],
  ["Unprocessable Entity", "This cannot be done as it is"],
  ["Too Many Requests", "Too many at once"],
  ["Internal Server Error", "Something broke on our side"],
  ["Service Unavailable", "The server cannot answer now"],
]);

// A conflict is not always with what was read before.
const headingsOfCodes: ReadonlyMap<string, string> = new Map([["rule_id_taken", "Its id is taken"]]);

/** What stands above the sentence of a problem: words for people, where the server only has those of the protocol. */
export function headingOf({ title, code }: Pick<Problem, "title"> & Partial<Pick<Problem, "code">>): string {
  return headingsOfCodes.get(code ?? "") ?? headings.get(title) ?? title;
}

/** What helps; null: nothing but what whoever writes a program reads (the code below leads there). */
export function remedyOf({ remedy }: Pick<Problem, "remedy">): string | null {
  return remedy === undefined || /\/openapi\.json|docs\/errors\.md/.test(remedy) ? null : remedy;
}
