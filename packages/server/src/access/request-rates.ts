import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { problem, type HttpProblem } from "../api/problem.ts";
import type { Principal } from "./principal.ts";
import { cookieNamed, sessionCookieName } from "./cookie.ts";

/** Requests a minute; 0: no limit. */
export type RequestRates = { readonly perAddress: number; readonly perIdentity: number };

export const unlimitedRates: RequestRates = { perAddress: 0, perIdentity: 0 };

/** What authentication tells the limits. Each throws 429 `too_many_requests`. */
export type RateGate = {
  /** Before anything is looked up: what this address already got wrong or asked without an identity. */
  readonly arriving: (request: FastifyRequest) => Promise<void>;
  readonly anonymous: (request: FastifyRequest) => Promise<void>;
  readonly identified: (request: FastifyRequest, principal: Principal) => Promise<void>;
};

// Short, so that a minute's worth cannot come at once.
const windowMs = 10_000;
const windowsAMinute = 60_000 / windowMs;
const keysMax = 50_000; // 5 MB or so; beyond it the longest unseen is forgotten
// Health is asked by load balancers and must answer while we refuse everybody else.
const exempt = new Set(["/healthz", "/readyz"]);

/**
 * Two limits. Whoever shows no identity, or one that does not hold, is counted by address and by what was shown: a broken device
 * stops itself, not the shop that shares its address. Credentials that never held here share one larger count, so that inventing
 * a new one each time helps nobody. Whoever is known is counted by identity, wherever he calls from.
 */
export async function requestRates(app: FastifyInstance, rates: RequestRates): Promise<RateGate> {
  await app.register(rateLimit, { global: false, cache: keysMax });
  const waitingRoom = new WaitingRoom();
  app.addHook("preClose", async () => waitingRoom.close());
  const anonymous = counter(app, rates.perAddress, waitingRoom);
  const guesses = counter(app, rates.perAddress * guessesFactor, waitingRoom);
  const identified = counter(app, rates.perIdentity, waitingRoom);
  const held = new Held();
  const pace = new Pace(waitingRoom);
  return {
    arriving: async (request) => {
      if (exempt.has(request.routeOptions.url ?? "")) return;
      await anonymous(request, shownKey(request), { increment: false });
      const shown = shownBy(request);
      if (shown !== null && held.has(shown)) return;
      if (shown !== null) await guesses(request, addressOf(request.ip), { increment: false });
      if (rates.perAddress > 0) await pace.take(request);
    },
    anonymous: async (request) => {
      if (exempt.has(request.routeOptions.url ?? "")) return;
      await anonymous(request, shownKey(request), { increment: true });
      if (shownBy(request) !== null) await guesses(request, addressOf(request.ip), { increment: true });
    },
    identified: async (request, { token, kind }) => {
      const shown = shownBy(request);
      if (shown !== null) held.add(shown);
      // Devices are slowed by the log's own back-pressure: a gate must not fall silent because it saw much.
      if (kind === "administrator" || kind === "device") return;
      await identified(request, token, { increment: true });
    },
  };
}

const guessesFactor = 5;

type Counter = (request: FastifyRequest, key: string, how: { readonly increment: boolean }) => Promise<void>;

function counter(app: FastifyInstance, perMinute: number, waitingRoom: WaitingRoom): Counter {
  if (perMinute === 0) return async () => {};
  const max = Math.ceil(perMinute / windowsAMinute);
  const keys = new WeakMap<FastifyRequest, string>();
  const count = app.createRateLimit({
    max,
    timeWindow: windowMs,
    keyGenerator: (request) => keys.get(request) ?? "",
  });
  return async (request, key, how) => {
    keys.set(request, key);
    const answer = await count(request, how);
    // A look without counting says "exceeded" only above the limit; at the limit the next one is one too many.
    if (answer.isAllowed || !(answer.isExceeded || (!how.increment && answer.remaining === 0))) return;
    await waitingRoom.hold(request);
    throw tooMany(answer.ttlInSeconds);
  };
}

