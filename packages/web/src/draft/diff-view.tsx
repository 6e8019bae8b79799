import type { DiffPart, DraftDiff } from "@tillwatch/wire";
import { changesText } from "./draft-words.ts";

/** Two texts in one: what was taken out is struck through, what was added is underlined, and both are said to whoever hears it. */
export function DiffView({ diff }: { readonly diff: DraftDiff }) {
  return (
    <figure className="grid gap-2">
      <figcaption className="flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-ink-muted">
        <span>{changesText(diff.changes)}</span>
        <span aria-hidden="true" className="flex gap-3">
          <del className={looks.removed}>taken out</del>
          <ins className={looks.added}>added</ins>
        </span>
      </figcaption>
      <p className="rounded-sm border border-line bg-sunken p-3 text-sm break-words whitespace-pre-wrap">
        {placed(diff.parts).map(({ from, part }) => (
          <Part key={from} part={part} />
        ))}
      </p>
    </figure>
  );
}

/** Each part with the place where it begins, which is its name: no two begin at one place. */
function placed(parts: readonly DiffPart[]): readonly { readonly from: number; readonly part: DiffPart }[] {
  let from = 0;
  return parts.map((part) => {
    const at = from;
    from += part.text.length;
    return { from: at, part };
  });
}

const looks = {
  removed: "bg-bad-wash text-bad line-through decoration-2",
  added: "bg-good-wash text-good underline decoration-2 underline-offset-2",
} as const;

function Part({ part }: { readonly part: DiffPart }) {
  switch (part.kind) {
    case "same":
      return <>{part.text}</>;
    case "removed":
      return (
        <del className={looks.removed}>
          <span className="sr-only"> taken out: </span>
          {part.text}
          <span className="sr-only">. </span>
        </del>
      );
    case "added":
      return (
        <ins className={looks.added}>
          <span className="sr-only"> added: </span>
          {part.text}
          <span className="sr-only">. </span>
        </ins>
      );
  }
}
