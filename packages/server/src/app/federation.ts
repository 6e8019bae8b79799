import { startDueReviews } from "../access/federation/access-review-store.ts";
import { reviewRoutes } from "../access/federation/access-review-http.ts";
import { apiKeyIdentifier } from "../access/federation/api-key-http.ts";
import { noIdentityFile, openIdentityFile, type IdentityFile } from "../access/federation/identity-file.ts";
import { federatedOrganisations, oidcRoutes } from "../access/federation/oidc-http.ts";
import { backChannelLogoutRoutes } from "../access/federation/oidc-logout-http.ts";
import { scimRoutes } from "../access/federation/scim-http.ts";
import { serviceAccountRoutes } from "../access/federation/service-account-http.ts";
import { vendorGate } from "../access/federation/vendor-gate-http.ts";
import { vendorRoutes } from "../access/federation/vendor-http.ts";
import type { Identifier } from "../access/authenticate-http.ts";
import type { PeopleDeps } from "../access/people/people-deps.ts";
import { repeat } from "./timers.ts";
import type { Config } from "../config/config.ts";
import type { ClosingStack } from "../platform/closing-stack.ts";
import type { Log } from "../platform/log.ts";

export class IdentityFault extends Error {
  override readonly name = "IdentityFault";
  readonly code: "identity_file_wrong";

  constructor(code: IdentityFault["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** Who signs in elsewhere. Throws with every problem of the file, each with its line. */
export function openIdentity({ federation: { identityFile } }: Config): IdentityFile {
  if (identityFile === null) return noIdentityFile;
  const read = openIdentityFile(identityFile);
  if (read.ok) return read.value;
  throw new IdentityFault(
    "identity_file_wrong",
    read.error.map(({ file, line, message }) => `${file}:${line}: ${message}`).join("\n"),
  );
}

// A quarter begins four times a year; an hour late is soon enough, and a start makes up for what was missed.
const reviewEveryMs = 60 * 60_000;

type Given = {
  readonly config: Config;
  readonly identity: IdentityFile;
  readonly people: { readonly deps: PeopleDeps; readonly identifier: Identifier };
  readonly log: Log;
};

/** Programs, people of other identity providers, vendors and reviews of access, for app.ts to wire. */
export function openFederation(closing: ClosingStack, given: Given) {
  const { config, identity, people, log } = given;
  const deps = { ...people.deps, identity, log };
  const { db, clock, chance } = deps;
  const organisations = federatedOrganisations(deps);
  const { reviewUnusedDays: unusedAfterDays, vendorRules } = config.federation;
  closing.add(
    "access reviews",
    repeat("access reviews", reviewEveryMs, {
      log,
      step: async () => {
        const made = await startDueReviews(db, { nowMs: clock(), unusedAfterDays }, chance);
        if (made > 0) log.info("access reviews started", { made });
      },
    }),
  );
  return {
    identifiers: [apiKeyIdentifier(deps), vendorGate(people.identifier, deps)],
    routes: [
      serviceAccountRoutes(deps),
      oidcRoutes(deps, organisations),
      backChannelLogoutRoutes(deps, organisations),
      scimRoutes(deps),
      vendorRoutes({ ...deps, vendorRules }),
      reviewRoutes({ ...deps, unusedAfterDays }),
    ],
  };
}
