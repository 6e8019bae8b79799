import type { Random } from "@tillwatch/sim";
import type { Condition, Filter, Item, Rule, Selection, Value } from "./rule.ts";

/** Few fields, so that the rules and events of a batch meet. A dotted one is a path, or a key with a dot in it. */
export const fields = ["f", "g", "h", "n", "Process.Name", "list.name", "at", "address"] as const;

/** Texts with something in them that one engine or another may read in its own way. */
export const words: readonly string[] = [
  ..."cmd.exe,C:\\Windows\\System32\\cmd.exe,powershell -enc aQBlAHgA,/s /v,-p,a*b,who?,100%,till-1,pos.void".split(
    ",",
  ),
  ..."a,ab,abc,bca,\\,\\\\srv\\share,x\\*y,é,É,e\u0301,ß,STRASSE,ΟΔΟΣ,οδος,İ,K,ſ,😀,–enc,—x,―".split(","),
  ..."line\nbreak|tab\tend| | lead|trail |true|True|false|yes|no|1|0|42|42.0|4.2e1|-7|+7|0x2a|1e400|inf|NaN|.5|5.".split(
    "|",
  ),
];

export const dates: readonly string[] = [
  ..."2026-11-20T22:15:00Z,2026-11-20T23:45:00+02:00,2026-11-20T22:15:00-05:30,2026-11-20 22:15:00".split(","),
  ..."2026-11-20T22:15:00,2026-11-20 22:15,2026-11-20,2021-01-03T00:30:00+01:00,2020-12-31T23:59:59.999Z".split(","),
  ..."2024-02-29T12:00:00Z,2023-02-29T12:00:00Z,2026-11-20t22:15:00z,22:15".split(","),
];

export const addresses: readonly string[] = [
  ..."10.0.0.5,10.255.0.1,192.168.4.5,255.255.255.255,::1,fe80::1,fe80::1%eth0,2001:DB8:1::1".split(","),
  ..."::ffff:10.0.0.5,::ffff:0a00:0005,010.0.0.5,10.0.0,10.0.0.256,2001:db8::1:2:3:4:5:6:7".split(","),
];

const networks = "10.0.0.0/8,192.168.0.0/16,10.0.0.5/32,0.0.0.0/0,fe80::/10,2001:db8::/32,::/0,::ffff:0:0/96".split(
  ",",
);

export const numbers = ["0", "1", "42", "-7", "1.5", "0.3", "1.10", "100000", "0.0000001", "1000000"] as const;

const timeParts = {
  minute: ["0", "15", "30", "45"],
  hour: ["0", "12", "20", "21", "22", "23", "3"],
  day: ["20", "21", "29", "31", "3"],
  week: ["47", "53", "9", "1"],
  month: ["11", "1", "12", "2"],
  year: ["2026", "2020", "2021", "1970"],
} as const;

/** Regular expressions in a syntax that RE2, Rust and ECMAScript write alike; what they mean is the point. */
const expressions = [
  ..."cmd,^cmd,exe$,a.c,^a.*c$,[a-c]+,\\d+,^\\d+$,\\w+$,^\\w+\\.\\w+$,\\s,(cmd|power),k,s,ß,é,^.$,e\\d{2}".split(","),
  ..."line.break,^break$,\\x61,[^a-z]$,-enc|/enc,o+δ,\\bcmd\\b".split(","),
];

export function generateRule(random: Random, id: string): Rule {
  const names = ["sel_one", "sel_two", "other", "_hidden"].slice(0, random.int(1, 4));
  const selections = names.map((name) => generateSelection(random, name));
  const conditions = Array.from({ length: random.chance(0.1) ? 2 : 1 }, () => generateCondition(random, names, 2));
  const filters: readonly Filter[] = random.chance(0.12)
    ? [
        {
          id: id.replace(/^./, "f"),
          selection: { ...generateSelection(random, "selection") },
          isNegated: random.chance(0.7),
        },
      ]
    : [];
  return { id, selections, conditions, filters };
}

function generateCondition(random: Random, names: readonly string[], depth: number): Condition {
  const roll = random.next();
  if (depth === 0 || roll < 0.5) return { kind: "selection", name: random.pick(names) };
  if (roll < 0.65) {
    const patterns = [
      "them",
      ...(names.length > 1 ? ["sel_*", "*_one", "sel*o", random.chance(0.04) ? "*e*" : "*"] : []),
      ...(names.length > 3 ? ["_h*"] : []),
    ];
    return { kind: random.pick(["some", "every"]), pattern: random.pick(patterns) };
  }
  if (roll < 0.8) return { kind: "not", term: generateCondition(random, names, depth - 1) };
  const terms = Array.from({ length: random.int(2, 3) }, () => generateCondition(random, names, depth - 1));
  return { kind: random.pick(["and", "or"]), terms };
}

