import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { utf8 } from "./bytes.ts";
import { custodyDigest, type CustodyEntry } from "./custody.ts";
import { signerFromSeed } from "./ed25519.ts";
import { pureHashing } from "./hashing.ts";
import type { PacketCheckName, PacketReport } from "./packet-report.ts";
import type { PacketTrust } from "./packet-seal-checks.ts";
import { verifyPacket } from "./packet-verify.ts";
import { expectAccepted } from "./refusal.ts";
import { noteKey, parseVkey } from "./signed-note.ts";
import { readZip } from "./zip-read.ts";
import {
  buildTestPacket,
  memorySource,
  testOrigin,
  testSeed,
  zipBytes,
  type PacketBreaks,
  type TestPacket,
} from "./testing/packet-builder.ts";

const noTrust: PacketTrust = { logKeys: [], statementKeys: [] };
const ports = { hashing: pureHashing };
const { sha256 } = pureHashing;
const whole = await buildTestPacket();

function trustOf(packet: TestPacket): PacketTrust {
  return { logKeys: [expectAccepted(parseVkey(sha256, packet.logVkey))], statementKeys: [packet.statementKey] };
}

function verify(zip: Uint8Array, trust = trustOf(whole)): Promise<PacketReport> {
  return verifyPacket(memorySource(zip), trust, ports);
}

function sources(report: PacketReport): string[] {
  return report.keys.map((key) => key.source);
}

test("I06 I07 a packet as sealed is verified, each check named", async () => {
  const report = await verify(whole.zip);
  assert.equal(report.firstProblem, undefined);
  assert.equal(report.verdict, "verified");
  assert.equal(report.checks.length, 15);
  assert.equal(report.folder, whole.folder);
  assert.deepEqual(sources(report), ["given", "given"]);
  assert.match(report.checks[0]?.detail ?? "", /as sealed/);
});

test("I06 without keys a packet is only consistent: both keys are reported as the packet's own", async () => {
  const report = await verify(whole.zip, noTrust);
  assert.equal(report.verdict, "verified");
  assert.deepEqual(sources(report), ["packet", "packet"]);
});

test("I06 with the log's key alone, the log vouches for the statement's key", async () => {
  const report = await verify(whole.zip, { ...trustOf(whole), statementKeys: [] });
  assert.equal(report.verdict, "verified");
  assert.deepEqual(sources(report), ["given", "log"]);
});

test("I24 the same inputs give the same packet bytes", async () => {
  assert.deepEqual((await buildTestPacket()).zip, whole.zip);
});

test("I24 a packet packed again by another tool is still verified, and said to be so", async () => {
  const report = await verify(await zipBytes(whole.inputs.toReversed(), pureHashing));
  assert.equal(report.verdict, "verified");
  assert.match(report.checks[0]?.detail ?? "", /packed again/);
});

type Broken = {
  readonly says: string;
  readonly breaks: PacketBreaks;
  readonly check: PacketCheckName;
  readonly names: RegExp;
};

/** A change of files after sealing, packed without our mark, as somebody would who unpacks, edits and packs again. */
function edited(files: (all: Map<string, Uint8Array>) => void): PacketBreaks {
  return { files, comment: "" };
}

function flipLast(path: string): PacketBreaks {
  return edited((files) => {
    const bytes = Uint8Array.from(files.get(path) ?? []);
    bytes[bytes.length - 2] = (bytes[bytes.length - 2] ?? 0) ^ 1;
    files.set(path, bytes);
  });
}

const film = "data/exhibits/3d0c7a3e-3f4b-4b27-8a53-0d6a3f9f5b01/till 3.mp4";
const pointer = "data/exhibits/3d0c7a3e-3f4b-4b27-8a53-0d6a3f9f5b02/pointer.json";

