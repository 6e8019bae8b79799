import { sql } from "kysely";
import { saveSearchWords } from "../incident/incident-text-store.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { describeFault, type Log } from "../platform/log.ts";
import type { Db, Tx } from "../schema.ts";
import { personSubject } from "../subjects.ts";
import { oldRows, type OldRows, type OldText } from "./old-rows.ts";

export type SealingDeps = {
  readonly db: Db;
  readonly fields: FieldVault;
  readonly stopped?: Pick<AbortSignal, "aborted">;
};

const batchRows = 200;

/**
 * Seals what a version without a vault wrote, in batches of a transaction each, and goes on where it was when it runs again. What was digested
 * (members of situations, decisions, chains of custody, the record) stays as it is: another byte would break its proof. Answers how many
 * rows were written; 0 at once where everything is done.
 */
export async function sealOldRows({ db, fields, stopped }: SealingDeps): Promise<number> {
  let total = 0;
  await noteOldTables(db);
  for (const step of oldRows) {
    for (;;) {
      if (stopped?.aborted === true) return total;
      const done = await db.transaction().execute((tx) => sealBatch(tx, fields, step));
      total += done.written;
      if (!done.more) break;
    }
  }
  if (total > 0) {
    // Names that programs gave their requests, in clear; a repeat of one from before the upgrade is told by nothing else.
    await sql`delete from incident_request where length(key) <> 64`.execute(db);
  }
  return total;
}

/** The same beside a server that runs; a fault is told and the next start goes on. */
export function sealOldRowsBeside(deps: Omit<SealingDeps, "stopped"> & { readonly log: Log }): {
  readonly close: () => Promise<void>;
} {
  const stopping = new AbortController();
  const run = async () => {
    try {
      const rows = await sealOldRows({ ...deps, stopped: stopping.signal });
      const remedy = "vacuum full, docs/formats/sealed-fields.md";
      if (rows > 0) deps.log.info("text from before was sealed", { rows, remedy });
    } catch (fault) {
      deps.log.error("text from before was not sealed", { fault: describeFault(fault) });
    }
  };
  const running = run();
  return {
    close: async () => {
      stopping.abort();
      await running;
    },
  };
}

type Progress = { readonly after_key: string | null; readonly done: boolean };

/**
 * Notes once which tables hold rows at the first start of a version with a vault: an empty one holds nothing old, and what is written from
 * now on is left to whoever writes it. To be called before anything is.
 */
export async function noteOldTables(db: Db): Promise<void> {
  for (const { step, table } of oldRows) {
    await sql`
      insert into vault_sealing (step, done) values (${step}, not exists (select from ${sql.table(table)}))
      on conflict do nothing`.execute(db);
  }
}

async function sealBatch(tx: Tx, fields: FieldVault, step: OldRows): Promise<{ more: boolean; written: number }> {
  const { rows: progress } = await sql<Progress>`
    select after_key, done from vault_sealing where step = ${step.step} for update`.execute(tx);
  const at = progress[0];
  if (at === undefined || at.done) return { more: false, written: 0 };
  const rows = await rowsAfter(tx, step, at.after_key);
  const written = await sealRows(tx, fields, { step, rows });
  const last = rows.at(-1)?.["key"];
  const more = rows.length === batchRows;
  await sql`
    update vault_sealing set after_key = coalesce(${typeof last === "string" ? last : null}, after_key), done = ${!more},
      sealed = sealed + ${written} where step = ${step.step}`.execute(tx);
  return { more, written };
}

type Row = Readonly<Record<string, unknown>>;

async function rowsAfter(tx: Tx, step: OldRows, after: string | null): Promise<readonly Row[]> {
  const { column, type } = step.key;
  const names = [...step.besides, ...Object.keys(step.columns)];
  const columns = sql.join([sql`${sql.ref(column)}::text as key`, ...names.map((name) => sql`${sql.ref(name)}::text`)]);
  const { rows } = await sql<Row>`
    select ${columns} from ${sql.table(step.table)}
    where (${after}::text is null or ${sql.ref(column)} > ${after}::${sql.raw(type)}) and (${sql.raw(step.where)})
    order by ${sql.ref(column)} limit ${batchRows} for update`.execute(tx);
  return rows;
}

async function sealRows(
  tx: Tx,
  fields: FieldVault,
  { step, rows }: { readonly step: OldRows; readonly rows: readonly Row[] },
): Promise<number> {
  const texts = rows.map((row) => {
    const found: OldText[] = [];
    step.rewrite(row, (text, subject = step.subject(row)) => {
      // Sealed already, by a server that runs beside: it stays.
      if (!fields.isSealed(text) && !isPartlySealed(text)) found.push({ subject, text });
      return text;
    });
    return found;
  });
  const sealed = await fields.sealMany(
    tx,
    texts.flat().map(({ subject, text }) => ({
      subject: typeof subject === "string" ? subject : personSubject(fields, subject.person),
      text,
    })),
  );
  const forms = sealed.values();
  const changed = rows.flatMap((row, at) => {
    if (texts[at]?.length === 0) return [];
    const values = step.rewrite(row, (text) =>
      fields.isSealed(text) || isPartlySealed(text) ? text : (forms.next().value ?? text),
    );
    return [{ ...values, key: row["key"] }];
  });
  if (changed.length > 0) await write(tx, step, JSON.stringify(changed));
  if (step.step === "incident") await index(tx, fields, { rows, texts });
  return changed.length;
}

// A sentence with sealed text in it was written since: "Verdict: true. tw1...".
function isPartlySealed(text: string): boolean {
  return /tw1\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{39,}/.test(text);
}

async function write(tx: Tx, step: OldRows, rows: string): Promise<void> {
  const { column, type } = step.key;
  const names = Object.keys(step.columns);
  const given = sql.join(["key", ...names].map((name) => sql`${sql.ref(name)} text`));
  const set = sql.join(
    names.map((name) => sql`${sql.ref(name)} = r.${sql.ref(name)}::${sql.raw(step.columns[name] ?? "text")}`),
  );
  await sql`
    update ${sql.table(step.table)} as t set ${set} from json_to_recordset(${rows}::json) as r (${given})
    where t.${sql.ref(column)} = r.key::${sql.raw(type)}`.execute(tx);
}

/** Summaries are found by their words from now on. */
async function index(
  tx: Tx,
  fields: FieldVault,
  { rows, texts }: { readonly rows: readonly Row[]; readonly texts: readonly (readonly OldText[])[] },
): Promise<void> {
  const found = rows.flatMap((row, at) => {
    const { key, summary } = row;
    const isOld = texts[at]?.some(({ text }) => text === summary) === true;
    return isOld && typeof key === "string" && typeof summary === "string" ? [{ incidentId: key, text: summary }] : [];
  });
  await saveSearchWords(tx, fields, found);
}
