import { sql } from "kysely";
import type { FieldVault } from "../../platform/keys/field-vault.ts";
import type { DbOrTx } from "../../schema.ts";
import type { FigureRow } from "./analytics.ts";
import { indexHexOf } from "../person/known-person-store.ts";
import { nameCandidates, scanForm, type ScanFinding } from "../text/scan-text.ts";

export type FiguresAsked = {
  readonly organisationId: string;
  readonly fromMs: number;
  readonly toMs: number; // exclusive
  readonly siteNames: ReadonlyMap<string, string>; // sites that give figures
};

/**
 * Incidents by month, site and kind. Left out: sites that give no figures, incidents with a minor, and whatever a person reported, owns
 * or wrote in whose data is used no further.
 */
export async function figureRows(db: DbOrTx, asked: FiguresAsked): Promise<readonly FigureRow[]> {
  type Row = Omit<FigureRow, "siteName" | "siteId"> & { site_id: string };
  const { rows } = await sql<Row>`
    with marked as (select token from person_mark where ended_at is null and organisation_id = ${asked.organisationId})
    select to_char(i.occurred_at at time zone 'UTC', 'YYYY-MM') as month, i.site_id, i.category, i.level,
      case when i.situation_id is null then 'person' else 'machine' end as origin, coalesce(i.verdict, 'none') as verdict,
      count(*)::int4 as incidents
    from incident i
    where i.occurred_at >= ${new Date(asked.fromMs)}::timestamptz and i.occurred_at < ${new Date(asked.toMs)}::timestamptz
      and i.incident_since is not null
      and i.site_id in (select json_array_elements_text(${JSON.stringify([...asked.siteNames.keys()])}::json))
      and not exists (select 1 from incident_minor m where m.incident_id = i.id)
      and not exists (select 1 from marked where token = i.reporter or token = i.owner_token)
      and not exists (select 1 from incident_timeline t join marked on marked.token = t.actor where t.incident_id = i.id)
    group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
  `.execute(db);
  return rows.map(({ site_id, ...row }) => ({
    ...row,
    siteId: site_id,
    siteName: asked.siteNames.get(site_id) ?? site_id,
  }));
}

/**
 * Everything personal in a text that is about to leave: by its form, and by asking the blind indexes for each run of words and each
 * number whether anybody is known by it. A text with too many words to ask for counts as a find: what was not looked at does not leave.
 */
export async function scanExport(
  db: DbOrTx,
  text: string,
  given: { readonly vault: FieldVault; readonly country: string },
): Promise<readonly ScanFinding[]> {
  const findings = [...scanForm(text)];
  const candidates = nameCandidates(text);
  if (candidates === null) return [...findings, { kind: "known_person", line: 0 }];
  const rows = candidates.map(({ kind, value, line }) => ({
    kind,
    line,
    value_index: indexHexOf(given.vault, { kind, value }, given.country),
    login: kind === "name" ? Buffer.from(given.vault.blindIndex("login", value)).toString("hex") : "",
  }));
  const batch = 5_000;
  for (let at = 0; at < rows.length; at += batch) {
    const { rows: known } = await sql<{ line: number }>`
      select distinct w.line from json_to_recordset(${JSON.stringify(rows.slice(at, at + batch))}::json)
        as w (kind text, line int4, value_index text, login text)
      where exists (select 1 from person_identifier i where i.kind = w.kind and i.value_index = decode(w.value_index, 'hex'))
        or (w.login <> '' and exists (select 1 from account a where a.login_index = decode(w.login, 'hex')))
      order by w.line
    `.execute(db);
    for (const { line } of known) findings.push({ kind: "known_person", line });
  }
  return findings;
}

export type ReviewFigures = {
  readonly bySite: readonly ReviewLine[];
  readonly byCategory: readonly ReviewLine[];
  readonly byRule: readonly ReviewLine[];
  readonly keptTexts: readonly { readonly name: string; readonly count: number }[];
  readonly watchEntries: readonly { readonly name: string; readonly count: number }[];
  readonly lookUps: readonly { readonly name: string; readonly count: number }[];
  readonly requests: readonly { readonly name: string; readonly count: number }[];
};

