/** A literal, not empty, that a rule needs to find in a text, and the number of the rule. */
export type NeededLiteral = { readonly literal: string; readonly at: number };

/** `offset`: where in the literal that begins under which it is filed. */
type Entry = { readonly literal: string; readonly rules: number[]; readonly offset: number };

/** The walk looks at three characters at a time. */
const walkedLengthMin = 3;

/** Bits by which a character is shifted out: three times as many are more than any mask here has. */
const shift = 6;

/**
 * Finds which of many literals occur in a text, in one walk over the text whatever their number.
 *
 * Each literal is filed under one run of three of its characters, the one that is rarest among all literals; at each
 * place of the text the entries under its run are compared in full.
 */
export class LiteralIndex {
  readonly #mask: number;
  /** A bit a run that something is filed under: small enough to stay near the core, where most places of a text end. */
  readonly #filled: Uint32Array;
  readonly #entries = new Map<number, Entry[]>();
  readonly #short: ShortLiterals;

  constructor(all: readonly NeededLiteral[]) {
    const rules = new Map<string, number[]>();
    for (const { literal, at } of all) listOf(rules, literal).push(at);
    const needed = [...rules].filter(([literal]) => literal.length >= walkedLengthMin);
    this.#short = new ShortLiterals([...rules].filter(([literal]) => literal.length < walkedLengthMin));
    // Sixteen slots an entry keep most places of a text without any comparison; fewer than 15 bits would lose the first character.
    const bits = Math.min(18, Math.max(15, Math.ceil(Math.log2(needed.length * 16 + 1))));
    this.#mask = 2 ** bits - 1;
    this.#filled = new Uint32Array(2 ** (bits - 5));
    const counts = new Uint32Array(2 ** bits);
    const slots = needed.map(([literal]) => this.#slotsOf(literal));
    for (const own of slots) for (const slot of own) counts[slot] = (counts[slot] ?? 0) + 1;
    for (const [nth, [literal, found]] of needed.entries()) {
      const own = slots[nth] ?? [];
      let offset = 0;
      for (const [index, slot] of own.entries()) {
        if ((counts[slot] ?? 0) < (counts[own[offset] ?? 0] ?? 0)) offset = index;
      }
      const slot = own[offset] ?? 0;
      listOf(this.#entries, slot).push({ literal, rules: found, offset });
      this.#filled[slot >>> 5] = (this.#filled[slot >>> 5] ?? 0) | (1 << slot);
    }
  }

  /** Calls `found` with the rule of every literal in the text; with one rule perhaps several times. */
  search(text: string, found: (at: number) => void): void {
    const filled = this.#filled;
    const mask = this.#mask;
    const [first, second] = [text.charCodeAt(0), text.charCodeAt(1)];
    let slot = (first << shift) ^ second;
    let bits = first | second;
    for (let place = 2; place < text.length; place += 1) {
      const unit = text.charCodeAt(place);
      bits |= unit;
      slot = ((slot << shift) ^ unit) & mask;
      // A shift takes the last five bits of its count alone.
      if ((((filled[slot >>> 5] ?? 0) >>> slot) & 1) === 0) continue;
      for (const { literal, offset, rules } of this.#entries.get(slot) ?? []) {
        if (text.startsWith(literal, place - 2 - offset)) rules.forEach(found);
      }
    }
    this.#short.search(text, { isAscii: bits < 128, found });
  }

  #slotsOf(literal: string): readonly number[] {
    const slots: number[] = [];
    let slot = (literal.charCodeAt(0) << shift) ^ literal.charCodeAt(1);
    for (let place = 2; place < literal.length; place += 1) {
      slot = ((slot << shift) ^ literal.charCodeAt(place)) & this.#mask;
      slots.push(slot);
    }
    return slots;
  }
}

/**
 * Literals of one or two characters. In ASCII they are few, and each is sought by itself; of other scripts a rule may name a thousand, which
 * are looked up by the characters of a text that is not ASCII alone, as few are.
 */
class ShortLiterals {
  readonly #ascii: Entry[] = [];
  /** By their last code unit that is not ASCII: the first halves of pairs are much the same. */
  readonly #others = new Map<number, Entry[]>();

  constructor(needed: readonly (readonly [literal: string, rules: number[]])[]) {
    for (const [literal, rules] of needed) {
      const offset = literal.charCodeAt(literal.length - 1) < 128 ? 0 : literal.length - 1;
      const unit = literal.charCodeAt(offset);
      if (unit < 128) this.#ascii.push({ literal, rules, offset });
      else listOf(this.#others, unit).push({ literal, rules, offset });
    }
  }

  search(text: string, { isAscii, found }: { readonly isAscii: boolean; readonly found: (at: number) => void }): void {
    for (const { literal, rules } of this.#ascii) if (text.includes(literal)) rules.forEach(found);
    if (isAscii || this.#others.size === 0) return;
    for (let place = 0; place < text.length; place += 1) {
      const unit = text.charCodeAt(place);
      if (unit < 128) continue;
      for (const { literal, offset, rules } of this.#others.get(unit) ?? []) {
        if (text.startsWith(literal, place - offset)) rules.forEach(found);
      }
    }
  }
}

function listOf<K, V>(map: Map<K, V[]>, key: K): V[] {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made: V[] = [];
  map.set(key, made);
  return made;
}
