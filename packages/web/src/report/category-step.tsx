import { Phone } from "lucide-react";
import type { TaxonomyCategory } from "../api/shapes.ts";
import { LevelBadge } from "../design/badge.tsx";
import { Button, buttonClass } from "../design/button.tsx";

/** What happened. Once chosen, the list gives way to the choice and to what to do now. */
export function CategoryStep(props: {
  readonly categories: readonly TaxonomyCategory[];
  readonly chosen: TaxonomyCategory | null;
  readonly error: string | undefined;
  readonly onChoose: (code: string) => void;
}) {
  const { categories, chosen, error, onChoose } = props;
  if (chosen !== null) return <Chosen category={chosen} onChange={() => onChoose("")} />;
  const groups = groupsOf(categories);
  return (
    <section aria-labelledby="what-happened" className="grid gap-4">
      <h2 id="what-happened" className="text-base font-semibold">
        What happened?
      </h2>
      {error === undefined ? null : <p className="text-sm font-medium text-bad">{error}</p>}
      {groups.map(({ group, members }, index) => (
        <fieldset key={group} aria-label={group} className="grid min-w-0 gap-2">
          <p className="text-xs font-medium text-ink-muted first-letter:uppercase">{group.replaceAll("_", " ")}</p>
          <div className="grid grid-cols-2 gap-2">
            {members.map((category, place) => (
              <button
                key={category.code}
                type="button"
                data-invalid={error !== undefined && index === 0 && place === 0 ? "" : undefined}
                onClick={() => onChoose(category.code)}
                className="flex min-h-14 items-center rounded-md border border-line-strong bg-surface px-3 py-2 text-left text-sm font-medium hover:bg-hover"
              >
                {category.title}
              </button>
            ))}
          </div>
        </fieldset>
      ))}
    </section>
  );
}

/** In the order of the taxonomy. Groups of one are pooled at the end: a heading for each would cost a phone half a screen. */
function groupsOf(categories: readonly TaxonomyCategory[]) {
  const groups = [...Map.groupBy(categories, (category) => category.group)];
  const pooled = groups.filter(([, members]) => members.length === 1).flatMap(([, members]) => members);
  return [
    ...groups.filter(([, members]) => members.length > 1).map(([group, members]) => ({ group, members })),
    ...(pooled.length === 0 ? [] : [{ group: "more", members: pooled }]),
  ];
}

function Chosen({ category, onChange }: { readonly category: TaxonomyCategory; readonly onChange: () => void }) {
  return (
    <section aria-label="What happened" className="grid gap-3">
      <div className="flex items-center justify-between gap-3 rounded-md border border-line bg-surface px-4 py-2.5">
        <div className="grid justify-items-start gap-1">
          <p className="text-base font-semibold">{category.title}</p>
          <LevelBadge level={category.level} />
        </div>
        <Button onClick={onChange}>Change</Button>
      </div>
      {isDangerous(category) ? <EmergencyCall /> : null}
      {category.sop.length === 0 ? null : (
        <div className="rounded-md border border-line bg-surface px-4 py-3">
          <h2 className="mb-1.5 text-sm font-semibold">Do this now</h2>
          <ol className="grid list-decimal gap-1 pl-5 text-sm marker:text-ink-muted">
            {category.sop.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </div>
      )}
    </section>
  );
}

/** The group decides, and the highest level with it: a report form must never stand between a person and help. */
function isDangerous(category: TaxonomyCategory): boolean {
  return /violen|threat|danger|emergency/i.test(`${category.group} ${category.code}`) || category.level === 3;
}

function EmergencyCall() {
  return (
    <div role="note" className="grid gap-2 rounded-md border-2 border-bad bg-bad-wash px-4 py-3">
      <p className="text-base font-semibold">Is somebody in danger? Call first.</p>
      <p className="text-sm">
        112 reaches the emergency services from a mobile phone in most countries. A report here does not call anybody.
      </p>
      <a href="tel:112" className={`${buttonClass("danger", true)} justify-self-start bg-surface`}>
        <Phone className="size-5" aria-hidden="true" />
        Call 112
      </a>
    </div>
  );
}
