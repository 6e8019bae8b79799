import type { Random } from "@tillwatch/sim";
import type { Json } from "../sigma-vectors.ts";
import { addresses, dates, fields, numbers, words } from "./generate-rule.ts";
import { placeholders, type Event, type Item, type Rule, type Value } from "./rule.ts";

/** An event that comes close to the rule: values made from its own, some of them altered, put where its fields are. */
export function generateEvent(random: Random, rule: Rule): Event {
  const event: Record<string, Json> = {};
  for (const field of fields) if (random.chance(0.25)) put(random, event, { field, value: anyValue(random, field) });
  const items = [...rule.selections, ...rule.filters.map(({ selection }) => selection)].flatMap(({ maps }) =>
    maps.flat(),
  );
  for (const item of items) {
    if (random.chance(0.2)) continue;
    const field = item.field ?? random.pick(fields);
    const value = near(random, item);
    if (value !== undefined) put(random, event, { field, value: random.chance(0.4) ? altered(random, value) : value });
  }
  return event;
}

function anyValue(random: Random, field: string): Json {
  if (field === "at")
    return random.chance(0.2)
      ? random.pick([0, 1_795_212_900, 1_795_212_900_000, 150_000_000_000, -1])
      : random.pick(dates);
  if (field === "address") return random.pick(addresses);
  if (field === "n") return random.chance(0.5) ? Number(random.pick(numbers)) : random.pick(words);
  return random.chance(0.8)
    ? random.pick(words)
    : random.pick<Json>([null, true, false, 0, 42, 1e21, 1e-7, [], {}, "", { deep: "abc" }]);
}

/** A value that the item is likely to want. */
function near(random: Random, { field, modifiers, values }: Item): Json | undefined {
  const has = (name: string) => modifiers.includes(name);
  const value = random.pick(values);
  if (has("exists")) return random.pick<Json>(["x", null, "", [], 0]);
  if (has("re")) return random.pick(words);
  if (has("cidr")) return random.pick(addresses);
  if (has("fieldref")) return random.pick<Json>(["abc", "ABC", 1, "1", true, null, ["abc", "x"], "ΟΔΟΣ"]);
  if (["minute", "hour", "day", "week", "month", "year"].some(has)) return anyValue(random, "at");
  if (["lt", "lte", "gt", "gte"].some(has)) {
    const bound = value.kind === "number" ? Number(value.source) : 0;
    return random.pick<Json>([
      bound,
      bound + 1,
      bound - 1,
      String(bound),
      String(bound + 0.5),
      `${bound}.0`,
      "inf",
      "1e400",
    ]);
  }
  if (value.kind === "null") return random.pick<Json>([null, null, "", [null], [null, "x"]]);
  if (value.kind === "boolean")
    return random.pick<Json>([
      value.value,
      String(value.value),
      value.value ? "yes" : "no",
      value.value ? 1 : 0,
      value.value ? "1" : "0",
    ]);
  if (value.kind === "number") {
    const number = Number(value.source);
    return random.pick<Json>([
      number,
      value.source,
      String(number),
      `${number}.0`,
      number + Number.EPSILON / 4,
      `x${value.source}`,
      number.toExponential(),
    ]);
  }
  const text = instance(random, value, modifiers);
  if (field === null || has("contains") || has("base64offset"))
    return `${random.pick(["", "x", " "])}${text}${random.pick(["", "y", "\n"])}`;
  if (has("startswith")) return `${text}${random.pick(["", "y"])}`;
  return has("endswith") ? `${random.pick(["", "x"])}${text}` : text;
}

/** A text that fits a pattern: wildcards filled, escapes resolved, encoded where the modifiers say so. */
function instance(random: Random, value: Extract<Value, { kind: "text" }>, modifiers: readonly string[]): string {
  const name = modifiers.includes("expand") ? /^%(\w+)%$/.exec(value.source)?.[1] : undefined;
  const source = name === undefined ? value.source : random.pick(placeholders[name] ?? []);
  const filled = source.replaceAll(/\\([\\*?])|\*|\?/g, (found, char: string | undefined) => {
    if (char !== undefined) return char;
    return found === "*" ? random.pick(["", "x", "abc", "\n", "😀"]) : random.pick(["x", "😀", "\n", "ß"]);
  });
  const dashed = modifiers.includes("windash")
    ? filled.replaceAll(/[-/–]/g, () => random.pick(["-", "/", "–", "—", "―"]))
    : filled;
  const bytes = bytesOf(dashed, modifiers);
  if (modifiers.includes("base64")) return bytes.toString("base64");
  if (!modifiers.includes("base64offset"))
    return bytes === null
      ? dashed
      : modifiers.some((one) => one === "wide" || one.startsWith("utf16"))
        ? bytes.toString("latin1")
        : dashed;
  const around = Buffer.concat([
    Buffer.from("xyz".slice(0, random.int(0, 3))),
    bytes,
    Buffer.from("zyx".slice(0, random.int(0, 3))),
  ]);
  return around.toString("base64");
}

function bytesOf(text: string, modifiers: readonly string[]): Buffer {
  if (modifiers.includes("wide") || modifiers.includes("utf16le")) return Buffer.from(text, "utf16le");
  if (modifiers.includes("utf16be")) return Buffer.from(text, "utf16le").swap16();
  if (modifiers.includes("utf16")) return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);
  return Buffer.from(text, "utf8");
}

/** A near miss: one small change. */
function altered(random: Random, value: Json): Json {
  const roll = random.int(0, 9);
  if (roll === 0) return [value];
  if (roll === 1) return [random.pick(words), value];
  if (roll === 2) return [[value, null], random.pick(words)];
  if (typeof value !== "string") return roll < 5 ? JSON.stringify(value) : roll < 7 ? null : value;
  const at = random.int(0, value.length);
  const changes: readonly (() => string)[] = [
    () => value.toUpperCase(),
    () => value.toLowerCase(),
    () => value.slice(1),
    () => value.slice(0, -1),
    () => `${value} `,
    () => value.replace("-", "/"),
    () => value.slice(0, at) + value.slice(at + 1),
  ];
  const changed = random.pick(changes)();
  return changed.isWellFormed() ? changed : value;
}

type Placed = { readonly field: string; readonly value: Json };

/** Under a dotted name, or where its path leads: through objects, and arrays of objects. */
function put(random: Random, event: Record<string, Json>, { field, value }: Placed): void {
  const [head = "", tail] = field.split(".");
  if (tail === undefined || random.chance(0.2)) event[field] = value;
  else if (random.chance(0.5)) event[head] = { [tail]: value };
  else
    event[head] = random.pick<Json>([
      [{ [tail]: value }],
      [{ [tail]: "x" }, { [tail]: value }],
      [{}, { [tail]: value }, "x"],
      [[{ [tail]: value }]],
      [],
    ]);
}
