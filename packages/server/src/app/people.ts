import { accountRoutes } from "../access/people/accounts-http.ts";
import { makeFirstAdministrator, type MadeLink } from "../access/people/first-administrator.ts";
import { demoLinksRoute } from "../access/people/demo-links-http.ts";
import { myAccountRoutes } from "../access/people/my-account-http.ts";
import type { PeopleDeps } from "../access/people/people-deps.ts";
import { personIdentifier, secureCookies } from "../access/people/person-session-http.ts";
import { placeOfListener, publicPlace } from "../access/people/public-place.ts";
import { SessionWatch } from "../access/people/session-watch.ts";
import { setUpLinkRoute } from "../access/people/set-up-link-http.ts";
import { setUpRoutes } from "../access/people/set-up-http.ts";
import { signInRoutes, type SignInDeps } from "../access/people/sign-in-http.ts";
import { stepUpRoutes } from "../access/people/step-up-http.ts";
import type { Foundation } from "./foundation.ts";
import { repeat } from "./timers.ts";
import type { Config } from "../config/config.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { ClosingStack } from "../platform/closing-stack.ts";
import type { Log } from "../platform/log.ts";

// What another process revoked reaches the streams of this one so quickly.
const watchEveryMs = 1_000;

type Given = {
  readonly config: Config;
  readonly foundation: Foundation;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly demo: boolean; // people to try it with, whose links sign in
  readonly otherWays?: SignInDeps["otherWays"];
};

/** Accounts, sessions and ways to sign in, for app.ts to wire. `listening` tells where the server listens, once it does. */
export function openPeople(closing: ClosingStack, given: Given) {
  const { config, foundation, clock, chance, log } = given;
  const { db } = foundation.database;
  let listening = `http://localhost:${config.http.port}`;
  const watch = new SessionWatch({ db, clock, idleMs: config.sessions.idleMs });
  const deps: PeopleDeps = {
    db,
    clock,
    chance,
    vault: foundation.fields,
    place: () => publicPlace(config.publicUrl ?? placeOfListener(listening)),
    sessions: config.sessions,
    watch,
    places: (organisationId) => foundation.register.sitesOf(organisationId),
  };
  closing.add("session watch", repeat("session watch", watchEveryMs, { log, step: () => watch.check() }));
  return {
    deps,
    watch,
    identifier: personIdentifier(deps),
    secureCookies: () => secureCookies(deps),
    routes: [
      signInRoutes({ ...deps, ...(given.otherWays === undefined ? {} : { otherWays: given.otherWays }) }),
      setUpRoutes(deps),
      stepUpRoutes(deps),
      myAccountRoutes(deps),
      accountRoutes(deps),
      setUpLinkRoute(deps),
      ...(given.demo ? [demoLinksRoute(deps)] : []),
    ],
    listening: (url: string) => {
      listening = url;
    },
    /** The link for the first administrator, at the first start only. */
    firstLink: (): Promise<MadeLink | null> => makeFirstAdministrator(deps),
  };
}
