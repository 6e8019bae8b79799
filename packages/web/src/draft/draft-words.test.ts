import assert from "node:assert/strict";
import { test } from "node:test";
import type { AcceptedDraft, DraftView, IncidentRecord } from "@tillwatch/wire";
import { changesText, draftedOf, inputText, modelText, waitingFirst } from "./draft-words.ts";

test("O12 what was changed is said in words, also where nothing was and where texts differ too much", () => {
  const cases = [
    [{ kept: 5, removed: 0, added: 0, whole: true }, "No word of 5 was changed."],
    [{ kept: 4, removed: 1, added: 3, whole: true }, "1 of 5 words taken out, 3 added."],
    [
      { kept: 0, removed: 900, added: 800, whole: false },
      "900 of 900 words taken out, 800 added. The texts differ too much to be compared word by word.",
    ],
  ] as const;
  for (const [changes, want] of cases) assert.equal(changesText(changes), want);
  assert.equal(modelText({ name: "writer", version: "2", provider: null }), "writer 2");
  assert.equal(modelText({ name: "writer", version: "2", provider: "Us" }), "writer 2 (Us)");
});

test("O12 inputs are named as people know them; one that is gone keeps its kind", () => {
  const record = {
    signals: [{ id: "s", type: "eas_alarm", deviceId: "G-01", correctedAt: "2026-01-01T00:00:00Z" }],
    timeline: [],
    exhibits: [{ id: "e", name: "exit.mp4", receivedAt: "2026-01-02T00:00:00Z" }],
  } as unknown as IncidentRecord;
  assert.deepEqual(inputText({ kind: "signal", id: "s" }, record).says, "EAS alarm, device G-01");
  assert.deepEqual(inputText({ kind: "exhibit", id: "e" }, record).tab, "exhibits");
  assert.deepEqual(inputText({ kind: "note", id: "n" }, record), { says: "A note", at: null, tab: "timeline" });
  const drafted = [{ draftId: "d" } as AcceptedDraft];
  assert.equal(draftedOf({ drafted }, { draftId: "d" }), drafted[0]);
  assert.equal(draftedOf({ drafted }, {}), undefined);
  assert.equal(draftedOf({}, { draftId: "d" }), undefined);
});

test("O12 what waits for a person stands before what was settled", () => {
  const drafts = (["refused", "offered", "accepted", "offered"] as const).map((state, n) => ({ id: String(n), state }));
  const sorted = waitingFirst(drafts as unknown as readonly DraftView[]);
  assert.deepEqual(
    sorted.map(({ id }) => id),
    ["1", "3", "0", "2"],
  );
});
