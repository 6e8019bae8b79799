import assert from "node:assert/strict";
import { test } from "node:test";
import type { IncidentRecord } from "@tillwatch/wire";
import { withoutPersonalParts } from "./personal-parts.ts";

const secret = "Jane Roe, 5 Mill Lane";
const at = "2026-11-20T10:00:00.000Z";

test("J18 without a purpose nothing that people wrote about people is in the record, and the machine's findings are", () => {
  const record = {
    summary: secret,
    description: { text: secret },
    keptTexts: [{ text: secret }],
    override: { severity: 0.4, because: secret, actor: "user:1", at },
    title: "Lingering at expensive goods",
    timeline: [
      { id: "1", at, kind: "signal", says: "A person lingered", actor: "machine", detail: { zone: "spirits" } },
      { id: "2", at, kind: "note", says: secret, actor: "user:1", detail: { text: secret } },
    ],
    exhibits: [{ id: "x", name: `${secret}.mp4`, source: secret }],
    history: [
      { field: "summary", before: null, after: secret, at, actor: "user:1", because: secret },
      { field: "state", before: "watch", after: "open", at, actor: "machine", because: "score" },
    ],
  } as unknown as IncidentRecord;
  const withheld = { code: "purpose_required", says: "state a purpose" };
  const shown = withoutPersonalParts(record, withheld);
  assert.ok(!JSON.stringify(shown).includes("Jane"));
  assert.equal(shown.timeline.length, 2, "that there is a note is shown");
  assert.equal(shown.timeline[0]?.says, "A person lingered");
  assert.equal(shown.history[1]?.after, "open");
  assert.deepEqual(shown.withheld, withheld);
});
