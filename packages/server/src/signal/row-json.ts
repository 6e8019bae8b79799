import { isJsonObject, ok, type JsonObject, type JsonValue, type Result } from "@tillwatch/wire";
import { pointerToken, refuse, shown, type Refusal } from "./refusal.ts";

export const rowBytesMax = 256 * 1024;
export const rowDepthMax = 32;

const utf8 = new TextDecoder("utf-8", { fatal: true });
const notForNames = new Set(["__proto__", "constructor", "prototype"]);

/**
 * One row's bytes as a JSON object, or the reason why not. Everything here comes from devices that may be broken or stolen.
 *
 * Stricter than JSON.parse, as I-JSON (RFC 7493) asks: no member twice, no number that a double cannot hold, no lone surrogate;
 * and no NUL (Postgres text cannot hold it), no name that reaches a prototype, at most 32 levels, at most 256 KiB.
 */
export function parseRow(bytes: Uint8Array): Result<JsonObject, Refusal> {
  if (bytes.length > rowBytesMax) {
    return refuse("signal_row_too_large", "", `the row has ${bytes.length} bytes; at most ${rowBytesMax} are taken`);
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return refuse("signal_row_not_utf8", "", "the row is not valid UTF-8");
  }
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (fault) {
    const why = fault instanceof SyntaxError ? fault.message.slice(0, 120).toWellFormed() : "it cannot be parsed";
    return refuse("signal_row_not_json", "", `the row is not JSON: ${why}`);
  }
  if (!isJsonObject(value))
    return refuse("signal_row_not_object", "", `a signal is a JSON object, not ${shown(value)}`);
  const walk: Walk = { members: 0, refusal: null };
  visit(walk, value, []);
  if (walk.refusal !== null) return { ok: false, error: walk.refusal };
  if (walk.members !== countMembers(text)) return refuseRepeated(text);
  return ok(value);
}

type Walk = { members: number; refusal: Refusal | null };
type Path = (string | number)[];

function visit(walk: Walk, value: JsonValue, path: Path): void {
  if (walk.refusal !== null) return;
  if (typeof value === "string") checkText(walk, value, path);
  else if (typeof value === "number") checkNumber(walk, value, path);
  else if (typeof value === "object" && value !== null) visitInside(walk, value, path);
}

// `path` has one entry a level, so its length is the depth.
function visitInside(walk: Walk, value: JsonObject | readonly JsonValue[], path: Path): void {
  if (path.length >= rowDepthMax) {
    fail(walk, "signal_row_too_deep", { path: [], message: `the row nests deeper than ${rowDepthMax} levels` });
    return;
  }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      path.push(index);
      visit(walk, value[index] as JsonValue, path);
      path.pop();
    }
    return;
  }
  for (const name of Object.keys(value)) {
    walk.members++;
    path.push(name);
    if (notForNames.has(name)) {
      fail(walk, "signal_member_forbidden", { path, message: `a member must not be named ${name}` });
    }
    checkText(walk, name, path);
    visit(walk, (value as JsonObject)[name] ?? null, path);
    path.pop();
  }
}

function checkText(walk: Walk, text: string, path: Path): void {
  if (text.includes("\0")) {
    fail(walk, "signal_text_malformed", { path, message: "a text holds the character NUL (\\u0000)" });
  } else if (!text.isWellFormed()) {
    fail(walk, "signal_text_malformed", { path, message: "a text holds half of a surrogate pair" });
  }
}

function checkNumber(walk: Walk, value: number, path: Path): void {
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return;
  const message = "a number is outside of what a double holds exactly; send it as text";
  fail(walk, "signal_number_out_of_range", { path, message });
}

function fail(walk: Walk, code: Refusal["code"], at: { path: Path; message: string }): void {
  walk.refusal ??= { code, pointer: at.path.map(pointerToken).join("").toWellFormed(), message: at.message };
}

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];

/** Colons outside of texts: in valid JSON, one a member. More of them than members of the parsed value: a name stood twice. */
function countMembers(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === quote) index = endOfText(text, index);
    else if (unit === colon) count++;
  }
  return count;
}

/** Index of the closing quote of the text that opens at `start`. */
function endOfText(text: string, start: number): number {
  let index = start + 1;
  for (; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === backslash) index++;
    else if (unit === quote) break;
  }
  return index;
}

/** Finds the name that stands twice in one object; only run where there is one. */
function refuseRepeated(text: string): Result<never, Refusal> {
  const open: { seen: Set<string> | null; key: string }[] = [];
  let last = "";
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '"') {
      const end = endOfText(text, index);
      last = text.slice(index, end + 1);
      index = end;
    } else if (character === "{") open.push({ seen: new Set(), key: "" });
    else if (character === "[") open.push({ seen: null, key: "" });
    else if (character === "}" || character === "]") open.pop();
    else if (character === ":") {
      const name = JSON.parse(last) as string;
      const inside = open.at(-1);
      if (inside?.seen?.has(name) === true) {
        const names = open.slice(0, -1).flatMap((level) => (level.seen === null ? [] : [level.key]));
        const pointer = [...names, name].map(pointerToken).join("");
        return refuse("signal_member_duplicated", pointer, `the member ${shown(name)} stands twice in one object`);
      }
      inside?.seen?.add(name);
      if (inside !== undefined) inside.key = name;
    }
  }
  return refuse("signal_member_duplicated", "", "a member stands twice in one object");
}
