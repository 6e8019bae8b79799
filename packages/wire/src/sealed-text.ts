import { isJsonObject, type JsonValue } from "./json.ts";

/**
 * Text of people travels sealed (docs/formats/sealed-fields.md): `tw1.<key id>.<base64url>`, alone or inside a sentence. Whoever must
 * not read it hands it on as it is; only the server's vault opens it.
 */
const sealedText = /tw1\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{39,}/g;
const sealedPrefix = "tw1.";

/** Every sealed text in `text`, in order; a repeat is named again. */
export function sealedTextsIn(text: string): readonly string[] {
  return text.includes(sealedPrefix) ? (text.match(sealedText) ?? []) : [];
}

/** Whether `text` holds something that would be taken for sealed text. */
export function bearsSealedText(text: string): boolean {
  return text.includes(sealedPrefix) && text.search(sealedText) !== -1;
}

/** `text` with every sealed text replaced by what `replacement` says. What it puts in is not looked at again. */
export function replaceSealedTexts(text: string, replacement: (sealed: string) => string): string {
  return text.includes(sealedPrefix) ? text.replaceAll(sealedText, replacement) : text;
}

/** The same in every string of a value; names of members stay. A value without sealed text is answered itself. */
export function replaceSealedIn(value: JsonValue, replacement: (sealed: string) => string): JsonValue {
  if (!mayBearSealedText(value)) return value; // nearly always, and so nothing is copied only to be compared
  if (typeof value === "string") return replaceSealedTexts(value, replacement);
  if (Array.isArray(value)) {
    const items = value as readonly JsonValue[];
    const replaced = items.map((item) => replaceSealedIn(item, replacement));
    return replaced.some((item, at) => item !== items[at]) ? replaced : value;
  }
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, replaceSealedIn(member, replacement)] as const);
  return members.some(([name, member]) => member !== value[name]) ? Object.fromEntries(members) : value;
}

function mayBearSealedText(value: JsonValue): boolean {
  if (typeof value === "string") return value.includes(sealedPrefix);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).some(mayBearSealedText);
  if (!isJsonObject(value)) return false;
  for (const name in value) if (mayBearSealedText(value[name] ?? null)) return true;
  return false;
}

/** Every sealed text in the strings of a value. */
export function sealedIn(value: JsonValue): readonly string[] {
  const found: string[] = [];
  gather(value, found);
  return found;
}

function gather(value: JsonValue, found: string[]): void {
  if (typeof value === "string") {
    if (value.includes(sealedPrefix)) found.push(...sealedTextsIn(value));
  } else if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) gather(item, found);
  } else if (isJsonObject(value)) {
    for (const name in value) gather(value[name] ?? null, found);
  }
}
