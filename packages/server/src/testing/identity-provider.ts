import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from "jose";
import { Provider, type Configuration } from "oidc-provider";

/** Somebody as the provider knows them. */
export type ProviderPerson = {
  readonly id: string;
  readonly name: string;
  readonly login: string;
  readonly groups: readonly string[];
  readonly [claim: string]: unknown;
};

export const clientId = "tillwatch";
export const clientSecret = "a-secret-of-the-client-of-thirty-two-characters";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Listens first, so that both sides can know each other's address before either is made. */
async function listening(context: TestContext): Promise<{ url: string; handle: (handler: Handler) => void }> {
  let handler: Handler = (_request, response) => response.writeHead(503).end();
  const server: Server = createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    handle: (next) => {
      handler = next;
    },
  };
}

export type RealProvider = {
  readonly issuer: string;
  /** Who signs in when the provider asks; null: it says no. */
  person: ProviderPerson | null;
  acr: string | null;
  /** Makes the provider; `client` is where our side listens. */
  readonly start: (client: string) => Promise<void>;
};

/** panva's oidc-provider on loopback, with one client, which signs in whoever is set without asking. */
export async function realProvider(context: TestContext): Promise<RealProvider> {
  const { url, handle } = await listening(context);
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), use: "sig", alg: "RS256" };
  const people = new Map<string, ProviderPerson>();
  const self: RealProvider = { issuer: url, person: null, acr: null, start };
  async function start(client: string): Promise<void> {
    const provider = new Provider(url, configurationOf({ client, jwk, people }));
    const callback = provider.callback();
    handle((request, response) => {
      if (!request.url?.startsWith("/interaction/")) return void callback(request, response);
      void finishInteraction(provider, { request, response }, { ...self, people });
    });
  }
  return self;
}

async function finishInteraction(
  provider: Provider,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  { person, acr, people }: RealProvider & { readonly people: Map<string, ProviderPerson> },
): Promise<void> {
  if (person === null) {
    await provider.interactionFinished(request, response, { error: "access_denied" });
    return;
  }
  people.set(person.id, person);
  const login = { accountId: person.id, ...(acr === null ? {} : { acr }) };
  await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
}

function configurationOf(given: {
  readonly client: string;
  readonly jwk: object;
  readonly people: ReadonlyMap<string, ProviderPerson>;
}): Configuration {
  const base = `${given.client}/api/v1/sign-in/oidc/home`;
  return {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [`${base}/callback`],
        post_logout_redirect_uris: [`${given.client}/sign-in`],
        backchannel_logout_uri: `${base}/back-channel-logout`,
        backchannel_logout_session_required: true,
      },
    ],
    jwks: { keys: [given.jwk] },
    cookies: { keys: ["of the test"] },
    acrValues: ["phr"],
    scopes: ["openid", "profile", "email", "groups"],
    claims: { openid: ["sub"], profile: ["name", "preferred_username", "department"], groups: ["groups"] },
    pkce: { required: () => true },
    // Its own refuses loopback, where this test lives.
    fetch: (to, { method = "GET", headers = {}, body = null, signal = null } = {}) =>
      fetch(to, { method, headers, body, signal }),
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          ctx.body = form;
        },
      },
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, id) => {
      const person = given.people.get(id);
      if (person === undefined) return undefined;
      const { id: _, login, ...claims } = person;
      return { accountId: id, claims: () => ({ sub: id, preferred_username: login, ...claims }) };
    },
    loadExistingGrant: async (ctx) => {
      const { client, session, provider } = ctx.oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid profile email groups");
      await grant.save();
      return grant;
    },
  };
}

/** A provider that signs whatever it is told: what an attacker, or a broken provider, might answer. */
export type FakeProvider = {
  readonly issuer: string;
  /** The next answers of the token endpoint. */
  answer: (() => Promise<string>) | null;
  metadata: Readonly<Record<string, unknown>>;
  readonly sign: (claims: JWTPayload, header?: { alg?: string; typ?: string }) => Promise<string>;
  /** The codes that were redeemed. */
  readonly redeemed: string[];
};

export async function fakeProvider(context: TestContext): Promise<FakeProvider> {
  const { url, handle } = await listening(context);
  const keys = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...(await exportJWK(keys.publicKey)), use: "sig", alg: "RS256", kid: "one" };
  const self: FakeProvider = {
    issuer: url,
    answer: null,
    metadata: {},
    redeemed: [],
    sign: (claims, header = {}) => {
      const key = header.alg === "HS256" ? new TextEncoder().encode(clientSecret) : keys.privateKey;
      return new SignJWT(claims).setProtectedHeader({ kid: "one", ...header, alg: header.alg ?? "RS256" }).sign(key);
    },
  };
  const json = (response: ServerResponse, body: unknown) =>
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  handle((request, response) => {
    if (request.url === "/.well-known/openid-configuration") {
      const endpoints = {
        authorization_endpoint: `${url}/auth`,
        token_endpoint: `${url}/token`,
        jwks_uri: `${url}/jwks`,
      };
      json(response, { issuer: url, ...endpoints, ...self.metadata });
    } else if (request.url === "/jwks") json(response, { keys: [jwk] });
    else if (request.url === "/token") void answerToken(request, response);
    else response.writeHead(404).end();
  });
  const answerToken = async (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    self.redeemed.push(new URLSearchParams(body).get("code") ?? "");
    json(response, { access_token: "opaque", token_type: "bearer", id_token: await self.answer?.() });
  };
  return self;
}

/** A browser as far as redirects and cookies go. */
export class TestBrowser {
  readonly #jars = new Map<string, Map<string, string>>();

  cookies(url: string): string {
    return [...(this.#jars.get(new URL(url).origin) ?? [])].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** Forgets the cookies of one place. */
  forget(url: string): void {
    this.#jars.delete(new URL(url).origin);
  }

  /** Asks for one page; does not follow. */
  async get(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("cookie", this.cookies(url));
    const response = await fetch(url, { redirect: "manual", ...init, headers });
    const { origin } = new URL(url);
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = "", ...attributes] = cookie.split(";");
      const [name = "", value = ""] = pair.split(/=(.*)/s);
      const gone = attributes.some((one) => /^\s*max-age=0$/i.test(one) || /^\s*expires=Thu, 01 Jan 1970/i.test(one));
      if (gone || value === "") jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  /** Follows redirects until an answer is none, or until the next address begins with `stopAt`; answers that address. */
  async follow(url: string, stopAt?: string): Promise<{ readonly url: string; readonly response: Response | null }> {
    let at = url;
    for (let step = 0; step < 20; step++) {
      if (stopAt !== undefined && step > 0 && at.startsWith(stopAt)) return { url: at, response: null };
      const response = await this.get(at);
      const location = response.headers.get("location");
      if (location === null) return { url: at, response };
      at = new URL(location, at).href;
    }
    throw new Error(`too many redirects: ${at}`);
  }
}
