import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../json.ts";
import { modifierNames } from "../read/modifier.ts";
import type { Placeholders } from "../read/placeholder.ts";
import { selects } from "../testing/detection.ts";

type Row = {
  readonly selection: string;
  readonly yes: readonly JsonObject[];
  readonly no: readonly JsonObject[];
  readonly placeholders?: Placeholders;
};

const v = (...values: readonly JsonObject[string][]): readonly JsonObject[] => values.map((value) => ({ f: value }));
const encoded = (text: string) => Buffer.from(text, "utf8").toString("base64");
const wideEncoded = (text: string) => Buffer.from(text, "utf16le").toString("base64");

const rows: Readonly<Record<string, readonly Row[]>> = {
  "no modifier": [
    { selection: "f: Void", yes: v("void", "VOID"), no: v("voids", "avoid", "", null) },
    { selection: "f: [a, b]", yes: v("a", "B"), no: v("c", "ab") },
    { selection: "f: 42", yes: v(42, "42", "42.0", "4.2e1"), no: v(43, "forty-two", " 42", "0x2a", true) },
    { selection: "f: '42'", yes: v(42, "42"), no: v("42.0", 42.5) },
    { selection: "f: 1.5", yes: v(1.5, "1.50"), no: v(1, "1,5") },
    { selection: "f: true", yes: v(true, "true", "TRUE"), no: v(false, 1, "1", "yes") },
    { selection: "f: 'true'", yes: v(true, "True"), no: v(false) },
    { selection: "f: ''", yes: v(""), no: [{}, { f: null }, { f: " " }, { f: 0 }] },
    { selection: "f: null", yes: [{}, { f: null }], no: v("", 0, false, "null") },
    { selection: "f: 'v*d'", yes: v("void", "vd", "v\nd"), no: v("voids", "avoid") },
    { selection: "f: 'v?id'", yes: v("void", "v😀id"), no: v("vid", "vooid") },
    { selection: "f: '*'", yes: v("", "x", 1, false), no: [{}, { f: null }, { f: {} }] },
  ],
  contains: [
    { selection: "f|contains: oi", yes: v("void", "OI"), no: v("viod", "") },
    { selection: "f|contains: 'a*b'", yes: v("xa--by", "ab"), no: v("ba") },
    { selection: "f|contains: 46", yes: v(1465, "x46"), no: v(164) },
    { selection: "f|contains: 1.10", yes: v("v1.10.2"), no: v("v1.1", 1.1) },
  ],
  startswith: [
    { selection: "f|startswith: pos.", yes: v("POS.void", "pos."), no: v("xpos.", "pos") },
    { selection: "f|startswith: 'p?s'", yes: v("post", "pus"), no: v("xpos") },
  ],
  endswith: [
    { selection: "f|endswith: .void", yes: v("POS.VOID"), no: v("pos.voids") },
    { selection: "f|endswith: ['a', 'b']", yes: v("xa", "xb"), no: v("ax") },
  ],
  all: [
    { selection: "f|contains|all: [no, receipt]", yes: v("receipt: NO", "no receipt"), no: v("no", "receipt") },
    { selection: "f|all: ['*a*', '*b']", yes: v("ab"), no: v("ba", "b") },
    { selection: "f|re|all: ['a+', 'b+']", yes: v("ba"), no: v("aa") },
    { selection: "f|contains|all: [a, b]", yes: v(["xa", "yb"]), no: v(["xa", "ya"]) },
  ],
  exists: [
    { selection: "f|exists: true", yes: v("", null, 0, [], {}), no: [{}, { F: 1 }] },
    { selection: "f|exists: false", yes: [{}], no: v("", null, []) },
    { selection: "a.b|exists: true", yes: [{ a: { b: null } }, { "a.b": 1 }], no: [{ a: {} }, { a: "b" }] },
  ],
  cased: [
    { selection: "f|cased: Void", yes: v("Void"), no: v("void", "VOID") },
    { selection: "f|contains|cased: Ab", yes: v("xAbx"), no: v("xabx") },
    { selection: "f|cased|startswith: A", yes: v("Ab"), no: v("ab") },
    { selection: "f|cased: 'A*b?'", yes: v("Axxbc"), no: v("axxbc") },
    { selection: "f|cased: [A, B, C, D, E]", yes: v("E"), no: v("e") },
  ],
  neq: [
    { selection: "f|neq: a", yes: v("b", "", null, 1, []), no: [{ f: "A" }, {}] },
    { selection: "f|neq: [a, b]", yes: v("c"), no: v("a", "b") },
    { selection: "f|neq: 5", yes: v(6, "x"), no: v(5, "5") },
    { selection: "f|neq: null", yes: v("", 0), no: [{}, { f: null }] },
    { selection: "f|neq: ''", yes: v("x"), no: v("") },
    { selection: "f|contains|neq: a", yes: v("b"), no: v("bab") },
    { selection: "f|neq: a", yes: v(["b", "c"]), no: v(["b", "a"]) },
    { selection: "f|cidr|neq: 10.0.0.0/8", yes: v("11.0.0.1"), no: v("10.0.0.1") },
    { selection: "f|re|neq: ^a", yes: v("ba"), no: v("ab") },
  ],
  windash: [
    { selection: "f|windash: -s", yes: v("-s", "/S", "–s", "—s", "―s"), no: v("s", "_s") },
    { selection: "f|contains|windash: ' /a-b'", yes: v("x -a/b", "x ―a–b"), no: v("x ab", "x/a-b") },
    { selection: "f|windash|cased: -S", yes: v("/S"), no: v("/s") },
    { selection: "f|endswith|windash: '-?'", yes: v("x/y"), no: v("x/") },
    {
      selection: "f|windash|base64offset|contains: '-enc'",
      yes: v(encoded("run -enc x"), encoded("run /enc x"), encoded("ru—enc")),
      no: v(encoded("run enc x")),
    },
  ],
  re: [
    { selection: "f|re: a.c", yes: v("xabcx"), no: v("ABC", "ac", "a\nc") },
    { selection: "f|re: ^4\\d$", yes: v("42", 42), no: v(421, true) },
    { selection: "f|re: 'a*'", yes: v("", "b"), no: [{}, { f: null }] },
  ],
  i: [{ selection: "f|re|i: a.c", yes: v("ABC"), no: v("AC") }],
  m: [{ selection: "f|re|m: ^b$", yes: v("a\nb\nc"), no: v("a\nbb") }],
  s: [{ selection: "f|re|s: a.c", yes: v("a\nc"), no: v("ac") }],
  "i, m and s together": [{ selection: "f|re|i|m|s: ^b.c$", yes: v("a\nB\nC\nd"), no: v("a\nBxxC") }],
  base64: [
    { selection: "f|base64: foobar", yes: v("Zm9vYmFy"), no: v("foobar") },
    { selection: "f|base64|contains: foobar", yes: v("xZm9vYmFyx"), no: v("Zm9v") },
    { selection: "f|base64|cased: foobar", yes: v("Zm9vYmFy"), no: v("zm9vymfy") },
    { selection: "f|base64: ü", yes: v(encoded("ü")), no: v(Buffer.from("ü", "latin1").toString("base64")) },
    { selection: "f|base64: 'a\\*'", yes: v(encoded("a*")), no: v(encoded("a\\*")) },
  ],
  base64offset: [
    {
      selection: "f|base64offset|contains: /bin/bash",
      yes: v(encoded("/bin/bash"), encoded("x/bin/bash -c"), encoded("xy/bin/bash;")),
      no: v(encoded("/bin/sh"), "/bin/bash"),
    },
    {
      selection: "f|base64offset|contains|all: [alpha, beta]",
      yes: v(encoded("x alpha y beta"), encoded("beta alpha")),
      no: v(encoded("alpha")),
    },
  ],
  utf16le: [{ selection: "f|utf16le|base64: cmd", yes: v("YwBtAGQA"), no: v(encoded("cmd")) }],
  utf16be: [{ selection: "f|utf16be|base64: cmd", yes: v("AGMAbQBk"), no: v("YwBtAGQA") }],
  utf16: [
    { selection: "f|utf16|base64: cmd", yes: v("//5jAG0AZAA="), no: v("YwBtAGQA") },
    { selection: "f|utf16: cmd", yes: v("\u00ff\u00fec\0m\0d\0"), no: v("cmd") },
  ],
  wide: [
    { selection: "f|wide: cmd", yes: v("c\0m\0d\0"), no: v("cmd", "\0c\0m\0d") },
    {
      selection: "f|wide|base64offset|contains: http",
      yes: v(wideEncoded("see http://x"), wideEncoded("http"), `QQ${wideEncoded("http")}`),
      no: v(encoded("http://x")),
    },
  ],
  lt: [{ selection: "f|lt: 5", yes: v(4, "4.9", -1), no: v(5, "x", null, false) }],
  lte: [{ selection: "f|lte: 5", yes: v(5, "5"), no: v(5.1) }],
  gt: [{ selection: "f|gt: 5", yes: v(6, [1, 6]), no: v(5, [1, 2]) }],
  gte: [{ selection: "f|gte: -0.5", yes: v(-0.5, 0), no: v(-1, "") }],
  minute: [{ selection: "f|minute: 30", yes: v("2026-11-20T12:30:05Z"), no: v("2026-11-20T12:31:00Z", "2026-11-20") }],
  hour: [
    { selection: "f|hour: 22", yes: v("2026-11-20T22:15:00+02:00", "2026-11-20 22:15"), no: v("2026-11-20T20:15:00Z") },
    { selection: "f|hour|gte: 22", yes: v("2026-11-20T23:00:00Z"), no: v("2026-11-20T21:59:59Z", "late") },
    { selection: "f|hour: [1, 2]", yes: v("2026-11-20T02:00:00Z"), no: v("2026-11-20T03:00:00Z") },
    { selection: "f|hour: 12", yes: v(1720614600, 1720614600000), no: v(1720618200) },
    { selection: "f|hour|neq: 12", yes: v("2026-11-20T13:00:00Z"), no: [{ f: "2026-11-20T12:00:00Z" }, {}] },
  ],
  day: [{ selection: "f|day: 29", yes: v("2024-02-29"), no: v("2023-02-29", "2024-02-28") }],
  week: [{ selection: "f|week: 53", yes: v("2021-01-03", "2020-12-31T01:00:00Z"), no: v("2021-01-04") }],
  month: [{ selection: "f|month: 7", yes: v("2024-07-10T12:30:00Z"), no: v("2024-08-10T12:30:00Z") }],
  year: [{ selection: "f|year|lt: 2024", yes: v("2023-12-31"), no: v("2024-01-01") }],
  cidr: [
    { selection: "f|cidr: 192.168.0.0/16", yes: v("192.168.4.5", "::ffff:192.168.4.5"), no: v("192.169.0.1", "x", 1) },
    { selection: "f|cidr: [10.0.0.0/8, 2001:db8::/32]", yes: v("2001:DB8:1::1", "10.1.1.1"), no: v("2001:db9::1") },
    { selection: "f|cidr: 0.0.0.0/0", yes: v("255.255.255.255"), no: v("::1") },
    { selection: "f|cidr: fe80::/10", yes: v("fe80::1%eth0", "febf::1"), no: v("fec0::1") },
  ],
  expand: [
    {
      selection: "f|expand: '%staff%'",
      yes: v("till-1", "TILL-9x", "office"),
      no: v("%staff%", "home"),
      placeholders: { staff: ["till-*", "office"] },
    },
    {
      selection: "f|contains|expand: 'x%a%-%b%\\%'",
      yes: v("--x1-2%--", "x1-3%"),
      no: v("x1-2", "x2-2%"),
      placeholders: { a: ["1"], b: ["2", "3"] },
    },
    {
      selection: "f|contains|all|expand: ['%a%', '%b%']",
      yes: v("1 3", "2 3"),
      no: v("1 2", "3"),
      placeholders: { a: ["1", "2"], b: ["3"] },
    },
    { selection: "f: '%staff%'", yes: v("%staff%"), no: v("till-1"), placeholders: { staff: ["till-1"] } },
  ],
  fieldref: [
    {
      selection: "f|fieldref: g",
      yes: [
        { f: "A", g: "a" },
        { f: 1, g: "1" },
      ],
      no: [{ f: "a", g: "b" }, { f: "a" }, { g: "a" }, {}],
    },
    { selection: "f|fieldref|cased: g", yes: [{ f: "A", g: "A" }], no: [{ f: "A", g: "a" }] },
    { selection: "f|fieldref|neq: g", yes: [{ f: "a", g: "b" }], no: [{ f: "A", g: "a" }, { g: "a" }] },
    { selection: "f|fieldref: a.b", yes: [{ f: "x", a: { b: ["y", "X"] } }], no: [{ f: "x", a: { b: [] } }] },
    { selection: "f|fieldref: [g, h]", yes: [{ f: "x", g: "y", h: "x" }], no: [{ f: "x", g: "y", h: "z" }] },
  ],
};

describe("modifiers", () => {
  for (const [modifier, cases] of Object.entries(rows)) {
    test(`C09 ${modifier}`, () => {
      for (const { selection, yes, no, placeholders } of cases) {
        for (const event of yes) {
          assert.ok(selects(selection, event, placeholders), `${selection} must match ${JSON.stringify(event)}`);
        }
        for (const event of no) {
          assert.ok(!selects(selection, event, placeholders), `${selection} must not match ${JSON.stringify(event)}`);
        }
      }
    });
  }

  test("C09 every modifier of the specification has a table", () => {
    for (const name of modifierNames) assert.ok(rows[name] !== undefined, name);
  });
});
