import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cargoProgram, runTool } from "../tools.ts";

/** The newest that the Rust 1.95 of a machine of ours compiles; pinned in `conformance/rsigma/Cargo.lock`. */
export const rsigmaVersion = "0.23.0";

/** The engine of rsigma, a library, behind a few lines that read files and print results (`conformance/rsigma`). */
export function rsigmaTool(): string | undefined {
  return cargoProgram(fileURLToPath(new URL("../rsigma", import.meta.url)), "rsigma-peer");
}

/** What rsigma finds at an event: a rule that matches or, with `group` and `value`, a correlation that fires. */
export type RsigmaResult = {
  /** The number of the event, from 0. */
  readonly event: number;
  readonly rule: string;
  readonly group?: readonly (readonly [string, string])[];
  readonly value?: number;
};

/** What rsigma finds in the events under the rules, in its order; throws where it refuses the rules. */
export function runRsigma(tool: string, rules: string, events: readonly object[]): readonly RsigmaResult[] {
  const folder = mkdtempSync(join(tmpdir(), "tillwatch-rsigma-"));
  try {
    const [rulesFile, eventsFile] = [join(folder, "rules.yml"), join(folder, "events.ndjson")];
    writeFileSync(rulesFile, rules);
    writeFileSync(eventsFile, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    const run = runTool(tool, ["eval", rulesFile, eventsFile], { cwd: folder });
    if (run.code !== 0) throw new Error(run.output.slice(-2000));
    const lines = run.output.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as RsigmaResult);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
