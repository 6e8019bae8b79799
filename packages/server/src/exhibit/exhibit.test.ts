import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { attachmentHeader, parseRange } from "../platform/http-range.ts";
import { cleanMediaType, cleanName } from "./exhibit.ts";

for (const [raw, want] of [
  ["clip.mp4", "clip.mp4"],
  ["../../etc/passwd", "passwd"],
  ["C:\\Users\\x\\till.csv", "till.csv"],
  ["a\u202egnp.exe", "agnp.exe"],
  ["a\r\nset-cookie: x", "aset-cookie: x"],
  ["..", "unnamed"],
  ["", "unnamed"],
  [undefined, "unnamed"],
  ["  two   words .txt ", "two words .txt"],
] as const) {
  test(`I16 the file name ${JSON.stringify(raw)} is kept as ${JSON.stringify(want)}`, () => {
    assert.equal(cleanName(raw), want);
  });
}

test("I16 whatever a sender calls a file, the name is short, one line, and makes a valid header", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 600 }), (raw) => {
      const name = cleanName(raw);
      assert.ok(name.length > 0 && Array.from(name).length <= 200);
      assert.doesNotMatch(name, /[\p{Cc}/\\]/u);
      assert.equal(cleanName(name), name);
      assert.doesNotThrow(() => new Headers({ "content-disposition": attachmentHeader(name) }));
    }),
  );
});

test("I16 a media type is taken only where it has the form of one", () => {
  assert.equal(cleanMediaType("Video/MP4; codecs=avc1"), "video/mp4");
  for (const bad of [undefined, "", "video", "text/html\r\nx: y", "a/b/c", "/x", `${"x".repeat(99)}/y`]) {
    assert.equal(cleanMediaType(bad), "application/octet-stream");
  }
});

for (const [header, length, want] of [
  [undefined, 10, "whole"],
  ["bytes=0-", 10, { from: 0, to: 10 }],
  ["bytes=2-4", 10, { from: 2, to: 5 }],
  ["bytes=2-99", 10, { from: 2, to: 10 }],
  ["bytes=-3", 10, { from: 7, to: 10 }],
  ["bytes=-99", 10, { from: 0, to: 10 }],
  ["bytes=-0", 10, "unsatisfiable"],
  ["bytes=10-", 10, "unsatisfiable"],
  ["bytes=5-2", 10, "whole"],
  ["bytes=-", 10, "whole"],
  ["bytes=0-1,3-4", 10, "whole"],
  ["items=0-1", 10, "whole"],
] as const) {
  test(`I04 the range ${header ?? "(none)"} of ${length} bytes`, () => {
    assert.deepEqual(parseRange(header, length), want);
  });
}
