import { timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Identifier } from "../authenticate-http.ts";
import { digestOf } from "../credential.ts";
import { organisationOver } from "../ended-organisation.ts";
import { homeOrganisation, type Principal } from "../principal.ts";
import { problem, type HttpProblem } from "../../api/problem.ts";
import type { Chance } from "../../platform/chance.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Db } from "../../schema.ts";
import { keyState, looksLikeApiKey, readApiKey, type KeyState } from "./api-key.ts";
import { record } from "./recorded-append.ts";
import { RefusalMeter } from "./refusal-meter.ts";
import { keyWithAccount, type KeyWithAccount } from "./service-account-read.ts";
import { noteKeyUse } from "./service-account-store.ts";

export type ApiKeyDeps = { readonly db: Db; readonly clock: Clock; readonly chance: Chance };

const usedAgainMs = 60_000;
// Compared where no row was found, so that an id that exists takes no longer than one that does not.
const noDigest = "0".repeat(64);

/** `Authorization: Bearer twk_...`. Answers null for any other token. Refusals are on the record, at most one in ten minutes a key. */
export function apiKeyIdentifier(deps: ApiKeyDeps): Identifier {
  const meter = new RefusalMeter();
  return async (request) => {
    const token = bearerOf(request);
    if (token === null || !looksLikeApiKey(token)) return null;
    const shown = readApiKey(token);
    const key = shown === null ? null : await keyWithAccount(deps.db, shown.id);
    const holds = sameDigest(key?.sha256 ?? noDigest, digestOf(shown?.secret ?? ""));
    if (key === null || !holds) {
      // Only ids that exist are named: whatever else was sent could be a secret in the wrong place.
      await recordRefusal({ key, because: "the key is not known here" }, { deps, meter, request });
      throw refused("token_refused", "the API key is not known here");
    }
    if (key.organisationEnded) {
      await recordRefusal({ key, because: "its organisation has ended" }, { deps, meter, request });
      throw organisationOver();
    }
    const state = keyState(timesOf(key), deps.clock());
    if (state !== "live") {
      await recordRefusal({ key, because: `the key is ${state}` }, { deps, meter, request });
      throw refusalOf(state);
    }
    const nowMs = deps.clock();
    if (key.lastUsedAt === null || key.lastUsedAt.getTime() <= nowMs - usedAgainMs)
      await noteKeyUse(deps.db, key.id, nowMs);
    return principalOf(key);
  };
}

function bearerOf(request: FastifyRequest): string | null {
  return /^Bearer +([^\s]{1,1024})$/i.exec(request.headers.authorization ?? "")?.[1] ?? null;
}

function sameDigest(known: string, given: string): boolean {
  return timingSafeEqual(Buffer.from(known, "hex"), Buffer.from(given, "hex"));
}

function timesOf(key: KeyWithAccount) {
  return {
    expiresAtMs: key.expiresAt.getTime(),
    revokedAtMs: key.revokedAt?.getTime() ?? null,
    accountState: key.account.state,
  };
}

function principalOf({ id: keyId, account }: KeyWithAccount): Principal {
  const { token, organisationId, roles, sites, regions, scopes } = account;
  return {
    token,
    kind: "service",
    organisationId,
    roles,
    sites,
    regions,
    scopes,
    keyId,
    sessionId: null,
    signedInAtMs: null,
    steppedUpAtMs: null,
  };
}

function refusalOf(state: Exclude<KeyState, "live">): HttpProblem {
  if (state === "expired") {
    return refused("api_key_expired", "the API key has expired", "Make a new key for the service account.");
  }
  const says = state === "revoked" ? "the API key was revoked" : "the service account of this API key was ended";
  return refused("api_key_revoked", says, "Ask the administrator for a new key.");
}

function refused(
  code: string,
  detail: string,
  remedy = "Send `Authorization: Bearer twk_...` as it was shown.",
): HttpProblem {
  return problem(401, code, detail, { remedy });
}

type Refusal = { readonly key: KeyWithAccount | null; readonly because: string };

async function recordRefusal(
  { key, because }: Refusal,
  at: { readonly deps: ApiKeyDeps; readonly meter: RefusalMeter; readonly request: FastifyRequest },
): Promise<void> {
  const { db, clock, chance } = at.deps;
  const nowMs = clock();
  const keyId = key?.id ?? "unknown";
  const { record: due, since } = at.meter.note(keyId, nowMs);
  if (!due) return;
  const entry = {
    kind: "api_key.refused",
    actor: "machine",
    organisationId: key?.account.organisationId ?? homeOrganisation,
    subject: { kind: "api_key", id: keyId },
    because,
    body: { notRecordedSinceTheLast: since, method: at.request.method, route: at.request.routeOptions.url ?? "none" },
  };
  await db.transaction().execute((tx) => record(tx, entry, { clock, chance }));
}
