import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { signerFromSeed, utf8, type PacketCheckName, type PacketReport } from "@tillwatch/evidence";
import { buildTestPacket, testSeed, type PacketBreaks } from "@tillwatch/evidence/testing";
import { nodeHashing } from "./node-hashing.ts";
import { verifyPacketFile } from "./verify-file.ts";

/**
 * testdata/packets: files that every future version must judge as this one does. They are also what the builder makes today, so a change
 * of format is seen. After a wanted change, TILLWATCH_WRITE_TESTDATA=1 writes them anew.
 */
const folder = fileURLToPath(new URL("../../../testdata/packets", import.meta.url));
const write = process.env["TILLWATCH_WRITE_TESTDATA"] === "1";

type Case = {
  readonly file: string;
  readonly verdict: PacketReport["verdict"];
  readonly check?: PacketCheckName;
  readonly breaks?: PacketBreaks;
  readonly bytes?: (zip: Uint8Array) => Uint8Array;
};

function edited(files: (all: Map<string, Uint8Array>) => void): PacketBreaks {
  return { files, comment: "" };
}

const film = "data/exhibits/3d0c7a3e-3f4b-4b27-8a53-0d6a3f9f5b01/till 3.mp4";
const cases: readonly Case[] = [
  { file: "valid/sealed.zip", verdict: "verified" },
  { file: "valid/packed-again.zip", verdict: "verified", breaks: edited(() => undefined) },
  {
    file: "broken/exhibit-changed.zip",
    verdict: "broken",
    check: "payload digests",
    breaks: edited((files) => files.set(film, utf8("other"))),
  },
  {
    file: "broken/exhibit-removed.zip",
    verdict: "broken",
    check: "completeness",
    breaks: edited((files) => files.delete(film)),
  },
  {
    file: "broken/file-added.zip",
    verdict: "broken",
    check: "packet layout",
    breaks: edited((files) => files.set("data/more.txt", utf8("x"))),
  },
  {
    file: "broken/custody-entry-changed.zip",
    verdict: "broken",
    check: "custody chains",
    breaks: { custody: (chain) => chain.map((entry) => (entry.seq === 0 ? { ...entry, who: "person:8" } : entry)) },
  },
  {
    file: "broken/statement-of-another-key.zip",
    verdict: "broken",
    check: "statement signature",
    breaks: { statementSigner: await signerFromSeed(testSeed(9)) },
  },
  {
    file: "broken/log-of-another-key.zip",
    verdict: "broken",
    check: "log proof",
    breaks: { logSigner: await signerFromSeed(testSeed(7)) },
  },
  {
    file: "broken/cut-off.zip",
    verdict: "broken",
    check: "zip structure",
    bytes: (zip) => zip.slice(0, zip.length - 100),
  },
  {
    file: "broken/data-after.zip",
    verdict: "broken",
    check: "zip structure",
    bytes: (zip) => Uint8Array.from([...zip, 0]),
  },
  { file: "unusable/empty.zip", verdict: "unusable", check: "zip structure", bytes: () => new Uint8Array(0) },
];

const whole = await buildTestPacket({}, nodeHashing);
const keyFiles: Readonly<Record<string, string>> = {
  "log.vkey": `${whole.logVkey}\n`,
  "statement.key": `${Buffer.from(whole.statementKey).toString("base64")}\n`,
};
for (const [name, text] of Object.entries(keyFiles)) {
  if (write) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  test(`I24 testdata/packets/${name} is as it was`, () => assert.equal(readFileSync(join(folder, name), "utf8"), text));
}

for (const { file, verdict, check, breaks, bytes } of cases) {
  test(`I06 I24 testdata/packets/${file} is ${verdict}`, async () => {
    const path = join(folder, file);
    const { zip } = breaks === undefined ? whole : await buildTestPacket(breaks, nodeHashing);
    const made = bytes === undefined ? zip : bytes(zip);
    if (write) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, made);
    }
    assert.ok(readFileSync(path).equals(made), "the builder makes other bytes than it did");
    const options = { keys: [join(folder, "log.vkey")], statementKeyFiles: [join(folder, "statement.key")] };
    const report = await verifyPacketFile(path, options);
    assert.ok(report.ok);
    assert.equal(report.value.verdict, verdict);
    assert.equal(report.value.checks.find((one) => !one.ok)?.name, check);
  });
}

test("I24 every file of testdata/packets is in the table", () => {
  const listed = new Set(cases.map((one) => one.file));
  for (const kind of ["valid", "broken", "unusable"]) {
    assert.ok(existsSync(join(folder, kind)));
    for (const name of readdirSync(join(folder, kind))) assert.ok(listed.has(`${kind}/${name}`), name);
  }
});
