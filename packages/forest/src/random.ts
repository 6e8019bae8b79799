/** Numbers in [0, 1) that look like chance. */
export type Chance = () => number;

/**
 * A small generator (splitmix32 to seed, sfc32 to run): the same seed gives the same numbers on every machine, for ever. Not for
 * secrets. `stream` tells generators of one seed apart, so that a tree does not depend on how much chance the one before it used.
 */
export function chanceOf(seed: number, stream: number): Chance {
  const next = splitmix32(
    (Math.imul(seed | 0, 0x9e37_79b1) ^ Math.floor(seed / 2 ** 32) ^ Math.imul(stream + 1, 0x85eb_ca6b)) | 0,
  );
  let [a, b, c, counter] = [next(), next(), next(), 1];
  const draw = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round++) draw();
  return () => ((draw() >>> 5) * 67_108_864 + (draw() >>> 6)) / 9_007_199_254_740_992;
}

function splitmix32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e37_79b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0_aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a_2d97);
    return mixed ^ (mixed >>> 15);
  };
}
