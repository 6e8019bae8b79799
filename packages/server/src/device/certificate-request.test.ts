import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { newRequest } from "../testing/device-client.ts";
import { namesAnother, readCertificateRequest } from "./certificate-request.ts";
import { parseDeviceText } from "./device-name.ts";
import { codeDigest, enrolmentCode } from "./enrolment-code.ts";

const named = { commonName: "S-1/C-1", uri: "urn:tillwatch:device:home/S-1/C-1" };

async function verdict(text: string): Promise<string> {
  const read = await readCertificateRequest(text);
  return read.ok ? "holds" : read.error.code;
}

test("A20 a certificate request is read in every form that devices send", async () => {
  const { csr } = await newRequest(named);
  const lines = csr.replaceAll(/(.{64})/g, "$1\r\n");
  for (const text of [
    csr,
    lines,
    ` ${csr}\n`,
    `-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`,
    `-----BEGIN NEW CERTIFICATE REQUEST-----\n${lines}\n-----END NEW CERTIFICATE REQUEST-----\n`,
  ]) {
    const read = await readCertificateRequest(text);
    assert.ok(read.ok);
    assert.deepEqual([read.value.commonName, read.value.uris], [named.commonName, [named.uri]]);
  }
});

test("A20 whatever is sent as a certificate request, the answer is a refusal and never a fault", async () => {
  const { csr } = await newRequest(named);
  const original = await readCertificateRequest(csr);
  const der = Buffer.from(csr, "base64");
  const changed = fc.tuple(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, by]) => {
    const copy = Buffer.from(der);
    copy[at] = (copy[at] ?? 0) ^ by;
    return copy.toString("base64");
  });
  const cut = fc.nat(der.length - 1).map((length) => der.subarray(0, length).toString("base64"));
  const noise = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes).toString("base64"));
  await fc.assert(
    fc.asyncProperty(fc.oneof(changed, cut, noise, fc.string()), async (text) => {
      const read = await readCertificateRequest(text);
      // A tag may be written otherwise and mean the same (the proof is over what was read); nothing else may.
      if (read.ok) assert.deepEqual(read, original);
    }),
    { numRuns: 400 },
  );
  assert.equal(await verdict("A".repeat(20_000)), "certificate_request_malformed");
  assert.equal(await verdict(Buffer.concat([der, der]).toString("base64")), "certificate_request_malformed");
});

test("A20 a request may leave the names away, and names no other device", async () => {
  const device = parseDeviceText("S-1/C-1");
  assert.ok(device !== null);
  for (const [names, other] of [
    [{}, false],
    [{ commonName: "camera at the door" }, false],
    [named, false],
    [{ commonName: "S-1/C-2" }, true],
    [{ uri: "urn:tillwatch:device:home/S-1/C-2" }, true],
    [{ uri: "urn:tillwatch:device:elsewhere/S-1/C-1" }, true],
    [{ uri: "urn:uuid:00000000-0000-4000-8000-000000000000" }, false],
  ] as const) {
    const read = await readCertificateRequest((await newRequest(names)).csr);
    assert.ok(read.ok);
    assert.equal(namesAnother(read.value, "home", device) !== null, other, JSON.stringify(names));
  }
});

test("A20 a code is read as people type it, and a changed one is another", () => {
  const code = enrolmentCode(Uint8Array.from({ length: 20 }, (_, at) => at * 13));
  assert.match(code, /^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$/);
  const digest = (text: string) => Buffer.from(codeDigest(text)).toString("hex");
  for (const typed of [code.toLowerCase(), code.replaceAll("-", ""), ` ${code.replaceAll("-", " ")} `]) {
    assert.equal(digest(typed), digest(code));
  }
  assert.equal(digest("O1I"), digest("01l"));
  for (const wrong of [code.slice(0, -1), `${code}0`, "", code.split("").toReversed().join("")]) {
    assert.notEqual(digest(wrong), digest(code), wrong);
  }
});
