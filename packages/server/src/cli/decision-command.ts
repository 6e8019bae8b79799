import { parseDecisionId } from "@tillwatch/wire";
import { replayDecision, type ReplayResult } from "../decision/replay-decision.ts";
import { openDatabase } from "../platform/database.ts";
import type { Schema } from "../schema.ts";
import { exitFailed, exitOk, exitUnusable, Unusable, type Cli, type Command } from "./command.ts";
import { configOf } from "./configured.ts";

export const decisionCommand: Command = {
  usage: "decision replay ID",
  summary: "decides again from the recorded inputs and compares the bytes (an embedded server must not run meanwhile)",
  run: async (cli) => {
    const [verb, id = ""] = cli.args;
    const parsed = parseDecisionId(id);
    if (verb !== "replay" || !parsed.ok)
      throw new Unusable("say: tillwatch decision replay ID, where ID is a decision's UUID");
    const database = await openDatabase<Schema>(configOf(cli).databaseUrl);
    try {
      return tell(cli, await replayDecision(database.db, parsed.value));
    } finally {
      await database.close();
    }
  },
};

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
    case "unknown":
      cli.err("no such decision in this database\n");
      return exitUnusable;
    case "content_missing":
      cli.err(`the content of ${result.version} is not in this database, so the decision cannot be made again\n`);
      return exitUnusable;
  }
}
