/** What people may ask for. */
export const kindWords: Readonly<Record<string, string>> = {
  access: "Access",
  erasure: "Erasure",
  rectification: "Correction",
  restriction: "Restriction",
  objection: "Objection",
};

export const identityWords: Readonly<Record<string, string>> = {
  unchecked: "Not checked yet",
  confirmed: "Confirmed",
  failed: "Could not be confirmed",
};

/** By what somebody is known. */
export const identifierKinds = [
  ["name", "Name"],
  ["mail", "Mail address"],
  ["phone", "Telephone"],
  ["plate", "Number plate"],
  ["member_number", "Member number"],
] as const;

const effects: Readonly<Record<string, string>> = {
  access: "A copy of what is kept is sealed for the person; other people are taken out of it.",
  erasure:
    "The keys of the person are destroyed: name, mail address, telephone, plate, and mentions in signals. Nobody can bring them back. This request and its sealed answer go on naming the person, as the proof.",
  rectification: "What is kept of the person is replaced by what you enter here.",
  restriction:
    "It is kept and used no further: out of lists and figures, and marked where somebody looks the person up.",
  objection: "It is kept and used no further: out of lists and figures, and marked where somebody looks the person up.",
};

/** What answering a request of this kind does at once. */
export function effectOf(kind: string): string {
  return effects[kind] ?? "What was asked for is done.";
}

export type Identifier = { readonly kind: string; readonly value: string };

/** What was filled in, without what was left empty. */
export function identifiersOf(known: Readonly<Record<string, string>>): readonly Identifier[] {
  return Object.entries(known).flatMap(([kind, value]) => (value.trim() === "" ? [] : [{ kind, value: value.trim() }]));
}
