import { useQuery } from "@tanstack/react-query";
import {
  describedInWords,
  describedPersonsMax,
  type Descriptor,
  type DescriptorVocabulary,
  type PeopleDescription,
  type Picked,
} from "@tillwatch/wire";
import { Check, Plus, UserRound, X } from "lucide-react";
import { useState } from "react";
import { Button } from "../design/button.tsx";
import { cx } from "../design/cx.ts";
import { descriptorsQuery } from "./privacy-queries.ts";

/** People and the scene, picked from the closed list. Nothing here can be typed, so nothing can be written that must not be. */
export function DescriptionPicker(props: {
  readonly value: PeopleDescription;
  readonly onChange: (next: PeopleDescription) => void;
}) {
  const { value, onChange } = props;
  const vocabulary = useQuery(descriptorsQuery).data;
  if (vocabulary === undefined || vocabulary.descriptors.length === 0) return null;
  const setPerson = (at: number, picked: Picked): void =>
    onChange({ ...value, persons: value.persons.map((old, index) => (index === at ? picked : old)) });
  return (
    <section aria-label="Who was there" className="grid gap-3">
      <div>
        <h2 className="text-sm font-medium">Who was there, and how they left (if seen)</h2>
        <p className="text-xs text-ink-muted">Pick what you saw. Leave out what you are not sure of.</p>
      </div>
      {value.persons.map((person, at) => (
        <Part
          // Persons have no name and no id; their place in the list is all there is.
          // oxlint-disable-next-line react/no-array-index-key
          key={at}
          title={`Person ${at + 1}`}
          about="person"
          vocabulary={vocabulary}
          picked={person}
          onChange={(next) => setPerson(at, next)}
          onRemove={() => onChange({ ...value, persons: value.persons.filter((_, index) => index !== at) })}
        />
      ))}
      {value.persons.length >= describedPersonsMax ? null : (
        <Button onClick={() => onChange({ ...value, persons: [...value.persons, {}] })} className="justify-self-start">
          <Plus className="size-4" aria-hidden="true" />
          {value.persons.length === 0 ? "Describe a person" : "Another person"}
        </Button>
      )}
      <Part
        title="How they left"
        about="scene"
        vocabulary={vocabulary}
        picked={value.scene}
        onChange={(scene) => onChange({ ...value, scene })}
      />
    </section>
  );
}

function Part(props: {
  readonly title: string;
  readonly about: Descriptor["about"];
  readonly vocabulary: DescriptorVocabulary;
  readonly picked: Picked;
  readonly onChange: (next: Picked) => void;
  readonly onRemove?: () => void;
}) {
  const { title, about, vocabulary, picked, onChange, onRemove } = props;
  const words = describedInWords(picked, vocabulary);
  // A new person is open for picking; what was described before stays folded until it is asked for.
  const [open, setOpen] = useState(about === "person" && words === "");
  return (
    <details
      className="rounded-md border border-line bg-surface"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary className="flex min-h-11 items-center gap-2 px-3 py-2 text-sm hover:bg-hover">
        <UserRound className={cx("size-4 shrink-0 text-ink-muted", about === "scene" && "hidden")} aria-hidden="true" />
        <span className="font-medium">{title}</span>
        <span className="min-w-0 truncate text-ink-muted">{words === "" ? "nothing picked" : words}</span>
      </summary>
      <div className="grid gap-4 border-t border-line px-3 py-3">
        {vocabulary.descriptors
          .filter((descriptor) => descriptor.about === about)
          .map((descriptor) => (
            <Choice
              key={descriptor.code}
              descriptor={descriptor}
              group={title}
              chosen={picked[descriptor.code] ?? []}
              onChange={(values) => onChange(withValues(picked, descriptor.code, values))}
            />
          ))}
        {onRemove === undefined ? null : (
          <Button look="quiet" onClick={onRemove} className="justify-self-start">
            <X className="size-4" aria-hidden="true" />
            Remove {title.toLowerCase()}
          </Button>
        )}
      </div>
    </details>
  );
}

function withValues(picked: Picked, code: string, values: readonly string[]): Picked {
  const rest = Object.entries(picked).filter(([name]) => name !== code);
  return Object.fromEntries(values.length === 0 ? rest : [...rest, [code, values]]);
}

function Choice(props: {
  readonly descriptor: Descriptor;
  readonly group: string;
  readonly chosen: readonly string[];
  readonly onChange: (values: readonly string[]) => void;
}) {
  const { descriptor, group, chosen, onChange } = props;
  const toggle = (code: string): void => {
    if (chosen.includes(code)) onChange(chosen.filter((value) => value !== code));
    else onChange(descriptor.many ? [...chosen, code] : [code]);
  };
  return (
    <fieldset className="grid min-w-0 gap-1.5">
      <legend className="mb-1 text-xs font-medium text-ink-muted">
        {descriptor.title}
        <span className="sr-only"> ({group})</span>
      </legend>
      <div className="flex flex-wrap gap-1.5">
        {descriptor.values.map(({ code, title }) => {
          const on = chosen.includes(code);
          return (
            <button
              key={code}
              type="button"
              aria-pressed={on}
              onClick={() => toggle(code)}
              className={cx(
                "inline-flex min-h-9 items-center gap-1 rounded-full border px-3 text-sm pointer-coarse:min-h-(--tap)",
                on
                  ? "border-accent bg-accent-wash font-medium text-accent-strong"
                  : "border-line-strong hover:bg-hover",
              )}
            >
              {on ? <Check className="size-3.5" aria-hidden="true" /> : null}
              {title}
            </button>
          );
        })}
      </div>
    </fieldset>
  );
}
