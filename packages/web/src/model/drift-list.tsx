import { Tag, type Tone } from "../design/badge.tsx";
import type { DriftVerdict, FeatureDrift } from "./model-notes.ts";

const verdicts: Readonly<Record<DriftVerdict, { readonly says: string; readonly tone: Tone }>> = {
  too_few: { says: "too few yet", tone: "plain" },
  steady: { says: "as trained", tone: "good" },
  watch: { says: "to be watched", tone: "warn" },
  drifted: { says: "drifted", tone: "bad" },
};

/** Where a feature has drifted, by the page of models (docs/formats/models.md). */
const driftedFrom = 0.25;

/** Each feature with how far it has moved: a bar that is full where it has drifted, the number, and a word. */
export function DriftList({ drift }: { readonly drift: readonly FeatureDrift[] }) {
  return (
    <ul className="grid max-w-4xl divide-y divide-line rounded-md border border-line text-sm">
      {drift.map(({ feature, says, rows, index, verdict }) => (
        <li
          key={feature}
          className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 px-3 py-2 md:grid-cols-[minmax(0,1fr)_10rem_4rem_8rem]"
        >
          <span>{says}</span>
          <span className="max-md:col-span-2 max-md:row-start-2">
            <Bar share={Math.min(1, (index ?? 0) / driftedFrom)} />
          </span>
          <span className="text-right text-xs text-ink-muted tabular-nums max-md:col-start-1 max-md:row-start-3 max-md:text-left">
            {index === null ? `${rows.toLocaleString("en")} so far` : index.toFixed(3)}
          </span>
          <span className="justify-self-end max-md:col-start-2 max-md:row-start-1">
            <Tag tone={verdicts[verdict].tone}>{verdicts[verdict].says}</Tag>
          </span>
        </li>
      ))}
    </ul>
  );
}

function Bar({ share }: { readonly share: number }) {
  return (
    <svg viewBox="0 0 100 4" preserveAspectRatio="none" className="block h-1.5 w-full" aria-hidden="true">
      <rect width="100" height="4" rx="1" fill="var(--sunken)" />
      <rect width={100 * share} height="4" rx="1" fill="var(--accent)" />
    </svg>
  );
}
