const wordsMax = 2_000;
const wordCharsMax = 64;

/** The different words of a text as people search for them: letters and digits, in lower case, in one Unicode form. */
export function searchWordsOf(text: string): readonly string[] {
  const words = new Set<string>();
  for (const [word] of text
    .normalize("NFKC")
    .toLowerCase()
    .matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    words.add(Array.from(word).slice(0, wordCharsMax).join(""));
    if (words.size >= wordsMax) break;
  }
  return [...words];
}
