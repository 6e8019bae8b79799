/** Port: a keyed digest by which equal words are found, and nothing else. */
export type WordIndex = (word: string) => Uint8Array;

/** A text as its words, lower case, without marks: "Müller-Lüd, 12" is müller, lüd, 12. At most 20. */
export function wordsOf(text: string): readonly string[] {
  const words =
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]{2,}/gu) ?? [];
  return [...new Set(words)].slice(0, 20);
}

/** What the record keeps of a search: a digest of the whole, and of each word, so that equal searches are found and no text stands there. */
export function searchMarks(
  text: string,
  index: WordIndex,
): { readonly queryDigest: string; readonly words: readonly string[] } {
  const words = wordsOf(text);
  const whole = words.toSorted().join(" ");
  const mark = (word: string) => Buffer.from(index(word)).toString("base64");
  return { queryDigest: mark(whole), words: words.map(mark) };
}
