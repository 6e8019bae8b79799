import { quoted, type Complaint } from "../problem.ts";
import { ok, refused, type Result } from "../result.ts";

/** What a rule's condition says, with every `of` already resolved to the selections that it names. */
export type Condition =
  | { readonly kind: "selection"; readonly name: string }
  | { readonly kind: "not"; readonly term: Condition }
  | { readonly kind: "and" | "or"; readonly terms: readonly Condition[] };

/** A complaint with the offset in the condition's text at which it begins. */
export type ConditionRefusal = Complaint & { readonly offset: number };

const lengthMax = 16_384;
const depthMax = 64;

/**
 * Parses a condition, loosest to tightest: `or`, `and`, `not`, `1 of` / `all of`, parentheses (Sigma specification 2.1,
 * "Condition"). Keywords are lower case. `them` and a pattern with `*` leave out selections that begin with `_`, unless
 * the pattern itself begins with it. A name or pattern that fits no selection is refused.
 */
export function parseCondition(text: string, selections: readonly string[]): Result<Condition, ConditionRefusal> {
  if (text.length > lengthMax) return refused({ ...tooLarge(), offset: 0 });
  try {
    return ok(new ConditionParser(text, selections).parse());
  } catch (cause) {
    if (cause instanceof Refusal) return refused({ ...cause.complaint, offset: cause.offset });
    throw cause;
  }
}

/** Ends the descent at the first thing not understood; never leaves this file. */
class Refusal extends Error {
  readonly complaint: Complaint;
  readonly offset: number;

  constructor(complaint: Complaint, offset: number) {
    super(complaint.message);
    this.complaint = complaint;
    this.offset = offset;
  }
}

type Word = { readonly text: string; readonly offset: number };

class ConditionParser {
  readonly #words: readonly Word[];
  readonly #end: number;
  readonly #selections: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(text: string, selections: readonly string[]) {
    this.#words = [...text.matchAll(/[()|]|[^\s()|]+/g)].map((found) => ({ text: found[0], offset: found.index }));
    this.#end = text.length;
    this.#selections = selections;
  }

  parse(): Condition {
    const condition = this.#or();
    const rest = this.#words[this.#at];
    if (rest !== undefined) throw this.#unexpected(rest);
    return condition;
  }

  #or(): Condition {
    return this.#joined("or", () => this.#joined("and", () => this.#not()));
  }

  #joined(kind: "and" | "or", next: () => Condition): Condition {
    const terms = [next()];
    while (this.#words[this.#at]?.text === kind) {
      this.#at += 1;
      terms.push(next());
    }
    return joinTerms(kind, terms);
  }

  #not(): Condition {
    const word = this.#words[this.#at];
    if (word?.text !== "not") return this.#primary();
    this.#at += 1;
    return this.#nested(word, () => ({ kind: "not", term: this.#not() }));
  }

  #nested(word: Word, inner: () => Condition): Condition {
    this.#depth += 1;
    if (this.#depth > depthMax) throw new Refusal(tooLarge(), word.offset);
    const condition = inner();
    this.#depth -= 1;
    return condition;
  }

  #primary(): Condition {
    const word = this.#words[this.#at];
    if (word === undefined) throw this.#unexpected(undefined);
    if (word.text === "(") return this.#parenthesis(word);
    if (this.#words[this.#at + 1]?.text === "of") return this.#quantified(word);
    if (/^(?:and|or|not|of|them|all|any|[()|])$/.test(word.text)) throw this.#unexpected(word);
    this.#at += 1;
    if (!this.#selections.includes(word.text)) throw new Refusal(this.#unknown(word.text), word.offset);
    return { kind: "selection", name: word.text };
  }

  #parenthesis(open: Word): Condition {
    this.#at += 1;
    const inner = this.#nested(open, () => this.#or());
    const close = this.#words[this.#at];
    if (close?.text !== ")") throw this.#unexpected(close);
    this.#at += 1;
    return inner;
  }

  #quantified(quantifier: Word): Condition {
    if (quantifier.text !== "1" && quantifier.text !== "all") {
      throw new Refusal(
        {
          code: "sigma_condition_quantifier",
          message: `${quoted(`${quantifier.text} of`)} is not in the Sigma specification: only "1 of" and "all of" are.`,
          remedy: "Write `1 of` for at least one and `all of` for every one; spell other counts out with and / or.",
        },
        quantifier.offset,
      );
    }
    const target = this.#words[this.#at + 2];
    if (target === undefined || /^(?:and|or|not|of|[()|])$/.test(target.text)) throw this.#unexpected(target);
    this.#at += 3;
    const names = namesOf(target.text, this.#selections);
    if (names.length === 0) throw new Refusal(this.#unknown(target.text), target.offset);
    const terms = names.map((name): Condition => ({ kind: "selection", name }));
    return joinTerms(quantifier.text === "1" ? "or" : "and", terms);
  }

  #unknown(name: string): Complaint {
    if (/^(?:and|or|not)$/i.test(name)) {
      return syntax(`${quoted(name)} is not an operator.`, "Write and, or, not in lower case.");
    }
    const known = this.#selections.slice(0, 20).map(quoted).join(", ");
    return {
      code: "sigma_condition_selection_unknown",
      message: `The condition names ${quoted(name)}, but the detection holds no such selection (it holds ${known}).`,
      remedy: "Correct the name or add the selection; the case of letters counts.",
    };
  }

  #unexpected(word: Word | undefined): Refusal {
    if (word === undefined) {
      return new Refusal(syntax("The condition ends too early.", "Complete the condition."), this.#end);
    }
    if (word.text === "|") {
      return new Refusal(
        {
          code: "sigma_condition_aggregation",
          message: "The condition holds `|`: aggregations in conditions are not part of Sigma since version 2.",
          remedy: "Write a correlation rule instead.",
        },
        word.offset,
      );
    }
    const remedy = "Join selections with and, or, not, `1 of`, `all of` and parentheses; operators in lower case.";
    return new Refusal(syntax(`${quoted(word.text)} cannot stand here.`, remedy), word.offset);
  }
}

function joinTerms(kind: "and" | "or", terms: readonly Condition[]): Condition {
  const [only] = terms;
  return terms.length === 1 && only !== undefined ? only : { kind, terms };
}

function namesOf(target: string, selections: readonly string[]): readonly string[] {
  if (target === "them") return selections.filter((name) => !name.startsWith("_"));
  if (!target.includes("*")) return selections.filter((name) => name === target);
  const pieces = target.split("*");
  return selections.filter((name) => fits(name, pieces) && (target.startsWith("_") || !name.startsWith("_")));
}

/** Whether a name is the pieces in order with anything between them. */
function fits(name: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= name.length - last.length;
}

function syntax(message: string, remedy: string): Complaint {
  return { code: "sigma_condition_syntax", message, remedy };
}

function tooLarge(): Complaint {
  return {
    code: "sigma_condition_too_large",
    message: `The condition is longer than ${lengthMax} characters or nested deeper than ${depthMax} levels.`,
    remedy: "Use `1 of pattern*` and `all of pattern*` instead of spelling selections out.",
  };
}
