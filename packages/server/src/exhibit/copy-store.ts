import { canonicalBytes, copyFields, copyMadeKind, recipeDigest, type CopyRecipe } from "@tillwatch/evidence";
import { sql } from "kysely";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import { asMachine } from "../platform/database/scoped.ts";
import type { StoredObject } from "../platform/keys/vault.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import { treatmentDigest, type Treatment } from "./copy-recipe.ts";
import { copyOf, type CopyRow } from "./copy-read.ts";
import { recordTouch, type Touch } from "./exhibit-store.ts";

/** The copy of this treatment, asked for now if nobody did before. The machine makes copies, whoever wants to see one. */
export async function wantCopy(
  tx: Tx,
  wanted: { readonly id: string; readonly exhibitId: string; readonly treatment: Treatment; readonly nowMs: number },
): Promise<{ readonly row: CopyRow; readonly isNew: boolean }> {
  const { id, exhibitId, treatment, nowMs } = wanted;
  const digest = treatmentDigest(nodeSha256, treatment);
  const text = textOf(treatment);
  const { numAffectedRows } = await asMachine(tx, (machine) =>
    sql`
      insert into exhibit_copy (id, exhibit_id, treatment, wanted, state, asked_at)
      values (${id}, ${exhibitId}, ${digest}, ${text}, 'making', ${new Date(nowMs).toISOString()}::timestamptz)
      on conflict (exhibit_id, treatment) do nothing`.execute(machine),
  );
  const row = await copyOf(tx, exhibitId, digest);
  if (row === null) throw new Error(`exhibit ${exhibitId} vanished`);
  return { row, isNew: numAffectedRows === 1n };
}

export type MadeCopy = {
  readonly copy: Pick<CopyRow, "id" | "exhibitId" | "treatment">;
  readonly exhibit: { readonly incidentId: string; readonly sha256: string };
  readonly stored: StoredObject;
  readonly mediaType: string;
  readonly recipe: CopyRecipe;
  readonly nowMs: number;
};

/** Keeps a copy, in the chain of custody of its original and in the record. False: another attempt was first. */
export async function keepCopy(tx: Tx, made: MadeCopy, chance: Chance): Promise<boolean> {
  const { copy, exhibit, stored, mediaType, recipe, nowMs } = made;
  const { numAffectedRows } = await sql`
    update exhibit_copy set state = 'ready', problem = null, made_at = ${new Date(nowMs).toISOString()}::timestamptz,
      media_type = ${mediaType}, bytes = ${stored.bytes}, sha256 = ${stored.sha256}, sha512 = ${stored.sha512},
      recipe = ${textOf(recipe)}, object_key = ${stored.objectKey},
      wrapped_key = decode(${Buffer.from(stored.wrappedKey).toString("hex")}, 'hex'), master_key_id = ${stored.masterKeyId}
    where id = ${copy.id} and state = 'making'`.execute(tx);
  if (numAffectedRows !== 1n) return false;
  const touch: Touch = {
    exhibitId: copy.exhibitId,
    incidentId: exhibit.incidentId,
    action: "derived",
    atMs: nowMs,
    who: "machine",
    what: `a copy without metadata, sha256 ${stored.sha256}`,
    why: "people see a copy; the original stays sealed",
    authority: "machine",
    digest: exhibit.sha256,
    auditKind: copyMadeKind,
    detail: {
      copyId: copy.id,
      treatment: copy.treatment,
      copyBytes: stored.bytes,
      copyMediaType: mediaType,
      [copyFields.copy]: stored.sha256,
      [copyFields.recipe]: recipeDigest(nodeSha256, recipe),
    },
  };
  await recordTouch(tx, touch, chance);
  return true;
}

/** Why there is none: `not_needed` of a document, else a code. */
export async function keepNoCopy(
  tx: Tx,
  none: {
    readonly copy: Pick<CopyRow, "id" | "exhibitId">;
    readonly problem: string | null;
    readonly nowMs: number;
  },
  chance: Chance,
): Promise<void> {
  const { copy, problem, nowMs } = none;
  const { numAffectedRows } = await sql`
    update exhibit_copy set state = ${problem === null ? "not_needed" : "cannot"}, problem = ${problem},
      made_at = ${new Date(nowMs).toISOString()}::timestamptz
    where id = ${copy.id} and state = 'making'`.execute(tx);
  if (numAffectedRows !== 1n || problem === null) return;
  const entry = {
    kind: "exhibit.copy_failed",
    actor: "machine",
    subject: { kind: "exhibit", id: copy.exhibitId },
    because: problem,
    atMs: nowMs,
    body: { copyId: copy.id },
  };
  await appendAudit(tx, [entry], chance);
}

/** Takes up again what failed for a reason of this machine alone. Answers which. */
export async function retryCopies(db: DbOrTx, problems: readonly string[]): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    update exhibit_copy set state = 'making', problem = null, made_at = null
    where state = 'cannot' and problem = any(${[...problems]}::text[]) returning id`.execute(db);
  return rows.map(({ id }) => id);
}

function textOf(value: Treatment | CopyRecipe): string {
  return Buffer.from(canonicalBytes(value)).toString("utf8");
}
