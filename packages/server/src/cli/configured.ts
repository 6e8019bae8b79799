import { openDatabase } from "../platform/database/database.ts";
import { lockFolder } from "../platform/folder-lock.ts";
import { KeyFolder } from "../platform/keys/key-folder.ts";
import { readConfig, type Config } from "../config/config.ts";
import { loadPack, type LoadedPack } from "../pack/load-pack.ts";
import { readPackFiles } from "../pack/pack-files.ts";
import type { OpenDatabase, Schema } from "../schema.ts";
import { Unusable, type Cli } from "./command.ts";
import { shippedPack } from "./shipped.ts";

/** The configuration, or Unusable with every problem of it on a line of its own. */
export function configOf(cli: Cli): Config {
  const config = readConfig(cli.env, shippedPack);
  if (config.ok) return config.value;
  const lines = config.error.map(({ setting, message }) => `  ${setting}: ${message}`);
  throw new Unusable(`the configuration cannot be used:\n${lines.join("\n")}`);
}

/** The pack whole, or Unusable with every problem of it. */
export function packOf(folder: string): LoadedPack {
  const pack = loadPack(readPackFiles(folder));
  if (pack.ok) return pack.value;
  const lines = pack.error.map(({ file, line, message }) => `  ${file}${line === null ? "" : `:${line}`}: ${message}`);
  throw new Unusable(`the pack at ${folder} cannot be used:\n${lines.join("\n")}`);
}

/** The folder of the keys, opened as the server opens it. */
export function keysOf({ keysFolder, keysPassphrase }: Config): Promise<KeyFolder> {
  return KeyFolder.open(keysFolder, keysPassphrase?.reveal() ?? null);
}

/**
 * Runs `work` on the database of this configuration. An embedded one has one writer: throws FolderInUse, before a page of it is touched,
 * while a server or another command works on it.
 */
export async function onDatabase<T>(config: Config, work: (database: OpenDatabase) => Promise<T>): Promise<T> {
  const lock = config.databaseUrl.startsWith("pglite:") ? await lockFolder(config.dataFolder) : null;
  try {
    const database = await openDatabase<Schema>(config.databaseUrl);
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  } finally {
    await lock?.close();
  }
}
