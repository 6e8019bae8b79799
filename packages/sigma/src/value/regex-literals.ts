/**
 * Texts of which a text must hold at least one, letter case removed, where the pattern is found in it; null where nothing can be said.
 *
 * Reads the RE2 syntax that rules use and gives up on the rest: what is said here leaves rules out, so a doubt must say nothing.
 */
export function literalsOfRegex(pattern: string, isInsensitive: boolean): readonly string[] | null {
  // A flag within the pattern may switch letter case off for a part of it; then it is off for all of it here.
  const reader = new Reader(pattern, isInsensitive || /\(\?[a-zA-Z-]*i/.test(pattern));
  const literals = reader.alternatives(0);
  return reader.isSound ? literals : null;
}

type Literals = readonly string[] | null;

const depthMax = 32;

class Reader {
  readonly #pattern: string;
  readonly #isInsensitive: boolean;
  #at = 0;
  #isReadable = true;

  constructor(pattern: string, isInsensitive: boolean) {
    this.#pattern = pattern;
    this.#isInsensitive = isInsensitive;
  }

  /** Whether all of the pattern was read and understood. */
  get isSound(): boolean {
    return this.#isReadable && this.#at === this.#pattern.length;
  }

  /** `a|b|c`, up to the end or to the parenthesis that closes it: one of what each of them needs. */
  alternatives(depth: number): Literals {
    const all: string[] = [];
    let isAny = depth > depthMax;
    if (isAny) this.#giveUp();
    for (;;) {
      const one = this.#sequence(depth);
      if (one === null) isAny = true;
      else all.push(...one);
      if (this.#peek() !== "|") return isAny ? null : all;
      this.#at += 1;
    }
  }

  /** All of it is needed, so the part is taken that is rarest: the one whose shortest literal is longest. */
  #sequence(depth: number): Literals {
    let best: Literals = null;
    let run = "";
    const take = (literals: Literals) => {
      if (shortestOf(literals) > shortestOf(best)) best = literals;
    };
    const endRun = () => {
      take(run === "" ? null : [run]);
      run = "";
    };
    for (let next = this.#peek(); next !== "" && next !== "|" && next !== ")"; next = this.#peek()) {
      const atom = this.#atom(depth);
      const least = this.#repetition();
      if (typeof atom === "string" && least === null) run += atom;
      else if (typeof atom === "string") {
        if (least !== 0) run += atom;
        endRun();
      } else {
        endRun();
        if (least !== 0) take(atom);
      }
    }
    endRun();
    return best;
  }

  /** A text that stands there as it is; else what a group needs, null for a class, an anchor and the like. */
  #atom(depth: number): string | Literals {
    const char = this.#peek();
    this.#at += 1;
    switch (char) {
      case "(":
        return this.#group(depth);
      case "[":
        return this.#class();
      case "\\":
        return this.#escape();
      case ".":
      case "^":
      case "$":
        return null;
      case "*":
      case "+":
      case "?":
        return this.#giveUp(); // what it repeats was read with it
      default:
        return this.#literal(char);
    }
  }

  /** Null for what is not the same without letter case: RE2 takes a long s (ſ) for an s, lower case does not. */
  #literal(char: string): string | null {
    if (char > "~" || (this.#isInsensitive && (char === "s" || char === "S"))) return null;
    return char.toLowerCase();
  }

  #group(depth: number): Literals {
    const head = /^\?(?:P?<\w+>|[ims]*:)/.exec(this.#pattern.slice(this.#at, this.#at + 80))?.[0] ?? "";
    this.#at += head.length;
    if (head === "" && this.#peek() === "?") {
      const flags = /^\?[ims]+\)/.exec(this.#pattern.slice(this.#at, this.#at + 8))?.[0];
      if (flags === undefined) return this.#giveUp();
      this.#at += flags.length;
      return null;
    }
    const inner = this.alternatives(depth + 1);
    if (this.#peek() !== ")") return this.#giveUp();
    this.#at += 1;
    return inner;
  }

  #class(): null {
    if (this.#peek() === "^") this.#at += 1;
    // The first may be a bracket that is meant as itself; a bracket within is a class by name, which is left alone.
    for (let isFirst = true; this.#peek() !== "]" || isFirst; isFirst = false) {
      const char = this.#peek();
      if (char === "" || char === "[") return this.#giveUp();
      this.#at += char === "\\" ? 2 : 1;
    }
    this.#at += 1;
    return null;
  }

  #escape(): string | null {
    const char = this.#peek();
    this.#at += 1;
    if (/[dDsSwWbBAzntrfv]/.test(char)) return null;
    return char === "" || /[A-Za-z0-9_]/.test(char) || char > "~" ? this.#giveUp() : this.#literal(char);
  }

  /** How often at least, where something says how often; null: once. */
  #repetition(): number | null {
    const found = /^(?:([*+?])|\{(\d{1,4})(?:,\d{0,4})?\})\??/.exec(this.#pattern.slice(this.#at, this.#at + 16));
    if (found === null) return null;
    this.#at += found[0].length;
    const [, sign, count] = found;
    return sign === undefined ? Number(count) : sign === "+" ? 1 : 0;
  }

  #peek(): string {
    return this.#pattern.charAt(this.#at);
  }

  #giveUp(): null {
    this.#isReadable = false;
    this.#at = this.#pattern.length;
    return null;
  }
}

function shortestOf(literals: Literals): number {
  return literals === null ? 0 : Math.min(...literals.map(({ length }) => length));
}
