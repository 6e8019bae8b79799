import type { Config } from "../config/config.ts";
import { systemChance } from "../platform/chance.ts";
import { systemClock } from "../platform/clock.ts";
import { openDatabase } from "../platform/database/database.ts";
import { lockFolder } from "../platform/folder-lock.ts";
import { changePassphrase, lockKeys } from "../platform/keys/key-folder.ts";
import { beginRotation, finishRotation } from "../platform/keys/keys.ts";
import { migrate, readMigrations } from "../platform/database/migrate.ts";
import type { Schema } from "../schema.ts";
import { rotateKeys } from "../vault/rotate-keys-store.ts";
import { exitOk, Unusable, type Cli, type Command } from "./command.ts";
import { configOf, keysOf } from "./configured.ts";
import { migrationsFolder } from "./shipped.ts";

export const keysCommand: Command = {
  usage: "keys rotate | lock | passphrase",
  summary:
    "a new master key; locks the keys under a passphrase; changes that (no server may run meanwhile; may be run again)",
  run: async (cli) => {
    const verb = verbs[cli.args[0] ?? ""];
    if (cli.args.length !== 1 || verb === undefined) {
      throw new Unusable("say: tillwatch keys rotate | lock | passphrase");
    }
    const config = configOf(cli);
    const lock = await lockFolder(config.dataFolder);
    try {
      await verb(cli, config);
      return exitOk;
    } finally {
      await lock.close();
    }
  },
};

const verbs: Readonly<Record<string, (cli: Cli, config: Config) => Promise<void>>> = {
  rotate: rotateMaster,
  lock: lockFiles,
  passphrase: takeNextPassphrase,
};

async function rotateMaster(cli: Cli, config: Config): Promise<void> {
  const folder = await keysOf(config);
  const database = await openDatabase<Schema>(config.databaseUrl);
  try {
    await migrate(database, readMigrations(migrationsFolder));
    const { from, to } = await beginRotation(folder);
    cli.out(`from master key ${from.id} to ${to.id}\n`);
    const count = await rotateKeys({ db: database.db, from, to, chance: systemChance, nowMs: systemClock });
    await finishRotation(folder);
    cli.out(`${count} keys are under the new master key; the old one is gone from ${folder.path}\n`);
    cli.out("copy master.key to where you keep it; a backup from before needs the old one\n");
  } finally {
    await database.close();
  }
}

async function lockFiles(cli: Cli, config: Config): Promise<void> {
  const count = await lockKeys(config.keysFolder, passphraseOf(config));
  cli.out(`${count} files of ${config.keysFolder} were locked\n`);
  if (count > 0) cli.out("the disk may still hold what they were: run tillwatch keys rotate now\n");
}

async function takeNextPassphrase(cli: Cli, config: Config): Promise<void> {
  const next = config.keysPassphraseNext;
  if (next === null) {
    throw new Unusable("set TILLWATCH_KEYS_PASSPHRASE_NEXT (or ..._FILE) to the passphrase that holds from now on");
  }
  await changePassphrase(config.keysFolder, passphraseOf(config), next.reveal());
  cli.out(`the keys of ${config.keysFolder} open with the next passphrase only\n`);
}

function passphraseOf({ keysPassphrase }: Config): string {
  if (keysPassphrase === null) throw new Unusable("set TILLWATCH_KEYS_PASSPHRASE (or ..._FILE) first");
  return keysPassphrase.reveal();
}
