import type { Control } from "./control.ts";
import type { AuditVerification } from "@tillwatch/wire";
import type { SequencerState } from "../audit/audit-sequencer.ts";
import type { Clock } from "../platform/clock.ts";
import { watchState } from "../record/misuse-store.ts";
import type { MisuseRules } from "../record/misuse-rules.ts";
import type { Db } from "../schema.ts";

type Deps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly verify: () => Promise<AuditVerification>;
  readonly sequencer: { readonly state: SequencerState };
  readonly misuse: MisuseRules;
};

const behindMax = 5_000;
const silentMsMax = 120_000;

/** The record itself: it verifies, it grows, and the watch reads it. */
export function recordControls({ db, clock, verify, sequencer, misuse }: Deps): readonly Control[] {
  const openedMs = clock();
  return [
    {
      id: "log_verifies",
      title: "The record verifies",
      says: "Every entry is what the log holds, and the log is what its key signed.",
      everyMinutes: 24 * 60,
      check: async () => {
        const { ok, checked, size, durationMs, problems } = await verify();
        const says = ok
          ? `${checked} entries recomputed, all as signed`
          : `${problems.length} entries altered or missing`;
        return {
          ok,
          says,
          evidence: { checked, size, durationMs, problems: problems.slice(0, 20).map((one) => ({ ...one })) },
        };
      },
    },
    {
      id: "log_grows",
      title: "What happens is integrated",
      says: "The log takes in what is appended, and is not halted.",
      everyMinutes: 5,
      check: async () => {
        const { state } = sequencer;
        const ok = state.kind !== "halted";
        return {
          ok,
          says: ok ? `the log is ${state.kind}` : `the log is halted: ${state.says}`,
          evidence: { state: state.kind },
        };
      },
    },
    {
      id: "misuse_watch",
      title: "The watch over the record runs",
      says: "Rules against misuse are loaded, and read the record within two minutes.",
      everyMinutes: 5,
      check: async () => {
        const { readAtMs, behind } = await watchState(db);
        const rules = misuse.rules.length;
        // A server that just started has not looked yet, however long it was away.
        const silentMs = clock() - Math.max(readAtMs ?? 0, openedMs);
        const ok = rules > 0 && silentMs < silentMsMax && behind < behindMax;
        const says =
          rules === 0
            ? "the pack has no rules against misuse"
            : ok
              ? `${rules} rules, read up to date`
              : "the watch is behind or stands still";
        return { ok, says, evidence: { rules, behind, silentMs, version: misuse.version } };
      },
    },
  ];
}
