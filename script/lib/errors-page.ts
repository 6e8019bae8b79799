import type { DocumentedCode } from "./error-codes.ts";

/** docs/errors.md: the rows of docs/errors/*.md as one table in order of code. */
export function renderErrorsPage(rows: readonly DocumentedCode[]): string {
  const sorted = [...rows].sort((a, b) => (a.code < b.code ? -1 : 1));
  const lines = sorted.map(({ code, cells, page }) => {
    const [, meaning = "", remedy = ""] = cells;
    return `| <a id="${code}"></a>\`${code}\` | ${meaning} | ${remedy} | [${page.replace(/\.md$/, "")}](errors/${page}) |`;
  });
  return `${heading}\n| code | meaning | remedy | page |\n| --- | --- | --- | --- |\n${lines.join("\n")}\n`;
}

const heading = `# Error codes

Written by \`script/trace\` from the pages in [errors/](errors/), which are the ones to edit; tests hold those to the code, both ways.

Every refusal has a code that does not change. Over HTTP it is the member \`code\` of a problem document (RFC 9457,
\`application/problem+json\`), whose \`type\` ends in it; where a part of the request is to blame, \`pointer\` (RFC 6901) names it. Decide by
the code, never by the sentence.
`;
