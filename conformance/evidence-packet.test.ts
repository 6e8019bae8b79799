import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { collectBytes, dssePae, openZipEntry, publicKeyPem, readZip } from "@tillwatch/evidence";
import { buildTestPacket, memorySource } from "@tillwatch/evidence/testing";
import { nodeHashing, verifyPacketFile } from "@tillwatch/verify";
import { pythonTool, runTool, skipWithout, systemTool } from "./tools.ts";

/** Our packet under tools that we did not write. Each is also shown one byte changed, and must refuse it. */

const work = mkdtempSync(join(tmpdir(), "tillwatch-packet-"));
after(() => rmSync(work, { recursive: true }));
const packet = await buildTestPacket({}, nodeHashing);
const zipFile = join(work, "packet.zip");
writeFileSync(zipFile, packet.zip);
const film = "data/exhibits/3d0c7a3e-3f4b-4b27-8a53-0d6a3f9f5b01/till 3.mp4";

/** The packet unpacked to a new folder; answers the bag's folder. */
async function unpack(): Promise<string> {
  const target = mkdtempSync(join(work, "bag-"));
  const source = memorySource(packet.zip);
  const zip = await readZip(source);
  assert.ok(zip.ok);
  for (const entry of zip.value.entries) {
    const path = join(target, entry.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await collectBytes(openZipEntry(source, entry, nodeHashing), 2 ** 24));
  }
  return join(target, packet.folder);
}

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

const bagit = pythonTool(["bagit==1.9.0"]);
test(
  "I06 I07 bagit-python validates a packet, and not one with a changed byte",
  { skip: skipWithout("bagit-python", bagit) },
  async () => {
    const validate = (bag: string) => runTool(bagit ?? "", ["-m", "bagit", "--validate", bag]);
    const good = await unpack();
    const valid = validate(good);
    assert.equal(valid.code, 0, valid.output);
    for (const path of [film, "data/report.html", "bag-info.txt", "manifest-sha512.txt"]) {
      const bad = await unpack();
      flipByte(join(bad, path));
      assert.notEqual(validate(bad).code, 0, path);
    }
    const removed = await unpack();
    rmSync(join(removed, film));
    assert.notEqual(validate(removed).code, 0);
    const added = await unpack();
    writeFileSync(join(added, "data/extra"), "x");
    assert.notEqual(validate(added).code, 0);
  },
);

const sha256sum = systemTool("sha256sum");
test(
  "I06 sha256sum checks the manifest, and finds a changed byte",
  { skip: skipWithout("sha256sum", sha256sum) },
  async () => {
    const check = (cwd: string, manifest: string) =>
      runTool(sha256sum ?? "", ["--check", "--strict", manifest], { cwd });
    const bag = await unpack();
    for (const manifest of ["manifest-sha256.txt", "tagmanifest-sha256.txt"]) {
      const good = check(bag, manifest);
      assert.equal(good.code, 0, good.output);
    }
    flipByte(join(bag, film));
    const bad = check(bag, "manifest-sha256.txt");
    assert.equal(bad.code, 1);
    assert.match(bad.output, /till 3\.mp4: FAILED/);
  },
);

const python = systemTool("python3");
test(
  "I24 Python's zip module reads a packet whole, and finds a changed byte",
  { skip: skipWithout("python3", python) },
  () => {
    const good = runTool(python ?? "", ["-m", "zipfile", "--test", zipFile]);
    assert.equal(good.code, 0, good.output);
    const changed = join(work, "changed.zip");
    const bytes = Buffer.from(packet.zip);
    bytes[bytes.indexOf("not really a film")] = 0x4e;
    writeFileSync(changed, bytes);
    assert.match(runTool(python ?? "", ["-m", "zipfile", "--test", changed]).output, /corrupted|Bad CRC/);
  },
);

const repack = `
import sys, zipfile
old = zipfile.ZipFile(sys.argv[1])
with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED) as new:
    for info in old.infolist():
        data = old.read(info)
        new.writestr(info.filename, data.replace(b"film", b"Film", 1) if sys.argv[3] == "change" else data)
`;
test(
  "I06 I24 a packet that Python packed again is verified, and broken when it changed a word",
  { skip: skipWithout("python3", python) },
  async () => {
    const pack = (to: string, how: string) => {
      const done = runTool(python ?? "", ["-c", repack, zipFile, to, how]);
      assert.equal(done.code, 0, done.output);
      return to;
    };
    const same = await verifyPacketFile(pack(join(work, "same.zip"), "keep"), { keys: [packet.logVkey] });
    assert.equal(same.ok && same.value.verdict, "verified");
    const other = await verifyPacketFile(pack(join(work, "other.zip"), "change"), { keys: [packet.logVkey] });
    assert.equal(other.ok && other.value.verdict, "broken");
  },
);

const openssl = systemTool("openssl");
test(
  "I06 openssl verifies the statement's and the checkpoint's signatures, and no changed text",
  { skip: skipWithout("openssl", openssl) },
  async () => {
    const bag = await unpack();
    const envelope: { payload: string; payloadType: string; signatures: [{ sig: string }] } = JSON.parse(
      readFileSync(join(bag, "dsse.json"), "utf8"),
    );
    const pae = dssePae(envelope.payloadType, Buffer.from(envelope.payload, "base64"));
    const statement = {
      key: packet.statementKey,
      text: pae,
      signature: Buffer.from(envelope.signatures[0].sig, "base64"),
    };
    const proof = readFileSync(join(bag, "tlog-proof.txt"), "utf8");
    const note = proof.slice(proof.indexOf("\n\n") + 2);
    const line =
      note
        .slice(note.lastIndexOf("\n\n") + 2)
        .trim()
        .split(" ")[2] ?? "";
    const checkpoint = {
      key: packet.log.signer.publicKey,
      text: Buffer.from(note.slice(0, note.lastIndexOf("\n\n") + 1)),
      signature: Buffer.from(line, "base64").subarray(4),
    };
    for (const { key, text, signature } of [statement, checkpoint]) {
      const files = { key: join(work, "key.pem"), text: join(work, "text"), signature: join(work, "signature") };
      writeFileSync(files.key, publicKeyPem(key));
      writeFileSync(files.signature, signature);
      const args = [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        files.key,
        "-rawin",
        "-in",
        files.text,
        "-sigfile",
        files.signature,
      ];
      writeFileSync(files.text, text);
      const good = runTool(openssl ?? "", args);
      assert.equal(good.code, 0, good.output);
      writeFileSync(files.text, Buffer.concat([text, Buffer.from("x")]));
      assert.notEqual(runTool(openssl ?? "", args).code, 0);
    }
  },
);

const unzip = systemTool("unzip");
test("I24 unzip lists and tests a packet, and finds a cut one", { skip: skipWithout("unzip", unzip) }, () => {
  const good = runTool(unzip ?? "", ["-tq", zipFile]);
  assert.equal(good.code, 0, good.output);
  const cut = join(work, "cut.zip");
  writeFileSync(cut, packet.zip.slice(0, -200));
  assert.ok(existsSync(cut));
  assert.notEqual(runTool(unzip ?? "", ["-tq", cut]).code, 0);
});
