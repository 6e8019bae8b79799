import { sql } from "kysely";
import type { ConsentTextView, ConsentView } from "@tillwatch/wire";
import type { DbOrTx, Tx } from "../../schema.ts";

type By = { readonly organisationId: string; readonly nowMs: number; readonly actor: string };
type TextKey = { readonly id: string; readonly version: string; readonly language: string };

/** False: the version exists, and stays as it is. */
export async function insertConsentText(
  tx: Tx,
  text: By & TextKey & { readonly purpose: string; readonly content: string; readonly sha256: string },
): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    insert into consent_text (id, version, language, organisation_id, purpose, content, sha256, at, actor)
    values (${text.id}, ${text.version}, ${text.language}, ${text.organisationId}, ${text.purpose}, ${text.content}, ${text.sha256},
      ${new Date(text.nowMs)}::timestamptz, ${text.actor})
    on conflict do nothing returning id
  `.execute(tx);
  return rows.length > 0;
}

export async function consentTexts(db: DbOrTx, organisationId: string): Promise<readonly ConsentTextView[]> {
  const { rows } = await sql<Omit<ConsentTextView, "at" | "inForce"> & { at: Date; in_force: number }>`
    select t.id, t.version, t.language, t.purpose, t.content, t.sha256, t.at, (
      select count(*)::int4 from consent c where c.organisation_id = t.organisation_id and c.text_id = t.id
        and c.text_version = t.version and c.language = t.language and c.withdrawn_at is null) as in_force
    from consent_text t where t.organisation_id = ${organisationId} order by t.id, t.at desc, t.language limit 500
  `.execute(db);
  return rows.map(({ in_force, at, ...row }) => ({ ...row, at: at.toISOString(), inForce: in_force }));
}

export type NewConsent = By & {
  readonly id: string;
  readonly token: string;
  readonly textId: string;
  readonly textVersion: string;
  readonly language: string;
  readonly how: string;
  readonly givenAtMs: number;
};

/** null: there is no such text. The digest of the text stands in the consent: it says what was agreed to. */
export async function insertConsent(
  tx: Tx,
  consent: NewConsent,
): Promise<{ readonly id: string; readonly textSha256: string } | null> {
  const { rows } = await sql<{ id: string; text_sha256: string }>`
    insert into consent (id, organisation_id, token, text_id, text_version, language, text_sha256, how, given_at, recorded_at, recorded_by)
    select ${consent.id}::uuid, t.organisation_id, ${consent.token}, t.id, t.version, t.language, t.sha256, ${consent.how},
      ${new Date(consent.givenAtMs)}::timestamptz, ${new Date(consent.nowMs)}::timestamptz, ${consent.actor}
    from consent_text t where t.organisation_id = ${consent.organisationId} and t.id = ${consent.textId}
      and t.version = ${consent.textVersion} and t.language = ${consent.language}
    returning id, text_sha256
  `.execute(tx);
  return rows[0] === undefined ? null : { id: rows[0].id, textSha256: rows[0].text_sha256 };
}

/** The person's token; null: there is none that still holds. */
export async function withdrawConsent(tx: Tx, consent: By & { readonly id: string }): Promise<string | null> {
  const { rows } = await sql<{ token: string }>`
    update consent set withdrawn_at = ${new Date(consent.nowMs)}::timestamptz, withdrawn_by = ${consent.actor}
    where id = ${consent.id}::uuid and organisation_id = ${consent.organisationId} and withdrawn_at is null returning token
  `.execute(tx);
  return rows[0]?.token ?? null;
}

export async function consentsOf(db: DbOrTx, organisationId: string, token: string): Promise<readonly ConsentView[]> {
  type Row = {
    id: string;
    text_id: string;
    text_version: string;
    language: string;
    text_sha256: string;
    how: string;
    given_at: Date;
    withdrawn_at: Date | null;
  };
  const { rows } = await sql<Row>`
    select id, text_id, text_version, language, text_sha256, how, given_at, withdrawn_at from consent
    where organisation_id = ${organisationId} and token = ${token} order by given_at desc, id limit 500
  `.execute(db);
  return rows.map((row) => ({
    id: row.id,
    textId: row.text_id,
    textVersion: row.text_version,
    language: row.language,
    textSha256: row.text_sha256,
    how: row.how,
    givenAt: row.given_at.toISOString(),
    withdrawnAt: row.withdrawn_at?.toISOString() ?? null,
  }));
}
