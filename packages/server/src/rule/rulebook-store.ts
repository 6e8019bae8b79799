import { sql } from "kysely";
import type { SigmaProblem } from "@tillwatch/sigma";
import type { Result } from "@tillwatch/wire";
import { savePackContent } from "../decision/decision-store.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { Db, DbOrTx, Tx } from "../schema.ts";
import {
  asShipped,
  compose,
  packRulesOf,
  saysOf,
  type PackRules,
  type RunningRules,
  type StoredRule,
} from "./running-rules.ts";

type Deps = { readonly db: Db; readonly pack: LoadedPack; readonly clock: Clock; readonly log: Log };

/**
 * The rules that this process runs. `refresh` takes what the store says by now; a set that does not load leaves the running one in place and
 * is told in `fault`. Whoever runs a batch asks `current` once, at its beginning.
 */
export class RulebookHolder {
  readonly #deps: Deps;
  readonly shipped: PackRules;
  #current: RunningRules;
  #refused: { readonly revision: number; readonly says: string } | null = null;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.shipped = packRulesOf(deps.pack);
    this.#current = { ...asShipped(deps.pack), revision: -1 };
  }

  current(): RunningRules {
    return this.#current;
  }

  /** Why the store's newest rules do not run in this process; null: they do. */
  get fault(): string | null {
    return this.#refused?.says ?? null;
  }

  async refresh(): Promise<void> {
    const { db, clock, log } = this.#deps;
    const revision = await rulebookRevision(db);
    if (revision <= this.#current.revision || revision === this.#refused?.revision) return;
    const made = await this.composed(db);
    if (!made.ok) {
      this.#refused = { revision, says: saysOf(made.error) };
      log.error("stored rules do not load; what ran before goes on", { problems: saysOf(made.error) });
      return;
    }
    // Before the first decision may name it.
    await savePackContent(db, [made.value.content], clock());
    if (made.value.revision <= this.#current.revision) return; // another refresh was quicker
    this.#current = made.value;
    this.#refused = null;
    log.info("rules taken", { revision: made.value.revision, version: made.value.versions.rules });
  }

  /** What the store comes to as this transaction sees it: a change is tried so before it is committed. */
  async composed(from: DbOrTx): Promise<Result<RunningRules, readonly SigmaProblem[]>> {
    const { rows } = await sql<StoredRule & { readonly revision: number }>`
      select b.revision::int4 as revision, r.id::text as id, r.live, l.text as "liveText", r.shadow, s.text as "shadowText"
      from rulebook b left join rule r on true
      left join rule_version l on l.rule_id = r.id and l.number = r.live
      left join rule_version s on s.rule_id = r.id and s.number = r.shadow
      order by r.id`.execute(from);
    const stored = rows.filter(({ id }) => id !== null);
    return compose(this.#deps.pack, this.shipped, { stored, revision: rows[0]?.revision ?? 0 });
  }
}

export async function rulebookRevision(db: DbOrTx): Promise<number> {
  const { rows } = await sql<{ revision: number }>`select revision::int4 as revision from rulebook`.execute(db);
  return rows[0]?.revision ?? 0;
}

/** Changes of rules come one after the other: what two changes come to is tried as a whole. */
export async function lockRulebook(tx: Tx): Promise<void> {
  await sql`select revision from rulebook for update`.execute(tx);
}

export async function raiseRevision(tx: Tx): Promise<void> {
  await sql`update rulebook set revision = revision + 1`.execute(tx);
}
