import { sql } from "kysely";
import { sealInto } from "../platform/keys/vault-mark.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import type { Judged, LiveChange, RuleLife } from "./rule-life.ts";

export const stepKinds = [
  "drafted",
  "shadowed",
  "shadow_ended",
  "signature_asked",
  "activated",
  "retired",
  "rolled_back",
] as const;
export type StepKind = (typeof stepKinds)[number];

export type RuleRow = RuleLife & {
  readonly id: string;
  readonly origin: "pack" | "written";
  readonly askedAt: Date | null;
  readonly title: string | null; // of the last stored version
};

export type VersionRow = {
  readonly number: number;
  readonly title: string;
  readonly text: string;
  readonly sha256: string;
  readonly author: string;
  readonly because: string; // sealed
  readonly at: Date;
};

export type StepRow = {
  readonly ordinal: number;
  readonly kind: StepKind;
  readonly number: number;
  readonly liveBefore: number | null;
  readonly liveAfter: number | null;
  readonly actor: string;
  readonly signedBy: string | null;
  readonly because: string; // sealed
  readonly right: number | null;
  readonly wrong: number | null;
  readonly at: Date;
};

type Row = Pick<RuleRow, "id" | "origin" | "latest" | "live" | "shadow" | "askedAt" | "title"> & {
  readonly askedNumber: number | null;
  readonly askedBy: string | null;
  readonly everLive: readonly number[] | null;
};

/** All stored rules, or the one with this id. */
export async function storedRules(db: DbOrTx, id: string | null = null): Promise<readonly RuleRow[]> {
  const { rows } = await sql<Row>`
    select r.id::text as id, r.origin, r.latest, r.live, r.shadow, r.asked_number as "askedNumber", r.asked_by as "askedBy",
      r.asked_at as "askedAt", v.title,
      (select json_agg(distinct s.live_after) from rule_step s where s.rule_id = r.id and s.live_after is not null) as "everLive"
    from rule r left join rule_version v on v.rule_id = r.id and v.number = r.latest
    where ${id}::uuid is null or r.id = ${id}::uuid order by r.id`.execute(db);
  return rows.map(({ askedNumber, askedBy, everLive, ...row }) => ({
    ...row,
    asked: askedNumber === null || askedBy === null ? null : { number: askedNumber, by: askedBy },
    everLive: new Set([...(everLive ?? []), ...(row.origin === "pack" ? [0] : [])]),
  }));
}

export async function storedRule(db: DbOrTx, id: string): Promise<RuleRow | null> {
  return (await storedRules(db, id))[0] ?? null;
}

export async function insertRule(
  tx: Tx,
  rule: { id: string; origin: RuleRow["origin"]; nowMs: number },
): Promise<void> {
  const live = rule.origin === "pack" ? 0 : null;
  await sql`insert into rule (id, origin, live, created_at)
    values (${rule.id}::uuid, ${rule.origin}, ${live}, ${new Date(rule.nowMs)}::timestamptz)`.execute(tx);
}

export async function saveLife(
  tx: Tx,
  id: string,
  { live, shadow, asked, nowMs }: Pick<RuleLife, "live" | "shadow" | "asked"> & { readonly nowMs: number },
): Promise<void> {
  const now = new Date(nowMs);
  await sql`
    update rule set live = ${live}, shadow = ${shadow}, asked_number = ${asked?.number ?? null}, asked_by = ${asked?.by ?? null},
      asked_at = case when ${asked === null} then null when asked_number = ${asked?.number ?? null} then asked_at else ${now}::timestamptz end
    where id = ${id}::uuid`.execute(tx);
}

type NewVersion = Omit<VersionRow, "at"> & { readonly nowMs: number };

