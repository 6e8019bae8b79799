import { concatBytes, fromBase64, toBase64, toHex, utf8, utf8Text } from "./bytes.ts";
import { verifyEd25519, type Signer } from "./ed25519.ts";
import type { Sha256 } from "./hashing.ts";
import { accepted, refused, type Refusal, type Result } from "./refusal.ts";

/** C2SP signed-note 1.0.0, Ed25519 keys (type 0x01) only. */
export type NoteKey = { readonly name: string; readonly keyId: string; readonly publicKey: Uint8Array };

export type NoteRefusal = Refusal<
  "vkey_malformed" | "vkey_type_unsupported" | "note_malformed" | "note_signature_invalid" | "note_signature_missing"
>;

const ed25519Type = 0x01;
/** The specification asks for at least 16; more than this is an attack on the verifier's time. */
const signaturesMax = 64;
const noteBytesMax = 1024 * 1024;

/** The key ID as 8 hex digits: SHA-256(name || 0x0A || 0x01 || public key), first 4 bytes. */
export function noteKeyId(sha256: Sha256, name: string, publicKey: Uint8Array): string {
  return toHex(sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(ed25519Type), publicKey)).subarray(0, 4));
}

export function noteKey(sha256: Sha256, name: string, publicKey: Uint8Array): NoteKey {
  if (!isKeyName(name))
    throw new RangeError("a key name is not empty and has no white space, plus or control character");
  return { name, keyId: noteKeyId(sha256, name, publicKey), publicKey };
}

/** `<name>+<hex key id>+<base64(0x01 || public key)>`. */
export function formatVkey(key: NoteKey): string {
  return `${key.name}+${key.keyId}+${toBase64(concatBytes(Uint8Array.of(ed25519Type), key.publicKey))}`;
}

/** Refuses a vkey whose key ID does not fit its name and key: it would never match a signature, or match another's. */
export function parseVkey(sha256: Sha256, text: string): Result<NoteKey, NoteRefusal> {
  // The key's base64 may hold plus signs itself; name and id never do.
  const [, name, keyId, encoded] = /^([^+]*)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const key = encoded === undefined ? undefined : fromBase64(encoded);
  if (name === undefined || keyId === undefined || key === undefined || !isKeyName(name)) {
    return refused("vkey_malformed", "the key is not of the form name+hexid+base64");
  }
  if (key[0] !== ed25519Type || key.length !== 33) {
    return refused("vkey_type_unsupported", "only Ed25519 keys (type 0x01) are understood");
  }
  const publicKey = key.slice(1);
  if (noteKeyId(sha256, name, publicKey) !== keyId)
    return refused("vkey_malformed", "the key id does not fit name and key");
  return accepted({ name, keyId, publicKey });
}

function isKeyName(name: string): boolean {
  // \s covers the Unicode spaces; control characters are refused in notes altogether.
  return name.length > 0 && name.isWellFormed() && !/[\s+\p{Cc}]/u.test(name);
}

export type NoteSignature = { readonly name: string; readonly keyId: string; readonly signature: Uint8Array };
/** `text` includes its final newline, not the blank line. */
export type Note = { readonly text: string; readonly signatures: readonly NoteSignature[] };

/** Signs `text` (MUST end in a newline) with each key and name; returns the whole note. */
export async function signNote(
  sha256: Sha256,
  text: string,
  signers: readonly { readonly name: string; readonly signer: Signer }[],
): Promise<string> {
  if (!text.endsWith("\n") || hasControl(text))
    throw new RangeError("a note's text ends in a newline and has no control character");
  let note = `${text}\n`;
  for (const { name, signer } of signers) {
    const { keyId } = noteKey(sha256, name, signer.publicKey);
    const id = Uint8Array.from(keyId.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    note += `\u2014 ${name} ${toBase64(concatBytes(id, await signer.sign(utf8(text))))}\n`;
  }
  return note;
}

export function parseNote(bytes: Uint8Array): Result<Note, NoteRefusal> {
  if (bytes.length > noteBytesMax) return refused("note_malformed", "the note is larger than 1 MiB");
  const whole = utf8Text(bytes);
  if (whole === undefined || hasControl(whole)) return refused("note_malformed", "the note is not plain UTF-8 text");
  const split = whole.lastIndexOf("\n\n");
  if (split < 0 || !whole.endsWith("\n")) return refused("note_malformed", "the note has no signature block");
  const lines = whole.slice(split + 2, -1).split("\n");
  if (lines.length > signaturesMax) return refused("note_malformed", `more than ${signaturesMax} signatures`);
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name, encoded] = /^\u2014 ([^ ]+) ([^ ]+)$/u.exec(line) ?? [];
    const raw = encoded === undefined ? undefined : fromBase64(encoded);
    if (name === undefined || !isKeyName(name) || raw === undefined || raw.length < 5) {
      return refused("note_malformed", "a signature line is malformed");
    }
    signatures.push({ name, keyId: toHex(raw.subarray(0, 4)), signature: raw.subarray(4) });
  }
  return accepted({ text: whole.slice(0, split + 1), signatures });
}

function hasControl(text: string): boolean {
  // eslint's and oxlint's control-character rule aims at accidents; here the controls are the point.
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 && code !== 0x0a) return true;
  }
  return false;
}

/**
 * Reads a note and verifies it: signatures of unknown keys are ignored, a bad signature of a known key refuses the whole
 * note (`note_signature_invalid`), and so does the absence of any known key (`note_signature_missing`).
 */
export async function verifyNote(
  bytes: Uint8Array,
  keys: readonly NoteKey[],
): Promise<Result<{ readonly note: Note; readonly by: readonly NoteKey[] }, NoteRefusal>> {
  const parsed = parseNote(bytes);
  if (!parsed.ok) return parsed;
  const by: NoteKey[] = [];
  for (const signature of parsed.value.signatures) {
    const key = keys.find((known) => known.name === signature.name && known.keyId === signature.keyId);
    if (key === undefined) continue;
    if (!(await verifyEd25519(key.publicKey, utf8(parsed.value.text), signature.signature))) {
      return refused("note_signature_invalid", `the signature of ${key.name} does not fit the text`);
    }
    by.push(key);
  }
  if (by.length === 0) {
    const names = parsed.value.signatures.map((s) => `${s.name}+${s.keyId}`).join(", ");
    return refused("note_signature_missing", `no signature by a trusted key; the note is signed by ${names}`);
  }
  return accepted({ note: parsed.value, by });
}
