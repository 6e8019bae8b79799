import { spawn } from "node:child_process";

export type Step = { readonly name: string; readonly command: string; readonly args: readonly string[] };

/** Runs one step with its output passed through; answers whether it succeeded. */
export function runStep(step: Step, root: string): Promise<boolean> {
  const startedMs = performance.now();
  console.log(`== ${step.name}`);
  return new Promise((resolve) => {
    const child = spawn(step.command, step.args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", (fault) => {
      console.log(`FAIL ${step.name}: ${fault.message}`);
      resolve(false);
    });
    child.once("exit", (code, signal) => {
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      console.log(`${code === 0 ? "ok  " : "FAIL"} ${step.name} (${signal ?? `exit ${code}`}, ${seconds} s)`);
      resolve(code === 0);
    });
  });
}

/** Ends this process by the usual code when it is interrupted, so that what runs at exit (throwaway servers) still runs. */
export function endOnInterrupt(): void {
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
}
