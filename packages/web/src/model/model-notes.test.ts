import assert from "node:assert/strict";
import { test } from "node:test";
import { modelNotes } from "./model-notes.ts";

const drift = [
  { says: "refunds within half an hour", verdict: "drifted" },
  { says: "voids at the tills within half an hour", verdict: "watch" },
];

test("C18 a model that is off is said to be off, and that rules go on", () => {
  assert.match(
    modelNotes([{ id: "site-windows", on: false, drift }])[0] ?? "",
    /site-windows is turned off. Rules go on/,
  );
});

test("C14 a feature that drifted is named, one to watch is not, and a steady model says nothing", () => {
  const [note, ...more] = modelNotes([{ id: "site-windows", on: true, drift }]);
  assert.deepEqual(more, []);
  assert.match(note ?? "", /refunds within half an hour/);
  assert.doesNotMatch(note ?? "", /voids/);
  assert.deepEqual(modelNotes([{ id: "site-windows", on: true, drift: drift.slice(1) }]), []);
});
