import type { Log } from "../platform/log.ts";
import { appendAudit } from "../audit/audit-append.ts";
import { isOpenAt, localTimeIn } from "../enrich/local-time.ts";
import type { Directory } from "../enrich/directory.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Db, DbOrTx, Tx } from "../schema.ts";
import type { MisuseRules } from "./misuse-rules.ts";
import {
  accountsOf,
  conflictsOf,
  entriesFrom,
  insertCase,
  leafAt,
  leavesNow,
  lockWatch,
  saveWatch,
} from "./misuse-store.ts";
import { MisuseReader, type MisuseFinding } from "./misuse-watch.ts";
import type { WatchedEntry, WatchFacts } from "./misuse-view.ts";
import { wordsOf, type WordIndex } from "./search-words.ts";

export type MisuseDeps = {
  readonly db: Db;
  readonly rules: MisuseRules;
  readonly directory: () => Directory;
  readonly vault: Pick<FieldVault, "openMany">;
  readonly wordIndex: WordIndex;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** Tells the outside in the transaction of the new case. */
  readonly alarm?: (tx: Tx, flagged: Flagged) => Promise<void>;
};

/** What the outside learns of a case: neither whom it is about nor what was done. */
export type Flagged = {
  readonly caseId: string;
  readonly ruleId: string;
  readonly level: string;
  readonly organisationId: string;
  readonly atMs: number;
};

const pageEntries = 1_000;
const nightFrom = 22;
const nightTo = 6;

/**
 * The guard of the guards: reads the record behind the sequencer and opens a case for what the rules find. One step reads what is new;
 * cases, their audit entries and the cursor commit together, so that a crash neither loses nor doubles a finding.
 */
export class MisuseWatch {
  readonly #deps: MisuseDeps;
  #reader: MisuseReader | null = null;
  #readTo = -1;

  constructor(deps: MisuseDeps) {
    this.#deps = deps;
  }

  /** Reads to the end of what the log holds. Answers how many cases were opened. */
  async step(): Promise<number> {
    let opened = 0;
    for (;;) {
      const page = await this.#page();
      opened += page.opened;
      if (page.last) return opened;
    }
  }

  async #page(): Promise<{ readonly opened: number; readonly last: boolean }> {
    const { db, clock } = this.#deps;
    const opened: string[] = [];
    const last = await db
      .transaction()
      .execute(async (tx) => {
        const cursor = await lockWatch(tx);
        const reader = await this.#readerAt(tx, cursor);
        const below = await leavesNow(tx);
        const entries = await entriesFrom(tx, { from: cursor, below, limit: pageEntries });
        const findings = await this.#read(tx, reader, entries);
        for (const finding of findings) {
          const id = await this.#open(tx, finding);
          if (id !== null) opened.push(id);
        }
        const end = entries.length === pageEntries ? (entries.at(-1)?.leaf ?? cursor) + 1 : Math.max(cursor, below);
        await saveWatch(tx, end, clock());
        this.#readTo = end;
        reader.forget(clock());
        return entries.length < pageEntries;
      })
      .catch((fault: unknown) => {
        // What was counted in a transaction that failed is read again.
        this.#reader = null;
        throw fault;
      });
    return { opened: opened.length, last };
  }

  /** The reader whose counts are those at the cursor: kept, or made by reading the windows again. */
  async #readerAt(tx: Tx, cursor: number): Promise<MisuseReader> {
    if (this.#reader !== null && this.#readTo === cursor) return this.#reader;
    const reader = new MisuseReader(this.#deps.rules);
    let from = await leafAt(tx, this.#deps.clock() - reader.windowMs, cursor);
    while (from < cursor) {
      const entries = await entriesFrom(tx, { from, below: cursor, limit: pageEntries });
      await this.#read(tx, reader, entries);
      from = entries.length < pageEntries ? cursor : (entries.at(-1)?.leaf ?? cursor) + 1;
    }
    this.#reader = reader;
    this.#readTo = cursor;
    return reader;
  }

  async #read(tx: Tx, reader: MisuseReader, entries: readonly WatchedEntry[]): Promise<readonly MisuseFinding[]> {
    const facts = await this.#facts(tx, entries);
    return entries.flatMap((entry) => reader.read(entry, facts(entry)));
  }

  async #facts(tx: DbOrTx, entries: readonly WatchedEntry[]): Promise<(entry: WatchedEntry) => WatchFacts> {
    const { directory, vault, wordIndex } = this.#deps;
    const actors = [...new Set(entries.map((entry) => entry.actor))];
    const accounts = await accountsOf(tx, actors);
    const searchers = [
      ...new Set(entries.filter((entry) => searchedWords(entry).length > 0).map((entry) => entry.actor)),
    ];
    const interests = new Map([...(await conflictsOf(tx, searchers))].map(([actor, words]) => [actor, new Set(words)]));
    const named = searchers.flatMap((actor) =>
      accounts.has(actor) ? [{ actor, name: accounts.get(actor)?.name ?? "" }] : [],
    );
    const names = await vault.openMany(
      tx,
      named.map((one) => one.name),
    );
    for (const [at, { actor }] of named.entries()) {
      const own = wordsOf(names[at] ?? "").map((word) => Buffer.from(wordIndex(word)).toString("base64"));
      interests.set(actor, new Set([...(interests.get(actor) ?? []), ...own]));
    }
    const places = directory();
    return (entry) => {
      const site = entry.siteId === null ? null : places.site(entry.siteId);
      const { hour, weekday, minuteOfDay } = localTimeIn(site?.timezone ?? "UTC", entry.atMs);
      const hours = site?.openingHours ?? null;
      const offHours =
        hours === null ? hour >= nightFrom || hour < nightTo : !isOpenAt(hours, { hour, weekday, minuteOfDay });
      const interest = interests.get(entry.actor);
      const conflict = interest !== undefined && searchedWords(entry).some((word) => interest.has(word));
      return { hour, weekday, offHours, conflict, roles: accounts.get(entry.actor)?.roles ?? [] };
    };
  }

  async #open(tx: Tx, finding: MisuseFinding): Promise<string | null> {
    const { chance, clock, log } = this.#deps;
    const id = chance.uuid();
    const openedAtMs = clock();
    if (!(await insertCase(tx, { id, finding, openedAtMs }))) return null;
    // Neither who is flagged nor which entries: whoever may read the record may be the one who is flagged.
    const record = {
      kind: "misuse.flagged",
      actor: "machine",
      subject: { kind: "misuse_case", id },
      because: finding.ruleId,
      atMs: openedAtMs,
      body: { rule: finding.title, level: finding.level, counted: finding.counted },
    };
    await appendAudit(tx, [record], chance);
    const { ruleId, level, organisationId } = finding;
    await this.#deps.alarm?.(tx, { caseId: id, ruleId, level, organisationId, atMs: openedAtMs });
    log.warn("misuse flagged", { case: id, rule: finding.title });
    return id;
  }
}

function searchedWords(entry: WatchedEntry): readonly string[] {
  const { words } = entry.body;
  if (entry.kind.endsWith(".searched") && Array.isArray(words)) return words.filter((word) => typeof word === "string");
  return [];
}
