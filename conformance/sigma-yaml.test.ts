import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { accidents, answersAsLibrary } from "../packages/sigma/src/testing/yaml.ts";
import { rounds, seed } from "./sigma-others/settings.ts";
import { ruleFiles, sigmaVectors } from "./sigma-vectors.ts";

/**
 * The quick reader of plain YAML against the library, over SigmaHQ's rules: as they are, and with accidents. TILLWATCH_FUZZ_SECONDS and TILLWATCH_FUZZ_SEED as for
 * the other fuzzers.
 */

const folder = sigmaVectors();
const skip = folder === null ? "the Sigma vectors are not here; TILLWATCH_VECTORS names their folder" : false;
const texts = (folder === null ? [] : ruleFiles(folder)).map(({ text }) => text);

const answeredShareMin = 0.97;

describe("plain YAML of SigmaHQ", () => {
  test("C09 Q07 nearly every rule is read quickly, and none otherwise than by the library", { skip }, () => {
    const answered = texts.filter((text) => answersAsLibrary(text)).length;
    const share = answered / texts.length;
    console.log(`${answered} of ${texts.length} rule files read quickly (${(100 * share).toFixed(1)} %)`);
    assert.ok(share >= answeredShareMin, `${share}`);
  });

  test("C09 C11 Q07 rules with accidents are read as the library reads them, or left to it", { skip }, () => {
    let [tried, answered] = [0, 0];
    for (const round of rounds(1)) {
      const runs = fc.property(fc.constantFrom(...texts), accidents, (text, happen) => {
        tried += 1;
        if (answersAsLibrary(happen(text))) answered += 1;
      });
      fc.assert(runs, { numRuns: 5_000, seed: Number(seed) + round });
    }
    console.log(`${tried} rules with accidents, seed ${seed}: ${answered} read quickly, ${tried - answered} left`);
    assert.ok(answered > tried / 10 && answered < tried / 1.2, "the accidents are neither too small nor too large");
  });
});
