import { runVerifyCli } from "@tillwatch/verify";
import type { Command } from "./command.ts";

export const verifyCommand: Command = {
  usage: "verify PACKET [--key VKEY|FILE] [--json]",
  summary:
    "checks a packet offline and prints each check: exit 0 verified, 1 broken, 2 unusable (alone: tillwatch-verify)",
  run: (cli) =>
    runVerifyCli([...cli.args], { out: (line) => cli.out(`${line}\n`), err: (line) => cli.err(`${line}\n`) }),
};
