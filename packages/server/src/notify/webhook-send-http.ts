import { createHmac } from "node:crypto";
import { lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { Agent, request } from "undici";
import { isPublicAddress, parseEndpointUrl } from "./address-guard.ts";
import { judgeStatus, type AttemptOutcome } from "./notify.ts";
import { webhookHeaders, type SignedMessage } from "./signature.ts";

export type Sender = {
  readonly send: (
    target: { readonly url: string; readonly secret: string },
    message: SignedMessage,
  ) => Promise<AttemptOutcome>;
  readonly close: () => Promise<void>;
};

export type SenderOptions = {
  readonly allowPrivate: boolean; // for receivers inside one's own network
  readonly timeoutMs?: number;
  readonly userAgent?: string;
};

// 15 s: the lower end of what Standard Webhooks advises, so that a slow receiver does not hold up the others for long.
const timeoutMsDefault = 15_000;

class AddressRefused extends Error {
  override readonly name = "AddressRefused";
  readonly code = "webhook_address_refused";
}

/**
 * Sends signed webhooks. The URL belongs to whoever was allowed to register it and its name to whoever runs its DNS: the very
 * address that is connected to has passed the guard, redirects are not followed, no proxy is asked, the answer is not read.
 */
export function webhookSender({ allowPrivate, timeoutMs = timeoutMsDefault, ...options }: SenderOptions): Sender {
  const userAgent = options.userAgent ?? "Tillwatch-Webhooks/1";
  const agent = new Agent({
    connect: { timeout: timeoutMs, lookup: allowPrivate ? lookupFunction : guardedLookup },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    pipelining: 1,
    keepAliveTimeout: 4_000,
  });
  const send: Sender["send"] = async ({ url, secret }, message) => {
    // An address written into the URL is never looked up, so it is checked here, each time.
    const parsed = parseEndpointUrl(url, allowPrivate);
    if (!parsed.ok) return { kind: "failed", status: null, code: "webhook_address_refused" };
    try {
      const answer = await request(parsed.value, {
        method: "POST",
        dispatcher: agent,
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          "content-type": "application/json; charset=utf-8",
          "user-agent": userAgent,
          ...webhookHeaders(message, secret, hmacSha256),
        },
        body: message.body,
      });
      answer.body.on("error", () => {});
      answer.body.destroy();
      return judgeStatus(answer.statusCode);
    } catch (fault) {
      return { kind: "failed", status: null, code: codeOf(fault) };
    }
  };
  return { send, close: () => agent.destroy() };
}

function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(message).digest());
}

const timeouts = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_ABORTED",
]);

function codeOf(fault: unknown): "webhook_timeout" | "webhook_unreachable" | "webhook_address_refused" {
  if (!(fault instanceof Error)) return "webhook_unreachable";
  if (fault instanceof AddressRefused || fault.cause instanceof AddressRefused) return "webhook_address_refused";
  const code = "code" in fault ? String(fault.code) : "";
  return fault.name === "TimeoutError" || timeouts.has(code) ? "webhook_timeout" : "webhook_unreachable";
}

const lookupFunction = lookup as LookupFunction;

/** Like `dns.lookup`, but refuses a name as soon as one of its addresses is not public. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (fault, addresses) => {
    if (fault !== null) return callback(fault, []);
    const inside = addresses.find(({ address }) => !isPublicAddress(address));
    if (inside !== undefined || addresses.length === 0) {
      return callback(new AddressRefused(`${hostname} does not lead to the public internet alone`), []);
    }
    const [first] = addresses;
    if (options.all === true || first === undefined) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};
