import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import { changeOf, summaryOf } from "../testing/told-incidents.ts";
import { systemChance } from "../platform/chance.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { parsePlaybooks, readPlaybooks } from "./playbooks-file.ts";
import type { PlaybookIndex } from "./playbooks.ts";
import { playbooksOf } from "./respond-read.ts";
import { respondStage, type TimelineLine } from "./respond-stage.ts";
import { applicable, type RespondFacts } from "./respond.ts";

const guidance = { severityMin: 0, riskClass: "guidance" } as const;
const index: PlaybookIndex = {
  version: "playbooks-1",
  playbooks: [
    { id: "everything", title: "Everything", category: "*", levelMin: 1, ...guidance, steps: ["Look"] },
    { id: "attack", title: "Attack", category: "*", levelMin: 3, ...guidance, steps: ["Call"] },
    { id: "theft", title: "Theft", category: "shoplifting", levelMin: 1, ...guidance, steps: ["Bookmark", "Count"] },
  ],
};

const cases: readonly { readonly says: string; readonly facts: RespondFacts; readonly want: readonly string[] }[] = [
  { says: "its own playbook comes first", facts: summaryOf(), want: ["theft", "everything"] },
  { says: "a higher level adds one", facts: summaryOf({ level: 3 }), want: ["theft", "everything", "attack"] },
  { says: "another category has the general one", facts: summaryOf({ category: "tamper" }), want: ["everything"] },
  { says: "a watch item has none", facts: summaryOf({ state: "watch" }), want: [] },
  { says: "a closed incident has none", facts: summaryOf({ state: "closed" }), want: [] },
];
for (const { says, facts, want } of cases) {
  test(`G01 ${says}`, () => {
    assert.deepEqual(
      applicable(facts, index).map(({ playbook }) => playbook.id),
      want,
    );
  });
}

test("E03 a playbook has a threshold of its own: it applies from its severity on, and not below", () => {
  const sure = {
    id: "sure",
    title: "Sure",
    category: "*",
    levelMin: 1,
    ...guidance,
    severityMin: 0.97,
    steps: ["Act"],
  } as const;
  const ids = (severity: number) =>
    applicable({ ...summaryOf(), severity }, { version: "v", playbooks: [sure] }).map(({ playbook }) => playbook.id);
  assert.deepEqual([ids(0.969), ids(0.97)], [[], ["sure"]]);
});

testOnDatabases(
  "G01 an incident gets each playbook once, with its version, timeline line and audit entry",
  async ({ db }) => {
    const lines: TimelineLine[] = [];
    const addTimeline = async (_tx: unknown, added: readonly TimelineLine[]) => void lines.push(...added);
    const run = (playbooks: PlaybookIndex, change: ReturnType<typeof changeOf>) =>
      db
        .transaction()
        .execute((tx) =>
          respondStage({ playbooks, chance: systemChance, addTimeline })([change], { tx, nowMs: 1_000 }),
        );
    await run(index, changeOf({ kind: "incident_opened" }));
    await run({ ...index, version: "playbooks-2" }, changeOf({ kind: "extended", level: 3 }));
    const stored = await playbooksOf(db, changeOf({ kind: "extended" }).incident.id);
    assert.deepEqual(
      stored.map(({ id, version, steps }) => ({ id, version, steps })),
      [
        { id: "attack", version: "playbooks-2", steps: ["Call"] },
        { id: "everything", version: "playbooks-1", steps: ["Look"] },
        { id: "theft", version: "playbooks-1", steps: ["Bookmark", "Count"] },
      ],
    );
    assert.deepEqual(
      lines.map((line) => line.says),
      [
        'Playbook "Theft" applies: made for this category and level',
        'Playbook "Everything" applies: made for every incident of this level',
        'Playbook "Attack" applies: made for every incident of this level',
      ],
    );
    const { rows } = await sql<{ n: number }>`
    select count(*) as n from audit_entry where kind = 'playbook.applied'`.execute(db);
    assert.deepEqual(rows, [{ n: 3 }]);
  },
);

test("G01 the shipped playbooks are read", () => {
  const path = resolve(import.meta.dirname, "../../../../pack/retail/playbooks/index.yaml");
  const read = readPlaybooks(path);
  assert.ok(read.ok, JSON.stringify(read));
  assert.ok(read.value.playbooks.length >= 5);
});

const wrong: readonly { readonly says: string; readonly text: string; readonly want: RegExp }[] = [
  { says: "no YAML", text: "version: [", want: /file_not_yaml/ },
  { says: "an unknown member", text: "version: a\nplaybooks: []\nextra: 1", want: /file_shape_wrong/ },
  {
    says: "a level that does not exist",
    text: 'version: a\nplaybooks:\n  - { id: a, title: A, category: "*", level_min: 4, steps: [x] }',
    want: /file_shape_wrong.*level_min/,
  },
  {
    says: "an id that stands twice",
    text: 'version: a\nplaybooks:\n  - &p { id: a, title: A, category: "*", level_min: 1, steps: [x] }\n  - *p',
    want: /file_content_wrong.*stands twice/,
  },
];
for (const { says, text, want } of wrong) {
  test(`G01 a playbook file with ${says} is refused`, () => {
    const read = parsePlaybooks(text, "index.yaml");
    assert.ok(!read.ok);
    assert.match(JSON.stringify(read.error), want);
  });
}
