import { appendAudit } from "../audit/audit-append.ts";
import { eraseIncidentText } from "../incident/incident-text-store.ts";
import type { Chance } from "../platform/chance.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Db, Tx } from "../schema.ts";
import { incidentSubject, personSubject, signalSubject } from "../subjects.ts";
import { heldBy } from "../retention/hold-read.ts";
import { withstandingOnRecord } from "../retention/withstood-append.ts";

export class EraseFault extends Error {
  override readonly name = "EraseFault";
  readonly code: "erase_on_hold";

  constructor(code: EraseFault["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export const erasable = ["incident", "signal", "person", "account"] as const;

/** `of` is an incident's or signal's id, a person as he was named (a plate, a token), or an account's token (user:...). */
export type Erasure = {
  readonly kind: (typeof erasable)[number];
  readonly of: string;
  readonly because: string; // stands in the record, sealed
  readonly actor: string;
  readonly atMs: number;
};

/** Erases and puts it on the record, in one transaction. Throws EraseFault `erase_on_hold` while a legal hold stands against it, and the attempt is on the record. False: there was nothing to erase, and nothing was written. */
export async function erase(
  deps: { readonly db: Db; readonly fields: FieldVault; readonly chance: Chance },
  erasure: Erasure,
): Promise<boolean> {
  const { db, fields, chance } = deps;
  const { kind, actor, because, atMs } = erasure;
  const id = kind === "person" ? personSubject(fields, erasure.of) : erasure.of;
  const subject = { kind, id };
  const withstood = { code: "erase_on_hold", tried: "erasure", actor, subject, atMs } as const;
  const run = async (tx: Tx) => {
    const ground = await heldBy(
      tx,
      { incident: incidentSubject(id), signal: signalSubject(id), person: id, account: id }[kind],
    );
    if (ground !== null) throw new EraseFault("erase_on_hold", `a legal hold stands against it: ${ground}`);
    if (!(await purge(tx, fields, { ...erasure, of: id }))) return false;
    const record = { kind: "vault.erased", actor, subject, because, atMs, body: {} };
    await appendAudit(tx, [record], chance);
    return true;
  };
  return withstandingOnRecord({ db, chance }, withstood, () => db.transaction().execute(run));
}

function purge(tx: Tx, fields: FieldVault, { kind, of }: Erasure): Promise<boolean> {
  // Beside the keys it would stand in clear for ever; the record has it, sealed.
  const because = "erased; the reason is on the record";
  if (kind === "incident") return eraseIncidentText(tx, fields, { incidentId: of, because });
  return fields.purge(tx, kind === "signal" ? signalSubject(of) : of, because);
}
