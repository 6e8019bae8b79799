import { parseSignalId, type SignalId } from "@tillwatch/wire";

/** Digests as lower-case hex, of the text's UTF-8. Handed in, so that parsing stays pure. */
export type Digest = {
  readonly sha1: (text: string | Uint8Array) => string;
  readonly sha256: (text: string | Uint8Array) => string;
};

/** UUIDv5 of "https://tillwatch.org/ns/signal" in the URL namespace; never changes (docs/decisions/0004-signal-ids.md). */
export const signalNamespace = "de7d73f2-a8d8-5974-8def-f9cde618b4ba";

const namespaceBytes = Uint8Array.from(signalNamespace.replaceAll("-", "").match(/../g) ?? [], (hex) =>
  Number.parseInt(hex, 16),
);
const utf8 = new TextEncoder();

/**
 * The id of a signal: UUIDv5 (RFC 9562) of `source`, a line feed and `sourceEventId`. A repeat has the id of the first, so
 * the primary key is the key by which repeats are found. `source` MUST NOT hold a line feed (the shapes refuse control characters).
 */
export function signalId(digest: Digest, source: string, sourceEventId: string): SignalId {
  const name = utf8.encode(`${source}\n${sourceEventId}`);
  const bytes = new Uint8Array(namespaceBytes.length + name.length);
  bytes.set(namespaceBytes);
  bytes.set(name, namespaceBytes.length);
  return uuidFromHex(digest.sha1(bytes));
}

function uuidFromHex(hex: string): SignalId {
  const variant = "89ab"[Number.parseInt(hex[16] ?? "0", 16) & 3] ?? "8";
  const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  const parsed = parseSignalId(text);
  if (!parsed.ok) throw new Error(`not a UUID: ${text}`);
  return parsed.value;
}
