import { appendAudit, type AuditRecord } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Db } from "../schema.ts";

/** What somebody tried against a hold, and on what. */
export type Withstood = Pick<AuditRecord, "actor" | "subject" | "atMs"> & {
  readonly tried: "disposal" | "erasure" | "subject_request";
};

/**
 * Runs `work`; where it throws a refusal with this code, the attempt goes on the record (`hold.withstood`) in a transaction of its own, and
 * the refusal on to whoever asked. Who tries to destroy what a matter needs is what that matter's lawyers ask about.
 */
export async function withstandingOnRecord<T>(
  deps: { readonly db: Db; readonly chance: Chance },
  { code, ...withstood }: Withstood & { readonly code: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (refusal) {
    if ((refusal as { readonly code?: unknown }).code === code) {
      const { tried, ...entry } = withstood;
      const because = "a legal hold stands against it";
      const record = { ...entry, kind: "hold.withstood", because, body: { tried } };
      await deps.db.transaction().execute((tx) => appendAudit(tx, [record], deps.chance));
    }
    throw refusal;
  }
}
