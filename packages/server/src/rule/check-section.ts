import type { SigmaCorrelation, SigmaRule } from "@tillwatch/sigma";
import { isJsonObject, type RuleProblem } from "@tillwatch/wire";
import { isMap, isNode, LineCounter, parseAllDocuments } from "yaml";

type Complaint = Pick<RuleProblem, "code" | "message" | "remedy">;

/** Furthest that a rule may carry a situation, either way, in thousandths of log-odds. */
const pointsMax = 100_000;

/**
 * What is wrong with the section `tillwatch` of a rule or correlation of the file `text`, each at the member that is meant. Sigma knows
 * nothing of it, and what reads it takes a wrong member for one that was left out: so whoever takes a file in asks here.
 */
export function sectionProblems(
  rule: Pick<SigmaRule | SigmaCorrelation, "custom" | "line">,
  text: string,
  categories: ReadonlySet<string>,
): readonly RuleProblem[] {
  const own = rule.custom["tillwatch"];
  if (own === undefined) return [];
  if (!isJsonObject(own)) return [{ ...placeIn(text, rule.line, ["tillwatch"]), ...noSection }];
  const { category, level, points, says } = own;
  const wrong: readonly (readonly [member: string, holds: boolean, complaint: Complaint])[] = [
    [
      "category",
      category !== undefined && !(typeof category === "string" && categories.has(category)),
      unknownCategory(category, categories),
    ],
    ["level", ![undefined, 1, 2, 3].includes(level as number | undefined), badLevel],
    ["points", points !== undefined && !(Number.isInteger(points) && Math.abs(Number(points)) <= pointsMax), badPoints],
    ["says", says !== undefined && typeof says !== "string", badSays],
  ];
  return wrong.flatMap(([member, holds, complaint]) =>
    holds ? [{ ...placeIn(text, rule.line, ["tillwatch", member]), ...complaint }] : [],
  );
}

/** Where the value stands in the document that begins on `line`; where that cannot be told, the begin of the document. */
export function placeIn(text: string, line: number, path: readonly string[]): { line: number; column: number } {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false });
  for (const document of "empty" in documents ? [] : documents) {
    const root = document.contents;
    if (!isMap(root) || root.range === null || root.range === undefined) continue;
    if (lines.linePos(root.range[0]).line !== line) continue;
    const found = document.getIn(path, true);
    if (!isNode(found) || found.range === null || found.range === undefined) break;
    const { line: at, col } = lines.linePos(found.range[0]);
    return { line: at, column: col };
  }
  return { line, column: 1 };
}

function unknownCategory(category: unknown, categories: ReadonlySet<string>): Complaint {
  const named = typeof category === "string" && category.length <= 80 ? ` (${category})` : "";
  return {
    code: "rule_category_unknown",
    message: `\`tillwatch.category\`${named} is not in the taxonomy.`,
    remedy: `Use a code of taxonomy.yaml: ${[...categories].toSorted().join(", ")}.`,
  };
}

const noSection = {
  code: "rule_section_malformed",
  message: "`tillwatch` is no section with members.",
  remedy: "Write `category`, `level`, `points` and `says` under it, as far as they are needed.",
};
const badLevel = {
  code: "rule_section_malformed",
  message: "`tillwatch.level` is not 1, 2 or 3.",
  remedy: "Say 1, 2 or 3, or leave it out for 1.",
};
const badPoints = {
  code: "rule_section_malformed",
  message: `\`tillwatch.points\` is not a whole number up to ${pointsMax}.`,
  remedy: "Say thousandths of log-odds as a whole number, or leave it out for those of the level.",
};
const badSays = {
  code: "rule_section_malformed",
  message: "`tillwatch.says` is not a text.",
  remedy: "Say in a sentence what was seen.",
};
