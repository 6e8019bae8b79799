import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { pureHashing, publicKeyPem, toBase64, utf8 } from "@tillwatch/evidence";
import { buildTestPacket, testOrigin, zipBytes } from "@tillwatch/evidence/testing";
import { fileSource } from "./file-source.ts";
import { nodeHashing } from "./node-hashing.ts";
import { runVerifyCli } from "./verify-cli.ts";
import { verifyPacketFile } from "./verify-file.ts";

const folder = await mkdtemp(join(tmpdir(), "tillwatch-verify-"));
after(() => rm(folder, { recursive: true }));
const packet = await buildTestPacket({}, nodeHashing);
const at = (name: string) => join(folder, name);

const changed = Uint8Array.from(packet.zip);
const film = Buffer.from(changed).indexOf("not really a film");
changed[film] = 0x4e;
const rogue = "data/\u001b[2Jrogue\u202e.txt";
const rogueZip = (await buildTestPacket({ files: (files) => files.set(rogue, utf8("x")), comment: "" }, nodeHashing))
  .zip;

const files: Readonly<Record<string, Uint8Array | string>> = {
  "packet.zip": packet.zip,
  "changed.zip": changed,
  "rogue.zip": rogueZip,
  "letter.txt": "Dear court, this is not a packet at all.",
  "other.zip": await zipBytes([{ path: "a/b", bytes: 0, crc32: 0, open: () => [] }], pureHashing),
  "cut.zip": packet.zip.slice(0, 5000),
  "log.vkey": `# the log's key\n${packet.logVkey}\n`,
  "statement.pem": publicKeyPem(packet.statementKey),
  "wrong.pem": publicKeyPem(packet.log.signer.publicKey),
  "empty.vkey": "\n",
};
for (const [name, content] of Object.entries(files)) await writeFile(at(name), content);

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await runVerifyCli(argv, { out: (line) => (out += `${line}\n`), err: (line) => (err += `${line}\n`) });
  return { code, out, err };
}

const wrongVkey = packet.logVkey.replace(testOrigin, "other.example/log");
const cases: readonly {
  readonly says: string;
  readonly argv: readonly string[];
  readonly code: number;
  readonly out: RegExp;
}[] = [
  {
    says: "pinned keys",
    argv: [at("packet.zip"), "--key", packet.logVkey, "--dsse-key", at("statement.pem")],
    code: 0,
    out: /\nVERIFIED\n$/,
  },
  {
    says: "the log's key in a file",
    argv: ["--key", at("log.vkey"), at("packet.zip")],
    code: 0,
    out: /vouched for by the log\)\nVERIFIED\n$/,
  },
  {
    says: "no key",
    argv: [at("packet.zip")],
    code: 0,
    out: /trust was not checked[\s\S]*VERIFIED \(keys taken from the packet itself; compare them: log tillwatch\.example/,
  },
  {
    says: "a changed byte",
    argv: [at("changed.zip")],
    code: 1,
    out: /FAILED {2}payload digests[\s\S]*\nBROKEN: data\/exhibits\/[^\n]*till 3\.mp4 was changed/,
  },
  {
    says: "a wrong statement key",
    argv: [at("packet.zip"), "--dsse-key", at("wrong.pem")],
    code: 1,
    out: /BROKEN: dsse\.json: the statement is not signed by the trusted key/,
  },
  { says: "a truncated zip", argv: [at("cut.zip")], code: 1, out: /BROKEN: the zip is cut off/ },
  { says: "no zip", argv: [at("letter.txt")], code: 2, out: /UNUSABLE: the file is not a zip/ },
  { says: "another zip", argv: [at("other.zip")], code: 2, out: /UNUSABLE: the zip is no Tillwatch packet/ },
  {
    says: "no file",
    argv: [at("none.zip")],
    code: 2,
    out: /UNUSABLE: .*none\.zip cannot be read: there is no such file/,
  },
  { says: "a folder", argv: [folder], code: 2, out: /UNUSABLE: .*is not a file|it is a folder/ },
  {
    says: "a malformed key",
    argv: [at("packet.zip"), "--key", wrongVkey],
    code: 2,
    out: /UNUSABLE: the key other\.example.*does not fit/,
  },
  {
    says: "a key file without a key",
    argv: [at("packet.zip"), "--key", at("empty.vkey")],
    code: 2,
    out: /holds no key/,
  },
  {
    says: "a statement key that is none",
    argv: [at("packet.zip"), "--dsse-key", at("log.vkey")],
    code: 2,
    out: /holds no Ed25519 public key/,
  },
  { says: "help", argv: ["--help"], code: 0, out: /^Usage: tillwatch-verify PACKET/ },
];
for (const { says, argv, code, out } of cases) {
  test(`I06 tillwatch-verify with ${says} exits ${code}`, async () => {
    const result = await run(...argv);
    assert.match(result.out, out);
    assert.equal(result.code, code);
  });
}

