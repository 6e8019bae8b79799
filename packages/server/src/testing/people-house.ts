import type { TestContext } from "node:test";
import { accountRoutes } from "../access/people/accounts-http.ts";
import { makeFirstAdministrator } from "../access/people/first-administrator.ts";
import { myAccountRoutes } from "../access/people/my-account-http.ts";
import type { PeopleDeps } from "../access/people/people-deps.ts";
import { personIdentifier } from "../access/people/person-session-http.ts";
import { publicPlace } from "../access/people/public-place.ts";
import { SessionWatch } from "../access/people/session-watch.ts";
import { setUpLinkRoute } from "../access/people/set-up-link-http.ts";
import { setUpRoutes } from "../access/people/set-up-http.ts";
import { signInRoutes } from "../access/people/sign-in-http.ts";
import { stepUpRoutes } from "../access/people/step-up-http.ts";
import { bytesOfBase32, codeOf, stepAt } from "../access/people/totp.ts";
import { systemChance } from "../platform/chance.ts";
import type { Db } from "../schema.ts";
import { testFields } from "./fields.ts";
import { testServer } from "./server.ts";
import { SoftAuthenticator } from "./soft-authenticator.ts";
import { placesForTests } from "./places.ts";

const own = { "sec-fetch-site": "same-origin" };
export const goodPassword = "the heron waits by the weir";

type Options = { readonly url?: string; readonly idleMs?: number };
type Asked = { readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"; readonly body?: object };

/** A server with people, on a clock that tests move; `browser()` keeps its cookie as browsers do. */
export async function peopleHouse(context: TestContext, db: Db, options: Options = {}) {
  const time = { nowMs: Date.parse("2026-11-20T10:00:00Z") };
  const clock = () => time.nowMs;
  const vault = await testFields(db);
  const url = options.url ?? "http://localhost:8080";
  const sessions = { idleMs: options.idleMs ?? 3_600_000, lifeMs: 12 * 3_600_000 };
  const watch = new SessionWatch({ db, clock, idleMs: sessions.idleMs });
  const place = () => publicPlace(url);
  const deps: PeopleDeps = { db, clock, chance: systemChance, vault, place, sessions, watch, places: placesForTests };
  const parts = [signInRoutes, setUpRoutes, stepUpRoutes, myAccountRoutes, accountRoutes, setUpLinkRoute];
  const { app, lines } = await testServer(context, {
    db,
    clock,
    sessions: watch,
    secureCookies: () => url.startsWith("https:"),
    identifiers: [personIdentifier(deps)],
    routes: parts.map((routes) => routes(deps)),
  });
  const browser = () => {
    let cookie = "";
    const ask = async (path: string, { method = "GET", body }: Asked = {}) => {
      const headers = { ...own, ...(cookie === "" ? {} : { cookie }) };
      const answer = await app.inject({ method, url: `/api/v1${path}`, headers, ...(body ? { payload: body } : {}) });
      const set = answer.headers["set-cookie"];
      if (set !== undefined) cookie = String(set).split(";")[0] ?? "";
      return { status: answer.statusCode, headers: answer.headers, body: answer.body === "" ? null : answer.json() };
    };
    const post = (path: string, body: object = {}) => ask(path, { method: "POST", body });
    return { ask, post, cookie: () => cookie };
  };
  const authenticator = () => {
    const { origin, passkeys } = place();
    return new SoftAuthenticator({ origin, rpId: passkeys.kind === "possible" ? passkeys.rpId : "nowhere" });
  };
  const codeNow = (secret: string, steps = 0) => codeOf(bytesOfBase32(secret), stepAt(time.nowMs) + steps);
  const firstLink = async () => (await makeFirstAdministrator(deps))?.secret ?? "";
  return { app, lines, deps, time, browser, authenticator, codeNow, firstLink };
}

export type PeopleHouse = Awaited<ReturnType<typeof peopleHouse>>;
export type Browser = ReturnType<PeopleHouse["browser"]>;

/** Sets a person up by a link with a passkey; answers the browser that is then signed in. */
export async function setUpByPasskey(house: PeopleHouse, link: string, names: object = {}) {
  const browser = house.browser();
  const key = house.authenticator();
  const options = await browser.post("/links/passkey-options", { link, ...names });
  if (options.status !== 200) return { browser, key, answer: options };
  const response = key.create(options.body);
  const answer = await browser.post("/links/passkey", { link, response, passkeyName: "Laptop", ...names });
  return { browser, key, answer };
}

/** The same with a password and an authenticator app. */
export async function setUpByPassword(house: PeopleHouse, link: string, names: object = {}) {
  const browser = house.browser();
  const { body } = await browser.post("/links/totp", { link, ...names });
  const secret = String(body.secret);
  const code = house.codeNow(secret);
  const answer = await browser.post("/links/password", { link, password: goodPassword, code, ...names });
  return { browser, secret, answer, recoveryCodes: (answer.body?.recoveryCodes ?? []) as string[] };
}

/** Signs a browser in by passkey. */
export async function signInByPasskey(house: PeopleHouse, key: SoftAuthenticator) {
  const browser = house.browser();
  const options = await browser.post("/sign-in/passkey-options");
  const answer = await browser.post("/sign-in/passkey", { response: key.get(options.body) });
  return { browser, answer };
}

/** An administrator who is set up and signed in, and a person whom she invited with `roles`. */
export async function administratorAnd(house: PeopleHouse, roles: readonly string[]) {
  const names = { name: "Ada", login: "ada@example.org" };
  const administrator = await setUpByPasskey(house, await house.firstLink(), names);
  const person = { name: "Grace", login: "grace@example.org", roles };
  const invited = await administrator.browser.post("/accounts", person);
  const link = String(invited.body.link).split("#")[1] ?? "";
  return { administrator, invited: invited.body as { id: string; token: string }, link };
}
