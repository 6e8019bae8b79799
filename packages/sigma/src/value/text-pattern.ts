/**
 * A Sigma text value: literal text with wildcards, its escapes resolved.
 *
 * `*` stands for any run of characters (none included, line breaks included), `?` for exactly one Unicode character.
 * A backslash before `*`, `?` or a backslash makes that character literal; before anything else it is a literal itself.
 * Sigma specification 2.1, "Escape Character".
 */
export type Token = { readonly literal: string } | { readonly wildcard: "one" | "many" };

export const anyRun: Token = { wildcard: "many" };

const special = /[\\*?]/;

/** Reads a text value. Adjacent literals are one token, adjacent `*` are one wildcard. */
export function parseTextPattern(source: string): readonly Token[] {
  if (!special.test(source)) return source === "" ? [] : [{ literal: source }];
  const tokens: Token[] = [];
  let literal = "";
  let from = 0;
  const flush = (until: number) => {
    literal += source.slice(from, until);
    from = until + 1;
    if (literal !== "") tokens.push({ literal });
    literal = "";
  };
  for (let at = 0; at < source.length; at += 1) {
    const char = source.charAt(at);
    const next = source.charAt(at + 1);
    if (char === "\\" && (next === "*" || next === "?" || next === "\\")) {
      literal += source.slice(from, at);
      from = at + 1;
      at += 1;
    } else if (char === "*") {
      flush(at);
      if (!isRun(tokens.at(-1))) tokens.push(anyRun);
    } else if (char === "?") {
      flush(at);
      tokens.push({ wildcard: "one" });
    }
  }
  flush(source.length);
  return tokens;
}

/** Text that `parseTextPattern` reads back as exactly this literal. */
export function escapeTextPattern(literal: string): string {
  return literal.replace(/[\\*?]/g, String.raw`\$&`);
}

/** The literal text, or null where a wildcard stands in it. */
export function plainText(tokens: readonly Token[]): string | null {
  let text = "";
  for (const token of tokens) {
    if ("wildcard" in token) return null;
    text += token.literal;
  }
  return text;
}

/** The pattern with a run allowed before or after it, as `contains`, `startswith` and `endswith` want. */
export function padded(tokens: readonly Token[], pad: { readonly before: boolean; readonly after: boolean }) {
  const list = [...tokens];
  if (pad.before && !isRun(list[0])) list.unshift(anyRun);
  if (pad.after && !isRun(list.at(-1))) list.push(anyRun);
  return list;
}

export function isRun(token: Token | undefined): boolean {
  return token !== undefined && "wildcard" in token && token.wildcard === "many";
}

/**
 * Letter case removed, for comparison without case: Unicode lower case, with the Greek final sigma as plain sigma
 * (lower case alone would make it depend on the letter that follows).
 */
export function foldCase(text: string): string {
  const lower = text.toLowerCase();
  return lower.includes("ς") ? lower.replaceAll("ς", "σ") : lower;
}

/** The five characters that `windash` takes for one another: - / en dash, em dash, horizontal bar. */
export const dashes = ["-", "/", "\u2013", "\u2014", "\u2015"] as const;

/** Every dash as `-`. Comparing two texts after this equals comparing with every permutation of dashes. */
export function foldDashes(text: string): string {
  return text.replace(/[/\u2013\u2014\u2015]/g, "-");
}

export function mapLiterals(tokens: readonly Token[], change: (literal: string) => string): readonly Token[] {
  return tokens.map((token) => ("literal" in token ? { literal: change(token.literal) } : token));
}
