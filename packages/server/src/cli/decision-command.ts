import { parseDecisionId } from "@tillwatch/wire";
import { decisionsOfCase } from "../decision/decision-read.ts";
import { replayDecision, type ReplayResult } from "../decision/replay-decision.ts";
import { systemChance } from "../platform/chance.ts";
import { openFieldVault } from "../platform/keys/field-vault.ts";
import { openKeys } from "../platform/keys/keys.ts";
import { exitFailed, exitOk, exitUnusable, Unusable, type Cli, type Command } from "./command.ts";
import { configOf, keysOf, onDatabase } from "./configured.ts";

export const decisionCommand: Command = {
  usage: "decision list REFERENCE | decision replay ID",
  summary:
    "what was decided about a case, and decided again from the recorded inputs (no embedded server may run meanwhile)",
  run: async (cli) => {
    const [verb, what = ""] = cli.args;
    const id = parseDecisionId(what);
    const listed = verb === "list" && /^[A-Z]{2,6}-\d{4}-\d{6,}$/.test(what);
    if (!listed && (verb !== "replay" || !id.ok)) {
      throw new Unusable(
        "say: tillwatch decision list TW-2026-000024, or: tillwatch decision replay ID, with an id of that list",
      );
    }
    const config = configOf(cli);
    return onDatabase(config, async ({ db }) => {
      if (!id.ok) return list(cli, await decisionsOfCase(db, what));
      const openTexts = async (sealed: readonly string[]) => {
        const { master } = await openKeys(await keysOf(config));
        return (await openFieldVault(db, { master, chance: systemChance })).openMany(db, sealed);
      };
      return tell(cli, await replayDecision(db, id.value, { openTexts }));
    });
  },
};

function list(cli: Cli, decisions: Awaited<ReturnType<typeof decisionsOfCase>>): number {
  if (decisions.length === 0) {
    cli.err("no case of this database has this reference, or nothing was decided about it by itself\n");
    return exitUnusable;
  }
  for (const { id, at } of decisions) cli.out(`${id}  ${at.toISOString()}\n`);
  return exitOk;
}

function tell(cli: Cli, result: ReplayResult): number {
  switch (result.kind) {
    case "same": {
      const { id, versions, outputs } = result.record;
      cli.out(`SAME: decision ${id} computes to the same ${outputs.length} bytes again\n`);
      cli.out(`  ${versions.rules}, ${versions.weights}, ${versions.correlation}\n`);
      return exitOk;
    }
    case "different":
      cli.err(
        `DIFFERENT from byte ${result.at.offset} on\n  recorded: ${result.at.expected}\n  now:      ${result.at.got}\n`,
      );
      return exitFailed;
    case "member_altered":
      cli.err(`ALTERED: member ${result.ordinal} of the situation is not what the decision saw\n`);
      return exitFailed;
    case "erased":
      cli.err("text that this decision read was erased since, so it cannot be made again; its record stands\n");
      return exitUnusable;
    case "unknown":
      cli.err("no such decision in this database\n");
      return exitUnusable;
    case "content_missing":
      cli.err(`the content of ${result.version} is not in this database, so the decision cannot be made again\n`);
      return exitUnusable;
  }
}
