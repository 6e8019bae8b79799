import assert from "node:assert/strict";
import { test } from "node:test";
import { countCells, monthSpan } from "./figure-cells.ts";

test("J17 what was suppressed is counted from the file itself, whatever stands in a name", () => {
  const csv =
    'month,siteId,siteName,category,level,origin,verdict,incidents\r\n2026-11,S-1,"suppressed, Ltd",theft,1,machine,none,12\r\n2026-11,S-1,Centre,theft,2,machine,none,suppressed\r\n';
  assert.deepEqual(countCells(csv, "csv"), { all: 2, suppressed: 1 });
  const lines = '{"siteName":"a \\"incidents\\":null}","incidents":7}\n{"siteName":"b","incidents":null}\n';
  assert.deepEqual(countCells(lines, "ndjson"), { all: 2, suppressed: 1 });
  assert.deepEqual(countCells("", "csv"), { all: 0, suppressed: 0 });
});

test("J17 a form begins with the last half year, over the turn of a year too", () => {
  assert.deepEqual(monthSpan(new Date("2026-11-21T10:00:00Z")), { from: "2026-06", until: "2026-12" });
  assert.deepEqual(monthSpan(new Date("2026-01-31T23:00:00Z")), { from: "2025-08", until: "2026-02" });
});
