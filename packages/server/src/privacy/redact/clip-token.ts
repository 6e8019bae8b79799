import { isJsonObject, sealedTextsIn, type IncidentRecord, type JsonObject, type JsonValue } from "@tillwatch/wire";

type BlindIndex = { readonly blindIndex: (use: string, text: string) => Uint8Array };

/**
 * What stands for the address of a clip: a keyed digest of address and case. It tells nothing, is another one in every case, and leads
 * to the clip only through this server, for whoever may open the case.
 */
export function clipToken(vault: BlindIndex, incidentId: string, uri: string): string {
  const digest = vault.blindIndex("clip", `${incidentId}\n${uri}`);
  return `clip:${Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * The record with tokens in place of addresses, as they are stored: sealed ones stay sealed, and a token is the same each time. Also of
 * addresses that a device wrote beside the named ones, into its data, and of what a rule matched there.
 */
export function withClipTokens(record: IncidentRecord, vault: BlindIndex): IncidentRecord {
  return replaced(record, (uri) => clipToken(vault, record.id, uri));
}

/** The same of whatever reads records. */
export function tokenised<From>(
  read: (from: From, id: string) => Promise<IncidentRecord | null>,
  vault: BlindIndex,
): typeof read {
  return async (from, id) => {
    const record = await read(from, id);
    return record === null ? null : withClipTokens(record, vault);
  };
}

/** The addresses of a record, as they are stored, by their tokens. */
export function clipAddresses(record: IncidentRecord, vault: BlindIndex): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  replaced(record, (uri) => {
    const token = clipToken(vault, record.id, uri);
    found.set(token, uri);
    return token;
  });
  return found;
}

/** A signal as it came, but for the addresses in it: whoever connects devices needs none (D09). */
export function withoutAddresses(original: JsonObject): JsonObject {
  return inObject(original, () => "[address kept inside]");
}

type Replace = (uri: string) => string;

function replaced(record: IncidentRecord, replace: Replace): IncidentRecord {
  return {
    ...record,
    signals: record.signals.map((signal) => ({
      ...signal,
      media: signal.media.map((one) => ({ ...one, uri: replace(one.uri) })),
      data: inObject(signal.data, replace),
    })),
    timeline: record.timeline.map((entry) => ({ ...entry, detail: inObject(entry.detail, replace) })),
  };
}

// Where recordings lie.
const address = /^(?:https?|rtsps?|rtmps?|s3|gs|ftps?|sftp|smb|file|onvif|frigate|nvr|vms|clip):\/\//i;
// Names of members that hold addresses: of a sealed text nothing else says that it is one.
const addressName = /(?:^|_)(?:urls?|uris?|refs?|links?|href|path)$/i;

function inObject(object: JsonObject, replace: Replace): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, inValue(value, name, replace)]));
}

function inValue(value: JsonValue | undefined, name: string, replace: Replace): JsonValue {
  if (typeof value === "string") return isAddress(value, name) ? replace(value) : value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => inValue(item, name, replace));
  return isJsonObject(value) ? inObject(value, replace) : (value ?? null);
}

function isAddress(text: string, name: string): boolean {
  return address.test(text.trim()) || (addressName.test(name) && sealedTextsIn(text).length > 0);
}
