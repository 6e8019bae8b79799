import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { supplyProblems, type Bill, type Lock } from "./supply-rules.ts";

const root = resolve(import.meta.dirname, "../..");
const args = process.argv.slice(2);
const named = args.indexOf("--out");
const out = resolve(root, named === -1 ? ".cache/sbom.cdx.json" : (args[named + 1] ?? ""));
const text = execFileSync("npm", ["sbom", "--sbom-format", "cyclonedx", "--omit", "dev"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
  stdio: ["ignore", "pipe", "ignore"],
});
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, text);
const bill = JSON.parse(text) as Bill;
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
console.log(`bill of materials: ${bill.components.length} parts, ${out}`);
const problems = supplyProblems(bill, lock);
for (const problem of problems) console.log(`FOUND: ${problem}`);
process.exit(advisories() && problems.length === 0 ? 0 : 1);

/** False where the registry knows a weakness of level high or worse; a registry that cannot be asked is said, not taken for "none". */
function advisories(): boolean {
  const asked = spawnSync("npm", ["audit", "--omit=dev", "--audit-level=high", "--json"], {
    cwd: root,
    encoding: "utf8",
  });
  const answer = jsonOf(asked.stdout);
  if (answer?.metadata?.vulnerabilities === undefined) {
    console.log("known weaknesses: skipped: the registry did not answer");
    return true;
  }
  const { critical = 0, high = 0, moderate = 0, low = 0 } = answer.metadata.vulnerabilities;
  console.log(`known weaknesses: ${critical} critical, ${high} high, ${moderate} moderate, ${low} low`);
  return critical + high === 0;
}

type Answer = { readonly metadata?: { readonly vulnerabilities?: Readonly<Record<string, number>> } };

function jsonOf(answered: string): Answer | null {
  try {
    return JSON.parse(answered) as Answer;
  } catch {
    return null; // npm writes an error for people where the registry has no such service
  }
}