const broken: readonly Broken[] = [
  { says: "a changed exhibit", breaks: flipLast(film), check: "payload digests", names: /till 3\.mp4 was changed/ },
  {
    says: "a changed report",
    breaks: flipLast("data/report.html"),
    check: "payload digests",
    names: /report\.html was changed/,
  },
  {
    says: "a changed custody file",
    breaks: flipLast("data/custody.json"),
    check: "payload digests",
    names: /custody\.json was changed/,
  },
  {
    says: "a changed record",
    breaks: flipLast("data/record.json"),
    check: "payload digests",
    names: /record\.json was changed/,
  },
  {
    says: "a changed pointer",
    breaks: flipLast(pointer),
    check: "payload digests",
    names: /pointer\.json was changed/,
  },
  { says: "a changed bag-info", breaks: flipLast("bag-info.txt"), check: "tag manifests", names: /bag-info\.txt/ },
  {
    says: "a changed bag declaration",
    breaks: flipLast("bagit.txt"),
    check: "bag structure",
    names: /bagit\.txt|encoding/,
  },
  {
    says: "another source organization",
    breaks: edited((files) => files.set("bag-info.txt", utf8("Source-Organization: Other\n"))),
    check: "tag manifests",
    names: /bag-info\.txt was changed/,
  },
  {
    says: "a changed manifest",
    breaks: flipLast("manifest-sha512.txt"),
    check: "tag manifests",
    names: /manifest-sha512\.txt/,
  },
  {
    says: "a changed tag manifest",
    breaks: flipLast("tagmanifest-sha256.txt"),
    check: "statement subjects",
    names: /tagmanifest-sha256\.txt: that file was changed after sealing/,
  },
  { says: "a changed statement", breaks: flipLast("dsse.json"), check: "statement signature", names: /dsse\.json/ },
  { says: "a changed log proof", breaks: flipLast("tlog-proof.txt"), check: "log proof", names: /tlog-proof\.txt/ },
  {
    says: "a changed sealing entry",
    breaks: flipLast("packet-entry.json"),
    check: "sealing entry",
    names: /packet-entry\.json/,
  },
  { says: "a changed key file", breaks: flipLast("keys.json"), check: "keys", names: /keys\.json/ },
  {
    says: "a removed exhibit",
    breaks: edited((files) => files.delete(film)),
    check: "completeness",
    names: /till 3\.mp4 is listed but missing/,
  },
  {
    says: "a removed report",
    breaks: edited((files) => files.delete("data/report.html")),
    check: "packet layout",
    names: /report\.html is missing/,
  },
  {
    says: "a removed statement",
    breaks: edited((files) => files.delete("dsse.json")),
    check: "packet layout",
    names: /dsse\.json is missing/,
  },
  {
    says: "an added payload file",
    breaks: edited((files) => files.set("data/extra.txt", utf8("hello"))),
    check: "packet layout",
    names: /data\/extra\.txt does not belong/,
  },
  {
    says: "an added exhibit file",
    breaks: edited((files) => files.set("data/exhibits/x/y.txt", utf8(""))),
    check: "completeness",
    names: /exhibits\/x\/y\.txt is in no manifest: it was added/,
  },
  {
    says: "an added tag file",
    breaks: edited((files) => files.set("notes.txt", utf8("hello"))),
    check: "packet layout",
    names: /notes\.txt does not belong/,
  },
  {
    says: "a statement by another key",
    breaks: { statementSigner: await signerFromSeed(testSeed(9)) },
    check: "statement signature",
    names: /not signed by the trusted key/,
  },
  {
    says: "a custody entry changed before sealing",
    breaks: { custody: (chain) => chain.map((entry) => (entry.seq === 1 ? { ...entry, who: "person:8" } : entry)) },
    check: "custody chains",
    names: /custody entry 2 does not follow/,
  },
  {
    says: "the last custody entry changed before sealing",
    breaks: { custody: (chain) => chain.map((entry) => (entry.seq === 2 ? { ...entry, why: "other" } : entry)) },
    check: "custody chains",
    names: /custody entry 2 is not in the audit log/,
  },
  {
    says: "a whole custody chain made anew before sealing",
    breaks: { custody: remadeChain },
    check: "custody chains",
    names: /custody entry 0 is not in the audit log/,
  },
  {
    says: "a custody entry left out before sealing",
    breaks: { custody: (chain) => chain.slice(1) },
    check: "custody chains",
    names: /carries the number 1/,
  },
  {
    says: "no custody",
    breaks: { custody: () => [] },
    check: "custody chains",
    names: /no custody entry/,
  },
  {
    says: "an audit body changed before sealing",
    breaks: {
      audit: (audit) => ({
        ...audit,
        entries: audit.entries.map((entry, i) =>
          i === 0 ? { ...entry, body: { custodyDigest: "0".repeat(64) } } : entry,
        ),
      }),
    },
    check: "custody chains",
    names: /not in the audit log/,
  },
  {
    says: "an audit header changed before sealing",
    breaks: {
      audit: (audit) => ({
        ...audit,
        entries: audit.entries.map((entry) =>
          entry.header.id === "erased" ? { ...entry, header: { ...entry.header, actor: "person:8" } } : entry,
        ),
      }),
    },
    check: "audit entries",
    names: /audit entry erased is not the one that the log holds/,
  },
  {
    says: "an audit header with half a character",
    breaks: {
      audit: (audit) => ({
        ...audit,
        entries: audit.entries.map((entry) => ({ ...entry, header: { ...entry.header, actor: "\ud800" } })),
      }),
    },
    check: "custody chains",
    names: /not in the audit log/,
  },
  {
    says: "an exhibit other than recorded",
    breaks: { exhibits: (list) => list.map((one, i) => (i === 0 ? { ...one, sha256: "0".repeat(64) } : one)) },
    check: "exhibits",
    names: /till 3\.mp4 is not the exhibit/,
  },
  {
    says: "a pointer other than recorded",
    breaks: { exhibits: (list) => list.map((one, i) => (i === 1 ? { ...one, bytes: 1 } : one)) },
    check: "exhibits",
    names: /does not point to the exhibit/,
  },
  {
    says: "an exhibit that the record leaves out",
    breaks: { exhibits: (list) => list.slice(1) },
    check: "exhibits",
    names: /belongs to no exhibit of the record/,
  },
];

