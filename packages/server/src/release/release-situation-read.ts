import { sql } from "kysely";
import { minorsOf } from "../exhibit/exhibit-read.ts";
import { quotedInJson, type FieldVault } from "../platform/keys/field-vault.ts";
import { isNamedIn, type Identifier } from "../privacy/text/identifiers.ts";
import type { DbOrTx } from "../schema.ts";
import { incidentSubject } from "../subjects.ts";
import type { ReleaseHold, ReleaseSituation } from "./release.ts";

type Case = {
  readonly organisationId: string;
  readonly incidentId: string;
  readonly country: string | null;
  readonly nowMs: number;
  /** Exhibits that leave: those in the packet; null: whatever the case has. */
  readonly exhibitIds: readonly string[] | null;
};

/** What stands for and against a release of this case, now. Run with the whole organisation in sight. */
export async function situationOf(db: DbOrTx, of: Case, vault: FieldVault): Promise<ReleaseSituation> {
  const { rows } = await sql<{ state: string; shared: readonly string[] }>`
    select i.state, (
      select coalesce(json_agg(distinct s.partner_id), '[]'::json) from case_share s
      where s.incident_id = i.id and s.revoked_at is null and s.ends_at > ${new Date(of.nowMs)}::timestamptz
        and (s.minor_ground is not null or not exists (select from incident_minor m where m.incident_id = i.id))) as shared
    from incident i where i.id = ${of.incidentId}::uuid`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error(`incident ${of.incidentId} vanished`);
  const marks = await markedIn(db, of, vault);
  const minors = await minorsOf(db, of.incidentId);
  const leaving = of.exhibitIds === null ? null : new Set(of.exhibitIds);
  return {
    incidentState: row.state,
    minor: minors.ofCase,
    minorExhibits: [...minors.ofExhibits].filter(([id]) => leaving?.has(id) ?? true).map(([, flag]) => flag),
    objections: marks.filter((kind) => kind === "objection").length,
    restrictions: marks.filter((kind) => kind === "restriction").length,
    sharedWith: row.shared,
    holds: (await holdsInForce(db, of.incidentId)).map(({ id, ground }) => ({ id, ground })),
  };
}

/** The legal holds that keep this case now, oldest first. `matter` sealed. Uses legal_hold_by_subject. */
export async function holdsInForce(
  db: DbOrTx,
  incidentId: string,
): Promise<readonly (ReleaseHold & { readonly matter: string | null; readonly at: Date })[]> {
  const { rows } = await sql<ReleaseHold & { matter: string | null; at: Date }>`
    select id, ground, matter, at from legal_hold
    where subject = ${incidentSubject(incidentId)} and ended_at is null order by at, id limit 200`.execute(db);
  return rows;
}

/** The marks of persons who occur in the case: by token in a column, by name, plate or number in what people and devices said. */
async function markedIn(
  db: DbOrTx,
  { organisationId, incidentId, country }: Case,
  vault: FieldVault,
): Promise<readonly string[]> {
  const { rows: marked } = await sql<{ token: string; kind: string }>`
    select distinct token, kind from person_mark where ended_at is null and organisation_id = ${organisationId}
    order by token, kind limit 20000`.execute(db);
  if (marked.length === 0) return [];
  const tokens = [...new Set(marked.map(({ token }) => token))];
  const { rows: sealed } = await sql<{ token: string; kind: Identifier["kind"]; value: string }>`
    select token, kind, value from person_identifier
    where token in (select json_array_elements_text(${JSON.stringify(tokens)}::json))`.execute(db);
  const values = await vault.openMany(
    db,
    sealed.map(({ value }) => value),
  );
  const identifiers = sealed.flatMap(({ token, kind }, at) => {
    const value = values[at];
    return value === null || value === undefined ? [] : [{ token, kind, value }];
  });
  const said = await saidIn(db, incidentId, vault);
  const there = new Set([
    ...tokens.filter((token) => said.tokens.has(token) || said.text.includes(`"${token}"`)),
    ...identifiers.filter((one) => isNamedIn(said.text, one, country ?? "default")).map(({ token }) => token),
  ]);
  return marked.filter(({ token }) => there.has(token)).map(({ kind }) => kind);
}

/** Everything that a case says, opened, as one text, and the tokens of its columns. */
async function saidIn(
  db: DbOrTx,
  incidentId: string,
  vault: FieldVault,
): Promise<{ readonly tokens: ReadonlySet<string>; readonly text: string }> {
  const id = sql`${incidentId}::uuid`;
  const { rows } = await sql<{ tokens: readonly (string | null)[]; texts: readonly (string | null)[] }>`
    select (
      select coalesce(json_agg(distinct token), '[]'::json) from (
        select reporter as token from incident where id = ${id} union select owner_token from incident where id = ${id}
        union select actor from incident_timeline where incident_id = ${id}
        union select subject_token from watch_entry where incident_id = ${id}) as t) as tokens, (
      select coalesce(json_agg(text), '[]'::json) from (
        select summary as text from incident where id = ${id} union all
        select says from incident_timeline where incident_id = ${id} union all
        select concat_ws(' ', name, note, source) from exhibit where incident_id = ${id} union all
        select s.body::text from signal s join incident_signal i on i.signal_id = s.id where i.incident_id = ${id}) as t) as texts`.execute(
    db,
  );
  const { tokens = [], texts = [] } = rows[0] ?? {};
  const text = await vault.openWithin(db, JSON.stringify(texts.filter((one) => one !== null)), quotedInJson);
  return { tokens: new Set(tokens.filter((token) => token !== null)), text };
}