/** Work of a quarter: how much was judged false, dismissed, or set by hand. */
export type ReviewLine = {
  readonly name: string;
  readonly incidents: number;
  readonly judged: number;
  readonly falseOnes: number;
  readonly overridden: number;
};

type Quarter = {
  readonly organisationId: string;
  readonly siteIds: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
};

export async function reviewFigures(db: DbOrTx, quarter: Quarter): Promise<ReviewFigures> {
  return {
    bySite: await reviewLines(db, quarter, "site_id"),
    byCategory: await reviewLines(db, quarter, "category"),
    byRule: await ruleLines(db, quarter),
    keptTexts: await counts(
      db,
      quarter,
      sql`
      select trait as name, count(*)::int4 as count from kept_text k join incident i on i.id = k.incident_id, unnest(k.traits) as trait
      where i.site_id in (select id from sites) and k.at >= (select from_at from span) and k.at < (select to_at from span) group by 1`,
    ),
    watchEntries: await counts(
      db,
      quarter,
      sql`
      select ground || ', ' || state as name, count(*)::int4 as count from watch_entry
      where organisation_id = ${quarter.organisationId} and proposed_at >= (select from_at from span) and proposed_at < (select to_at from span) group by 1`,
    ),
    lookUps: await counts(
      db,
      quarter,
      sql`
      select actor as name, count(*)::int4 as count from audit_entry
      where organisation_id = ${quarter.organisationId} and kind = 'person.looked_up' and at >= (select from_at from span) and at < (select to_at from span) group by 1`,
    ),
    requests: await counts(
      db,
      quarter,
      sql`
      select kind || ', ' || state || case when coalesce(closed_at, (select to_at from span)) > due_at then ', late' else '' end as name,
        count(*)::int4 as count from subject_request
      where organisation_id = ${quarter.organisationId} and received_at >= (select from_at from span) and received_at < (select to_at from span) group by 1`,
    ),
  };
}

const spanOf = ({ siteIds, fromMs, toMs }: Quarter) => sql`
  sites as (select value as id from json_array_elements_text(${JSON.stringify(siteIds)}::json)),
  span as (select ${new Date(fromMs)}::timestamptz as from_at, ${new Date(toMs)}::timestamptz as to_at)`;

async function counts(db: DbOrTx, quarter: Quarter, query: ReturnType<typeof sql>) {
  const { rows } = await sql<{ name: string; count: number }>`
    with ${spanOf(quarter)}, counted as (${query}) select name, count from counted order by count desc, name limit 200
  `.execute(db);
  return rows;
}

async function reviewLines(db: DbOrTx, quarter: Quarter, by: "site_id" | "category"): Promise<readonly ReviewLine[]> {
  const { rows } = await sql<ReviewLine>`
    with ${spanOf(quarter)}
    select ${sql.ref(by)} as name, count(*)::int4 as incidents, count(verdict)::int4 as judged,
      (count(*) filter (where verdict = 'false'))::int4 as "falseOnes", count(override)::int4 as overridden
    from incident where site_id in (select id from sites) and opened_at >= (select from_at from span) and opened_at < (select to_at from span)
    group by 1 order by 2 desc, 1 limit 500
  `.execute(db);
  return rows;
}

/** By rule: each incident counts once for each rule that added to its score. */
async function ruleLines(db: DbOrTx, quarter: Quarter): Promise<readonly ReviewLine[]> {
  const { rows } = await sql<ReviewLine>`
    with ${spanOf(quarter)}, hits as (
      select distinct i.id, i.verdict, i.override is not null as overridden, addition ->> 'code' as code
      from incident i, json_array_elements(i.score -> 'additions') as addition
      where i.score is not null and addition ->> 'kind' = 'detection' and i.site_id in (select id from sites)
        and i.opened_at >= (select from_at from span) and i.opened_at < (select to_at from span))
    select code as name, count(*)::int4 as incidents, count(verdict)::int4 as judged,
      (count(*) filter (where verdict = 'false'))::int4 as "falseOnes", (count(*) filter (where overridden))::int4 as overridden
    from hits group by 1 order by 2 desc, 1 limit 500
  `.execute(db);
  return rows;
}
