import { readFileSync } from "node:fs";

/** The examples of the package's page, each with what the page says that it prints. */
export function readmeExamples(): readonly { readonly code: string; readonly prints: string }[] {
  const text = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```\n\nprints\n\n```text\n(.*?)^```/gms)].map(
    ([, code = "", prints = ""]) => ({
      code,
      prints,
    }),
  );
}
