import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import type { Db } from "../schema.ts";

/** What must not be found in anything that a thief takes, and what must, so that a search that finds nothing is known to work. */
export const canaries = ["Zaphodine", "Canariusova", "CNRY4711X", "purplewalrus", "zaph.canary@example.org"] as const;
export const control = "control-track-8843";

export const personName = "Zaphodine Canariusova";
export const plate = "B CNRY4711X";
export const words = `${personName}, ${plate}, purplewalrus umbrella, zaph.canary@example.org`;

/** Every row of every table, as text. */
export async function sqlDump(db: Db): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') order by 1`.execute(db);
  const dumped: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<{ line: string }>`select t::text as line from ${sql.raw(name)} as t`.execute(db);
    dumped.push(`-- ${name}`, ...rows.map(({ line }) => line));
  }
  return dumped.join("\n");
}

/** Every file of a folder but those of `keys`, by its path. */
export async function filesOf(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map<string, Buffer>();
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !path.startsWith(join(folder, "keys"))) files.set(path, await readFile(path));
  }
  return files;
}

/** Where `text` stands in these bytes, in clear or thinly veiled: other case, hexadecimal (bytea in a dump), base64, UTF-16. */
export function traces(text: string, of: Buffer): readonly string[] {
  const lower = Buffer.from(of.toString("latin1").toLowerCase(), "latin1");
  const plain = Buffer.from(text, "utf8");
  // Three ways to stand in base64: of each, every letter that the text alone decides. Fewer would be found by chance in what is sealed.
  const base64 = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), plain, Buffer.alloc(2)])
      .toString("base64")
      .slice(Math.ceil((before * 8) / 6), Math.floor(((before + plain.length) * 8) / 6)),
  );
  const forms: readonly (readonly [string, Buffer, Buffer])[] = [
    ["clear", Buffer.from(text.toLowerCase()), lower],
    ["hexadecimal", Buffer.from(plain.toString("hex")), lower],
    ["UTF-16", Buffer.from(text, "utf16le"), of],
    ...base64.map((form) => ["base64", Buffer.from(form), of] as const),
  ];
  return forms.filter(([, wanted, bytes]) => bytes.includes(wanted)).map(([form]) => form);
}

/** Letters that a token, a digest or a seal may be written in: what is made of them alone is found in random text if it is short. */
const random: readonly { readonly letters: RegExp; readonly enough: number }[] = [
  { letters: /^[0-9a-f]*$/i, enough: 7 },
  { letters: /^[0-9a-z+/_-]*$/i, enough: 6 },
];

/**
 * Nothing of `unsaid` stands in the text, whatever its case. A word that chance writes into an identifier or a digest sooner or later ("ada", "4111")
 * is refused: the search for it would fail in one run of some dozens.
 */
export function saysNothingOf(text: string, unsaid: readonly string[]): void {
  for (const word of unsaid) {
    const short = random.find(({ letters, enough }) => letters.test(word) && word.length < enough);
    assert.equal(short, undefined, `"${word}" is found by chance: look for more of it`);
    const at = text.toLowerCase().indexOf(word.toLowerCase());
    assert.ok(at < 0, `"${word}" in ${text.slice(Math.max(0, at - 80), at + 80)}`);
  }
}