function remadeChain(chain: readonly CustodyEntry[]): CustodyEntry[] {
  const remade: CustodyEntry[] = [];
  for (const entry of chain) {
    const before = remade.at(-1);
    remade.push({ ...entry, who: "person:8", prev: before === undefined ? null : custodyDigest(sha256, before) });
  }
  return remade;
}

for (const { says, breaks, check, names } of broken) {
  test(`I05 I06 ${says} is found and named`, async () => {
    const packet = await buildTestPacket(breaks);
    const report = await verify(packet.zip);
    assert.equal(report.verdict, "broken");
    assert.match(report.firstProblem ?? "", names);
    assert.equal(report.checks.find((one) => !one.ok)?.name, check);
  });
}

test("I06 a wrong log key is found and named", async () => {
  const other = await signerFromSeed(testSeed(5));
  const logKeys = [noteKey(sha256, testOrigin, other.publicKey)];
  const report = await verify(whole.zip, { ...trustOf(whole), logKeys });
  assert.equal(report.verdict, "broken");
  assert.match(
    report.firstProblem ?? "",
    /no signature by a trusted key; the note is signed by tillwatch\.example\/log/,
  );
});

test("I06 another log's key of the right log's owner does not vouch for the log", async () => {
  const logKeys = [noteKey(sha256, "other.example/log", whole.log.signer.publicKey)];
  assert.equal((await verify(whole.zip, { ...trustOf(whole), logKeys })).verdict, "broken");
});

test("I06 a wrong statement key is found and named", async () => {
  const report = await verify(whole.zip, { ...trustOf(whole), statementKeys: [testSeed(5)] });
  assert.match(report.firstProblem ?? "", /dsse\.json: the statement is not signed by the trusted key/);
});