function generateSelection(random: Random, name: string): Selection {
  if (random.chance(0.12)) {
    const values = listOf(random.int(1, 3), () =>
      random.chance(0.15) ? numberValue(random) : textValue(random, false),
    );
    return {
      name,
      maps: values.map((value) => [{ field: null, modifiers: [], values: [value] }]),
      isKeywordList: true,
    };
  }
  const maps = Array.from({ length: random.chance(0.2) ? 2 : 1 }, () => {
    const items = Array.from({ length: random.int(1, 2) }, () => generateItem(random));
    // A key twice in one map is refused.
    return items.filter((item, at) => items.findIndex((other) => keyOf(other) === keyOf(item)) === at);
  });
  return { name, maps, isKeywordList: false };
}

/** The key as it is when placeholders are filled. */
const keyOf = ({ field, modifiers }: Item) => [field ?? "", ...modifiers.filter((name) => name !== "expand")].join("|");

/** Different ones, at most that many. */
function listOf<T>(length: number, make: () => T): readonly T[] {
  const made = Array.from({ length }, make);
  const texts = made.map((one) => JSON.stringify(one));
  return made.filter((_, at) => texts.indexOf(texts[at] ?? "") === at);
}

/** Each way of writing an item; the weights bring every modifier into every batch. */
const makers: readonly { readonly weight: number; readonly make: (random: Random, field: string) => Item }[] = [
  { weight: 10, make: plainItem },
  { weight: 10, make: (random, field) => textItem(random, field, random.pick(["contains", "startswith", "endswith"])) },
  { weight: 3, make: keywordItem },
  { weight: 3, make: dashItem },
  { weight: 4, make: encodedItem },
  { weight: 4, make: regexItem },
  { weight: 3, make: cidrItem },
  {
    weight: 4,
    make: (random) => ({
      field: random.pick(["n", "f"]),
      modifiers: [random.pick(["lt", "lte", "gt", "gte"])],
      values: [numberValue(random)],
    }),
  },
  { weight: 3, make: timeItem },
  {
    weight: 3,
    make: (random, field) => ({
      field,
      modifiers: ["exists"],
      values: [{ kind: "boolean", value: random.chance(0.5) }],
    }),
  },
  { weight: 3, make: fieldrefItem },
  { weight: 2, make: expandItem },
];

function generateItem(random: Random): Item {
  return random.pickWeighted(makers).make(random, random.pick(fields));
}

function plainItem(random: Random, field: string): Item {
  if (random.chance(0.12)) return { field, modifiers: random.chance(0.3) ? ["neq"] : [], values: [{ kind: "null" }] };
  const modifiers = random.chance(0.15) ? ["cased"] : [];
  const make = () => {
    const roll = random.next();
    if (roll < 0.15) return numberValue(random);
    if (roll < 0.22) return { kind: "boolean", value: random.chance(0.5) } as const;
    if (roll < 0.25) return { kind: "text", source: "" } as const;
    return textValue(random, true);
  };
  return linked(random, { field, modifiers, values: listOf(random.chance(0.15) ? 9 : random.int(1, 3), make) });
}

function textItem(random: Random, field: string, operator: string): Item {
  const make = () =>
    random.chance(0.06)
      ? numberValue(random)
      : random.chance(0.03)
        ? ({ kind: "boolean", value: true } as const)
        : textValue(random, true);
  const modifiers = random.chance(0.2)
    ? random.pick([
        [operator, "cased"],
        ["cased", operator],
      ])
    : [operator];
  return linked(random, { field, modifiers, values: listOf(random.chance(0.1) ? 10 : random.int(1, 3), make) });
}

/** Now and then `all`, or `neq`. */
function linked(random: Random, item: Item): Item {
  if (item.values.length > 1 && random.chance(0.25)) return { ...item, modifiers: [...item.modifiers, "all"] };
  return random.chance(0.12) ? { ...item, modifiers: [...item.modifiers, "neq"] } : item;
}

function keywordItem(random: Random): Item {
  const values = listOf(random.int(2, 3), () => textValue(random, true));
  const operator = random.pick([[], ["contains"], ["startswith"], ["re"], ["cased"]]);
  const shown = operator[0] === "re" ? listOf(2, () => regexValue(random)) : values;
  return {
    field: null,
    modifiers:
      shown.length > 1 || operator.length === 0
        ? [...operator, ...(shown.length > 1 ? ["all"] : ["contains"])]
        : operator,
    values: shown,
  };
}

