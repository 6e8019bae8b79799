import { spawn } from "node:child_process";

export type Step = { readonly name: string; readonly command: string; readonly args: readonly string[] };

/** Where a step runs; `signal` ends it. */
export type StepPlace = { readonly root: string; readonly signal: AbortSignal };

/** Runs one step with its output passed through; answers whether it succeeded. */
export function runStep(step: Step, { root, signal }: StepPlace): Promise<boolean> {
  const startedMs = performance.now();
  console.log(`== ${step.name}`);
  return new Promise((resolve) => {
    const child = spawn(step.command, step.args, { cwd: root, signal, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", (fault) => {
      console.log(`FAIL ${step.name}: ${fault.message}`);
      resolve(false);
    });
    child.once("exit", (code, endedBy) => {
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      console.log(`${code === 0 ? "ok  " : "FAIL"} ${step.name} (${endedBy ?? `exit ${code}`}, ${seconds} s)`);
      resolve(code === 0);
    });
  });
}

/**
 * Aborts at the first SIGINT or SIGTERM, so that what runs is ended and what was started (throwaway servers) is closed in order;
 * a second one ends this process at once.
 */
export function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const [name, code] of [["SIGINT", 130] as const, ["SIGTERM", 143] as const]) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(code);
      process.exitCode = code;
      controller.abort();
    });
  }
  return controller.signal;
}
