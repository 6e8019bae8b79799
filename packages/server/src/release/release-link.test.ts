import assert from "node:assert/strict";
import { test } from "node:test";
import {
  codeOf,
  digitsOf,
  judgeOpening,
  linkState,
  sameOpeningMs,
  type LinkSituation,
  type LinkState,
} from "./release-link.ts";

const nowMs = Date.parse("2026-11-21T10:00:00Z");
const fresh: LinkSituation = {
  expiresAtMs: nowMs + 1,
  endedAtMs: null,
  openedAtMs: null,
  triesLeft: 1,
  releaseWithdrawn: false,
  releaseWithheld: false,
  packetThere: true,
  organisationEnded: false,
};

const cases: readonly { readonly says: string; readonly link: Partial<LinkSituation>; readonly want: LinkState }[] = [
  { says: "until its last instant", link: {}, want: "open" },
  { says: "at its end (half-open)", link: { expiresAtMs: nowMs }, want: "expired" },
  { says: "somebody ended it", link: { endedAtMs: nowMs - 1 }, want: "ended" },
  { says: "too many wrong codes", link: { triesLeft: 0 }, want: "tries_spent" },
  { says: "opened just now", link: { openedAtMs: nowMs - sameOpeningMs + 1 }, want: "opened" },
  { says: "opened just now, over meanwhile", link: { openedAtMs: nowMs - 1, expiresAtMs: nowMs - 1 }, want: "opened" },
  { says: "opened before", link: { openedAtMs: nowMs - sameOpeningMs }, want: "used" },
  { says: "opened just now, ended since", link: { openedAtMs: nowMs - 1, endedAtMs: nowMs }, want: "ended" },
  { says: "the release was taken back", link: { releaseWithdrawn: true }, want: "release_withdrawn" },
  { says: "a minor was found in it", link: { releaseWithheld: true, openedAtMs: nowMs - 1 }, want: "release_withheld" },
  { says: "the packet was destroyed", link: { packetThere: false }, want: "packet_gone" },
  { says: "its organisation ended", link: { organisationEnded: true }, want: "organisation_ended" },
];

for (const { says, link, want } of cases) {
  test(`N05 O02 a link: ${says}: ${want}`, () => {
    const now = { ...fresh, ...link };
    assert.equal(linkState(now, nowMs), want);
    const opens = want === "open" || want === "opened";
    const refused = opens ? "code_wrong" : want;
    assert.deepEqual(judgeOpening(now, false, nowMs), { kind: "refused", because: refused });
    const right = opens ? { kind: "opens", first: want === "open" } : { kind: "refused", because: want };
    assert.deepEqual(judgeOpening(now, true, nowMs), right);
  });
}

test("N05 a code is eight digits, typed with spaces or dashes; anything else is none", () => {
  assert.equal(codeOf(new Uint8Array(8)), "00000000");
  assert.equal(codeOf(new Uint8Array([0, 0, 0, 0, 5, 245, 225, 0])), "00000000", "a hundred million");
  assert.equal(codeOf(new Uint8Array([0, 0, 0, 0, 0, 1, 226, 64])), "00123456");
  assert.deepEqual(["1234 5678", "1234-5678", " 1234\u20135678 "].map(digitsOf), ["12345678", "12345678", "12345678"]);
  assert.deepEqual([undefined, 12345678, ["1"], ""].map(digitsOf), ["", "", "", ""]);
  assert.equal(digitsOf("1".repeat(1e6)).length, 100);
});