export async function insertVersion(tx: Tx, id: string, version: NewVersion): Promise<void> {
  const because = await sealInto(tx, ruleSubject(id), version.because);
  await sql`
    insert into rule_version (rule_id, number, title, text, sha256, author, because, at)
    values (${id}::uuid, ${version.number}, ${version.title}, ${version.text}, ${version.sha256}, ${version.author}, ${because},
      ${new Date(version.nowMs)}::timestamptz)`.execute(tx);
  await sql`update rule set latest = ${version.number} where id = ${id}::uuid`.execute(tx);
}

export type NewStep = {
  readonly kind: StepKind;
  readonly number: number;
  readonly liveBefore: number | null;
  readonly liveAfter: number | null;
  readonly actor: string;
  readonly signedBy?: string | null;
  readonly because: string;
  readonly judged?: Judged | null;
  readonly nowMs: number;
};

export async function insertStep(tx: Tx, id: string, step: NewStep): Promise<void> {
  const because = await sealInto(tx, ruleSubject(id), step.because);
  await sql`
    insert into rule_step (rule_id, ordinal, kind, number, live_before, live_after, actor, signed_by, because, right_count, wrong_count, at)
    select ${id}::uuid, coalesce(max(ordinal), 0) + 1, ${step.kind}, ${step.number}, ${step.liveBefore}, ${step.liveAfter}, ${step.actor},
      ${step.signedBy ?? null}, ${because}, ${step.judged?.right ?? null}, ${step.judged?.wrong ?? null},
      ${new Date(step.nowMs)}::timestamptz
    from rule_step where rule_id = ${id}::uuid`.execute(tx);
}

/** Whose key seals the reasons. */
function ruleSubject(id: string): string {
  return `rule:${id}`;
}

export async function versionsOf(db: DbOrTx, id: string): Promise<readonly VersionRow[]> {
  const { rows } = await sql<VersionRow>`
    select number, title, text, sha256, author, because, at from rule_version where rule_id = ${id}::uuid
    order by number desc limit 200`.execute(db);
  return rows;
}

export async function versionOfRule(db: DbOrTx, id: string, number: number): Promise<VersionRow | null> {
  const { rows } = await sql<VersionRow>`
    select number, title, text, sha256, author, because, at from rule_version
    where rule_id = ${id}::uuid and number = ${number}`.execute(db);
  return rows[0] ?? null;
}

/** The last version of every rule that has one: what lists say of rules that do not run. */
export async function lastVersions(db: DbOrTx): Promise<ReadonlyMap<string, VersionRow>> {
  const { rows } = await sql<VersionRow & { readonly id: string }>`
    select r.id::text as id, v.number, v.title, v.text, v.sha256, v.author, v.because, v.at
    from rule r join rule_version v on v.rule_id = r.id and v.number = r.latest`.execute(db);
  return new Map(rows.map(({ id, ...version }) => [id, version]));
}

export async function stepsOf(db: DbOrTx, id: string): Promise<readonly StepRow[]> {
  const { rows } = await sql<StepRow>`
    select ordinal, kind, number, live_before as "liveBefore", live_after as "liveAfter", actor, signed_by as "signedBy", because,
      right_count as right, wrong_count as wrong, at
    from rule_step where rule_id = ${id}::uuid order by ordinal desc limit 200`.execute(db);
  return rows;
}

/** Every change of what runs, oldest first. */
export async function liveChanges(db: DbOrTx, id: string): Promise<readonly LiveChange[]> {
  const { rows } = await sql<LiveChange>`
    select kind, live_before as "liveBefore", live_after as "liveAfter" from rule_step
    where rule_id = ${id}::uuid and live_before is distinct from live_after order by ordinal`.execute(db);
  return rows;
}

/** "id number" of every version that runs or ran with a second person's signature. */
export async function signedVersions(db: DbOrTx): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string; number: number }>`
    select distinct rule_id::text as id, number from rule_step where kind = 'activated' and signed_by is not null`.execute(
    db,
  );
  return new Set(rows.map(({ id, number }) => `${id} ${number}`));
}
