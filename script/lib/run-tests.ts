import { relative } from "node:path";
import { run } from "node:test";

export type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number };

export const noTests: Counts = { passed: 0, failed: 0, skipped: 0 };

/** The last line of script/test and script/conformance; other programs read it. */
export function closingLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}

/** A run in which nothing ran proves nothing. */
export function isGreen(counts: Counts): boolean {
  return counts.failed === 0 && counts.passed > 0;
}

export type RunOptions = {
  readonly root: string;
  readonly concurrency: number; // test files at once, each in a process of its own
  readonly fileMsMax: number;
  readonly requireAll: boolean; // a test skipped for want of a tool fails
  readonly signal: AbortSignal; // ends the run; what did not end by itself has failed
  readonly print: (line: string) => void;
};

/** What node:test reports, as far as it is read here. */
export type TestEvent = {
  readonly name: string;
  readonly file?: string | undefined; // where the test is defined, which may be a builder that test files share
  readonly entryFile?: string | undefined; // the test file that was run
  readonly nesting: number;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: {
    readonly duration_ms: number;
    readonly type?: string | undefined;
    readonly error?: unknown;
  };
};

/** Vectors of others stand outside the repository, so their absence is stated and never held against a run. */
const wantsTool = /^skipped: (?!vectors\b).+ not found/;

export type Outcome = { readonly kind: "passed" | "failed" | "skipped"; readonly says: string };

/** How one reported test counts; null for a group, which counts through its tests. */
export function judge(result: "pass" | "fail", event: TestEvent, requireAll: boolean): Outcome | null {
  if (event.details.type === "suite") return result === "fail" && !isSubtestFailure(event) ? failed(event) : null;
  if (event.todo !== undefined && event.todo !== false) return { kind: "failed", says: "a test may not be left to do" };
  if (event.skip !== undefined && event.skip !== false) {
    const says = typeof event.skip === "string" ? event.skip : "skipped without a reason";
    if (typeof event.skip !== "string") return { kind: "failed", says };
    return requireAll && wantsTool.test(says) ? { kind: "failed", says } : { kind: "skipped", says };
  }
  return result === "pass" ? { kind: "passed", says: "" } : failed(event);
}

function failed(event: TestEvent): Outcome {
  return { kind: "failed", says: describe(event.details.error) };
}

function isSubtestFailure(event: TestEvent): boolean {
  const { error } = event.details;
  return error instanceof Error && "failureType" in error && error.failureType === "subtestsFailed";
}

/** The fault that the test threw, with its difference and the place; node:test wraps it once. */
function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.stack ?? cause.message;
}

/** Runs the files and prints one line a file and every failure whole. Never throws because of what a test does. */
export async function runTests(files: readonly string[], options: RunOptions): Promise<Counts> {
  if (files.length === 0) return noTests;
  const tally = new Tally(options);
  const { concurrency, fileMsMax, signal } = options;
  const execArgv = ["--import", new URL("./seeded.ts", import.meta.url).href];
  const stream = run({ files: [...files], concurrency, timeout: fileMsMax, isolation: "process", execArgv, signal });
  stream.on("test:pass", (event) => tally.add("pass", event));
  stream.on("test:fail", (event) => tally.add("fail", event));
  stream.on("test:stdout", (event) => tally.output(event));
  stream.on("test:stderr", (event) => tally.output(event));
  stream.on("test:summary", (event) => tally.closeFile(event.file, event.duration_ms));
  for await (const _ of stream) void _;
  return tally.finish();
}

type FileTally = { passed: number; failed: number; skipped: number; output: string; problems: string[] };

class Tally {
  readonly #options: RunOptions;
  readonly #files = new Map<string, FileTally>();
  readonly #skipReasons = new Map<string, number>();
  readonly #durations: { readonly name: string; readonly ms: number }[] = [];
  #total = { ...noTests };

  constructor(options: RunOptions) {
    this.#options = options;
  }

  add(result: "pass" | "fail", event: TestEvent): void {
    const file = this.#file(event.entryFile ?? event.file);
    const isFileItself = event.nesting === 0 && event.name === event.file;
    // node:test reports a file as a test where the file broke outside its tests, or has none.
    if (isFileItself && result === "pass") return;
    const outcome = judge(result, event, this.#options.requireAll);
    if (outcome === null) return;
    file[outcome.kind] += 1;
    if (outcome.kind === "failed") file.problems.push(`  FAILED ${event.name}\n${indent(outcome.says)}`);
    if (outcome.kind === "skipped") {
      this.#skipReasons.set(outcome.says, (this.#skipReasons.get(outcome.says) ?? 0) + 1);
    }
  }

  output(event: { readonly file?: string | undefined; readonly message: string }): void {
    this.#file(event.file).output += event.message;
  }

  closeFile(path: string | undefined, ms: number): void {
    if (path === undefined) return;
    const file = this.#file(path);
    const name = relative(this.#options.root, path);
    if (file.passed + file.failed + file.skipped === 0) {
      file.failed += 1;
      file.problems.push("  FAILED the file has no test");
    }
    const state = file.failed > 0 ? "FAIL" : "ok  ";
    this.#options.print(`${state} ${name} (${closingLine(file)}, ${(ms / 1000).toFixed(1)} s)`);
    for (const problem of file.problems) this.#options.print(problem);
    if (file.failed > 0 && file.output !== "") this.#options.print(`  its output:\n${indent(file.output.trimEnd())}`);
    this.#durations.push({ name, ms });
    this.#total = {
      passed: this.#total.passed + file.passed,
      failed: this.#total.failed + file.failed,
      skipped: this.#total.skipped + file.skipped,
    };
    this.#files.delete(path);
  }

  finish(): Counts {
    for (const path of this.#files.keys()) if (path !== "") this.closeFile(path, 0);
    for (const [reason, count] of this.#skipReasons) this.#options.print(`${reason} (${count})`);
    const slowest = this.#durations.sort((a, b) => b.ms - a.ms).slice(0, 3);
    if (this.#durations.length > 10) {
      this.#options.print(`slowest: ${slowest.map((f) => `${f.name} ${(f.ms / 1000).toFixed(1)} s`).join(", ")}`);
    }
    return this.#total;
  }

  #file(path: string | undefined): FileTally {
    const key = path ?? "";
    let file = this.#files.get(key);
    if (file === undefined) {
      file = { passed: 0, failed: 0, skipped: 0, output: "", problems: [] };
      this.#files.set(key, file);
    }
    return file;
  }
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}
