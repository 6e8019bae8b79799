import { spawnSync } from "node:child_process";
import { pythonTool } from "../tools.ts";
import type { Json } from "../sigma-vectors.ts";
import type { Batch, Verdicts } from "./comparison.ts";
import { fields } from "./generate-rule.ts";
import { textOf, type Event, type Item, type Rule } from "./rule.ts";

/**
 * pySigma's SQLite backend: it writes a rule as a query, and SQLite, an engine that never heard of Sigma, answers it. It speaks of rows
 * of texts and numbers, so both sides are given only what a row can hold: no arrays, objects, booleans or null, a column of one type,
 * ASCII (LIKE knows no other letter case). What is left is what the specification says most plainly: lists, maps, conditions, filters,
 * wildcards and their escapes, modifiers of text, encodings, regular expressions, numbers, absent fields.
 */
export const sqliteVersions = "pySigma 2.0.1, its SQLite backend 2.1.1";

export function sqliteTool(): string | undefined {
  return pythonTool(["pysigma==2.0.1", "pysigma-backend-sqlite==2.1.1"]);
}

/** Reads `{fields, rules, events}` of standard input; prints, for each rule, the numbers of the rows that its query selects, or why it is refused. */
const script = String.raw`
import json, re, sqlite3, sys
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError
from sigma.backends.sqlite import sqliteBackend
job = json.load(sys.stdin)
base = sqlite3.connect(":memory:")
base.create_function("REGEXP", 2, lambda pattern, text: text is not None and re.search(pattern, str(text)) is not None)
columns = ", ".join('"%s"' % name for name in job["fields"])
base.execute("create table logs (%s)" % columns)
marks = ", ".join("?" for _ in job["fields"])
for event in job["events"]:
    base.execute("insert into logs values (%s)" % marks, [event.get(name) for name in job["fields"]])
backend = sqliteBackend(collate_nocase=True)
answers = []
for text in job["rules"]:
    try:
        queries = backend.convert(SigmaCollection.from_yaml(text))
    except SigmaError as error:
        answers.append({"refused": type(error).__name__ + ": " + str(error)})
        continue
    rows = set()
    for query in queries:
        rows.update(row[0] - 1 for row in base.execute(query.replace("SELECT *", "SELECT rowid", 1)))
    answers.append({"rows": sorted(rows)})
json.dump(answers, sys.stdout)
`;

type Answer = { readonly rows: readonly number[] } | { readonly refused: string };

/** What SQLite selects, by the ref of the event; a rule that the backend refuses is in `refused`, with its reason, and not in `batch`. */
export type Judged = {
  readonly batch: Batch;
  readonly theirs: Verdicts;
  readonly refused: ReadonlyMap<string, string>;
};

export function judgedBySqlite(python: string, { rules, events }: Batch): Judged {
  const run = spawnSync(python, ["-c", script], {
    input: JSON.stringify({ fields, rules: rules.map((rule) => textOf(rule, true)), events }),
    maxBuffer: 64 * 1024 * 1024,
    encoding: "utf8",
  });
  if (run.status !== 0) throw new Error(run.stderr.slice(-2_000));
  const theirs = new Map(events.map(({ ref }) => [ref, new Set<string>()]));
  const refused = new Map<string, string>();
  for (const [at, answer] of (JSON.parse(run.stdout) as readonly Answer[]).entries()) {
    const { id = "" } = rules[at] ?? {};
    if ("refused" in answer) refused.set(id, answer.refused);
    else for (const row of answer.rows) theirs.get(events[row]?.ref ?? "")?.add(id);
  }
  return { batch: { rules: rules.filter(({ id }) => !refused.has(id)), events }, theirs, refused };
}

const numberField = "n";
/** Not among them: parts of dates (strftime takes a number for a day of Julius) and `cidr` (written as a prefix of text, so that "in" is within 0.0.0.0/0). */
const spoken = new Set(
  "contains startswith endswith all exists lt lte gt gte neq re base64 base64offset wide expand fieldref cased".split(
    " ",
  ),
);

/** Whether the backend can write the rule, about the rows that it is given. */
export function isSpoken({ selections, filters }: Rule): boolean {
  const all = [...selections, ...filters.map(({ selection }) => selection)];
  return all.flatMap(({ maps }) => maps.flat()).every(isSpokenItem);
}

function isSpokenItem({ field, modifiers, values }: Item): boolean {
  if (field === null || !modifiers.every((name) => spoken.has(name))) return false;
  // The zero bytes of UTF-16 end the text of a query.
  if (modifiers.includes("wide") && !modifiers.some((name) => name.startsWith("base64"))) return false;
  const compares = modifiers.some((name) => ["lt", "lte", "gt", "gte"].includes(name));
  if (compares) return field === numberField;
  if (modifiers.includes("exists")) return true;
  const kind = field === numberField ? "number" : "text";
  return values.every(
    (value) => value.kind === "null" || (value.kind === kind && (value.kind === "number" || isAscii(value.source))),
  );
}

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** The event as a row: what a column cannot hold is absent. */
export function asRow<E extends Event>(event: E): E {
  const cells = fields.map((field): readonly [string, Json] | null => {
    const value = event[field];
    if (field === numberField) return typeof value === "number" ? [field, value] : null;
    return typeof value === "string" && isAscii(value) ? [field, value] : null;
  });
  return { ref: event["ref"], ...Object.fromEntries(cells.filter((cell) => cell !== null)) } as unknown as E;
}
