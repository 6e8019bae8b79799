import assert from "node:assert/strict";
import { test } from "node:test";
import { passwordRefusal } from "./password-rules.ts";

const about = ["ada.lovelace@example.org", "Ada Lovelace", "Northwind Stores"];

const cases: readonly { readonly says: string; readonly password: string; readonly want: string | null }[] = [
  { says: "eleven letters are too few", password: "qm8-tr5vx2k", want: "password_too_short" },
  { says: "twelve will do", password: "qm8-tr5vx2kd", want: null },
  { says: "a sentence of small letters", password: "the heron waits by the weir", want: null },
  { says: "letters of any script", password: "ястреб над рекой", want: null },
  { says: "letters that are two units long count once", password: "🦉🦊🐝🐢🦋🐙", want: "password_too_short" },
  { says: "sixty-four and more", password: "the heron waits by the weir ".repeat(4).slice(0, 100) + "!", want: null },
  { says: "beyond 256", password: Array.from({ length: 130 }, (_, at) => at * 7).join("x"), want: "password_too_long" },
  { says: "one that everybody tries", password: "passwordpassword", want: "password_common" },
  { says: "a common one with a year and a sign", password: "Sunshine2026!", want: "password_common" },
  { says: "a common one with figures for letters", password: "!p4ssw0rd2026!", want: "password_common" },
  { says: "one letter over and over", password: "aaaaaaaaaaaa", want: "password_repeats" },
  { says: "one piece over and over", password: "xyzqxyzqxyzq", want: "password_repeats" },
  { says: "a run", password: "123456789012", want: "password_repeats" },
  { says: "the product's name", password: "T1llw4tch-2026", want: "password_context" },
  { says: "one's own name", password: "adaLovelace1815", want: "password_context" },
  { says: "the organisation's name", password: "northwind-store", want: "password_context" },
  { says: "a context word in a longer sentence", password: "the guard sings to seven herons", want: null },
];
for (const { says, password, want } of cases) {
  test(`N05 passwords: ${says}`, () => assert.equal(passwordRefusal(password, about), want));
}
