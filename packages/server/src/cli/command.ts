import type { Env } from "../config/config.ts";

/** What a command is given: its own arguments, the environment, and where its words go. It answers the exit code. */
export type Cli = {
  readonly args: readonly string[];
  readonly env: Env;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stopped: AbortSignal; // the process was asked to end
};

export type Command = { readonly usage: string; readonly summary: string; readonly run: (cli: Cli) => Promise<number> };

/** Exit codes that scripts can rely on. */
export const exitOk = 0;
export const exitFailed = 1; // the command did its work and the answer is no
export const exitUnusable = 2; // it could not do its work: bad arguments, bad configuration, unreadable input

/** Thrown by a command for input it cannot use; the sentence is shown, the exit code is 2. */
export class Unusable extends Error {
  override readonly name = "Unusable";
}
