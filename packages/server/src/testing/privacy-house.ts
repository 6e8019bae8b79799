import type { TestContext } from "node:test";
import type { FastifyPluginAsync } from "fastify";
import { signerFromSeed } from "@tillwatch/evidence";
import type { IncidentRecord } from "@tillwatch/wire";
import { administratorCredential } from "../access/credential.ts";
import { installationPrincipal } from "../access/principal.ts";
import { packOf } from "../cli/configured.ts";
import { shippedPack } from "../cli/shipped.ts";
import { incidentRoutes } from "../incident/incident-http.ts";
import { incidentRecord } from "../incident/incident-read.ts";
import { systemChance } from "../platform/chance.ts";
import { quotedInJson } from "../platform/keys/field-vault.ts";
import { LiveFeed } from "../platform/live-feed.ts";
import { descriptionOf, keptTextsOf } from "../privacy/text/people-texts-store.ts";
import type { PrivacyHttpDeps } from "../privacy/privacy-answer-http.ts";
import type { PrivacyPolicy } from "../privacy/site/privacy-policy-file.ts";
import { consentRoutes } from "../privacy/person/consent-http.ts";
import { knownPersonRoutes } from "../privacy/person/known-person-http.ts";
import { subjectRequestRoutes } from "../privacy/request/subject-request-http.ts";
import { Looks } from "../record/look-append.ts";
import { watchRoutes } from "../privacy/watch/watch-http.ts";
import type { DbOrTx, OpenDatabase } from "../schema.ts";
import { testAccess } from "./access.ts";
import { nowMs, testNeeds } from "./incidents.ts";
import { testTexts, testVault } from "./people-texts.ts";
import { testServer, token } from "./server.ts";

type Body = Record<string, unknown>;
export type Answer = {
  readonly status: number;
  readonly body: Body;
  readonly text: string;
  readonly headers: Record<string, unknown>;
};

export type HouseMore = (
  deps: PrivacyHttpDeps & { readonly plainRecord: PlainRecord },
) => readonly FastifyPluginAsync[];
type PlainRecord = (db: DbOrTx, id: string) => Promise<IncidentRecord | null>;

export const report = {
  siteId: "S-1001",
  category: "shoplifting",
  occurredAt: "2026-11-20T10:30:00+01:00",
  summary: "Two razors taken at the exit.",
  zoneId: "Z-exit",
};

/** The routes of personal data and of incidents, asked by two people; the clock stands in `time`. */
export async function privacyHouse(
  database: OpenDatabase,
  context: TestContext,
  given: { readonly more?: HouseMore; readonly policy?: Partial<PrivacyPolicy> } = {},
) {
  const { db } = database;
  const needs = await testNeeds(db);
  const vault = await testVault(db);
  const pack = packOf(shippedPack);
  const time = { nowMs };
  const clock = () => time.nowMs;
  const live = new LiveFeed({ epoch: "test" });
  const none = async () => [];
  const ports = { exhibitsOf: none, packetsOf: none, playbooksOf: none, descriptionOf, keptTextsOf, draftedOf: none };
  const plainRecord: PlainRecord = async (from, id) => {
    const record = await incidentRecord(from, id, { ...needs, ports });
    if (record === null) return null;
    return JSON.parse(await vault.openWithin(from, JSON.stringify(record), quotedInJson)) as IncidentRecord;
  };
  const deps: PrivacyHttpDeps = {
    db,
    vault,
    chance: systemChance,
    clock,
    policy: { ...pack.privacy, ...given.policy },
  };
  const signer = await signerFromSeed(new Uint8Array(32).fill(3));
  const routes = [
    incidentRoutes({
      db,
      fields: vault,
      clock,
      chance: systemChance,
      live,
      needs: () => needs,
      ports,
      texts: await testTexts(db),
      looks: new Looks({ db, clock, chance: systemChance, wordIndex: (word) => Buffer.from(`digest of ${word}`) }),
      onChanges: async () => {},
      signalStats: async () => ({ acceptedSinceStart: 0, perMinute: 0 }),
    }),
    subjectRequestRoutes({ ...deps, signer, plainRecord }),
    knownPersonRoutes(deps),
    consentRoutes(deps),
    watchRoutes({ ...deps, vocabulary: pack.descriptors }),
    ...(given.more?.({ ...deps, plainRecord }) ?? []),
  ];
  const second = administratorCredential("second-token");
  const { app } = await testServer(context, {
    db,
    live,
    clock,
    routes,
    access: testAccess(db, { sites: needs.places.data.sites, clock }),
    texts: { db, fields: vault },
    credentials: [
      administratorCredential(token),
      { ...second, principal: { ...installationPrincipal, token: "user:second" } },
    ],
  });
  const askAs =
    (bearer: string) =>
    async (method: "GET" | "POST" | "PUT", url: string, payload?: Body): Promise<Answer> => {
      const headers = { authorization: `Bearer ${bearer}` };
      const answer = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
      const isJson = (answer.headers["content-type"] ?? "").includes("json") && answer.body !== "";
      return {
        status: answer.statusCode,
        body: isJson ? answer.json<Body>() : {},
        text: answer.body,
        headers: answer.headers,
      };
    };
  return { ask: askAs(token), askSecond: askAs("second-token"), time, db, vault, signer, deps, plainRecord };
}
