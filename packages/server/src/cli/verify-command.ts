import { runVerifyCli } from "@tillwatch/verify";
import type { Command } from "./command.ts";

export const verifyCommand: Command = {
  usage: "verify PACKET|EXPORT [--key VKEY|FILE] [--log FOLDER] [--json]",
  summary:
    "checks a packet or an export of the record offline and prints each check: exit 0 verified, 1 broken, 2 unusable (alone: tillwatch-verify)",
  run: (cli) =>
    runVerifyCli([...cli.args], { out: (line) => cli.out(`${line}\n`), err: (line) => cli.err(`${line}\n`) }),
};

export const verifyRecordCommand: Command = {
  usage: "verify-record FILE [--key VKEY|FILE] [--log FOLDER] [--json]",
  summary:
    "checks an answer of the record with its proofs offline: each entry in the log, nothing altered, nothing left out",
  run: verifyCommand.run,
};
