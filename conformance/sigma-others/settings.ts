import { randomInt } from "node:crypto";

/**
 * How the differential tests and fuzzers of Sigma run: a plain run does what is asked for at the least and begins at the same seed each time,
 * so that a change is judged and not the dice. TILLWATCH_FUZZ_SECONDS goes on for that long, at a seed of its own; TILLWATCH_FUZZ_SEED names
 * one. The seed is printed.
 */
const seconds = Number(process.env["TILLWATCH_FUZZ_SECONDS"] ?? 0);
const isLong = seconds >= 300;

export const seed = process.env["TILLWATCH_FUZZ_SEED"] ?? String(isLong ? randomInt(2 ** 31) : 1);

/** Numbers of rounds to do: `least`, and on while a long run has time. */
export function* rounds(least: number): Generator<number> {
  const endMs = performance.now() + (isLong ? seconds * 1000 : 0);
  for (let round = 0; round < least || performance.now() < endMs; round += 1) yield round;
}
