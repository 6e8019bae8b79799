import { openAdminToken } from "../access/admin-token-files.ts";
import type { Config } from "../config/config.ts";
import { savePackContent } from "../decision/decision-store.ts";
import { DirectoryHolder } from "../enrich/directory-holder.ts";
import { directoryEntries } from "../enrich/directory-store.ts";
import { masterKeyOfExhibits } from "../exhibit/exhibit-read.ts";
import type { Directory } from "../enrich/directory.ts";
import type { SummaryNeeds } from "../incident/incident-summary.ts";
import { refreshRegister, syncDirectory } from "../organisation/organisation-sync-store.ts";
import { SiteRegister } from "../organisation/site-register.ts";
import { openTaxonomies } from "../incident/taxonomy-store.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import type { Chance } from "../platform/chance.ts";
import { CertificateAuthority } from "../platform/keys/certificate-authority.ts";
import type { Clock } from "../platform/clock.ts";
import type { ClosingStack } from "../platform/closing-stack.ts";
import { openDatabase } from "../platform/database/database.ts";
import { makeNamedFolder } from "../platform/durable-file.ts";
import { lockFolder } from "../platform/folder-lock.ts";
import { openFieldVault, wrongMasterKey, type FieldVault } from "../platform/keys/field-vault.ts";
import { KeyFolder } from "../platform/keys/key-folder.ts";
import { openKeys, type Keys } from "../platform/keys/keys.ts";
import type { Log } from "../platform/log.ts";
import { migrate, readMigrations } from "../platform/database/migrate.ts";
import { ensureScopedRoles, missingRole } from "../platform/database/scoped.ts";
import { withVault } from "../platform/keys/vault-mark.ts";
import { openObjectStore } from "../platform/object-store-file.ts";
import type { ObjectStore } from "../platform/object-store.ts";
import { PeopleTexts } from "../privacy/text/people-texts-http.ts";
import { openVocabulary } from "../privacy/text/people-texts-store.ts";
import type { OpenDatabase, Schema } from "../schema.ts";

/** What everything else stands on: the data folder held, the database migrated, keys, objects, and what the pack says. */
export type Foundation = {
  readonly database: OpenDatabase;
  readonly keys: Keys;
  readonly authority: CertificateAuthority; // of devices
  readonly objects: ObjectStore;
  readonly fields: FieldVault;
  readonly admin: { readonly token: string; readonly made: boolean };
  readonly directory: DirectoryHolder;
  readonly register: SiteRegister;
  readonly needs: () => SummaryNeeds;
  readonly texts: PeopleTexts;
};

export class StartFault extends Error {
  override readonly name = "StartFault";
  readonly code:
    | "taxonomy_changed"
    | "descriptors_changed"
    | "database_role_missing"
    | "site_organisation_wrong"
    | "stored_rules_do_not_load";

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
  readonly chance: Chance;
  readonly log: Log;
};

export async function openFoundation(closing: ClosingStack, given: Given): Promise<Foundation> {
  const { config, pack, clock, log } = given;
  makeNamedFolder(config.dataFolder);
  closing.add("data folder", await lockFolder(config.dataFolder));
  const keyFolder = await KeyFolder.open(config.keysFolder, config.keysPassphrase?.reveal() ?? null);
  const keys = await openKeys(keyFolder);
  const opened = closing.add("database", await openDatabase<Schema>(config.databaseUrl));
  const applied = await migrated(opened, given.migrationsFolder);
  if (applied.length > 0) log.info("migrated", { migrations: applied.join(" ") });
  // A database from before the vault has no root to try the key on, but may have exhibits.
  const sealedUnder = await masterKeyOfExhibits(opened.db);
  if (sealedUnder !== null && sealedUnder !== keys.master.id) throw wrongMasterKey(sealedUnder, keys.master.id);
  const fields = await openFieldVault(opened.db, { master: keys.master, chance: given.chance });
  const database: OpenDatabase = { ...opened, db: withVault(opened.db, async () => fields) };
  await savePackContent(database.db, pack.contents, clock());
  const taxonomies = await openTaxonomies(database.db, pack.taxonomy, clock());
  if (!taxonomies.ok) {
    const { version } = taxonomies.error;
    throw new StartFault(
      "taxonomy_changed",
      `taxonomy.yaml was changed under version ${version}; give it a new version`,
    );
  }
  const vocabulary = await openVocabulary(database.db, pack.descriptors, clock());
  if (!vocabulary.ok) {
    const { code, version } = vocabulary.error;
    throw new StartFault(code, `descriptors.yaml was changed under version ${version}; give it a new version`);
  }
  const directory = new DirectoryHolder(pack.directory);
  directory.replace(await directoryEntries(database.db));
  const register = await openRegister(database, directory.current(), clock());
  return {
    database,
    keys,
    authority: await CertificateAuthority.open(keyFolder, clock()),
    fields,
    objects: await openObjectStore(config.objectsUrl),
    admin: await openAdminToken(keyFolder, config.adminToken?.reveal() ?? null),
    directory,
    register,
    needs: () => ({ taxonomies: taxonomies.value, places: directory.current() }),
    texts: new PeopleTexts({
      vocabulary: vocabulary.value,
      words: pack.sensitiveWords,
      vault: fields,
      chance: given.chance,
    }),
  };
}

async function migrated(database: OpenDatabase, folder: string): Promise<readonly string[]> {
  try {
    const applied = await migrate(database, readMigrations(folder));
    // Again at every start: a dump that was restored into another cluster brings no roles along.
    await ensureScopedRoles(database.db);
    return applied;
  } catch (fault) {
    const refused = missingRole(fault);
    if (refused === null) throw fault;
    throw new StartFault("database_role_missing", `${refused.message}; ${refused.hint ?? ""}`);
  }
}

async function openRegister(database: OpenDatabase, directory: Directory, nowMs: number): Promise<SiteRegister> {
  const register = new SiteRegister();
  await database.db.transaction().execute(async (tx) => {
    const problems = await syncDirectory(tx, register, { directory: directory.data, nowMs });
    if (problems.length > 0) throw new StartFault("site_organisation_wrong", problems.join("; "));
  });
  await refreshRegister(database.db, register);
  return register;
}
