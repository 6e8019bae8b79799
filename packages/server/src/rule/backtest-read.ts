import { sql } from "kysely";
import { bearsSealedText, type Signal } from "@tillwatch/wire";
import { salesBetween } from "../enrich/enrich-read.ts";
import type { SalesFor } from "../enrich/enrich-stage.ts";
import { dismissalSwitch, switchTurns, verdictHistory } from "../noise/dismissal-store.ts";
import { silencesSince } from "../noise/silence-store.ts";
import type { Db } from "../schema.ts";
import { PastNoise } from "./past-noise.ts";

/** Stored signals of one partition, in the order of the log. `seq` is that of the last one, as far as the log was read. */
export type SignalPage = {
  readonly seq: number;
  readonly signals: readonly Signal[];
  readonly sealed: boolean; // some of them hold sealed text
};

/** Sequence numbers of one partition: after `from`, up to `to`. */
export type LogSpan = { readonly partition: number; readonly from: number; readonly to: number };

type Received = { readonly fromMs: number; readonly toMs: number };

/** Where the log holds what was received in this time, by partition; partitions that hold nothing are left out. */
export async function logSpans(machine: Db, { fromMs, toMs }: Received): Promise<readonly LogSpan[]> {
  const { rows } = await sql<{ partition: number; head: number }>`
    select partition, head from log_partition where head > 0 order by partition`.execute(machine);
  const spans: LogSpan[] = [];
  for (const { partition, head } of rows) {
    const at = { partition, head };
    const from = await lastBefore(machine, at, fromMs);
    const to = await lastBefore(machine, at, toMs);
    if (to > from) spans.push({ partition, from, to });
  }
  return spans;
}

/**
 * The last number that was received before `ms`, by halving: the log is in order of receipt but for what its sources number themselves, which
 * moves a signal by as long as it waited beside others. Uses the primary key.
 */
async function lastBefore(
  db: Db,
  { partition, head }: { partition: number; head: number },
  ms: number,
): Promise<number> {
  let [low, high] = [0, head]; // the answer lies in [low, high]
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const { rows } = await sql<{ seq: number; received: Date }>`
      select seq, received_at as received from signal where partition = ${partition} and seq > ${middle}
      order by seq limit 1`.execute(db);
    const [next] = rows;
    if (next === undefined || next.received.getTime() >= ms) high = middle;
    else low = next.seq;
  }
  return low;
}

/** The next page after `seq`. `db` is the asker's: rows of sites that he has not are not there. Uses the primary key. */
export async function signalPage(
  db: Db,
  { partition, seq, to, limit }: { partition: number; seq: number; to: number; limit: number },
): Promise<SignalPage> {
  const { rows } = await sql<{ seq: number; body: string }>`
    select seq, body::text as body from signal where partition = ${partition} and seq > ${seq} and seq <= ${to}
    order by seq limit ${limit}`.execute(db);
  const last = rows.length < limit ? to : (rows.at(-1)?.seq ?? to);
  const sealed = rows.some(({ body }) => bearsSealedText(body));
  return { seq: last, signals: rows.map(({ body }) => JSON.parse(body) as Signal), sealed };
}

/** As the pipeline was answered then: sales that were received after the exit were not there yet. */
export function salesReceivedBy(db: Db): SalesFor {
  return async (exit, span) => {
    const sales = await salesBetween(db, exit.siteId, span);
    return sales.filter(({ receivedAtMs }) => receivedAtMs <= exit.receivedAtMs);
  };
}

/** What kept sites quiet since then. `machine`, as the pipeline reads it: a case that the asker may not see lowered a rank all the same. */
export async function pastNoise(machine: Db, fromMs: number): Promise<PastNoise> {
  const [turns, { isOn }] = [await switchTurns(machine), await dismissalSwitch(machine)];
  const load = async (siteId: string) => ({
    silences: (await silencesSince(machine, [siteId], fromMs)).get(siteId) ?? [],
    verdicts: await verdictHistory(machine, { siteId, fromMs }),
  });
  return new PastNoise(load, { turns, isOn });
}
