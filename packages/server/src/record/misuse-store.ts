import { sql } from "kysely";
import { isJsonObject, type JsonObject } from "@tillwatch/wire";
import type { DbOrTx, Tx } from "../schema.ts";
import type { MisuseFinding } from "./misuse-watch.ts";
import type { WatchedEntry } from "./misuse-view.ts";

type EntryRow = {
  leaf: number;
  id: string;
  at: Date;
  kind: string;
  actor: string;
  subject_kind: string;
  subject_id: string;
  because: string;
  body: string | null;
  organisation_id: string;
  incident_id: string | null;
  site_id: string | null;
};

/** The leaf that the watch reads next, locked: of two processes one reads. */
export async function lockWatch(tx: Tx): Promise<number> {
  const { rows } = await sql<{ leaf: number }>`
    select next_leaf as leaf from misuse_watch where id = 1 for update`.execute(tx);
  if (rows[0] === undefined) throw new Error("the misuse_watch row is gone");
  return rows[0].leaf;
}

export async function saveWatch(tx: Tx, nextLeaf: number, atMs: number): Promise<void> {
  await sql`update misuse_watch set next_leaf = ${nextLeaf}, read_at = ${iso(atMs)}::timestamptz where id = 1`.execute(
    tx,
  );
}

/** When the watch last read, and how many leaves it is behind. */
export async function watchState(db: DbOrTx): Promise<{ readonly readAtMs: number | null; readonly behind: number }> {
  const { rows } = await sql<{ at: Date | null; behind: number }>`
    select read_at as at, next_index - next_leaf as behind from misuse_watch, audit_log`.execute(db);
  return { readAtMs: rows[0]?.at?.getTime() ?? null, behind: rows[0]?.behind ?? 0 };
}

/**
 * Entries of the leaves from `from` on and below `below`, in the order of the log. Entries of the machine are left out, unless they
 * say that a control failed or that a setting changed: rules watch people.
 */
export async function entriesFrom(
  db: DbOrTx,
  span: { readonly from: number; readonly below: number; readonly limit: number },
): Promise<readonly WatchedEntry[]> {
  const { rows } = await sql<EntryRow>`
    select a.leaf_index as leaf, a.id, a.at, a.kind, a.actor, a.subject_kind, a.subject_id, a.because, a.body, a.organisation_id,
      a.incident_id::text as incident_id, coalesce(a.site_id, i.site_id) as site_id
    from audit_entry a left join incident i on i.id = a.incident_id
    where a.leaf_index >= ${span.from} and a.leaf_index < ${span.below}
      and (a.actor <> 'machine' or a.kind in ('control.failed', 'configuration.changed'))
    order by a.leaf_index limit ${span.limit}`.execute(db);
  return rows.map(toEntry);
}

/** How many leaves the log has handed out. */
export async function leavesNow(db: DbOrTx): Promise<number> {
  const { rows } = await sql<{ next: number }>`select next_index as next from audit_log where id = 1`.execute(db);
  return rows[0]?.next ?? 0;
}

/** The first leaf at or after an instant, `below` where there is none before it: where a reader begins to count right. */
export async function leafAt(db: DbOrTx, atMs: number, below: number): Promise<number> {
  const { rows } = await sql<{ leaf: number | null }>`
    select min(leaf_index) as leaf from audit_entry where at >= ${iso(atMs)}::timestamptz and leaf_index < ${below}`.execute(
    db,
  );
  return rows[0]?.leaf ?? below;
}

function toEntry(row: EntryRow): WatchedEntry {
  return {
    leaf: row.leaf,
    id: row.id,
    atMs: row.at.getTime(),
    kind: row.kind,
    actor: row.actor,
    subject: { kind: row.subject_kind, id: row.subject_id },
    because: row.because,
    body: bodyOf(row.body),
    organisationId: row.organisation_id,
    incidentId: row.incident_id,
    siteId: row.site_id,
  };
}

function bodyOf(text: string | null): JsonObject {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return isJsonObject(value) ? value : {};
  } catch {
    return {}; // somebody changed the row; the verification names it
  }
}

export type MisuseState = "open" | "explained" | "confirmed";

export type MisuseCaseRow = Omit<MisuseFinding, "entryIds"> & {
  readonly id: string;
  readonly entries: readonly string[];
  readonly openedAtMs: number;
  readonly state: MisuseState;
  readonly decidedBy: string | null;
  readonly decidedAtMs: number | null;
  readonly because: string | null; // sealed
};

/** False where this finding already is a case. */
export async function insertCase(
  tx: Tx,
  made: { readonly id: string; readonly finding: MisuseFinding; readonly openedAtMs: number },
): Promise<boolean> {
  const { id, finding, openedAtMs } = made;
  const { numAffectedRows } = await sql`
    insert into misuse_case (id, organisation_id, rule_id, title, level, actor, says, grouped, counted, entries, first_at, last_at,
      opened_at, state)
    values (${id}, ${finding.organisationId}, ${finding.ruleId}, ${finding.title}, ${finding.level}, ${finding.actor},
      ${finding.says}, ${JSON.stringify(finding.grouped)}, ${finding.counted}, ${JSON.stringify(finding.entryIds)},
      ${iso(finding.firstAtMs)}::timestamptz, ${iso(finding.lastAtMs)}::timestamptz, ${iso(openedAtMs)}::timestamptz, 'open')
    on conflict do nothing`.execute(tx);
  return numAffectedRows === 1n;
}

type CaseRow = {
  id: string;
  organisation_id: string;
  rule_id: string;
  title: string;
  level: string;
  actor: string | null;
  says: string;
  grouped: Record<string, string>;
  counted: number;
  entries: string[];
  first_at: Date;
  last_at: Date;
  opened_at: Date;
  state: MisuseState;
  decided_by: string | null;
  decided_at: Date | null;
  because: string | null;
};

