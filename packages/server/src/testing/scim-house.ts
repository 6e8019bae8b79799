import type { TestContext } from "node:test";
import { apiKeyIdentifier } from "../access/federation/api-key-http.ts";
import { apiKeyBytes, makeApiKey } from "../access/federation/api-key.ts";
import { noIdentityFile, readIdentityFile } from "../access/federation/identity-file.ts";
import { scimRoutes } from "../access/federation/scim-http.ts";
import { insertApiKey, insertServiceAccount } from "../access/federation/service-account-store.ts";
import { digestOf } from "../access/credential.ts";
import { personIdentifier } from "../access/people/person-session-http.ts";
import { publicPlace } from "../access/people/public-place.ts";
import { SessionWatch } from "../access/people/session-watch.ts";
import { systemChance } from "../platform/chance.ts";
import { silentLog } from "../platform/log.ts";
import type { Db } from "../schema.ts";
import { testFields } from "./fields.ts";
import { testServer } from "./server.ts";
import { placesForTests } from "./places.ts";

/** A server with SCIM alone, a mapping in YAML (its list of rules), and a key that may provision organisation `home`. */
export async function scimHouse(context: TestContext, db: Db, mapping: string | null = null) {
  const place = { url: "http://127.0.0.1:1" };
  const vault = await testFields(db);
  const time = { nowMs: Date.parse("2026-11-20T10:00:00.000Z") };
  const clock = () => time.nowMs;
  const watch = new SessionWatch({ db, clock, idleMs: 3_600_000 });
  const people = {
    db,
    clock,
    chance: systemChance,
    vault,
    place: () => publicPlace(place.url),
    sessions: { idleMs: 3_600_000, lifeMs: 12 * 3_600_000 },
    watch,
    places: placesForTests,
  };
  const file =
    mapping === null
      ? { ok: true as const, value: noIdentityFile }
      : readIdentityFile(
          `version: 1\norganisations:\n  - id: home\n    mapping:\n${mapping}`,
          "identity.yaml",
          () => "",
        );
  if (!file.ok) throw new Error(JSON.stringify(file.error));
  const { app } = await testServer(context, {
    db,
    clock,
    identifiers: [apiKeyIdentifier(people), personIdentifier(people)],
    routes: [scimRoutes({ ...people, identity: file.value, log: silentLog })],
  });
  const keyOf = async (organisationId: string): Promise<string> => {
    const made = makeApiKey(systemChance.bytes(apiKeyBytes));
    const id = systemChance.uuid();
    const at = { createdAt: new Date(clock()), createdBy: "user:admin", because: "test" };
    await db.transaction().execute(async (tx) => {
      await insertServiceAccount(tx, {
        id,
        token: `service:${id}`,
        organisationId,
        name: "identity provider",
        purpose: "provisioning",
        roles: ["administrator"],
        scopes: ["scim:provision"],
        sites: null,
        regions: null,
        state: "active",
        ...at,
      });
      const expiresAt = new Date(clock() + 86_400_000);
      await insertApiKey(tx, { id: made.id, serviceAccountId: id, sha256: digestOf(made.secret), expiresAt, ...at });
    });
    return made.text;
  };
  const listen = async (): Promise<string> => {
    place.url = await app.listen({ port: 0, host: "127.0.0.1" });
    return place.url;
  };
  return { app, people, key: await keyOf("home"), keyOf, listen, watch, vault, time };
}
