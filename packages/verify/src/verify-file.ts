import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  looksLikeExport,
  parsePublicKey,
  parseVkey,
  readZip,
  verifyPacket,
  verifyRecordExport,
  type ExportReport,
  type NoteKey,
  type PacketReport,
  type PacketTrust,
  type Refusal,
  type Result,
} from "@tillwatch/evidence";
import { fileSource } from "./file-source.ts";
import { nodeHashing } from "./node-hashing.ts";

export type VerifyOptions = {
  /** Each a vkey, or a file with one vkey a line. */
  readonly keys?: readonly string[];
  /** Files with an Ed25519 public key: PEM, base64 or hex. */
  readonly statementKeyFiles?: readonly string[];
  /** A folder with a copy of the log (what the server serves under /log/), for exports that do not carry it. */
  readonly logFolder?: string;
};

export type VerifyRefusal = Refusal<"verify_key_unusable" | "verify_file_unreadable">;

const keyFileBytesMax = 64 * 1024;

/**
 * Verifies the packet in a file. A refusal means that nothing could be checked (no such file, no such key); a packet that fails is a
 * report with the verdict "broken".
 */
export async function verifyPacketFile(
  path: string,
  options: VerifyOptions = {},
): Promise<Result<PacketReport, VerifyRefusal>> {
  const trust = await readTrust(options);
  if (!trust.ok) return trust;
  try {
    const source = await fileSource(path);
    try {
      return { ok: true, value: await verifyPacket(source, trust.value, { hashing: nodeHashing }) };
    } finally {
      await source.close();
    }
  } catch (fault) {
    return refuse("verify_file_unreadable", `${path} cannot be read: ${reasonOf(fault)}`);
  }
}

/** Whether the file is an export of the record; false for a packet, anything else, and what cannot be read. */
export async function isRecordExport(path: string): Promise<boolean> {
  try {
    const source = await fileSource(path);
    try {
      const zip = await readZip(source);
      return zip.ok && looksLikeExport(zip.value.entries.map((entry) => entry.path));
    } finally {
      await source.close();
    }
  } catch {
    return false;
  }
}

/** Verifies an export of the record in a file, as verifyPacketFile does a packet. */
export async function verifyRecordFile(
  path: string,
  options: VerifyOptions = {},
): Promise<Result<ExportReport, VerifyRefusal>> {
  const trust = await readTrust(options);
  if (!trust.ok) return trust;
  const { logKeys } = trust.value;
  const { logFolder } = options;
  try {
    const source = await fileSource(path);
    try {
      const log = logFolder === undefined ? {} : { log: (file: string) => logFile(logFolder, file) };
      return { ok: true, value: await verifyRecordExport(source, { logKeys, ...log }, { hashing: nodeHashing }) };
    } finally {
      await source.close();
    }
  } catch (fault) {
    return refuse("verify_file_unreadable", `${path} cannot be read: ${reasonOf(fault)}`);
  }
}

async function logFile(folder: string, path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(join(folder, path)));
  } catch {
    return undefined; // the check names the place
  }
}

async function readTrust(options: VerifyOptions): Promise<Result<PacketTrust, VerifyRefusal>> {
  const logKeys: NoteKey[] = [];
  for (const given of options.keys ?? []) {
    const keys = await readLogKeys(given);
    if (!keys.ok) return keys;
    logKeys.push(...keys.value);
  }
  const statementKeys: Uint8Array[] = [];
  for (const file of options.statementKeyFiles ?? []) {
    const text = await readKeyFile(file);
    if (!text.ok) return text;
    const key = parsePublicKey(text.value);
    if (key === undefined)
      return refuse("verify_key_unusable", `${file} holds no Ed25519 public key (PEM, base64 or hex)`);
    statementKeys.push(key);
  }
  return { ok: true, value: { logKeys, statementKeys } };
}

/** A text that is itself a vkey is taken as one; anything else names a file. */
async function readLogKeys(given: string): Promise<Result<NoteKey[], VerifyRefusal>> {
  const direct = parseVkey(nodeHashing.sha256, given.trim());
  if (direct.ok) return { ok: true, value: [direct.value] };
  const text = await readKeyFile(given);
  if (!text.ok) {
    const says = /\+[0-9a-f]{8}\+/.test(given)
      ? `the key ${given} is malformed: ${direct.error.says}`
      : text.error.says;
    return refuse("verify_key_unusable", says);
  }
  const keys: NoteKey[] = [];
  for (const line of text.value.split("\n").map((one) => one.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const key = parseVkey(nodeHashing.sha256, line);
    if (!key.ok) return refuse("verify_key_unusable", `${given}: ${key.error.says}`);
    keys.push(key.value);
  }
  return keys.length > 0 ? { ok: true, value: keys } : refuse("verify_key_unusable", `${given} holds no key`);
}

async function readKeyFile(path: string): Promise<Result<string, VerifyRefusal>> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > keyFileBytesMax) return refuse("verify_key_unusable", `${path} is too large for a key`);
    return { ok: true, value: bytes.toString("utf8") };
  } catch (fault) {
    return refuse("verify_key_unusable", `the key ${path} cannot be read: ${reasonOf(fault)}`);
  }
}

function refuse(code: VerifyRefusal["code"], says: string): { readonly ok: false; readonly error: VerifyRefusal } {
  return { ok: false, error: { code, says } };
}

function reasonOf(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  const code = "code" in fault ? fault.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "reading it is not permitted";
  if (code === "EISDIR") return "it is a folder";
  return fault.message;
}