/** Cases of an organisation, newest first, without those about the reader: nobody judges himself. */
export async function casesOf(
  db: DbOrTx,
  reader: { readonly token: string; readonly organisationId: string },
  state: MisuseState | null,
): Promise<readonly MisuseCaseRow[]> {
  const { rows } = await sql<CaseRow>`
    select * from misuse_case where organisation_id = ${reader.organisationId} and actor is distinct from ${reader.token}
      and (${state}::text is null or state = ${state})
    order by opened_at desc, id limit 200`.execute(db);
  return rows.map(toCase);
}

export async function caseById(
  db: DbOrTx,
  reader: { readonly token: string; readonly organisationId: string },
  id: string,
): Promise<MisuseCaseRow | null> {
  const { rows } = await sql<CaseRow>`
    select * from misuse_case where id = ${id} and organisation_id = ${reader.organisationId}
      and actor is distinct from ${reader.token}`.execute(db);
  return rows[0] === undefined ? null : toCase(rows[0]);
}

/** False where the case was decided meanwhile. */
export async function decideCase(
  tx: Tx,
  id: string,
  decided: { readonly state: MisuseState; readonly by: string; readonly atMs: number; readonly because: string },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update misuse_case set state = ${decided.state}, decided_by = ${decided.by}, because = ${decided.because},
      decided_at = ${iso(decided.atMs)}::timestamptz
    where id = ${id} and state = 'open'`.execute(tx);
  return numAffectedRows === 1n;
}

function toCase(row: CaseRow): MisuseCaseRow {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    ruleId: row.rule_id,
    title: row.title,
    level: row.level,
    actor: row.actor,
    says: row.says,
    grouped: row.grouped,
    counted: row.counted,
    entries: row.entries,
    firstAtMs: row.first_at.getTime(),
    lastAtMs: row.last_at.getTime(),
    openedAtMs: row.opened_at.getTime(),
    state: row.state,
    decidedBy: row.decided_by,
    decidedAtMs: row.decided_at?.getTime() ?? null,
    because: row.because,
  };
}

/** Roles, and name as sealed, of these accounts; installation and devices have no row. */
export async function accountsOf(
  db: DbOrTx,
  tokens: readonly string[],
): Promise<ReadonlyMap<string, { readonly roles: readonly string[]; readonly name: string }>> {
  const { rows } = await sql<{ token: string; roles: string[]; name: string }>`
    select token, roles, name from account where token = any(${[...tokens]}::text[])`.execute(db);
  return new Map(rows.map(({ token, roles, name }) => [token, { roles, name }]));
}

/** Words of private interest that were set for these actors, base64. */
export async function conflictsOf(
  db: DbOrTx,
  tokens: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { rows } = await sql<{ actor: string; word: string }>`
    select actor, encode(word, 'base64') as word from misuse_conflict where actor = any(${[...tokens]}::text[])`.execute(
    db,
  );
  const found = new Map<string, Set<string>>();
  for (const { actor, word } of rows) found.set(actor, (found.get(actor) ?? new Set()).add(word));
  return found;
}

export async function addConflict(
  tx: Tx,
  conflict: { readonly actor: string; readonly word: Uint8Array; readonly by: string; readonly atMs: number },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into misuse_conflict (actor, word, set_by, set_at)
    values (${conflict.actor}, decode(${Buffer.from(conflict.word).toString("hex")}, 'hex'), ${conflict.by}, ${iso(conflict.atMs)}::timestamptz)
    on conflict do nothing`.execute(tx);
  return numAffectedRows === 1n;
}

/** Takes these words of somebody back, or with null all of them. Answers how many there were. */
export async function takeConflicts(tx: Tx, actor: string, words: readonly Uint8Array[] | null): Promise<number> {
  const digests = words?.map((word) => Buffer.from(word).toString("hex")) ?? null;
  const { numAffectedRows } = await sql`
    delete from misuse_conflict where actor = ${actor}
      and (${digests}::text[] is null or encode(word, 'hex') = any(${digests}::text[]))`.execute(tx);
  return Number(numAffectedRows ?? 0n);
}

/** An account or program of the organisation, whatever became of it. */
export async function isColleague(
  db: DbOrTx,
  { token, organisationId }: { readonly token: string; readonly organisationId: string },
): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from account where token = ${token} and organisation_id = ${organisationId})
      or exists (select from service_account where token = ${token} and organisation_id = ${organisationId}) as found`.execute(
    db,
  );
  return rows[0]?.found === true;
}

/** Of whom words are noted in an organisation, by name (of people: sealed): how many, since when the last, by whom. `but`: who asks. */
export async function conflictListOf(
  db: DbOrTx,
  { organisationId, but }: { readonly organisationId: string; readonly but: string },
): Promise<
  readonly {
    readonly actor: string;
    readonly name: string;
    readonly words: number;
    readonly at: Date;
    readonly by: string;
  }[]
> {
  const { rows } = await sql<{ actor: string; name: string; words: number; at: Date; by: string }>`
    select c.actor, who.name, count(*) as words, max(c.set_at) as at,
      (array_agg(c.set_by order by c.set_at desc, c.set_by))[1] as by
    from misuse_conflict c join (
      select token, name from account where organisation_id = ${organisationId}
      union all select token, name from service_account where organisation_id = ${organisationId}) who on who.token = c.actor
    where c.actor <> ${but} group by c.actor, who.name order by max(c.set_at) desc, c.actor limit 1000`.execute(db);
  return rows;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