/** The digest of what was shown as proof; null: nothing was. */
function shownBy(request: FastifyRequest): string | null {
  const { authorization, cookie } = request.headers;
  const session = () => cookieNamed(cookie, sessionCookieName(true)) ?? cookieNamed(cookie, sessionCookieName(false));
  const shown = authorization ?? session() ?? certificateOf(request);
  return shown === null ? null : createHash("sha256").update(shown).digest("base64url").slice(0, 22);
}

function certificateOf({ raw: { socket } }: FastifyRequest): string | null {
  return socket instanceof TLSSocket ? (socket.getPeerX509Certificate()?.fingerprint256 ?? null) : null;
}

function shownKey(request: FastifyRequest): string {
  return `${addressOf(request.ip)} ${shownBy(request) ?? "-"}`;
}

/** An IPv6 customer holds a whole /64: its addresses are one. */
export function addressOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!ip.includes(":")) return ip;
  const [head = "", tail = ""] = (ip.split("%")[0] ?? "").split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  const groups = ip.includes("::") ? [...left, ...zeros, ...right] : left;
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

/** Digests of credentials that held lately; the oldest go first. */
class Held {
  readonly #digests = new Set<string>();

  has(digest: string): boolean {
    return this.#digests.has(digest);
  }

  add(digest: string): void {
    if (this.#digests.has(digest)) return;
    this.#digests.add(digest);
    const [oldest] = this.#digests;
    if (this.#digests.size > keysMax && oldest !== undefined) this.#digests.delete(oldest);
  }
}

const pacePerSecond = 500;
const paceBurstMs = 100;
const paceWaitMsMax = 2_000;

/**
 * Strangers of all addresses together are looked at one after the other, so many a second: the first wave of a flood from many
 * addresses, each below its limit, takes a tenth of a core and leaves the rest to those who are known.
 */
class Pace {
  readonly #waitingRoom: WaitingRoom;
  #nextMs = 0;

  constructor(waitingRoom: WaitingRoom) {
    this.#waitingRoom = waitingRoom;
  }

  async take(request: FastifyRequest): Promise<void> {
    const nowMs = performance.now();
    const waitMs = this.#nextMs - nowMs - paceBurstMs;
    if (waitMs > paceWaitMsMax) {
      await this.#waitingRoom.hold(request);
      throw tooMany(1);
    }
    this.#nextMs = Math.max(nowMs, this.#nextMs) + 1000 / pacePerSecond;
    if (waitMs > 0) await sleep(waitMs);
  }
}

function tooMany(retryAfterSeconds: number): HttpProblem {
  return problem(429, "too_many_requests", "more requests a minute than one address or identity may make", {
    remedy: "Wait as long as Retry-After says; send many rows in one request instead of many requests.",
    retryAfterSeconds,
  });
}

const holdMs = 1_000;
const heldPerAddressMax = 100;
const heldMax = 2_000;

/**
 * A refusal waits a second before it goes out: a flood over connections that wait for their answers comes to a standstill and
 * costs next to nothing. Whoever opens more connections than may wait is cut without an answer.
 */
class WaitingRoom {
  readonly #perAddress = new Map<string, number>();
  readonly #waiting = new Set<() => void>();

  async hold(request: FastifyRequest): Promise<void> {
    const address = addressOf(request.ip);
    const here = this.#perAddress.get(address) ?? 0;
    if (here >= heldPerAddressMax || this.#waiting.size >= heldMax) {
      request.raw.socket.destroy();
      return;
    }
    this.#perAddress.set(address, here + 1);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, holdMs);
    request.raw.socket.once("close", resolve);
    this.#waiting.add(resolve);
    await promise;
    clearTimeout(timer);
    request.raw.socket.off("close", resolve);
    this.#waiting.delete(resolve);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }

  close(): void {
    for (const leave of this.#waiting) leave();
  }
}
