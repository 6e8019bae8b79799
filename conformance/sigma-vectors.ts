import { existsSync, globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Folder of the SigmaHQ rules and regression events, or null where this machine has none. */
export function sigmaVectors(): string | null {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const folder = join(root, process.env["TILLWATCH_VECTORS"] ?? "../shared/vectors", "sigma");
  const given = process.env["TILLWATCH_VECTORS"];
  const path = given?.startsWith("/") === true ? join(given, "sigma") : folder;
  return existsSync(path) ? path : null;
}

export type RuleFile = { readonly path: string; readonly text: string };

/** Every rule file of the corpus, by path below `folder`. */
export function ruleFiles(folder: string): readonly RuleFile[] {
  const paths = globSync("rules*/**/*.yml", { cwd: folder }).sort();
  return paths.map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") }));
}

export type Regression = {
  readonly path: string;
  readonly ruleId: string;
  /** How many of the events must fire, where the vectors say it. */
  readonly matchCount: number | null;
  readonly events: readonly Json[];
};

/** Every regression case: the rule that must fire, and the events. */
export function regressions(folder: string): readonly Regression[] {
  return globSync("regression_data/**/*.json", { cwd: folder })
    .sort()
    .map((path) => {
      const info = readFileSync(join(folder, path, "../info.yml"), "utf8");
      const ruleId = /rule_metadata:\s+- id: (\S+)/.exec(info)?.[1];
      if (ruleId === undefined) throw new Error(`${relative(folder, path)} names no rule`);
      const count = /match_count: (\d+)/.exec(info)?.[1];
      const events = parseConcatenated(readFileSync(join(folder, path), "utf8"));
      return { path, ruleId, matchCount: count === undefined ? null : Number(count), events };
    });
}

/** Some files hold several JSON documents one after the other, each beginning with `{` in the first column. */
function parseConcatenated(text: string): readonly Json[] {
  return text
    .split(/^(?=\{)/m)
    .filter((part) => part.trim() !== "")
    .map((part): Json => JSON.parse(part));
}
