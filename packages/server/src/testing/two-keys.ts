import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { Db } from "../schema.ts";

/** As if another person had approved that the administrator opens this original. */
export async function turnTwoKeys(
  db: Db,
  exhibitId: string,
  { by = "user:admin", purpose = "none_stated" } = {},
): Promise<void> {
  await sql`
    insert into original_request (id, exhibit_id, asked_by, asked_at, purpose, because, hours, state, decided_by, decided_at, ends_at)
    values (${randomUUID()}, ${exhibitId}, ${by}, now(), ${purpose}, 'a test', 1, 'approved', 'user:second-key', now(),
      now() + interval '1 hour')`.execute(db);
}
