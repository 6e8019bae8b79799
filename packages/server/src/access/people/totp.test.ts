import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { base32, bytesOfBase32, codeOf, stepAt, stepOfCode, totpUri } from "./totp.ts";

const secret = Buffer.from("12345678901234567890");

// RFC 6238 appendix B, the rows for SHA-1.
const vectors: readonly (readonly [number, string])[] = [
  [59, "94287082"],
  [1111111109, "07081804"],
  [1111111111, "14050471"],
  [1234567890, "89005924"],
  [2000000000, "69279037"],
  [20000000000, "65353130"],
];
for (const [seconds, want] of vectors) {
  test(`N05 RFC 6238: at ${seconds} s the code is ${want}`, () => {
    assert.equal(codeOf(secret, stepAt(seconds * 1000), 8), want);
    assert.equal(codeOf(secret, stepAt(seconds * 1000)), want.slice(2));
  });
}

// RFC 4226 appendix D.
const hotp = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
test("N05 RFC 4226: the first ten codes", () => {
  assert.deepEqual(
    hotp.map((_, step) => codeOf(secret, step)),
    hotp,
  );
});

test("N05 a code is taken one step early or late, never twice, never older than one that was taken", () => {
  const nowMs = 1_000_000_000_000;
  const now = stepAt(nowMs);
  const at = (step: number, lastStep = 0) => stepOfCode(secret, codeOf(secret, step), { nowMs, lastStep });
  assert.deepEqual([at(now - 2), at(now - 1), at(now), at(now + 1), at(now + 2)], [null, now - 1, now, now + 1, null]);
  assert.equal(at(now, now), null);
  assert.equal(at(now - 1, now), null);
  assert.equal(at(now + 1, now), now + 1);
  for (const wrong of ["", "12345", "1234567", "abcdef", "12345٣", `${codeOf(secret, now)} `]) {
    assert.equal(stepOfCode(secret, wrong, { nowMs, lastStep: 0 }), null, wrong);
  }
});

test("N05 base32 is RFC 4648's, and comes back", () => {
  const cases = [
    ["", ""],
    ["f", "MY"],
    ["fo", "MZXQ"],
    ["foo", "MZXW6"],
    ["foob", "MZXW6YQ"],
    ["fooba", "MZXW6YTB"],
    ["foobar", "MZXW6YTBOI"],
  ] as const;
  for (const [text, want] of cases) assert.equal(base32(Buffer.from(text)), want);
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(bytesOfBase32(base32(bytes)), bytes)));
});

test("N05 the address for the authenticator app", () => {
  assert.equal(
    totpUri("MZXW6", "ada@example.org"),
    "otpauth://totp/Tillwatch:ada%40example.org?secret=MZXW6&issuer=Tillwatch&algorithm=SHA1&digits=6&period=30",
  );
});
