import { accountCommand } from "./cli/account-command.ts";
import { decisionCommand } from "./cli/decision-command.ts";
import { exitOk, exitUnusable, Unusable, type Cli, type Command } from "./cli/command.ts";
import { doctorCommand } from "./cli/doctor-command.ts";
import { policyCommand } from "./cli/policy-command.ts";
import { eraseCommand } from "./cli/erase-command.ts";
import { keysCommand } from "./cli/keys-command.ts";
import { modelCommand } from "./cli/model-command.ts";
import { rulesCommand } from "./cli/rules-command.ts";
import { simulateCommand } from "./cli/simulate-command.ts";
import { demoCommand, startCommand } from "./cli/start-command.ts";
import { version } from "./cli/shipped.ts";
import { verifyCommand, verifyRecordCommand } from "./cli/verify-command.ts";
import { startRemedy } from "./cli/start-remedy.ts";
import { describeFault } from "./platform/log.ts";

/** Every command by its first word. */
const commands: Readonly<Record<string, Command>> = {
  start: startCommand,
  demo: demoCommand,
  simulate: simulateCommand,
  rules: rulesCommand,
  model: modelCommand,
  policy: policyCommand,
  account: accountCommand,
  doctor: doctorCommand,
  verify: verifyCommand,
  "verify-record": verifyRecordCommand,
  decision: decisionCommand,
  keys: keysCommand,
  erase: eraseCommand,
};

async function main(): Promise<number> {
  const [word = "help", ...args] = process.argv.slice(2);
  const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
  const stopping = new AbortController();
  endWhenAsked(stopping);
  endWhenUnread(stopping);
  const cli: Cli = {
    args,
    env: process.env,
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    stopped: stopping.signal,
  };
  if (["version", "--version", "-v"].includes(word)) {
    cli.out(`${version}\n`);
    return exitOk;
  }
  if (command === undefined) return help(cli, word);
  if (args.some((arg) => ["--help", "-h"].includes(arg))) {
    cli.out(usageOf(command));
    return exitOk;
  }
  try {
    return await command.run(cli);
  } catch (fault) {
    cli.err(
      `tillwatch ${word}: ${fault instanceof Unusable ? fault.message : describeFault(fault)}\n${startRemedy(fault)}`,
    );
    return exitUnusable;
  }
}

function help(cli: Cli, word: string): number {
  const asked = ["help", "--help", "-h"].includes(word);
  const lines = Object.values(commands).map(usageOf);
  const text = `Tillwatch: from a shop's signals to incidents that explain themselves and packets that anyone can verify\n\n${lines.join("")}`;
  (asked ? cli.out : cli.err)(asked ? text : `tillwatch: there is no command ${word}\n\n${text}`);
  return asked ? exitOk : exitUnusable;
}

function usageOf({ usage, summary }: Command): string {
  return `  tillwatch ${usage}\n      ${summary}\n`;
}

/** First SIGINT or SIGTERM: close in order. A second one: at once. */
function endWhenAsked(controller: AbortController): void {
  const stop = () => {
    if (controller.signal.aborted) process.exit(exitUnusable);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

/** Whoever read what is printed (`| head`, `| less`) has enough: that is no fault, and what goes on for long ends in order. */
function endWhenUnread(controller: AbortController): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (fault: NodeJS.ErrnoException) => {
      if (fault.code !== "EPIPE" && fault.code !== "ERR_STREAM_DESTROYED") throw fault;
      controller.abort();
    });
  }
}

process.exitCode = await main();
