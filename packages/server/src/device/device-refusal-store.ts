import { sql } from "kysely";
import { appendAudit, type AuditRecord } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Db, Tx } from "../schema.ts";
import { deviceText } from "./device-name.ts";
import type { CountedAttempts } from "./refusal-record.ts";

// One entry for a kind of attempt in this time; the count in the table says how many there were.
const auditEveryMs = 10 * 60_000;

/** Adds up refused attempts by device, code and day; of a kind that was not on the record lately, one audit entry in the same transaction. */
export async function saveRefusals(db: Db, counted: readonly CountedAttempts[], chance: Chance): Promise<void> {
  if (counted.length === 0) return;
  await db.transaction().execute(async (tx) => {
    const records: AuditRecord[] = [];
    for (const attempts of counted) if (await addUp(tx, attempts)) records.push(recordOf(attempts));
    await appendAudit(tx, records, chance);
  });
}

/** Answers whether an audit entry is due. */
async function addUp(tx: Tx, counted: CountedAttempts): Promise<boolean> {
  const [first, last] = [new Date(counted.firstAtMs).toISOString(), new Date(counted.lastAtMs).toISOString()];
  const due = new Date(counted.lastAtMs - auditEveryMs).toISOString();
  const { rows } = await sql<{ due: boolean }>`
    insert into device_refusal as r
      (site_id, device_id, code, via, day, attempts, first_at, last_at, last_says, last_address, audited_at)
    values (${counted.device?.siteId ?? ""}, ${counted.device?.deviceId ?? ""}, ${counted.code}, ${counted.via},
      (${last}::timestamptz at time zone 'UTC')::date, ${counted.attempts}, ${first}, ${last}, ${counted.says}, ${counted.address}, ${last})
    on conflict (site_id, device_id, code, via, day) do update set
      attempts = r.attempts + excluded.attempts,
      last_at = excluded.last_at,
      last_says = excluded.last_says,
      last_address = excluded.last_address,
      audited_at = case when r.audited_at <= ${due}::timestamptz then excluded.last_at else r.audited_at end
    returning audited_at = last_at as due`.execute(tx);
  return rows[0]?.due === true;
}

function recordOf({ device, code, via, says, attempts, lastAtMs }: CountedAttempts): AuditRecord {
  return {
    kind: "device.refused",
    actor: "machine",
    subject: { kind: "device", id: device === null ? "unknown" : deviceText(device) },
    because: code,
    atMs: lastAtMs,
    ...(device === null ? {} : { siteId: device.siteId }),
    body: { code, via, says, attempts },
  };
}