test("I06 each check is printed, one a line", async () => {
  const { out } = await run(at("packet.zip"));
  assert.equal(out.split("\n").filter((line) => line.startsWith("ok ")).length, 15);
});

for (const argv of [[], ["a", "b"], ["--what", "a"], ["a", "--key"]]) {
  test(`I06 the arguments ${JSON.stringify(argv)} are refused with the usage`, async () => {
    const { code, out, err } = await run(...argv);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /Usage:/);
  });
}

test("I06 --json gives the whole report", async () => {
  const { out, code } = await run(at("changed.zip"), "--json");
  const report: { verdict: string; firstProblem: string; checks: unknown[]; result: string } = JSON.parse(out);
  assert.deepEqual([code, report.verdict, report.checks.length], [1, "broken", 15]);
  assert.match(report.result, /^BROKEN: /);
  assert.equal(JSON.parse((await run(at("none.zip"), "--json")).out).code, "verify_file_unreadable");
});

test("I06 names in a hostile packet cannot steer the terminal", async () => {
  const { out, code } = await run(at("rogue.zip"));
  assert.equal(code, 1);
  assert.match(out, /data\/\\u\{1b\}\[2Jrogue\\u\{202e\}\.txt/);
  assert.ok(!out.includes("\u001b") && !out.includes("\u202e"));
});

test("I06 verifyPacketFile gives the report, or a refusal when nothing could be checked", async () => {
  const good = await verifyPacketFile(at("packet.zip"), { keys: [packet.logVkey] });
  assert.equal(good.ok && good.value.verdict, "verified");
  const none = await verifyPacketFile(at("packet.zip"), { keys: [at("none")] });
  assert.equal(!none.ok && none.error.code, "verify_key_unusable");
});

test("I06 a file that shrinks while it is read is not taken for a whole one", async () => {
  await writeFile(at("shrinking"), "0123456789");
  const source = await fileSource(at("shrinking"));
  await truncate(at("shrinking"), 4);
  await assert.rejects(source.read(0, 10), /became shorter/);
  await source.close();
});

test("I06 Node's hashes and the pure ones agree", () => {
  assert.equal(toBase64(nodeHashing.sha256(utf8("x"))), toBase64(pureHashing.sha256(utf8("x"))));
  assert.equal(nodeHashing.crc32(utf8("y"), 5), pureHashing.crc32(utf8("y"), 5));
});

test("I06 the launcher runs as a program", () => {
  const launcher = fileURLToPath(new URL("../bin/tillwatch-verify", import.meta.url));
  const good = spawnSync(process.execPath, [launcher, at("packet.zip"), "--key", packet.logVkey], { encoding: "utf8" });
  assert.match(good.stdout, /\nVERIFIED\n$/);
  assert.equal(good.status, 0);
  const bad = spawnSync(process.execPath, [launcher, at("changed.zip")], { encoding: "utf8" });
  assert.equal(bad.status, 1);
});
