import { diffArrays } from "diff";

export type DiffLine = { readonly kind: "same" | "removed" | "added"; readonly text: string };

// Bounded by work, so that the same texts are compared alike everywhere: beyond, all old lines go and all new ones come.
const editsMax = 2_000;

/** Two texts compared line by line: without the added lines it is `before`, without the removed ones `after`. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const found = diffArrays(old, fresh, { maxEditLength: editsMax });
  if (found === undefined) return [...old.map(as("removed")), ...fresh.map(as("added"))];
  return found.flatMap(({ added, removed, value }) => value.map(as(added ? "added" : removed ? "removed" : "same")));
}

export function countLines(before: string, after: string): { readonly added: number; readonly removed: number } {
  const lines = diffLines(before, after);
  const count = (kind: DiffLine["kind"]) => lines.filter((line) => line.kind === kind).length;
  return { added: count("added"), removed: count("removed") };
}

function as(kind: DiffLine["kind"]): (text: string) => DiffLine {
  return (text) => ({ kind, text });
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
