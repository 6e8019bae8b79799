import { sql } from "kysely";
import type { OriginalRequestView } from "@tillwatch/wire";
import type { DbOrTx } from "../schema.ts";

type Row = {
  id: string;
  asked_by: string;
  asked_at: Date;
  purpose: string;
  because: string;
  hours: number;
  state: OriginalRequestView["state"];
  decided_by: string | null;
  decided_at: Date | null;
  decided_because: string | null;
  ends_at: Date | null;
};

/** Who asked for an original and what was decided, oldest first. What is over is shown as ended. */
export async function requestsFor(
  db: DbOrTx,
  exhibitId: string,
  nowMs: number,
): Promise<readonly OriginalRequestView[]> {
  const { rows } = await sql<Row>`
    select id, asked_by, asked_at, purpose, because, hours, state, decided_by, decided_at, decided_because, ends_at
    from original_request where exhibit_id = ${exhibitId} order by asked_at, id limit 200`.execute(db);
  return rows.map((row) => ({
    id: row.id,
    askedBy: row.asked_by,
    askedAt: row.asked_at.toISOString(),
    purpose: row.purpose,
    because: row.because,
    hours: row.hours,
    state: row.state === "approved" && (row.ends_at?.getTime() ?? 0) <= nowMs ? "ended" : row.state,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at?.toISOString() ?? null,
    decidedBecause: row.decided_because,
    endsAt: row.ends_at?.toISOString() ?? null,
  }));
}
