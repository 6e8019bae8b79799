import { sql } from "kysely";
import { erasedText } from "../../platform/keys/field-vault.ts";
import { sealInto, vaultOf } from "../../platform/keys/vault-mark.ts";
import type { DbOrTx, Tx } from "../../schema.ts";
import type { Polygon } from "./privacy-mask.ts";
import type { SiteSettings } from "./privacy-policy-file.ts";

type By = { readonly organisationId: string; readonly because: string; readonly nowMs: number; readonly actor: string };

export type SitePrivacy = {
  readonly settings: Partial<SiteSettings>;
  readonly because: string;
  readonly at: string;
  readonly actor: string;
  readonly version: number;
};

/** How a site departs from the least; null: it does not. */
export async function sitePrivacy(db: DbOrTx, siteId: string): Promise<SitePrivacy | null> {
  const { rows } = await sql<Omit<SitePrivacy, "at"> & { at: Date }>`
    select settings, because, at, actor, version from site_privacy where site_id = ${siteId}
  `.execute(db);
  const [row] = rows;
  if (row === undefined) return null;
  return { ...row, because: await reasonFrom(db, row.because), at: row.at.toISOString() };
}

/** How all sites of the installation depart from the least, by their ids. */
export async function allSitePrivacy(db: DbOrTx): Promise<ReadonlyMap<string, Partial<SiteSettings>>> {
  const { rows } = await sql<{ site_id: string; settings: Partial<SiteSettings> }>`
    select site_id, settings from site_privacy
  `.execute(db);
  return new Map(rows.map(({ site_id, settings }) => [site_id, settings]));
}

export async function saveSitePrivacy(
  tx: Tx,
  change: By & { readonly siteId: string; readonly settings: Partial<SiteSettings> },
): Promise<void> {
  const because = await sealInto(tx, `site_privacy:${change.siteId}`, change.because);
  await sql`
    insert into site_privacy (site_id, organisation_id, settings, because, version, at, actor)
    values (${change.siteId}, ${change.organisationId}, ${JSON.stringify(change.settings)}::json, ${because}, 1,
      ${new Date(change.nowMs)}::timestamptz, ${change.actor})
    on conflict (site_id) do update set settings = excluded.settings, because = excluded.because, at = excluded.at,
      actor = excluded.actor, version = site_privacy.version + 1
  `.execute(tx);
}

export type DeviceMask = {
  readonly siteId: string;
  readonly deviceId: string;
  readonly polygons: readonly Polygon[];
  readonly because: string;
  readonly version: number;
  readonly at: string;
  readonly actor: string;
};

/** In clear: it goes into notices and assessments, which are documents. */
async function reasonFrom(db: DbOrTx, kept: string): Promise<string> {
  const [text] = await (await vaultOf(db)).openKept(db, [kept]);
  return text ?? erasedText;
}

/** Masks of a site's cameras. */
export async function masksAt(db: DbOrTx, siteId: string): Promise<readonly DeviceMask[]> {
  type Row = {
    site_id: string;
    device_id: string;
    polygons: readonly Polygon[];
    because: string;
    version: number;
    at: Date;
    actor: string;
  };
  const { rows } = await sql<Row>`
    select site_id, device_id, polygons, because, version, at, actor from privacy_mask where site_id = ${siteId} order by device_id
  `.execute(db);
  return rows.map(({ site_id, device_id, at, ...row }) => ({
    ...row,
    siteId: site_id,
    deviceId: device_id,
    at: at.toISOString(),
  }));
}

/** Sets the masks of a camera as a whole; none takes them away. Answers the new version; null: `version` is not the present one. */
export async function saveMask(
  tx: Tx,
  mask: By & {
    readonly siteId: string;
    readonly deviceId: string;
    readonly polygons: readonly Polygon[];
    readonly version: number;
  },
): Promise<number | null> {
  const because = await sealInto(tx, `site_privacy:${mask.siteId}`, mask.because);
  const { rows } = await sql<{ version: number }>`
    insert into privacy_mask (site_id, device_id, organisation_id, polygons, because, version, at, actor)
    values (${mask.siteId}, ${mask.deviceId}, ${mask.organisationId}, ${JSON.stringify(mask.polygons)}::json, ${because},
      ${mask.version + 1}, ${new Date(mask.nowMs)}::timestamptz, ${mask.actor})
    on conflict (site_id, device_id) do update set polygons = excluded.polygons, because = excluded.because,
      version = excluded.version, at = excluded.at, actor = excluded.actor
      where privacy_mask.version = ${mask.version}
    returning version
  `.execute(tx);
  return rows[0]?.version ?? null;
}

export type NewReport = {
  readonly id: string;
  readonly organisationId: string;
  readonly kind: "notice" | "impact_assessment" | "misuse_review";
  readonly about: string;
  readonly configurationSha256: string;
  readonly content: string;
  readonly nowMs: number;
  readonly actor: string;
};

/** Keeps a generated page, once for each configuration that it was made from. */
export async function saveReport(tx: Tx, report: NewReport): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    insert into privacy_report (id, organisation_id, kind, about, configuration_sha256, content, at, actor)
    select ${report.id}::uuid, ${report.organisationId}, ${report.kind}, ${report.about}, ${report.configurationSha256},
      ${report.content}, ${new Date(report.nowMs)}::timestamptz, ${report.actor}
    where not exists (select 1 from privacy_report where organisation_id = ${report.organisationId} and kind = ${report.kind}
      and about = ${report.about} and configuration_sha256 = ${report.configurationSha256})
    returning id
  `.execute(tx);
  return rows.length > 0;
}

/** When the page changed, newest first: each line is another configuration. */
export async function reportsOf(db: DbOrTx, organisationId: string, about: string) {
  const { rows } = await sql<{ id: string; kind: string; configuration_sha256: string; at: Date; actor: string }>`
    select id, kind, configuration_sha256, at, actor from privacy_report
    where organisation_id = ${organisationId} and about = ${about} order by at desc, id limit 100
  `.execute(db);
  return rows.map(({ configuration_sha256, at, ...row }) => ({
    ...row,
    at: at.toISOString(),
    configurationSha256: configuration_sha256,
  }));
}
