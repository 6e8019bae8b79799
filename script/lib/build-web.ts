import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { onInterrupt, runStep } from "./steps.ts";

/** Builds the web application if its sources, or those of `wire`, changed since the last build. Answers whether it is built. */
export async function buildWeb(root: string, signal: AbortSignal): Promise<boolean> {
  const web = join(root, "packages/web");
  const built = join(web, "dist/index.html");
  const stamp = join(root, "node_modules/.tillwatch-web"); // outside dist, which is served
  const now = digestOfSources(root);
  if (existsSync(built) && existsSync(stamp) && readFileSync(stamp, "utf8") === now) return true;
  const step = { name: "web", command: "node", args: ["--run", "build"] };
  const isBuilt = await runStep(step, { root: web, signal });
  if (!isBuilt) return false;
  writeFileSync(stamp, now);
  return true;
}

const sources = ["packages/web/**", "packages/wire/src/**", "package-lock.json"];

function digestOfSources(root: string): string {
  const hash = createHash("sha256");
  const left = /(^|\/)(node_modules|dist)(\/|$)/;
  for (const path of globSync(sources, { cwd: root, exclude: (name) => left.test(name) }).sort()) {
    const whole = join(root, path);
    if (!statSync(whole).isFile()) continue;
    hash.update(`${path}\0`).update(readFileSync(whole)).update("\0");
  }
  return hash.digest("hex");
}

if (process.argv[1] === import.meta.filename) {
  process.exit((await buildWeb(resolve(import.meta.dirname, "../.."), onInterrupt())) ? 0 : 1);
}
