import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { generateChain, type Chain } from "./sigma-others/chain.ts";
import {
  ourStanding,
  readingStanding,
  standingDifference,
  type Standing,
  type StandingDifference,
} from "./sigma-others/chain-comparison.ts";
import { rounds, seed } from "./sigma-others/settings.ts";

/**
 * Correlations over correlations, held against a plain reading of the page after each event. Three of four streams are rough: events come late, twice, with
 * arrays, or lack what is asked for. TILLWATCH_FUZZ_SECONDS and TILLWATCH_FUZZ_SEED as for the other fuzzers.
 */
const chainNamed = (label: string, number: number): Chain =>
  generateChain(`${label}/${number}`, number, { isRough: number % 4 !== 0 });

describe("sigma chains", () => {
  test("C10 correlations over correlations: after each event there stands what a plain reading of all until then finds", () => {
    const differences: StandingDifference[] = [];
    const seen = { chains: 0, deep: 0, found: 0, onTop: 0 };
    for (const round of rounds(20)) {
      for (let number = 0; number < 100; number += 1) {
        const chain = chainNamed(`chains/${seed}/${round}`, number);
        const { difference, standing } = standingDifference(chain);
        if (difference !== null) differences.push(difference);
        seen.chains += 1;
        seen.deep += chain.links.some(({ name }) => name === "1") ? 1 : 0;
        seen.found += standing.length;
        seen.onTop += standing.some((one) => one.startsWith("f")) ? 1 : 0;
      }
    }
    console.log(
      `seed ${seed}: ${seen.chains} chains, ${seen.deep} of them three deep, ${seen.found} findings, ${seen.onTop} chains with one on top`,
    );
    assert.deepEqual(differences.slice(0, 2), []);
    assert.ok(seen.chains >= 2_000);
    assert.ok(seen.deep > seen.chains / 5 && seen.onTop > seen.chains / 3, "enough is deep, and found");
  });

  test("C10 correlations over correlations: an engine with a wrong answer planted in it is told from the plain reading", () => {
    const chains = Array.from({ length: 100 }, (_, number) => chainNamed("chains/planted", number));
    const changed =
      (change: (chain: Chain) => Chain): Standing =>
      (chain) =>
        ourStanding(change(chain));
    const onTop = (chain: Chain, more: object): Chain => ({
      ...chain,
      links: chain.links.map((link, at) => (at === chain.links.length - 1 ? { ...link, ...more } : link)),
    });
    const wrong: Readonly<Record<string, Standing>> = {
      "the span is a second longer on top": changed((chain) =>
        onTop(chain, { spanMs: (chain.links.at(-1)?.spanMs ?? 0) + 1_000 }),
      ),
      "nothing that is counted speaks": changed((chain) => ({
        ...chain,
        links: chain.links.map((link) => ({ ...link, generate: false })),
      })),
      "what comes late counts as if it came in time": changed((chain) => {
        let newestMs = 0;
        const inTime = chain.events.map((event) => ({ ...event, atMs: (newestMs = Math.max(newestMs, event.atMs)) }));
        return { ...chain, events: inTime };
      }),
      "nothing is taken back": (chain) => {
        const said = new Set<string>();
        return ourStanding(chain).map((ones) => {
          for (const one of ones) said.add(one);
          return [...said].sort();
        });
      },
      "a correlation is counted at each event at which it holds": readingStanding({
        has: (point) => point === "each_firing",
      }),
      "a correlation that is counted has no values": readingStanding({ has: (point) => point === "chained_values" }),
      "its aliases are not looked up": readingStanding({ has: (point) => point === "chained_alias" }),
    };
    for (const [what, standing] of Object.entries(wrong)) {
      assert.ok(
        chains.some((chain) => standingDifference(chain, standing).difference !== null),
        what,
      );
    }
  });
});
