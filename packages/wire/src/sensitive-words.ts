/** Traits that a description of a person does without: what somebody is, where they should say what was seen. */
export const protectedTraits = ["ethnicity", "religion", "orientation"] as const;
export type ProtectedTrait = (typeof protectedTraits)[number];

/**
 * What a language calls such traits. Words are lower case; a phrase has blanks; a trailing `~` takes any of `endings`.
 * `always` is challenged wherever it stands. `ofPeople` ("black", "Indian") only where it is said of a person: beside one of
 * `persons` or `aspects` ("accent", "descent"), after a verb of `says`, or as a noun of its own.
 */
export type LanguageWords = {
  readonly endings: readonly string[];
  readonly persons: readonly string[];
  readonly aspects: readonly string[];
  readonly pronouns: readonly string[];
  readonly says: readonly string[];
  readonly between: readonly string[];
  readonly articles: readonly string[];
  readonly follows: readonly string[]; // what comes after a noun: "a Turk who ..."
  readonly thingsBefore: readonly string[]; // makes a person a thing: "manteau pour homme noir"
  readonly adjectiveAfter: boolean; // as in French
  readonly nounsHaveCapitals: boolean; // as in German
  readonly never: readonly string[]; // phrases that only look like it
  readonly traits: Readonly<
    Record<ProtectedTrait, { readonly always: readonly string[]; readonly ofPeople: readonly string[] }>
  >;
};

export type SensitiveWords = {
  readonly version: string;
  readonly languages: Readonly<Record<string, LanguageWords>>;
};

/** A word of the text that names a protected trait; half-open UTF-16 offsets. */
export type SensitiveWord = {
  readonly trait: ProtectedTrait;
  readonly language: string;
  readonly word: string;
  readonly from: number;
  readonly to: number;
};

/** Finds words of protected traits in all languages of the lists at once, in order, each place once. Linear in the text. */
export function sensitiveWordsIn(text: string, words: SensitiveWords): readonly SensitiveWord[] {
  const tokens = tokensOf(text);
  const found: SensitiveWord[] = [];
  for (const [language, lists] of Object.entries(words.languages)) {
    const lexicon = lexiconOf(lists);
    const spared = placesOf(tokens, lexicon.never, lexicon.endings).map(({ at, count }) => ({ at, end: at + count }));
    for (const { entry, at, count } of placesOf(tokens, lexicon.entries, lexicon.endings)) {
      if (spared.some((phrase) => at >= phrase.at && at < phrase.end)) continue;
      if (entry.ofPeople && !saidOfPerson(tokens, { at, count }, lexicon)) continue;
      const from = tokens[at]?.from ?? 0;
      const to = tokens[at + count - 1]?.to ?? from;
      found.push({ trait: entry.trait, language, word: text.slice(from, to), from, to });
    }
  }
  found.sort((a, b) => a.from - b.from || b.to - a.to);
  return found.filter((one, index) =>
    found.slice(0, index).every((other) => other.to <= one.from || other.from >= one.to),
  );
}

