import { sql } from "kysely";
import type { Chance } from "../../platform/chance.ts";
import { sealInto } from "../../platform/keys/vault-mark.ts";
import type { Db, DbOrTx, Tx } from "../../schema.ts";
import { periodOf, proposalOf, reviewDays } from "./access-review.ts";
import { record } from "./recorded-append.ts";

export type ReviewRow = {
  readonly id: string;
  readonly period: string;
  readonly unusedAfterDays: number;
  readonly startedAt: Date;
  readonly dueAt: Date;
  readonly closedAt: Date | null;
  readonly items: number;
  readonly decided: number;
};

export type HolderKind = "person" | "service" | "vendor";

export type ReviewItem = {
  readonly id: string;
  readonly holderKind: HolderKind;
  readonly holderToken: string;
  readonly holderId: string;
  readonly name: string; // a person's is sealed; of a vendor's access the ticket
  readonly roles: readonly string[];
  readonly scopes: readonly string[] | null;
  readonly sites: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly grantedAt: Date;
  readonly lastUsedAt: Date | null;
  readonly proposal: "keep" | "remove";
  readonly decision: "keep" | "remove" | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly because: string | null;
};

/** Reviews of an organisation, the newest first. */
export async function reviewsOf(db: DbOrTx, organisationId: string): Promise<readonly ReviewRow[]> {
  const { rows } = await sql<ReviewRow>`
    select r.id::text as id, r.period, r.unused_after_days as "unusedAfterDays", r.started_at as "startedAt", r.due_at as "dueAt",
      r.closed_at as "closedAt", count(i.id)::int as items, count(i.decision)::int as decided
    from access_review r left join access_review_item i on i.review_id = r.id
    where r.organisation_id = ${organisationId}
    group by r.id order by r.period desc limit 100`.execute(db);
  return rows;
}

/** Its lines: what is proposed for removal first. */
export async function reviewItems(db: DbOrTx, reviewId: string): Promise<readonly ReviewItem[]> {
  const { rows } = await sql<ReviewItem>`
    select i.id::text as id, i.holder_kind as "holderKind", i.holder_token as "holderToken", i.holder_id::text as "holderId",
      coalesce(a.name, s.name, v.ticket, '') as name, i.roles, i.scopes, i.sites, i.regions, i.granted_at as "grantedAt",
      i.last_used_at as "lastUsedAt", i.proposal, i.decision, i.decided_by as "decidedBy", i.decided_at as "decidedAt", i.because
    from access_review_item i
    left join account a on i.holder_kind = 'person' and a.id = i.holder_id
    left join service_account s on i.holder_kind = 'service' and s.id = i.holder_id
    left join vendor_access v on i.holder_kind = 'vendor' and v.id = i.holder_id
    where i.review_id = ${reviewId}::uuid
    order by i.proposal desc, i.holder_kind, i.last_used_at nulls first, i.id limit 10000`.execute(db);
  return rows;
}

type Holder = Pick<
  ReviewItem,
  "holderKind" | "holderToken" | "holderId" | "roles" | "scopes" | "sites" | "regions" | "grantedAt" | "lastUsedAt"
>;

/** Everybody who may do something in the organisation at this moment: its people, its programs, vendors whom it lets in. */
async function holdersOf(tx: Tx, organisationId: string, nowMs: number): Promise<readonly Holder[]> {
  const { rows } = await sql<Holder>`
    select 'person' as "holderKind", token as "holderToken", id::text as "holderId", roles, null::text[] as scopes, sites, regions,
      created_at as "grantedAt", last_seen_at as "lastUsedAt"
    from account where organisation_id = ${organisationId} and state in ('invited', 'active') and cardinality(roles) > 0
    union all
    select 'service', s.token, s.id::text, s.roles, s.scopes, s.sites, s.regions, s.created_at, max(k.last_used_at)
    from service_account s left join api_key k on k.service_account_id = s.id
    where s.organisation_id = ${organisationId} and s.state = 'active' group by s.id
    union all
    select 'vendor', account_token, id::text, roles, scopes, sites, null, coalesce(approved_at, requested_at), null
    from vendor_access where organisation_id = ${organisationId} and ended_at is null and ends_at > ${new Date(nowMs)}::timestamptz
  `.execute(tx);
  return rows;
}

export type StartRules = { readonly unusedAfterDays: number };

/**
 * Makes the list of this quarter, once; answers its id, or null where it is there already. Several processes may try at the same moment.
 */
