import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBase64, toBase64, toHex, utf8, utf8Text } from "./bytes.ts";
import { parseCheckpointText, signCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { dssePae, parseDsse, signDsse, verifyDsse } from "./dsse.ts";
import { parsePublicKey, publicKeyPem, signerFromSeed, verifyEd25519 } from "./ed25519.ts";
import { pureHashing } from "./hashing.ts";
import { leafHash } from "./merkle-tree.ts";
import { expectAccepted } from "./refusal.ts";
import { formatVkey, noteKey, parseNote, parseVkey, signNote, verifyNote } from "./signed-note.ts";
import { formatTlogProof, parseTlogProof, verifyTlogProof } from "./tlog-proof.ts";
import { canonicalBytes } from "./canonical-json.ts";

const { sha256 } = pureHashing;
const signer = await signerFromSeed(new Uint8Array(32).fill(1));
const other = await signerFromSeed(new Uint8Array(32).fill(2));

// The example of the C2SP signed-note specification.
const specVkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const specNote =
  "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

test("I05 the specification's own signed note verifies, and not after a changed letter", async () => {
  const key = expectAccepted(parseVkey(sha256, specVkey));
  assert.equal(formatVkey(key), specVkey);
  const verified = await verifyNote(utf8(specNote), [key]);
  assert.equal(verified.ok && verified.value.note.text, "This is an example message.\n");
  const changed = await verifyNote(utf8(specNote.replace("an example", "my example")), [key]);
  assert.equal(!changed.ok && changed.error.code, "note_signature_invalid");
});

test("I05 Ed25519 of RFC 8032 test 2", async () => {
  const seed = Uint8Array.from(Buffer.from("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "hex"));
  const rfc = await signerFromSeed(seed);
  assert.equal(toHex(rfc.publicKey), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const signature = await rfc.sign(Uint8Array.of(0x72));
  assert.ok(toHex(signature).startsWith("92a009a9f0d4cab8720e820b5f642540"));
  assert.equal(await verifyEd25519(rfc.publicKey, Uint8Array.of(0x72), signature), true);
  assert.equal(await verifyEd25519(rfc.publicKey, Uint8Array.of(0x73), signature), false);
  assert.equal(await verifyEd25519(new Uint8Array(32).fill(255), Uint8Array.of(0x72), signature), false);
  assert.equal(await verifyEd25519(rfc.publicKey, Uint8Array.of(0x72), signature.slice(1)), false);
});

const badVkeys: readonly (readonly [string, string])[] = [
  ["example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "vkey_malformed"],
  ["example.com/fo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "vkey_malformed"],
  ["+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "vkey_malformed"],
  ["a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "vkey_malformed"],
  ["example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "vkey_type_unsupported"],
  ["example.com/foo+530d903a", "vkey_malformed"],
  ["", "vkey_malformed"],
];
for (const [text, code] of badVkeys) {
  test(`I05 the vkey ${JSON.stringify(text)} is refused with ${code}`, () => {
    const parsed = parseVkey(sha256, text);
    assert.equal(!parsed.ok && parsed.error.code, code);
  });
}

test("I05 signatures of unknown keys are ignored, none of a known key is a refusal, a bad one refuses all", async () => {
  const note = await signNote(sha256, "text\n", [
    { name: "log.example", signer },
    { name: "witness.example", signer: other },
  ]);
  const known = noteKey(sha256, "log.example", signer.publicKey);
  const witness = noteKey(sha256, "witness.example", other.publicKey);
  const stranger = noteKey(sha256, "log.example", other.publicKey);
  assert.equal((await verifyNote(utf8(note), [known])).ok, true);
  const both = await verifyNote(utf8(note), [known, witness]);
  assert.equal(both.ok && both.value.by.length, 2);
  const missing = await verifyNote(utf8(note), [stranger]);
  assert.equal(!missing.ok && missing.error.code, "note_signature_missing");
  // The witness's line with a damaged signature: the log's own is fine, the note is refused all the same.
  const lines = note.split("\n");
  const at = lines.findIndex((line) => line.includes("witness.example"));
  const raw = fromBase64(lines[at]?.split(" ")[2] ?? "") ?? new Uint8Array(0);
  raw[10] = (raw[10] ?? 0) ^ 1;
  lines[at] = `\u2014 witness.example ${toBase64(raw)}`;
  const bad = await verifyNote(utf8(lines.join("\n")), [known, witness]);
  assert.equal(!bad.ok && bad.error.code, "note_signature_invalid");
  assert.equal((await verifyNote(utf8(lines.join("\n")), [known])).ok, true);
});

const malformedNotes: readonly (readonly [string, string])[] = [
  ["no signature block", "text\n"],
  ["no final newline", specNote.slice(0, -1)],
  ["a control character", specNote.replace("This", "Th\tis")],
  ["a carriage return", specNote.replaceAll("\n", "\r\n")],
  ["a hyphen for the dash", specNote.replace("\u2014", "-")],
  ["a signature of four bytes", "text\n\n\u2014 a AAAAAA==\n"],
  ["too many signatures", `text\n\n${"\u2014 a AAAAAAA=\n".repeat(65)}`],
];
for (const [says, note] of malformedNotes) {
  test(`I05 a note with ${says} is refused`, () => {
    const parsed = parseNote(utf8(note));
    assert.equal(!parsed.ok && parsed.error.code, "note_malformed");
  });
}

test("I05 a text with blank lines is split at the last one", async () => {
  const key = noteKey(sha256, "log.example", signer.publicKey);
  const note = await signNote(sha256, "a\n\nb\n", [{ name: "log.example", signer }]);
  const verified = await verifyNote(utf8(note), [key]);
  assert.equal(verified.ok && verified.value.note.text, "a\n\nb\n");
});

const checkpoint = { origin: "log.example", size: 3n, root: sha256(utf8("root")) };

test("I05 a checkpoint signs and reads back; another log's key does not vouch for it", async () => {
  const signed = await signCheckpoint(sha256, checkpoint, signer);
  const verified = await verifyCheckpoint(utf8(signed), [noteKey(sha256, "log.example", signer.publicKey)]);
  assert.deepEqual(verified.ok && verified.value.checkpoint, { ...checkpoint, extensions: [] });
  const foreign = await signNote(sha256, `log.example\n3\n${toBase64(checkpoint.root)}\n`, [
    { name: "other.example", signer },
  ]);
  const refused = await verifyCheckpoint(utf8(foreign), [noteKey(sha256, "other.example", signer.publicKey)]);
  assert.equal(!refused.ok && refused.error.code, "checkpoint_origin_unknown");
});

for (const text of [
  "",
  "log\n",
  "log\n03\nAAAA\n",
  `log\n-1\n${toBase64(checkpoint.root)}\n`,
  `log\n18446744073709551616\n${toBase64(checkpoint.root)}\n`,
  `\n3\n${toBase64(checkpoint.root)}\n`,
  "log\n3\nAAAA\n",
  `log\n3\n${toBase64(checkpoint.root)}\n\n`,
  `log\n3\n${toBase64(checkpoint.root)}`,
]) {
  test(`I05 the checkpoint text ${JSON.stringify(text)} is refused`, () => {
    const parsed = parseCheckpointText(text);
    assert.equal(!parsed.ok && parsed.error.code, "checkpoint_malformed");
  });
}

test("I05 I06 a tlog-proof reads back, verifies its leaf and no other", async () => {
  const entry = utf8("only entry");
  const leaf = leafHash(sha256, entry);
  const signed = await signCheckpoint(sha256, { origin: "log.example", size: 1n, root: leaf }, signer);
  for (const extra of [undefined, utf8("context")]) {
    const proof = { index: 0n, proof: [], checkpoint: signed, ...(extra === undefined ? {} : { extra }) };
    const parsed = expectAccepted(parseTlogProof(utf8(formatTlogProof(proof))));
    assert.deepEqual(parsed, proof);
    const keys = [noteKey(sha256, "log.example", signer.publicKey)];
    assert.equal((await verifyTlogProof({ sha256, proof: parsed, leafHash: leaf, keys })).ok, true);
    const wrong = await verifyTlogProof({ sha256, proof: parsed, leafHash: sha256(leaf), keys });
    assert.equal(!wrong.ok && wrong.error.code, "proof_root_mismatch");
  }
});

for (const text of [
  "",
  "c2sp.org/tlog-proof@v2\nindex 0\n\nlog",
  "c2sp.org/tlog-proof@v1\nindex 00\n\nlog",
  "c2sp.org/tlog-proof@v1\n\nlog",
  "c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\nlog",
  "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nlog",
]) {
  test(`I06 the tlog-proof ${JSON.stringify(text)} is refused`, () => {
    const parsed = parseTlogProof(utf8(text));
    assert.equal(!parsed.ok && parsed.error.code, "tlog_proof_malformed");
  });
}

test("I06 the DSSE pre-authentication encoding is that of the specification", () => {
  const pae = dssePae("http://example.com/HelloWorld", utf8("hello world"));
  assert.equal(utf8Text(pae), "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  assert.equal(utf8Text(dssePae("t\u00e9", utf8("\u20ac"))), "DSSEv1 3 t\u00e9 3 \u20ac");
});

test("I06 a DSSE envelope verifies by threshold of different keys", async () => {
  const message = { payloadType: "text/plain", payload: utf8("hello") };
  const envelope = await signDsse(sha256, message, [signer, other]);
  const keys = [signer.publicKey, other.publicKey];
  const both = await verifyDsse(envelope, keys, 2);
  assert.equal(both.ok && utf8Text(both.value.payload), "hello");
  const twice = {
    ...envelope,
    signatures: [envelope.signatures[0], envelope.signatures[0]].filter((one) => one !== undefined),
  };
  assert.equal((await verifyDsse(twice, keys, 1)).ok, true);
  assert.equal((await verifyDsse(twice, keys, 2)).ok, false, "one key twice is one key");
  assert.equal((await verifyDsse(twice, [signer.publicKey, signer.publicKey], 2)).ok, false);
  assert.equal((await verifyDsse({ ...envelope, payloadType: "text/html" }, keys)).ok, false);
  assert.equal((await verifyDsse({ ...envelope, payload: toBase64(utf8("hallo")) }, keys)).ok, false);
  await assert.rejects(verifyDsse(envelope, keys, 0), RangeError);
});

test("I06 DSSE readers take either base64 alphabet, ignore unknown fields and use keyid as a hint only", async () => {
  const envelope = await signDsse(sha256, { payloadType: "x", payload: Uint8Array.of(255, 254, 253, 251) }, [signer]);
  const urlSafe = (text: string) => text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const parsed = expectAccepted(
    parseDsse({
      payload: urlSafe(envelope.payload),
      payloadType: "x",
      more: 1,
      signatures: envelope.signatures.map((one) => ({ sig: urlSafe(one.sig), keyid: "wrong" })),
    }),
  );
  assert.equal((await verifyDsse(parsed, [signer.publicKey])).ok, true);
});

for (const [says, value] of [
  ["an array", []],
  ["no signatures", { payload: "", payloadType: "x", signatures: [] }],
  ["a payload that is not base64", { payload: "?", payloadType: "x", signatures: [{ sig: "AA==" }] }],
  ["a signature that is not base64", { payload: "", payloadType: "x", signatures: [{ sig: "?" }] }],
  ["no type", { payload: "", signatures: [{ sig: "AA==" }] }],
] as const) {
  test(`I06 a DSSE envelope with ${says} is refused`, () => {
    const parsed = parseDsse(value);
    assert.equal(!parsed.ok && parsed.error.code, "dsse_malformed");
  });
}

test("I06 a public key reads back from PEM, base64 and hex, and from nothing else", () => {
  const key = signer.publicKey;
  for (const text of [publicKeyPem(key), toBase64(key), toHex(key), ` ${toHex(key).toUpperCase()}\n`]) {
    assert.deepEqual(parsePublicKey(text), key);
  }
  for (const text of [
    "",
    "abc",
    toBase64(key.slice(1)),
    publicKeyPem(key).replace("MCow", "MCox"),
    utf8Text(canonicalBytes({})) ?? "",
  ]) {
    assert.equal(parsePublicKey(text), undefined);
  }
});
