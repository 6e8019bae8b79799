import { sealedIn, type JsonObject, type JsonValue } from "@tillwatch/wire";

// A situation keeps the views of up to 200 signals and is read whole with every signal that comes near it: at the full 256 KiB a
// signal, one device could make every later alarm of its shop wait for 50 MB. Real facts are some hundred bytes.
export const viewDataCharsMax = 16_384;
const textCharsMax = 1_024;
// What people wrote is longer once it is sealed, and half of it would not open: it stays whole or goes.
const sealedCharsMax = 32_768;
const listMax = 100;

/**
 * The facts as rules see them and situations keep them: unchanged up to 16,384 characters of JSON; beyond that texts end after
 * 1,024 characters, lists after 100 items, and of the members those are kept, smallest first, that fit. Sealed texts are never cut; up to
 * 32,768 characters of them come besides. The log keeps the whole signal.
 */
export function boundedData(data: JsonObject): { readonly data: JsonObject; readonly isCut: boolean } {
  const chars = JSON.stringify(data).length;
  if (chars <= viewDataCharsMax) return { data, isCut: false };
  const sealedChars = sealedIn(data).reduce((sum, text) => sum + text.length, 0);
  if (sealedChars > 0 && sealedChars <= sealedCharsMax && chars - sealedChars <= viewDataCharsMax)
    return { data, isCut: false };
  return cut(data);
}

function cut(data: JsonObject): { readonly data: JsonObject; readonly isCut: boolean } {
  const members = Object.entries(data)
    .map(([name, value]) => ({ name, value: shortened(value) }))
    .map((member) => ({ ...member, chars: JSON.stringify([member.name, member.value]).length }));
  const kept = new Set<string>();
  let chars = 2;
  for (const member of members.toSorted((a, b) => a.chars - b.chars)) {
    chars += member.chars;
    if (chars > viewDataCharsMax) break;
    kept.add(member.name);
  }
  const fitting = members.filter(({ name }) => kept.has(name));
  return { data: Object.fromEntries(fitting.map(({ name, value }) => [name, value])), isCut: true };
}

function shortened(value: JsonValue): JsonValue {
  // toWellFormed: a cut must not leave half of a surrogate pair, which no database keeps.
  if (typeof value === "string" && sealedIn(value).length > 0) return value;
  if (typeof value === "string") return value.slice(0, textCharsMax).toWellFormed();
  return Array.isArray(value) ? (value as readonly JsonValue[]).slice(0, listMax) : value;
}
