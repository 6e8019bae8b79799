import type { Observation } from "./observation.ts";
import type { Random } from "./random.ts";

/** How well a kind of device works: what it misses, how its stated confidence scatters, how often its clock is far off. */
type Skill = { readonly misses: number; readonly scatter: number };

const skills: Readonly<Record<string, Skill>> = {
  camera: { misses: 0.1, scatter: 0.07 },
  microphone: { misses: 0.08, scatter: 0.08 },
  eas_gate: { misses: 0.05, scatter: 0 },
  rfid_reader: { misses: 0.04, scatter: 0 },
  shelf: { misses: 0.06, scatter: 0 },
  door: { misses: 0.02, scatter: 0 },
};
const faultless: Skill = { misses: 0, scatter: 0 };

/** What the device makes of it: null where it missed it, else the confidence that it states (two decimals). */
export function sense(observation: Observation, random: Random): { readonly confidence: number | null } | null {
  const skill = skills[observation.device.kind] ?? faultless;
  // Drawn in any case, so that one device's luck does not shift the next one's.
  const luck = random.next();
  const noise = random.normal();
  if (luck < skill.misses) return null;
  if (observation.confidence === null) return { confidence: null };
  const stated = Math.min(0.99, Math.max(0.3, observation.confidence + noise * skill.scatter));
  return { confidence: Math.round(stated * 100) / 100 };
}

/** Device clock minus true time, for the life of the world: nearly right, seconds off, or (one in fourteen) minutes off. */
export function clockOffsetMs(random: Random): number {
  const dice = random.next();
  const sign = random.chance(0.5) ? 1 : -1;
  if (dice < 0.07) return sign * random.int(65_000, 420_000);
  if (dice < 0.15) return sign * random.int(2_000, 45_000);
  return sign * random.int(0, 900);
}
