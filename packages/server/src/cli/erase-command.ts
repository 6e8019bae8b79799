import { systemChance } from "../platform/chance.ts";
import { systemClock } from "../platform/clock.ts";
import { openFieldVault } from "../platform/keys/field-vault.ts";
import { openKeys } from "../platform/keys/keys.ts";
import { withVault } from "../platform/keys/vault-mark.ts";
import { erasable, erase } from "../vault/erase-store.ts";
import { exitFailed, exitOk, Unusable, type Command } from "./command.ts";
import { configOf, keysOf, onDatabase } from "./configured.ts";

export const eraseCommand: Command = {
  usage: "erase incident|signal|person|account WHOSE BECAUSE",
  summary: "erases somebody's text for ever, on the record (docs/how-to/erase-a-person.md)",
  run: async (cli) => {
    const [word = "", of = "", ...because] = cli.args;
    const kind = erasable.find((known) => known === word);
    const reason = because.join(" ").trim();
    if (kind === undefined || of.trim() === "" || reason === "") {
      throw new Unusable(`say: tillwatch erase ${erasable.join("|")} WHOSE BECAUSE`);
    }
    const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
    if ((kind === "incident" || kind === "signal") && !uuid.test(of)) throw new Unusable(`${kind} is named by its id`);
    const config = configOf(cli);
    const { master } = await openKeys(await keysOf(config));
    return onDatabase(config, async (database) => {
      const fields = await openFieldVault(database.db, { master, chance: systemChance });
      const db = withVault(database.db, async () => fields);
      const asked = { kind, of, because: reason, actor: "user:admin", atMs: systemClock() };
      const erased = await erase({ db, fields, chance: systemChance }, asked);
      cli.out(erased ? "erased; it stands in the record\n" : "there is no such text: nothing was done\n");
      return erased ? exitOk : exitFailed;
    });
  },
};
