import { forestProblem, type ForestProblem, type ForestProblemCode } from "./problem.ts";

/** Ends the reading of a file at its first problem; it never leaves this package. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly problem: ForestProblem;

  constructor(code: ForestProblemCode, place: string, message: string) {
    super(message);
    this.problem = forestProblem(code, place, message);
  }
}

type Members = Readonly<Record<string, unknown>>;
type Bounds = readonly [least: number, largest: number];

/** A value of a file that nobody vouches for, with where it stands. Every question refuses what it did not ask for. */
export class Reader {
  readonly #value: unknown;
  readonly #place: string;

  constructor(value: unknown, place: string) {
    this.#value = value;
    this.#place = place;
  }

  get place(): string {
    return this.#place;
  }

  /** An object of exactly these members, all of them there. */
  members<const N extends string>(names: readonly N[]): Readonly<Record<N, Reader>> {
    const value = this.#value;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.refusal("is no object");
    const unknown = Object.keys(value).find((name) => !names.some((known) => known === name));
    if (unknown !== undefined)
      throw new Refusal("model_member_unknown", this.#at(unknown.slice(0, 80)), "is not a member of the format.");
    const missing = names.find((name) => !Object.hasOwn(value, name));
    if (missing !== undefined) throw new Refusal("model_member_missing", this.#at(missing), "is missing.");
    const read = (name: N) => new Reader((value as Members)[name], this.#at(name));
    return Object.fromEntries(names.map((name) => [name, read(name)])) as Readonly<Record<N, Reader>>;
  }

  list(countMin: number, countMax: number): readonly Reader[] {
    return this.#array(countMin, countMax).map((value, at) => new Reader(value, `${this.#place}[${at}]`));
  }

  text(lengthMax: number): string {
    const value = this.#value;
    if (typeof value !== "string" || value.trim() === "") throw this.refusal("is no text");
    if (value.length > lengthMax) throw this.refusal(`has more than ${lengthMax} characters`);
    return value;
  }

  textOrNull(lengthMax: number): string | null {
    return this.#value === null ? null : this.text(lengthMax);
  }

  matching(pattern: RegExp, what: string): string {
    const text = this.text(1_000);
    if (!pattern.test(text)) throw this.refusal(`is no ${what}`);
    return text;
  }

  oneOf<const T extends string>(known: readonly T[]): T {
    const found = known.find((one) => one === this.#value);
    if (found === undefined) throw this.refusal(`is none of ${known.join(", ")}`);
    return found;
  }

  number(least: number, largest: number): number {
    return this.#numeric(this.#value, this.#place, [least, largest]);
  }

  whole(least: number, largest: number): number {
    return this.#whole(this.#value, this.#place, [least, largest]);
  }

  numbers(countMin: number, countMax: number): readonly number[] {
    const values = this.#array(countMin, countMax);
    return values.map((value, at) => (isFinite(value) ? value : this.#entry(values, at).number(-Infinity, Infinity)));
  }

  wholes(count: number, least: number, largest: number): Int32Array {
    const values = this.#array(count, count);
    return Int32Array.from(values, (value, at) =>
      isFinite(value) && Number.isInteger(value) && value >= least && value <= largest
        ? value
        : this.#entry(values, at).whole(least, largest),
    );
  }

  refusal(what: string): Refusal {
    return new Refusal("model_value_malformed", this.#place, `${what}.`);
  }

  /** Only where something is wrong: the places of a million numbers are not worth writing down. */
  #entry(values: readonly unknown[], at: number): Reader {
    return new Reader(values[at], `${this.#place}[${at}]`);
  }

  #at(name: string): string {
    return this.#place === "" ? name : `${this.#place}.${name}`;
  }

  #array(countMin: number, countMax: number): readonly unknown[] {
    const value = this.#value;
    if (!Array.isArray(value)) throw this.refusal("is no list");
    if (value.length < countMin || value.length > countMax) {
      const wanted = countMin === countMax ? `${countMin}` : `${countMin} to ${countMax}`;
      throw this.refusal(`has ${value.length} entries, not ${wanted}`);
    }
    return value as readonly unknown[];
  }

  #numeric(value: unknown, place: string, [least, largest]: Bounds): number {
    if (typeof value !== "number" || !Number.isFinite(value))
      throw new Refusal("model_value_malformed", place, "is no finite number.");
    if (value < least || value > largest)
      throw new Refusal("model_value_malformed", place, `is not from ${least} to ${largest}.`);
    return value;
  }

  #whole(value: unknown, place: string, bounds: Bounds): number {
    if (!Number.isInteger(value)) throw new Refusal("model_value_malformed", place, "is no whole number.");
    return this.#numeric(value, place, bounds);
  }
}

function isFinite(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
