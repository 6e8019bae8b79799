import { useQuery } from "@tanstack/react-query";
import type { DescriptorVocabulary, KeptDescription, KeptText, Picked } from "@tillwatch/wire";
import { Card, Facts } from "../design/card.tsx";
import { Moment } from "../design/time.tsx";
import { Who } from "../people/who.tsx";
import { descriptorsOf } from "./privacy-queries.ts";

/** What the reporter picked, in the words of the list of its time. */
export function DescriptionCard({ description }: { readonly description: KeptDescription }) {
  const vocabulary = useQuery(descriptorsOf(description.vocabularyVersion)).data ?? null;
  const parts = [
    ...description.persons.map((picked, index) => ({ title: `Person ${index + 1}`, picked })),
    { title: "How they left", picked: description.scene },
  ].filter(({ picked }) => Object.keys(picked).length > 0);
  return (
    <Card title="Description" aside={<span className="text-xs text-ink-muted">picked, not written</span>}>
      <div className="grid gap-4">
        {parts.map(({ title, picked }) => (
          <div key={title} className="grid gap-1.5">
            <h3 className="text-sm font-medium">{title}</h3>
            <Facts items={factsOf(picked, vocabulary)} />
          </div>
        ))}
        <p className="text-xs break-words text-ink-muted">
          <Who actor={description.actor} /> · <Moment at={description.at} /> · {description.vocabularyVersion}
        </p>
      </div>
    </Card>
  );
}

function factsOf(picked: Picked, vocabulary: DescriptorVocabulary | null): readonly (readonly [string, string])[] {
  return Object.entries(picked).map(([code, values]) => {
    const known = vocabulary?.descriptors.find((descriptor) => descriptor.code === code);
    const titles = values.map((value) => known?.values.find((one) => one.code === value)?.title ?? value);
    return [known?.title ?? code.replaceAll("_", " "), titles.join(", ")];
  });
}

/** Says that a text names what it should not, and was kept all the same. */
export function KeptTextNote({ texts }: { readonly texts: readonly KeptText[] }) {
  if (texts.length === 0) return null;
  const traits = [...new Set(texts.flatMap((text) => text.traits))].join(", ");
  const places = [...new Set(texts.map(({ place }) => (place === "summary" ? "the summary" : "a note")))].join(" and ");
  return (
    <p role="note" className="rounded-md border border-warn bg-warn-wash px-4 py-2 text-sm">
      <span className="font-medium">Kept with a reason: </span>
      {places} {texts.length > 1 ? "name" : "names"} {traits}. Searches pass over it.
    </p>
  );
}
