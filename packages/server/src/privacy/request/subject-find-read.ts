import { sql } from "kysely";
import { quotedInJson, type FieldVault } from "../../platform/keys/field-vault.ts";
import { asMachine } from "../../platform/database/scoped.ts";
import type { DbOrTx } from "../../schema.ts";
import { homeOrganisation } from "../../access/principal.ts";
import { isNamedIn, type Identifier } from "../text/identifiers.ts";
import { personsBy } from "../person/known-person-store.ts";

/** Where something about a subject was found. `by`: how it was recognised. */
export type SubjectPlace = {
  readonly kind: "incident" | "signal" | "account" | "watch_entry" | "consent" | "audit";
  readonly id: string;
  readonly by: "token" | "identifier" | "text";
};

export type SubjectFound = {
  readonly tokens: readonly string[];
  /** Subjects of the vault whose texts are this person's alone, for erasure. */
  readonly vaultSubjects: readonly string[];
  readonly places: readonly SubjectPlace[];
  readonly incidentIds: readonly string[];
  /** Free texts that were opened and read for the name, and whether that were all. */
  readonly textsRead: number;
  readonly complete: boolean;
};

export type FindAsked = {
  readonly organisationId: string;
  readonly identifiers: readonly Identifier[];
  readonly tokens: readonly string[];
  readonly country: string;
};

const incidentsMax = 20_000;
const placesMax = 2_000;

/**
 * Everything that is about the person: by the blind indexes (known persons, accounts), by the tokens in every column that holds one,
 * by the keys under which a signal's names and plates are sealed, and by reading the free text of incidents, newest first.
 */
export async function findSubject(db: DbOrTx, asked: FindAsked, vault: FieldVault): Promise<SubjectFound> {
  const known = await personsBy(db, asked, vault);
  const accounts = await accountsBy(db, asked, vault);
  const tokens = [...new Set([...asked.tokens, ...known.map(({ token }) => token), ...accounts])];
  const named = await namedInSignals(db, asked, vault);
  const byToken = await placesOfTokens(db, asked.organisationId, tokens);
  const texts = await incidentsNaming(db, asked, vault);
  const places: SubjectPlace[] = [
    ...accounts.map((id): SubjectPlace => ({ kind: "account", id, by: "identifier" })),
    ...byToken,
    ...named.signalIds.map((id): SubjectPlace => ({ kind: "signal", id, by: "identifier" })),
    ...named.incidentIds.map((id): SubjectPlace => ({ kind: "incident", id, by: "identifier" })),
    ...texts.incidentIds.map((id): SubjectPlace => ({ kind: "incident", id, by: "text" })),
  ];
  const once = [...new Map(places.map((place) => [`${place.kind} ${place.id}`, place])).values()];
  return {
    tokens,
    vaultSubjects: named.subjects,
    places: once,
    incidentIds: once.filter(({ kind }) => kind === "incident").map(({ id }) => id),
    textsRead: texts.read,
    complete: texts.complete && once.length < placesMax,
  };
}

/** Accounts by the blind index of their login, which is a mail address or a name to sign in with. */
async function accountsBy(db: DbOrTx, asked: FindAsked, vault: FieldVault): Promise<readonly string[]> {
  const logins = asked.identifiers
    .filter(({ kind }) => kind === "mail" || kind === "name")
    .map(({ value }) =>
      Buffer.from(vault.blindIndex("login", value.normalize("NFKC").trim().toLowerCase())).toString("hex"),
    );
  const { rows } = await sql<{ token: string }>`
    select token from account where organisation_id = ${asked.organisationId}
      and login_index in (select decode(value, 'hex') from json_array_elements_text(${JSON.stringify(logins)}::json))
  `.execute(db);
  return rows.map(({ token }) => token);
}

async function placesOfTokens(
  db: DbOrTx,
  organisationId: string,
  tokens: readonly string[],
): Promise<readonly SubjectPlace[]> {
  if (tokens.length === 0) return [];
  const { rows } = await sql<{ kind: SubjectPlace["kind"]; id: string }>`
    with wanted as (select value as token from json_array_elements_text(${JSON.stringify(tokens)}::json))
    (select 'incident' as kind, i.id::text as id from incident i where i.organisation_id = ${organisationId} and (i.reporter in (select token from wanted) or i.owner_token in (select token from wanted)) order by i.opened_at desc limit ${placesMax})
    union (select 'incident', t.incident_id::text from incident_timeline t join incident i on i.id = t.incident_id where i.organisation_id = ${organisationId} and t.actor in (select token from wanted) limit ${placesMax})
    union (select 'watch_entry', w.id::text from watch_entry w where w.organisation_id = ${organisationId} and w.subject_token in (select token from wanted))
    union (select 'consent', c.id::text from consent c where c.organisation_id = ${organisationId} and c.token in (select token from wanted))
    union (select 'audit', a.id::text from audit_entry a where a.organisation_id = ${organisationId} and (a.actor in (select token from wanted) or a.subject_id in (select token from wanted)) limit ${placesMax})
  `.execute(db);
  return rows.map((row) => ({ ...row, by: "token" }));
}

