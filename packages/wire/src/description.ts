import type { ProtectedTrait } from "./sensitive-words.ts";

/** What a person may be described by: a closed list, picked and not written. Old descriptions keep their version. */
export type DescriptorVocabulary = { readonly version: string; readonly descriptors: readonly Descriptor[] };

export type Descriptor = {
  readonly code: string;
  readonly title: string;
  readonly about: "person" | "scene"; // of each person, or once of the report
  readonly many: boolean; // more than one value may hold
  readonly values: readonly { readonly code: string; readonly title: string }[];
};

/** Values by the code of their descriptor, in the order of the vocabulary. */
export type Picked = Readonly<Record<string, readonly string[]>>;

/** A description as it came with a report. `persons` in the order of the reporter; none has a name. */
export type PeopleDescription = {
  readonly persons: readonly Picked[];
  readonly scene: Picked;
};

/** As it is kept. `at` is when it was given, `actor` a token. */
export type KeptDescription = PeopleDescription & {
  readonly vocabularyVersion: string;
  readonly at: string;
  readonly actor: string;
};

export const describedPersonsMax = 20;

export type DescriptionRefusal = {
  readonly code: "descriptor_unknown" | "descriptor_value_unknown" | "descriptor_value_too_many";
  readonly pointer: string; // into the description
  readonly says: string;
};

/** Whether every code is of the vocabulary and of its place; null: it is. The first that is not. */
export function descriptionRefusal(
  given: PeopleDescription,
  vocabulary: DescriptorVocabulary,
): DescriptionRefusal | null {
  const parts = [
    ...given.persons.map((picked, index) => ({ picked, about: "person", pointer: `/persons/${index}` }) as const),
    { picked: given.scene, about: "scene", pointer: "/scene" } as const,
  ];
  for (const { picked, about, pointer } of parts) {
    for (const [code, values] of Object.entries(picked)) {
      const refusal = pickedRefusal(
        vocabulary.descriptors.find((one) => one.code === code && one.about === about),
        code,
        values,
      );
      if (refusal !== null) return { ...refusal, pointer: `${pointer}/${code}` };
    }
  }
  return null;
}

function pickedRefusal(
  descriptor: Descriptor | undefined,
  code: string,
  values: readonly string[],
): Omit<DescriptionRefusal, "pointer"> | null {
  if (descriptor === undefined)
    return { code: "descriptor_unknown", says: `${code} is not in the list of descriptors` };
  const unknown = values.find((value) => !descriptor.values.some((known) => known.code === value));
  if (unknown !== undefined) return { code: "descriptor_value_unknown", says: `${code} has no value ${unknown}` };
  if (new Set(values).size !== values.length || (!descriptor.many && values.length > 1)) {
    return { code: "descriptor_value_too_many", says: `${code} has ${values.length} values` };
  }
  return null;
}

/** "about 180 cm, hoodie, black": the picked values in words, in the order of the vocabulary; unknown codes as they are. */
export function describedInWords(picked: Picked, vocabulary: DescriptorVocabulary): string {
  const known = vocabulary.descriptors.filter(({ code }) => picked[code] !== undefined);
  const others = Object.keys(picked).filter((code) => !known.some((descriptor) => descriptor.code === code));
  return [
    ...known.map(({ code, title, values }) => {
      const titles = (picked[code] ?? []).map((value) => values.find((one) => one.code === value)?.title ?? value);
      return `${title}: ${titles.join(", ")}`;
    }),
    ...others.map((code) => `${code}: ${(picked[code] ?? []).join(", ")}`),
  ].join("; ");
}

/** A text of an incident that names a protected trait and was kept with a reason: shown with its mark, never searched. */
export type KeptText = {
  readonly place: "summary" | "note";
  readonly traits: readonly ProtectedTrait[];
  readonly at: string;
  readonly actor: string;
};