type Token = {
  readonly word: string; // folded: lower case, without marks
  readonly from: number;
  readonly to: number;
  readonly breaks: boolean; // a sentence or clause ends before it
  readonly capital: boolean;
  readonly owns: boolean; // "men's"
};

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let end = 0;
  for (const { 0: written, index } of text.matchAll(/\p{L}[\p{L}\p{M}]*(?:['’]s(?!\p{L}))?/gu)) {
    const owns = /['’]s$/.test(written);
    const to = index + written.length;
    tokens.push({
      word: fold(owns ? written.slice(0, -2) : written),
      from: index,
      to,
      breaks: tokens.length === 0 || /[.,;:!?()"\n]/.test(text.slice(end, index)),
      capital: /^\p{Lu}/u.test(written),
      owns: owns || (written.endsWith("s") && /^['’]/.test(text.slice(to))),
    });
    end = to;
  }
  return tokens;
}

function fold(text: string): string {
  return text.toLowerCase().replaceAll("ß", "ss").normalize("NFKD").replaceAll(/\p{M}/gu, "");
}

type Entry = { readonly parts: readonly Part[]; readonly trait: ProtectedTrait; readonly ofPeople: boolean };
type Part = { readonly stem: string; readonly bends: boolean };

type Lexicon = {
  readonly lists: LanguageWords;
  readonly endings: ReadonlySet<string>;
  readonly entries: ReadonlyMap<string, readonly Entry[]>; // by the stem of the first part
  readonly never: ReadonlyMap<string, readonly Entry[]>;
  readonly people: ReadonlySet<string>;
  readonly sets: Readonly<
    Record<
      "persons" | "aspects" | "pronouns" | "says" | "between" | "articles" | "follows" | "thingsBefore",
      ReadonlySet<string>
    >
  >;
};

const lexicons = new WeakMap<LanguageWords, Lexicon>();

function lexiconOf(lists: LanguageWords): Lexicon {
  const known = lexicons.get(lists);
  if (known !== undefined) return known;
  const entries = protectedTraits.flatMap((trait) => [
    ...lists.traits[trait].always.map((phrase) => entryOf(phrase, trait, false)),
    ...lists.traits[trait].ofPeople.map((phrase) => entryOf(phrase, trait, true)),
  ]);
  const setOf = (words: readonly string[]) => new Set(words.map(fold));
  const lexicon: Lexicon = {
    lists,
    endings: new Set(["", ...lists.endings.map(fold)]),
    entries: byFirst(entries),
    never: byFirst(lists.never.map((phrase) => entryOf(phrase, "ethnicity", false))),
    people: new Set(entries.filter((entry) => entry.ofPeople).flatMap((entry) => entry.parts.map((part) => part.stem))),
    sets: {
      persons: setOf(lists.persons),
      aspects: setOf(lists.aspects),
      pronouns: setOf(lists.pronouns),
      says: setOf(lists.says),
      between: setOf(lists.between),
      articles: setOf(lists.articles),
      follows: setOf(lists.follows),
      thingsBefore: setOf(lists.thingsBefore),
    },
  };
  lexicons.set(lists, lexicon);
  return lexicon;
}

function entryOf(phrase: string, trait: ProtectedTrait, ofPeople: boolean): Entry {
  const parts = phrase.split(" ").map((part) => ({ stem: fold(part.replace(/~$/, "")), bends: part.endsWith("~") }));
  return { parts, trait, ofPeople };
}

function byFirst(entries: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  return Map.groupBy(entries, (entry) => `${entry.parts[0]?.stem ?? ""}${entry.parts[0]?.bends === true ? "~" : ""}`);
}

type Place = { readonly entry: Entry; readonly at: number; readonly count: number };

function placesOf(
  tokens: readonly Token[],
  entries: Lexicon["entries"],
  endings: ReadonlySet<string>,
): readonly Place[] {
  return tokens.flatMap((token, at) => {
    const stems = [
      token.word,
      ...[...endings].filter((ending) => token.word.endsWith(ending)).map((ending) => `${stemOf(token.word, ending)}~`),
    ];
    return stems.flatMap((stem) =>
      (entries.get(stem) ?? [])
        .filter(({ parts }) => parts.slice(1).every((part, index) => fits(tokens[at + index + 1], part, endings)))
        .map((entry) => ({ entry, at, count: entry.parts.length })),
    );
  });
}

function stemOf(word: string, ending: string): string {
  return word.slice(0, word.length - ending.length);
}

/** A later word of a phrase. */
function fits(token: Token | undefined, part: Part, endings: ReadonlySet<string>): boolean {
  if (token === undefined || token.breaks) return false;
  if (!part.bends) return token.word === part.stem;
  return token.word.startsWith(part.stem) && endings.has(token.word.slice(part.stem.length));
}

/** Whether the words at `place` are said of a person and not of a jacket, a van or a tomato. */
function saidOfPerson(
  tokens: readonly Token[],
  place: { readonly at: number; readonly count: number },
  lexicon: Lexicon,
): boolean {
  return (
    meetsPerson(tokens, { from: place.at + place.count, step: 1, lexicon }) ||
    (lexicon.lists.adjectiveAfter && meetsPerson(tokens, { from: place.at - 1, step: -1, lexicon })) ||
    isPredicate(tokens, place.at, lexicon) ||
    isNoun(tokens, place, lexicon)
  );
}

const betweenMax = 3;

/** From here on, over adjectives, to a person or an aspect of one. */
function meetsPerson(
  tokens: readonly Token[],
  way: { readonly from: number; readonly step: 1 | -1; readonly lexicon: Lexicon },
): boolean {
  const { persons, aspects, between, thingsBefore } = way.lexicon.sets;
  for (let skipped = 0; skipped <= betweenMax; skipped += 1) {
    const at = way.from + skipped * way.step;
    const token = tokens[at];
    // A break stands before its token: going forth it parts this token from the last, going back the next one from this.
    if (token === undefined || (way.step === 1 ? token : tokens[at + 1])?.breaks === true) return false;
    if (aspects.has(token.word)) return true;
    if (persons.has(token.word)) return !token.owns && !thingsBefore.has(tokens[at - 1]?.word ?? "");
    if (!between.has(token.word) && !way.lexicon.people.has(token.word)) return false;
  }
  return false;
}

/** "He was black", "the suspect looked Asian". */
function isPredicate(tokens: readonly Token[], at: number, { sets }: Lexicon): boolean {
  let back = at - 1;
  while (at - back <= betweenMax && sets.between.has(tokens[back]?.word ?? "")) back -= 1;
  if (tokens[at]?.breaks === true || !sets.says.has(tokens[back]?.word ?? "")) return false;
  for (const before of [tokens[back - 1], tokens[back - 2]]) {
    if (before === undefined) return false;
    if (sets.pronouns.has(before.word) || (sets.persons.has(before.word) && !before.owns)) return true;
    if (!sets.between.has(before.word) && !sets.says.has(before.word)) return false;
  }
  return false;
}

/** "An Asian came in", "ein Schwarzer mit Rucksack". */
function isNoun(
  tokens: readonly Token[],
  place: { readonly at: number; readonly count: number },
  { sets, lists }: Lexicon,
): boolean {
  const token = tokens[place.at];
  const next = tokens[place.at + place.count];
  if (token === undefined) return false;
  const ends = next === undefined || next.breaks || sets.follows.has(next.word);
  const before = tokens[place.at - 1];
  if (lists.nounsHaveCapitals && !token.capital) return false;
  return ends && !token.breaks && before !== undefined && sets.articles.has(before.word);
}
