import type { MatchedOn } from "@tillwatch/wire";

/** Field, what was seen in it, and what the rule asked for: enough to argue with the rule. */
export function MatchedList({ matched }: { readonly matched: readonly MatchedOn[] }) {
  if (matched.length === 0) return null;
  return (
    <ul className="mt-1 grid gap-1 border-l-2 border-line pl-3 text-xs">
      {matched.map((match) =>
        match.selection === "model" ? (
          <li key={match.field} className="break-words text-ink-soft">
            <span className="text-ink">{match.value}</span>: {match.pattern}
          </li>
        ) : (
          <li key={`${match.selection}-${match.field}-${match.pattern}`} className="break-words text-ink-soft">
            <code className="font-mono text-2xs text-ink">{match.field ?? "anywhere in the event"}</code> was{" "}
            <code className="rounded-xs bg-sunken px-1 font-mono text-2xs text-ink">{match.value}</code>; the rule asks
            for <code className="rounded-xs bg-sunken px-1 font-mono text-2xs text-ink">{match.pattern}</code>{" "}
            <span className="text-ink-muted">({match.selection})</span>
          </li>
        ),
      )}
    </ul>
  );
}
