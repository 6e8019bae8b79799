import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import { administratorCredential } from "../access/credential.ts";
import { buildServer } from "../api/server.ts";
import { parseExhibitId, parsePacketId } from "@tillwatch/wire";
import { exhibitById } from "../exhibit/exhibit-read.ts";
import type { ExhibitDeps, TimelineLine } from "../exhibit/exhibit-intake-store.ts";
import { systemChance } from "../platform/chance.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { testFields } from "./fields.ts";
import { openKeys, type Keys } from "../platform/keys/keys.ts";
import { LiveFeed } from "../platform/live-feed.ts";
import { silentLog } from "../platform/log.ts";
import { openFileObjectStore } from "../platform/object-store-file.ts";
import type { ObjectStore } from "../platform/object-store.ts";
import type { Db, OpenDatabase } from "../schema.ts";
import { pictureProfile, plainProfiles } from "../privacy/picture-profiles.ts";
import { packetById } from "../packet/packet-read.ts";
import { finderOf, testAccess } from "./access.ts";
import { bearer, token } from "./server.ts";
import { clearKeys } from "./key-folder.ts";

export const incidentId = "3f0c1a52-6f0e-4c57-9a3e-3b7f2f1d8e01";
export const incidentRef = "TW-2026-000123";

/** A folder with keys and objects, and the ports that the incident stage gives, for tests of exhibits, audit and packets. */
export type House = {
  readonly folder: string;
  readonly keys: Keys;
  readonly objects: ObjectStore;
  readonly deps: ExhibitDeps;
  readonly timeline: TimelineLine[];
};

export async function withHouse(
  database: OpenDatabase,
  run: (house: House) => Promise<void>,
  change: (deps: ExhibitDeps) => ExhibitDeps = (deps) => deps,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "prove-"));
  try {
    const keys = await openKeys(await clearKeys(join(folder, "keys")));
    const objects = await openFileObjectStore(join(folder, "objects"));
    const timeline: House["timeline"] = [];
    const deps: ExhibitDeps = {
      db: database.db,
      vault: { objects, master: keys.master, chance: systemChance },
      fields: await testFields(database.db),
      clock: () => Date.now(),
      chance: systemChance,
      incidentRefOf: async (_db, id) => (id === incidentId ? incidentRef : null),
      addTimeline: async (_tx, lines) => void timeline.push(...lines),
      incidentChanged: () => {},
      exhibitBytesMax: 1024 ** 3,
      asking: {
        clock: () => Date.now(),
        chance: systemChance,
        placeOf: async () => ({ country: null, masks: [], cameras: [] }),
        profileFor: (purpose, country) => pictureProfile(plainProfiles, purpose, country),
        enqueue: async () => {},
      },
    };
    await run({ folder, keys, objects, deps: change(deps), timeline });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The real HTTP server with these routes, on a free port; `get` and the like ask as its administrator. */
export async function serve(
  db: Db,
  routes: readonly FastifyPluginAsync[],
  fields?: FieldVault, // opens sealed text in answers
): Promise<{ readonly app: FastifyInstance; readonly url: string; readonly fetch: typeof fetch }> {
  const app = await buildServer({
    db,
    access: testAccess(db, {
      finders: {
        incident: finderOf("incident", async (id) => id === incidentId),
        exhibit: finderOf("exhibit", async (id) => parseExhibitId(id).ok && (await exhibitById(db, id)) !== null),
        packet: finderOf("packet", async (id) => parsePacketId(id).ok && (await packetById(db, id)) !== null),
      },
    }),
    clock: () => Date.now(),
    chance: systemChance,
    log: silentLog,
    live: new LiveFeed({ epoch: "test" }),
    version: "0.0.0-test",
    webFolder: null,
    ...(fields === undefined ? {} : { texts: { db, fields } }),
    routes,
    credentials: [administratorCredential(token)],
    ready: async () => [],
    metrics: { contentType: "text/plain; version=0.0.4", metrics: async () => "" },
  });
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  const asAdministrator: typeof fetch = (input, init) =>
    fetch(input, { ...init, headers: { ...bearer, ...(init?.headers as Record<string, string> | undefined) } });
  return { app, url, fetch: asAdministrator };
}