function dashItem(random: Random, field: string): Item {
  const source = random.pick(["-enc", "/s", " -p", "x –y", "-", "-?nc", "*-e*", "a-b-c"]);
  const operator = random.pick([[], ["contains"], ["endswith"], ["startswith"]]);
  const values: readonly Value[] = [{ kind: "text", source }];
  const encoding =
    /[*?]/.test(source) || source.length < 2 ? [] : random.pick([[], [], ["base64"], ["base64offset", "contains"]]);
  if (encoding.length > 0) return { field, modifiers: ["windash", ...encoding], values };
  return { field, modifiers: [...operator, "windash", ...(random.chance(0.2) ? ["cased"] : [])], values };
}

function encodedItem(random: Random, field: string): Item {
  const wide = random.pick([[], [], ["wide"], ["utf16le"], ["utf16be"], ["utf16"]]);
  const base = random.pick([
    ["base64"],
    ["base64"],
    ["base64", "contains"],
    ["base64offset", "contains"],
    ["base64offset", "contains"],
    [],
  ]);
  const values = listOf(
    random.int(1, 2),
    () => ({ kind: "text", source: escaped(random.pick(words.filter((word) => word.length > 1))) }) as const,
  );
  return linked(random, {
    field,
    modifiers: wide.length + base.length === 0 ? ["base64"] : [...wide, ...base],
    values,
  });
}

function regexItem(random: Random, field: string): Item {
  const flags = ["i", "m", "s"].filter(() => random.chance(0.25));
  return linked(random, {
    field,
    modifiers: ["re", ...flags],
    values: listOf(random.chance(0.15) ? 8 : random.int(1, 3), () => regexValue(random)),
  });
}

const regexValue = (random: Random): Value => ({ kind: "text", source: random.pick(expressions) });

function cidrItem(random: Random): Item {
  return linked(random, {
    field: random.pick(["address", "f"]),
    modifiers: ["cidr"],
    values: listOf(random.int(1, 2), () => ({ kind: "text", source: random.pick(networks) })),
  });
}

function timeItem(random: Random): Item {
  const part = random.pick(Object.keys(timeParts) as (keyof typeof timeParts)[]);
  const values = listOf(random.int(1, 2), () => ({ kind: "number", source: random.pick(timeParts[part]) }) as const);
  return { field: random.pick(["at", "n"]), modifiers: [part, ...(random.chance(0.2) ? ["neq"] : [])], values };
}

function fieldrefItem(random: Random, field: string): Item {
  const values = listOf(random.int(1, 2), () => ({ kind: "text", source: random.pick(fields) }) as const);
  return {
    field,
    modifiers: ["fieldref", ...(random.chance(0.3) ? ["cased"] : []), ...(random.chance(0.2) ? ["neq"] : [])],
    values,
  };
}

function expandItem(random: Random, field: string): Item {
  const operator = random.pick([[], ["contains"], ["endswith"]]);
  return {
    field,
    modifiers: [...operator, "expand"],
    values: [{ kind: "text", source: random.pick(["%tools%", "%staff%"]) }],
  };
}

function numberValue(random: Random): Value {
  return { kind: "number", source: random.pick(numbers) };
}

/** A word, or a part of one, in some letter case, perhaps with wildcards; what is literal is escaped, mostly. */
function textValue(random: Random, mayBeWild: boolean): Value {
  const word = random.pick(words);
  const from = random.chance(0.5) ? 0 : random.int(0, Math.max(0, word.length - 2));
  const part = word.slice(from, random.chance(0.5) ? word.length : from + random.int(1, 8));
  const text = part.isWellFormed() ? part : word;
  let source = random.chance(0.85) ? escaped(text) : text;
  if (mayBeWild && random.chance(0.3)) source = withWildcard(random, source);
  if (random.chance(0.2)) source = random.chance(0.5) ? source.toUpperCase() : source.toLowerCase();
  return { kind: "text", source: source === "" ? "x" : source };
}

function withWildcard(random: Random, source: string): string {
  const chars = Array.from(source);
  const at = random.int(0, chars.length);
  const wild = random.pick(["*", "?", "*", "**", "?*"]);
  return [...chars.slice(0, at), wild, ...chars.slice(at + random.int(0, 2))].join("");
}

const escaped = (text: string): string => text.replaceAll(/[\\*?]/g, String.raw`\$&`);
