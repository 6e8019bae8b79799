import type { DeviceName } from "./device-name.ts";
import type { RefusalCode } from "./refused.ts";

export type RefusedAttempt = {
  readonly code: RefusalCode;
  readonly via: "http" | "mqtt" | "enrolment";
  readonly says: string;
  readonly address: string;
  /** Whom the attempt named or, where that was proven, whose it was. */
  readonly device: DeviceName | null;
};

/** Attempts of one kind since the last time they were taken. */
export type CountedAttempts = RefusedAttempt & {
  readonly attempts: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
};

// What an attempt names is the attacker's to choose; beyond this many kinds between two takings, they are of nobody.
const kindsMax = 1_000;

/** Counts refused attempts in memory until they are written, so that a flood of them is a few rows and a few entries. */
export class RefusalRecord {
  readonly #isKnown: (device: DeviceName) => boolean;
  readonly #clock: () => number;
  #waiting = new Map<string, CountedAttempts>();

  /** `isKnown`: whether the directory has the device; others are counted together. */
  constructor(isKnown: (device: DeviceName) => boolean, clock: () => number) {
    this.#isKnown = isKnown;
    this.#clock = clock;
  }

  note(attempt: RefusedAttempt): void {
    const named = attempt.device !== null && this.#isKnown(attempt.device) ? attempt.device : null;
    const device = this.#waiting.size < kindsMax ? named : null;
    const key = `${device?.siteId ?? ""}/${device?.deviceId ?? ""}/${attempt.code}/${attempt.via}`;
    const before = this.#waiting.get(key);
    const nowMs = this.#clock();
    const address = attempt.address.slice(0, 64);
    // It may quote what a device chose, such as a topic: without what a database or a line of a log would stumble over.
    const says = attempt.says
      .slice(0, 300)
      .toWellFormed()
      .replaceAll(/\p{Cc}/gu, "?");
    const attempts = (before?.attempts ?? 0) + 1;
    this.#waiting.set(key, {
      ...attempt,
      says,
      device,
      address,
      attempts,
      firstAtMs: before?.firstAtMs ?? nowMs,
      lastAtMs: nowMs,
    });
  }

  /** Hands over what was counted and begins anew. */
  take(): readonly CountedAttempts[] {
    const taken = [...this.#waiting.values()];
    this.#waiting = new Map();
    return taken;
  }
}