test("I06 a packet that a forger sealed anew, in a log of the same name, fails against the true keys only", async () => {
  const [logSigner, statementSigner] = await Promise.all([signerFromSeed(testSeed(7)), signerFromSeed(testSeed(9))]);
  const forged = await buildTestPacket({ logSigner, statementSigner });
  assert.equal(
    (await verify(forged.zip, noTrust)).verdict,
    "verified",
    "consistent in itself, which is why keys count",
  );
  assert.equal((await verify(forged.zip)).verdict, "broken");
  assert.equal((await verify(forged.zip, { ...trustOf(whole), statementKeys: [] })).verdict, "broken");
});

test("I06 every truncation is found: broken while it still begins like a zip, unusable when nothing is left", async () => {
  for (const length of [whole.zip.length - 1, whole.zip.length - 23, whole.zip.length >> 1, 1000, 31, 4]) {
    const report = await verify(whole.zip.slice(0, length));
    assert.equal(report.verdict, "broken", `${length} bytes`);
    assert.equal(report.checks.at(-1)?.name, "zip structure");
  }
  for (const length of [0, 3]) assert.equal((await verify(whole.zip.slice(0, length))).verdict, "unusable");
});

test("I06 input that is no packet is unusable, not broken", async () => {
  assert.equal((await verify(utf8("a letter, not a packet ".repeat(40)))).verdict, "unusable");
  const other = await zipBytes([{ path: "a/b.txt", bytes: 0, crc32: 0, open: () => [] }], pureHashing);
  assert.equal((await verify(other)).verdict, "unusable");
});

test("I05 I06 any flipped bit of a packet is detected and named", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: whole.zip.length - 1 }), fc.nat({ max: 7 }), async (at, bit) => {
      const zip = Uint8Array.from(whole.zip);
      zip[at] = (zip[at] ?? 0) ^ (1 << bit);
      const report = await verify(zip);
      assert.equal(report.verdict, "broken", `bit ${bit} of byte ${at}`);
      assert.ok((report.firstProblem ?? "").length > 10);
    }),
    { numRuns: 150 },
  );
});

test("I05 I06 a flipped bit inside a file is named by that file", async () => {
  const archive = await readZip(memorySource(whole.zip));
  assert.ok(archive.ok);
  for (const entry of archive.value.entries) {
    const zip = Uint8Array.from(whole.zip);
    const at = entry.dataOffset + (entry.bytes >> 1);
    zip[at] = (zip[at] ?? 0) ^ 4;
    const report = await verify(zip);
    const name = entry.path.slice(whole.folder.length + 1);
    assert.equal(report.verdict, "broken", name);
    assert.ok((report.firstProblem ?? "").includes(name), `${name}: ${report.firstProblem ?? ""}`);
  }
});

test("I06 what an operating system adds while packing again is named", async () => {
  const mac = { path: "__MACOSX/x", bytes: 0, crc32: 0, open: () => [] };
  const report = await verify(await zipBytes([...whole.inputs, mac], pureHashing));
  assert.match(report.firstProblem ?? "", /one top folder; it holds TW-2026-000123-.*__MACOSX/);
});

test("I05 every byte of the zip's own headers counts", async () => {
  // The headers are where a flip is easiest to miss: no digest covers them. All of the last kilobyte, and the first header.
  const places = [...Array(30).keys(), ...Array.from({ length: 1024 }, (_, i) => whole.zip.length - 1 - i)];
  for (const at of places.filter((_, i) => i % 3 === 0)) {
    const zip = Uint8Array.from(whole.zip);
    zip[at] = (zip[at] ?? 0) ^ 0x20;
    assert.equal((await verify(zip, noTrust)).verdict, "broken", `byte ${at}`);
  }
});

test("I06 hostile JSON in the record files is refused without a crash", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom("custody", "audit", "exhibits"),
      async (value, where) => {
        const list = Array.isArray(value) ? value : [value];
        const breaks: PacketBreaks =
          where === "custody"
            ? { custody: () => list }
            : where === "audit"
              ? { audit: () => value ?? [] }
              : { exhibits: () => list };
        assert.equal((await verify((await buildTestPacket(breaks)).zip)).verdict, "broken");
      },
    ),
    { numRuns: 30 },
  );
});
