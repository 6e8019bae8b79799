/** One signal's delay as it looked: received by our clock minus occurred by the device's. Negative: the device is ahead. */
export type DelaySample = { readonly receivedAtMs: number; readonly apparentDelayMs: number };

/** Below this nobody is called skewed: delivery itself takes seconds. */
export const offsetMsMin = 60_000;
const samplesMin = 3;
// A buffered upload shows delays that shrink as the buffer drains; a slow clock shows the same delay each time.
const spreadMsMax = 20_000;
// Longest delivery that still explains why a device that is ahead looks less ahead: beyond it the clock itself was another one.
const deliveryMsMax = 10 * 60_000;

/**
 * The device's clock offset (device minus ours, ms) as far as its last delays show it, or null where they do not.
 *
 * Ahead: a signal from the future proves it at once, and the largest lead seen is the closest to the truth, because delivery
 * only ever shortens it. A lead that is larger by more than a delivery takes is left out: one signal of the year 9000 must not
 * date the next alarm back by seven thousand years. Behind: a lone old signal is more likely a late one, so it takes three in a row with the same delay.
 */
export function clockOffset(samples: readonly DelaySample[]): number | null {
  const last = samples.at(-1);
  if (last === undefined) return null;
  if (last.apparentDelayMs <= -offsetMsMin) {
    const leads = samples.map((sample) => -sample.apparentDelayMs);
    return Math.max(...leads.filter((lead) => lead + last.apparentDelayMs <= deliveryMsMax));
  }
  const recent = samples.slice(-samplesMin).map((sample) => sample.apparentDelayMs);
  const least = Math.min(...recent);
  if (recent.length < samplesMin || least < offsetMsMin) return null;
  return Math.max(...recent) - least <= spreadMsMax ? -least : null;
}
