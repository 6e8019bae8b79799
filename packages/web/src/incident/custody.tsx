import type { CustodyLine } from "@tillwatch/wire";
import { Moment } from "../design/time.tsx";
import { Who } from "../people/who.tsx";

/** Every hand-off and every touch of an exhibit, oldest first, each chained to the one before and in the record of the installation. */
export function Custody({ lines }: { readonly lines: readonly CustodyLine[] }) {
  if (lines.length === 0) return null;
  return (
    <details className="text-xs text-ink-muted">
      <summary className="cursor-pointer py-1 pointer-coarse:min-h-(--tap)">
        Custody: {lines.length === 1 ? "1 entry" : `${lines.length} entries`}
      </summary>
      <ol className="grid gap-2 border-l border-line pt-1 pl-3" aria-label="Custody">
        {lines.map((line) => (
          <li key={line.seq} className="grid gap-0.5">
            <p className="text-sm text-ink">
              <span className="font-medium">{line.action}</span> by <Who actor={line.who} /> · <Moment at={line.at} />
            </p>
            <p className="break-words text-ink-soft">
              {line.what}
              {line.why === "" ? null : `; ${line.why}`}
            </p>
            <p className="font-mono text-2xs break-all">
              <span className="font-sans">on authority of </span>
              {line.authority}
              <span className="font-sans"> · entry </span>
              {line.digest.slice(0, 16)}
              <span className="font-sans">{line.prev === null ? " · the first" : " · after "}</span>
              {line.prev === null ? null : line.prev.slice(0, 16)}
            </p>
          </li>
        ))}
      </ol>
    </details>
  );
}
