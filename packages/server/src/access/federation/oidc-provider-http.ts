import { createRemoteJWKSet, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";
import * as oidc from "openid-client";
import { ok, refused, type Result } from "@tillwatch/wire";
import type { Clock } from "../../platform/clock.ts";
import { isLoopback, type OidcProvider } from "./identity-file.ts";

export type OidcRefusal = {
  readonly code: "oidc_provider_unreachable" | "oidc_answer_refused";
  /** For the log and the record: a code of the library, never a token. */
  readonly because: string;
};

type Known = {
  readonly client: oidc.Configuration;
  readonly keys: JWTVerifyGetKey;
  readonly readAtMs: number;
};

// What the provider says of itself changes rarely (its keys are asked for whenever an unknown one signs).
const knownForMs = 60 * 60_000;
const answerSecondsMax = 10;
const logoutTokenAge = "5 minutes";

/** Speaks to one identity provider as its client: OpenID Connect Core 1.0 with the code flow and PKCE, Back-Channel Logout 1.0. */
export class OidcClient {
  readonly #provider: OidcProvider;
  readonly #clock: Clock;
  #known: Promise<Known> | null = null;

  constructor(provider: OidcProvider, clock: Clock) {
    this.#provider = provider;
    this.#clock = clock;
  }

  get provider(): OidcProvider {
    return this.#provider;
  }

  /** Where the browser goes. */
  async signInUrl(asked: {
    readonly redirectUri: string;
    readonly state: string;
    readonly nonce: string;
    readonly codeVerifier: string;
    readonly stepUp: boolean;
  }): Promise<Result<string, OidcRefusal>> {
    return this.#speak(async ({ client }) => {
      const { scopes, stepUpAcr } = this.#provider;
      const acr = stepUpAcr.length === 0 ? {} : { acr_values: stepUpAcr.join(" ") };
      const again: Readonly<Record<string, string>> = asked.stepUp ? { prompt: "login", max_age: "0", ...acr } : {};
      const url = oidc.buildAuthorizationUrl(client, {
        redirect_uri: asked.redirectUri,
        scope: scopes.join(" "),
        state: asked.state,
        nonce: asked.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(asked.codeVerifier),
        code_challenge_method: "S256",
        ...again,
      });
      return url.href;
    });
  }

  /**
   * Redeems the answer that the browser came back with. Checks state, `iss` (RFC 9207), code, PKCE, and of the ID token signature,
   * issuer, audience, times and nonce. What the user info endpoint adds is in the claims.
   */
  async redeem(answer: {
    readonly url: URL;
    readonly state: string;
    readonly nonce: string;
    readonly codeVerifier: string;
  }): Promise<Result<SignedIn, OidcRefusal>> {
    return this.#speak(async ({ client }) => {
      const tokens = await oidc.authorizationCodeGrant(client, answer.url, {
        expectedState: answer.state,
        expectedNonce: answer.nonce,
        pkceCodeVerifier: answer.codeVerifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined || tokens.id_token === undefined) throw new Error("no ID token");
      const more =
        client.serverMetadata().userinfo_endpoint === undefined
          ? {}
          : await oidc.fetchUserInfo(client, tokens.access_token, claims.sub);
      // The ID token is signed, the user info is not: it adds, and never replaces.
      return { claims: { ...more, ...claims }, subject: claims.sub, idToken: tokens.id_token };
    });
  }

  /** Where the browser goes to end the provider's session too; null: this provider has no such place. */
  async signOutUrl(asked: {
    readonly idToken: string;
    readonly returnTo: string;
  }): Promise<Result<string | null, OidcRefusal>> {
    return this.#speak(async ({ client }) => {
      if (client.serverMetadata().end_session_endpoint === undefined) return null;
      return oidc.buildEndSessionUrl(client, {
        id_token_hint: asked.idToken,
        post_logout_redirect_uri: asked.returnTo,
      }).href;
    });
  }

  /** The payload of a logout token whose signature, issuer, audience and age hold. Everything else is `readLogoutToken`'s. */
  async verifyLogoutToken(token: string): Promise<Result<JWTPayload, OidcRefusal>> {
    return this.#speak(async ({ keys }) => {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        issuer: this.#provider.issuer,
        audience: this.#provider.clientId,
        algorithms: [...signingAlgorithms],
        requiredClaims: ["iat", "jti", "events"],
        maxTokenAge: logoutTokenAge,
        clockTolerance: 60,
        currentDate: new Date(this.#clock()),
      });
      // Providers of before the final text say JWT or nothing; what says it is something else is something else.
      const type = protectedHeader.typ?.toLowerCase() ?? "jwt";
      if (type !== "logout+jwt" && type !== "jwt") throw new Error("typ");
      return payload;
    });
  }

  async #speak<T>(what: (known: Known) => Promise<T>): Promise<Result<T, OidcRefusal>> {
    let known: Known;
    try {
      known = await this.#knowledge();
    } catch (fault) {
      return refused({ code: "oidc_provider_unreachable", because: codeOf(fault) });
    }
    try {
      return ok(await what(known));
    } catch (fault) {
      return refused({
        code: unreachable(fault) ? "oidc_provider_unreachable" : "oidc_answer_refused",
        because: codeOf(fault),
      });
    }
  }

  async #knowledge(): Promise<Known> {
    const known = await this.#known?.catch(() => null);
    if (known != null && this.#clock() - known.readAtMs < knownForMs) return known;
    this.#known = this.#discover();
    return this.#known;
  }

  /** OpenID Connect Discovery 1.0; the issuer that is answered must be the one that was configured, to the letter. */
  async #discover(): Promise<Known> {
    const { issuer, clientId, clientSecret, clientAuthentication } = this.#provider;
    const insecure = isLoopback(new URL(issuer)) && issuer.startsWith("http:");
    const execute = [oidc.enableNonRepudiationChecks, ...(insecure ? [oidc.allowInsecureRequests] : [])];
    const client = await oidc.discovery(
      new URL(issuer),
      clientId,
      {},
      authenticationOf(clientSecret, clientAuthentication),
      {
        execute,
        timeout: answerSecondsMax,
      },
    );
    const { issuer: said, jwks_uri: keysAt } = client.serverMetadata();
    if (said !== issuer) throw new Error("the provider calls itself otherwise");
    if (keysAt === undefined) throw new Error("the provider names no keys");
    const keys = createRemoteJWKSet(new URL(keysAt), { timeoutDuration: answerSecondsMax * 1000 });
    return { client, keys, readAtMs: this.#clock() };
  }
}

export type SignedIn = {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly subject: string;
  readonly idToken: string;
};

// Public keys only: with HS256 whoever knows the client's secret could sign, and `none` is nobody.
const signingAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

function authenticationOf(secret: string | null, how: OidcProvider["clientAuthentication"]): oidc.ClientAuth {
  if (secret === null) return oidc.None();
  return how === "post" ? oidc.ClientSecretPost(secret) : oidc.ClientSecretBasic(secret);
}

function codeOf(fault: unknown): string {
  if (!(fault instanceof Error)) return "unknown";
  return "code" in fault && typeof fault.code === "string" ? fault.code : fault.name;
}

// Of fetch and its abort; everything else is an answer that came and did not hold.
const networkNames = new Set(["TypeError", "AbortError", "TimeoutError"]);

function unreachable(fault: unknown): boolean {
  if (!(fault instanceof Error)) return false;
  const inner = fault.cause;
  return "code" in fault && fault.code === "OAUTH_TIMEOUT"
    ? true
    : inner instanceof Error && networkNames.has(inner.name);
}