export async function startReview(
  tx: Tx,
  asked: { readonly organisationId: string; readonly actor: string; readonly nowMs: number } & StartRules,
  chance: Chance,
): Promise<string | null> {
  const { organisationId, actor, nowMs, unusedAfterDays } = asked;
  const id = chance.uuid();
  const period = periodOf(nowMs);
  const now = new Date(nowMs);
  const dueAt = new Date(nowMs + reviewDays * 86_400_000);
  const made = await sql`
    insert into access_review (id, organisation_id, period, unused_after_days, started_at, due_at)
    values (${id}::uuid, ${organisationId}, ${period}, ${unusedAfterDays}, ${now}::timestamptz, ${dueAt}::timestamptz)
    on conflict (organisation_id, period) do nothing returning id`.execute(tx);
  if (made.rows.length === 0) return null;
  const holders = await holdersOf(tx, organisationId, nowMs);
  const lines = holders.map((holder) => ({
    id: chance.uuid(),
    holder_kind: holder.holderKind,
    holder_token: holder.holderToken,
    holder_id: holder.holderId,
    roles: holder.roles,
    scopes: holder.scopes,
    sites: holder.sites,
    regions: holder.regions,
    granted_at: holder.grantedAt,
    last_used_at: holder.lastUsedAt,
    proposal: proposalOf(
      { grantedAtMs: holder.grantedAt.getTime(), lastUsedAtMs: holder.lastUsedAt?.getTime() ?? null },
      { nowMs, unusedAfterDays },
    ),
  }));
  await sql`
    insert into access_review_item (id, review_id, holder_kind, holder_token, holder_id, roles, scopes, sites, regions, granted_at,
      last_used_at, proposal)
    select id, ${id}::uuid, holder_kind, holder_token, holder_id, roles, scopes, sites, regions, granted_at, last_used_at, proposal
    from json_to_recordset(${JSON.stringify(lines)}::json) as row (id uuid, holder_kind text, holder_token text, holder_id uuid,
      roles text[], scopes text[], sites text[], regions text[], granted_at timestamptz, last_used_at timestamptz, proposal text)
  `.execute(tx);
  const proposed = lines.filter((line) => line.proposal === "remove").length;
  const entry = { kind: "access_review.started", actor, organisationId, subject: { kind: "access_review", id } };
  const body = { period, lines: lines.length, proposedForRemoval: proposed };
  await record(tx, { ...entry, because: `access is reviewed in ${period}`, body }, { clock: () => nowMs, chance });
  return id;
}

/** Starts what is due for every organisation that has anybody; answers how many lists were made. */
export async function startDueReviews(
  db: Db,
  rules: StartRules & { readonly nowMs: number },
  chance: Chance,
): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    select o.id from organisation o
    where o.ended_at is null
      and not exists (select from access_review r where r.organisation_id = o.id and r.period = ${periodOf(rules.nowMs)})
      and (exists (select from account a where a.organisation_id = o.id and cardinality(a.roles) > 0)
        or exists (select from service_account s where s.organisation_id = o.id and s.state = 'active'))
    order by o.id`.execute(db);
  let made = 0;
  for (const { id } of rows) {
    const asked = { ...rules, organisationId: id, actor: "machine" };
    if ((await db.transaction().execute((tx) => startReview(tx, asked, chance))) !== null) made++;
  }
  return made;
}

/** One line of a review that is of this organisation, held until the transaction ends; null: there is none. */
export async function reviewItemForUpdate(
  tx: Tx,
  at: { readonly reviewId: string; readonly itemId: string; readonly organisationId: string },
): Promise<Pick<ReviewItem, "id" | "holderKind" | "holderToken" | "holderId" | "decision"> | null> {
  const { rows } = await sql<Pick<ReviewItem, "id" | "holderKind" | "holderToken" | "holderId" | "decision">>`
    select i.id::text as id, i.holder_kind as "holderKind", i.holder_token as "holderToken", i.holder_id::text as "holderId", i.decision
    from access_review_item i join access_review r on r.id = i.review_id
    where i.id = ${at.itemId}::uuid and r.id = ${at.reviewId}::uuid and r.organisation_id = ${at.organisationId}
    for update of i`.execute(tx);
  return rows[0] ?? null;
}

export async function decideItem(
  tx: Tx,
  item: { readonly id: string; readonly decision: "keep" | "remove"; readonly by: string; readonly because: string },
  nowMs: number,
): Promise<void> {
  const because = await sealInto(tx, `access_review:${item.id}`, item.because);
  await sql`
    update access_review_item set decision = ${item.decision}, decided_by = ${item.by}, because = ${because},
      decided_at = ${new Date(nowMs)}::timestamptz
    where id = ${item.id}::uuid`.execute(tx);
}

/** Closes a review whose every line is decided; answers whether it did. */
export async function closeIfDone(tx: Tx, reviewId: string, nowMs: number): Promise<boolean> {
  const { rows } = await sql`
    update access_review r set closed_at = ${new Date(nowMs)}::timestamptz
    where r.id = ${reviewId}::uuid and r.closed_at is null
      and not exists (select from access_review_item i where i.review_id = r.id and i.decision is null)
    returning r.id`.execute(tx);
  return rows.length > 0;
}
