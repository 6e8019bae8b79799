import type { DiffLine } from "./rule-shapes.ts";

const context = 3;

/** Changed lines with a few around them; where more were left out, it says so. */
export function Diff({ lines }: { readonly lines: readonly DiffLine[] }) {
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - context), at + context + 1).some(({ kind }) => kind !== "same"),
  );
  const counts = { added: 0, removed: 0, same: 0 };
  for (const { kind } of lines) counts[kind]++;
  return (
    // Who has no mouse scrolls long lines with the arrow keys: it must take the focus (WCAG 2.1.1).
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- see above
    <section className="overflow-x-auto bg-sunken py-2" aria-label="Changed lines" tabIndex={0}>
      <p className="px-4 pb-1 text-xs text-ink-muted">
        Added: {counts.added}, taken out: {counts.removed}
      </p>
      <pre className="min-w-max font-mono text-xs leading-5">
        {lines.map((line, at) =>
          near[at] === true ? (
            // oxlint-disable-next-line react/no-array-index-key -- lines have no name but their place
            <Line key={at} line={line} />
          ) : near[at - 1] === true ? (
            // oxlint-disable-next-line react/no-array-index-key -- lines have no name but their place
            <span key={at} className="block px-4 text-ink-muted">
              …
            </span>
          ) : null,
        )}
      </pre>
    </section>
  );
}

function Line({ line: { kind, text } }: { readonly line: DiffLine }) {
  switch (kind) {
    case "same":
      return <span className="block px-4">{`  ${text}`}</span>;
    case "removed":
      return (
        <del className="block bg-bad-wash px-4 text-bad no-underline">
          <span className="sr-only">taken out: </span>
          {`- ${text}`}
        </del>
      );
    case "added":
      return (
        <ins className="block bg-good-wash px-4 text-good no-underline">
          <span className="sr-only">added: </span>
          {`+ ${text}`}
        </ins>
      );
  }
}
