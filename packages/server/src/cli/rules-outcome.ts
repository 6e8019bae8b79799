import type { RuleProblem } from "@tillwatch/wire";
import type { Cli } from "./command.ts";
import { junitXml, type JunitCase, type JunitSuite } from "./junit.ts";

/** What is wrong with a file of rules: as Sigma, or as a server reads it. */
export type FileProblem = RuleProblem & { readonly file: string };

type Failure = { readonly name: string; readonly kind: string; readonly says: string };

/** What a command found, said as it goes and kept for `--junit`. */
export class Outcome {
  readonly #cli: Cli;
  readonly #verb: string;
  readonly #suites = new Map<string, JunitCase[]>();
  readonly #properties = new Map<string, Readonly<Record<string, string | number>>>();

  constructor(cli: Cli, verb: string) {
    this.#cli = cli;
    this.#verb = verb;
  }

  holds(suite: string, name: string): void {
    this.#at(suite).push({ name, failure: null });
  }

  fails(suite: string, { name, kind, says }: Failure): void {
    this.#at(suite).push({ name, failure: { kind, says } });
    this.#cli.err(kind === "missing" ? `${suite}: ${says}\n` : `${suite}: ${name}: ${says}\n`);
  }

  /** Refusals of files: nothing was loaded. */
  problems(problems: readonly FileProblem[]): void {
    for (const problem of problems) {
      const { file, line, column, code } = problem;
      const failure = { kind: code, says: problemLine(problem) };
      this.#at(file).push({ name: `is understood (line ${line}, column ${column})`, failure });
      this.#cli.err(`${problemLine(problem)}\n`);
    }
    this.#cli.err(`${problems.length} problem${problems.length === 1 ? "" : "s"}: nothing was loaded\n`);
  }

  note(suite: string, properties: Readonly<Record<string, string | number>>): void {
    this.#at(suite);
    this.#properties.set(suite, properties);
  }

  xml(): string {
    const suites = [...this.#suites].map(([name, cases]): JunitSuite => {
      const properties = this.#properties.get(name);
      const file = /\.ya?ml$/.test(name) ? name : null;
      return { name, file, cases, ...(properties === undefined ? {} : { properties }) };
    });
    return junitXml(`tillwatch rules ${this.#verb}`, suites);
  }

  #at(suite: string): JunitCase[] {
    const known = this.#suites.get(suite) ?? [];
    this.#suites.set(suite, known);
    return known;
  }
}

export function problemLine({ file, line, column, code, message, remedy }: FileProblem): string {
  return `${file}:${line}:${column}: ${code}: ${message}\n    ${remedy}`;
}