/**
 * Signals in which a name, a plate or an address is sealed: each such text lies under a key of that person alone, whose id stands in the
 * sealed form. Reads the log from end to end: asked for a subject's request, never for a page.
 */
async function namedInSignals(db: DbOrTx, asked: FindAsked, vault: FieldVault) {
  const subjects = [...asked.identifiers.map(({ value }) => value), ...asked.tokens].map((value) => {
    const index = vault.blindIndex("person", value.normalize("NFKC").trim().toLowerCase());
    return `person:${Buffer.from(index).toString("hex")}`;
  });
  // Ids of keys, which tell nothing by themselves; what they lead to is read as the asker may see it.
  const { rows: keys } = await asMachine(db, (machine) =>
    sql<{ id: string; subject: string }>`
      select id, subject from vault_key where wrapped_key is not null
        and subject in (select json_array_elements_text(${JSON.stringify(subjects)}::json))
    `.execute(machine),
  );
  if (keys.length === 0) return { subjects: [], signalIds: [], incidentIds: [] };
  const { rows } = await sql<{ id: string; incident_id: string | null }>`
    select s.id::text as id, i.incident_id::text as incident_id from signal s
    left join incident_signal i on i.signal_id = s.id
    left join site on site.id = s.site_id
    where coalesce(site.organisation_id, ${homeOrganisation}) = ${asked.organisationId} and exists (
      select 1 from json_array_elements_text(${JSON.stringify(keys.map(({ id }) => id))}::json) as key
      where position('tw1.' || key.value || '.' in s.body::text) > 0)
    limit ${placesMax}
  `.execute(db);
  return {
    subjects: [...new Set(keys.map(({ subject }) => subject))],
    signalIds: [...new Set(rows.map(({ id }) => id))],
    incidentIds: [...new Set(rows.flatMap(({ incident_id }) => (incident_id === null ? [] : [incident_id])))],
  };
}

const pageSize = 500;

/** Reads what people wrote in incidents, newest first, for the identifiers. Sealed text is opened for it, erased text is not there. */
async function incidentsNaming(db: DbOrTx, asked: FindAsked, vault: FieldVault) {
  const found: string[] = [];
  let read = 0;
  let after = { at: "9999-12-31T00:00:00.000Z", id: "ffffffff-ffff-ffff-ffff-ffffffffffff" };
  if (asked.identifiers.length === 0) return { incidentIds: [], read, complete: true };
  for (let seen = 0; seen < incidentsMax; seen += pageSize) {
    const { rows } = await sql<{ id: string; opened_at: Date; texts: readonly string[] }>`
      select i.id::text as id, i.opened_at, (
        select coalesce(json_agg(t.text), '[]'::json) from (
          select i.summary as text where i.summary is not null
          union all select t.says from incident_timeline t where t.incident_id = i.id and t.kind in ('note', 'verdict', 'override', 'state', 'field')
          union all select r.text from draft_revision r join draft d on d.id = r.draft_id where d.incident_id = i.id
          union all select d.prompt from draft d where d.incident_id = i.id and d.prompt is not null
        ) as t) as texts
      from incident i
      where i.organisation_id = ${asked.organisationId}
        and i.id in (select incident.id from incident where organisation_id = ${asked.organisationId} order by opened_at desc, incident.id desc limit ${incidentsMax})
        and (i.opened_at, i.id) < (${after.at}::timestamptz, ${after.id}::uuid)
      order by i.opened_at desc, i.id desc limit ${pageSize}
    `.execute(db);
    for (const row of rows) {
      const texts = await plainTexts(db, row.texts, vault);
      read += texts.length;
      if (texts.some((text) => asked.identifiers.some((one) => isNamedIn(text, one, asked.country))))
        found.push(row.id);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return { incidentIds: found, read, complete: true };
    after = { at: last.opened_at.toISOString(), id: last.id };
  }
  return { incidentIds: found, read, complete: false };
}

/** Texts with the sealed parts opened; what was erased reads as nothing. */
async function plainTexts(db: DbOrTx, texts: readonly string[], vault: FieldVault): Promise<readonly string[]> {
  if (texts.length === 0) return [];
  return JSON.parse(await vault.openWithin(db, JSON.stringify(texts), quotedInJson)) as readonly string[];
}
