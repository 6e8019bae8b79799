/** Bytes of HMAC-SHA256; handed in, so that signing stays a function of its arguments. */
export type HmacSha256 = (key: Uint8Array, message: Uint8Array) => Uint8Array;

export const secretPrefix = "whsec_";
/** Standard Webhooks asks for 24 to 64 bytes. */
export const secretBytes = 32;

export type SignedMessage = {
  readonly id: string; // no dot
  readonly timestampSeconds: number; // of this attempt, not of the event
  readonly body: string;
};

export function secretOf(bytes: Uint8Array): string {
  return secretPrefix + toBase64(bytes);
}

/**
 * The three headers of Standard Webhooks v1: HMAC-SHA256 over `id.timestamp.body`. Receivers use `webhook-id` to recognise a
 * message that they have seen. Throws where the id holds a dot: the signed text would be ambiguous.
 */
export function webhookHeaders(
  message: SignedMessage,
  secret: string,
  hmac: HmacSha256,
): Readonly<Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>> {
  if (message.id.includes(".")) throw new TypeError("a webhook id must not hold a dot");
  const key = fromBase64(secret.startsWith(secretPrefix) ? secret.slice(secretPrefix.length) : secret);
  const signed = `${message.id}.${message.timestampSeconds}.${message.body}`;
  return {
    "webhook-id": message.id,
    "webhook-timestamp": String(message.timestampSeconds),
    "webhook-signature": `v1,${toBase64(hmac(key, new TextEncoder().encode(signed)))}`,
  };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
