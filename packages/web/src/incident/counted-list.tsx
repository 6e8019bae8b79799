import { Moment } from "../design/time.tsx";

/** What a correlation counted: when, and which rule it was that matched. */
export function CountedList({
  counted,
}: {
  readonly counted: readonly { readonly at: string; readonly ruleTitle: string }[];
}) {
  if (counted.length === 0) return null;
  return (
    <details className="mt-1 text-xs text-ink-muted">
      <summary className="cursor-pointer py-1 pointer-coarse:min-h-(--tap)">
        {counted.length === 1 ? "The signal that it counted" : `The ${counted.length} signals that it counted`}
      </summary>
      <ol className="grid gap-1 border-l-2 border-line pl-3" aria-label="Counted">
        {counted.map(({ at, ruleTitle }, order) => (
          // Two signals of one instant are told apart by their order alone, which never changes.
          <li key={`${at} ${order}`} className="text-ink-soft">
            <Moment at={at} />: {ruleTitle}
          </li>
        ))}
      </ol>
    </details>
  );
}
