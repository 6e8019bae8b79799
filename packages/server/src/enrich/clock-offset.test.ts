import assert from "node:assert/strict";
import { test } from "node:test";
import { clockOffset } from "./clock-offset.ts";

const minute = 60_000;
const cases: readonly { readonly says: string; readonly delays: readonly number[]; readonly want: number | null }[] = [
  { says: "nothing is known of a device that never spoke", delays: [], want: null },
  { says: "ordinary delivery is no offset", delays: [200, 900, 3_000], want: null },
  { says: "45 s off is below a minute and left alone", delays: [-45_000, -45_000, -45_000], want: null },
  { says: "a signal from the future proves at once that the clock is ahead", delays: [-5 * minute], want: 5 * minute },
  { says: "the largest lead is the closest to the truth", delays: [-299_000, -300_000, -298_000], want: 300_000 },
  {
    says: "one signal from the year 9000 does not date the next one back",
    delays: [-7_000 * 365 * 24 * 60 * minute, -2 * minute],
    want: 2 * minute,
  },
  { says: "a slow delivery of a clock that is ahead", delays: [-15 * minute, -6 * minute], want: 15 * minute },
  { says: "one old signal is late, not skewed", delays: [300, 10 * minute], want: null },
  {
    says: "three with the same delay show a clock that is behind",
    delays: [301_000, 300_000, 302_000],
    want: -300_000,
  },
  { says: "a draining buffer is late, not skewed", delays: [10 * minute, 8 * minute, 5 * minute], want: null },
];
for (const c of cases) {
  test(`A13 B20 clock offset: ${c.says}`, () => {
    const samples = c.delays.map((apparentDelayMs, index) => ({ receivedAtMs: index, apparentDelayMs }));
    assert.equal(clockOffset(samples), c.want);
  });
}
