import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openAdminToken } from "./access/admin-token-files.ts";
import type { Config } from "./config.ts";
import { savePackContent } from "./decision/decision-store.ts";
import { DirectoryHolder } from "./enrich/directory-holder.ts";
import { directoryEntries } from "./enrich/directory-store.ts";
import type { SummaryNeeds } from "./incident/incident-summary.ts";
import { openTaxonomies } from "./incident/taxonomy-store.ts";
import type { LoadedPack } from "./pack/load-pack.ts";
import type { Clock } from "./platform/clock.ts";
import type { ClosingStack } from "./platform/closing-stack.ts";
import { openDatabase } from "./platform/database.ts";
import { lockFolder } from "./platform/folder-lock.ts";
import { openKeys, type Keys } from "./platform/keys.ts";
import type { Log } from "./platform/log.ts";
import { migrate, readMigrations } from "./platform/migrate.ts";
import { openObjectStore } from "./platform/object-store-file.ts";
import type { ObjectStore } from "./platform/object-store.ts";
import type { OpenDatabase, Schema } from "./schema.ts";

/** What everything else stands on: the data folder held, the database migrated, keys, objects, and what the pack says. */
export type Foundation = {
  readonly database: OpenDatabase;
  readonly keys: Keys;
  readonly objects: ObjectStore;
  readonly admin: { readonly token: string; readonly made: boolean };
  readonly directory: DirectoryHolder;
  readonly needs: () => SummaryNeeds;
};

export class StartFault extends Error {
  override readonly name = "StartFault";
  readonly code: "taxonomy_changed";

  constructor(code: StartFault["code"], message: string) {
    super(message);
    this.code = code;
  }
}

type Given = {
  readonly config: Config;
  readonly pack: LoadedPack;
  readonly migrationsFolder: string;
  readonly clock: Clock;
  readonly log: Log;
};

export async function openFoundation(closing: ClosingStack, given: Given): Promise<Foundation> {
  const { config, pack, clock, log } = given;
  mkdirSync(config.dataFolder, { recursive: true, mode: 0o700 });
  closing.add("data folder", await lockFolder(config.dataFolder));
  const keysFolder = join(config.dataFolder, "keys");
  const keys = await openKeys(keysFolder);
  const database = closing.add("database", await openDatabase<Schema>(config.databaseUrl));
  const applied = await migrate(database, readMigrations(given.migrationsFolder));
  if (applied.length > 0) log.info("migrated", { migrations: applied.join(" ") });
  await savePackContent(database.db, pack.contents, clock());
  const taxonomies = await openTaxonomies(database.db, pack.taxonomy, clock());
  if (!taxonomies.ok) {
    const { version } = taxonomies.error;
    throw new StartFault(
      "taxonomy_changed",
      `taxonomy.yaml was changed under version ${version}; give it a new version`,
    );
  }
  const directory = new DirectoryHolder(pack.directory);
  directory.replace(await directoryEntries(database.db));
  return {
    database,
    keys,
    objects: await openObjectStore(config.objectsUrl),
    admin: openAdminToken(keysFolder, config.adminToken?.reveal() ?? null),
    directory,
    needs: () => ({ taxonomies: taxonomies.value, places: directory.current() }),
  };
}
