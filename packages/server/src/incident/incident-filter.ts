import { incidentStates, ok, parseIncidentId, refused, type IncidentState, type Result } from "@tillwatch/wire";
import { isStorable } from "../platform/storable-time.ts";

/** What a page of the queue is asked for. null and empty lists: any. Times are of the occurrence, half-open. */
export type IncidentFilter = {
  readonly states: readonly IncidentState[];
  readonly kind: "incident" | "watch" | "done" | null; // only where `states` is empty
  readonly levels: readonly number[];
  readonly siteIds: readonly string[] | null; // null: any; empty: none
  readonly zoneId: string | null;
  readonly category: string | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly words: readonly SearchWord[]; // each must be found somewhere
  readonly cursor: Cursor | null;
  readonly limit: number;
};

/** A word in lower case, with what bears it in the names that people see and the table does not hold. */
export type SearchWord = {
  readonly text: string;
  readonly indexes: readonly string[]; // blind indexes in hex of the words in it: what a sealed summary is searched by
  readonly categories: readonly string[]; // codes
  readonly siteIds: readonly string[];
  readonly zones: readonly string[]; // "site/zone"
};

/** Where the last page ended. */
export type Cursor = {
  readonly risk: number;
  readonly openedAtMs: number;
  readonly id: string;
};

/** Several values in one query member, by comma: state=open,acknowledged. Refuses with the first unknown word. */
export function parseStates(text: string | undefined): Result<readonly IncidentState[], string> {
  const words = text === undefined || text === "" ? [] : text.split(",");
  const unknown = words.find((word) => !(incidentStates as readonly string[]).includes(word));
  return unknown === undefined ? ok(words as IncidentState[]) : refused(unknown);
}

/** A cursor as `nextCursor` gave it; null: it is not one. A stranger wrote it: every member is checked. */
export function decodeCursor(text: string): Cursor | null {
  const members = parseJson(Buffer.from(text, "base64url").toString("utf8"));
  if (!Array.isArray(members) || members.length !== 3) return null;
  const [risk, openedAtMs, id] = members as readonly unknown[];
  const parsed = parseIncidentId(id);
  if (typeof risk !== "number" || !Number.isFinite(risk) || !parsed.ok) return null;
  if (typeof openedAtMs !== "number" || !isStorable(openedAtMs)) return null;
  return { risk, openedAtMs, id: parsed.value };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
