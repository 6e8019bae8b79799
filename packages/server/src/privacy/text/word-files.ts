import { Type } from "typebox";
import {
  ok,
  refused,
  sensitiveWordsIn,
  type DescriptorVocabulary,
  type LanguageWords,
  type Result,
  type SensitiveWords,
} from "@tillwatch/wire";
import { readYaml, type FileProblem } from "../../platform/yaml-file.ts";

const closed = { additionalProperties: false };
const word = Type.String({ minLength: 1, maxLength: 80 });
const wordList = Type.Array(word, { maxItems: 2000 });
const code = Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" });
const version = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" });
const traitWords = Type.Object({ always: wordList, of_people: wordList }, closed);

const WordsFile = Type.Object(
  {
    version,
    languages: Type.Record(
      Type.String({ pattern: "^[a-z]{2}$" }),
      Type.Object(
        {
          endings: wordList,
          persons: wordList,
          aspects: wordList,
          pronouns: wordList,
          says: wordList,
          between: wordList,
          articles: wordList,
          follows: wordList,
          things_before: wordList,
          adjective_after: Type.Boolean(),
          nouns_have_capitals: Type.Boolean(),
          never: wordList,
          traits: Type.Object({ ethnicity: traitWords, religion: traitWords, orientation: traitWords }, closed),
        },
        closed,
      ),
    ),
  },
  closed,
);

const DescriptorsFile = Type.Object(
  {
    version,
    descriptors: Type.Array(
      Type.Object(
        {
          code,
          title: word,
          about: Type.Enum(["person", "scene"]),
          many: Type.Boolean(),
          values: Type.Array(Type.Object({ code, title: word }, closed), { minItems: 1, maxItems: 100 }),
        },
        closed,
      ),
      { minItems: 1, maxItems: 100 },
    ),
  },
  closed,
);

/** `sensitive-words.yaml` of a pack. */
export function parseSensitiveWords(text: string, file: string): Result<SensitiveWords, readonly FileProblem[]> {
  const read = readYaml(text, file, WordsFile);
  if (!read.ok) return read;
  const languages = Object.entries(read.value.languages).map(([name, lists]): [string, LanguageWords] => {
    const { things_before, adjective_after, nouns_have_capitals, traits, ...same } = lists;
    const bothOf = (given: (typeof traits)["religion"]) => ({ always: given.always, ofPeople: given.of_people });
    return [
      name,
      {
        ...same,
        thingsBefore: things_before,
        adjectiveAfter: adjective_after,
        nounsHaveCapitals: nouns_have_capitals,
        traits: {
          ethnicity: bothOf(traits.ethnicity),
          religion: bothOf(traits.religion),
          orientation: bothOf(traits.orientation),
        },
      },
    ];
  });
  return ok({ version: read.value.version, languages: Object.fromEntries(languages) });
}

// Said of nobody in a shop report: beyond the traits of the word lists, health and disability do not belong into a picker either.
const neverPicked =
  /\b(skin|complexion|race|racial|ethnic\w*|nationalit\w*|relig\w*|sexual\w*|gay|health|disab\w*|disease|pregnan\w*|mental\w*|drug addict\w*|hiv)\b/i;

/**
 * `descriptors.yaml` of a pack. Refuses a list that repeats a code, or names a protected trait: by the word lists, said of a person,
 * or by words of health.
 */
export function parseDescriptors(
  text: string,
  file: string,
  sensitive: SensitiveWords,
): Result<DescriptorVocabulary, readonly FileProblem[]> {
  const read = readYaml(text, file, DescriptorsFile);
  if (!read.ok) return read;
  const problems: FileProblem[] = [];
  const refuse = (message: string): void => {
    problems.push({ code: "file_content_wrong", file, line: 1, message });
  };
  const codes = new Set<string>();
  for (const descriptor of read.value.descriptors) {
    if (codes.has(descriptor.code)) refuse(`descriptor ${descriptor.code} stands twice`);
    codes.add(descriptor.code);
    const values = descriptor.values.map((value) => value.code);
    if (new Set(values).size !== values.length) refuse(`descriptor ${descriptor.code} has a value twice`);
    const said = [descriptor, ...descriptor.values].flatMap((one) => [one.title, one.code.replaceAll("_", " ")]);
    const trait = said.find((words) => namesTrait(words, sensitive, descriptor.code));
    if (trait !== undefined) refuse(`descriptor ${descriptor.code} names a protected trait: ${trait}`);
  }
  return problems.length > 0 ? refused(problems) : ok(read.value);
}

// A colour of clothing is a colour; any other list may not say of a person what only a person's origin is called.
function namesTrait(words: string, sensitive: SensitiveWords, descriptor: string): boolean {
  if (neverPicked.test(words)) return true;
  const asColour = descriptor.endsWith("_colour");
  return sensitiveWordsIn(asColour ? words : `${words} person`, sensitive).length > 0;
}
