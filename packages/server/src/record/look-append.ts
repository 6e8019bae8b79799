import type { FastifyRequest } from "fastify";
import { sql } from "kysely";
import type { JsonObject, JsonValue } from "@tillwatch/wire";
import { mayAlso } from "../access/ask-http.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { sharedOnly } from "../access/callers-db.ts";
import { openedBecause } from "../access/opened-because-http.ts";
import { appendAudit, type AuditRecord } from "../audit/audit-append.ts";
import { headerReason } from "../audit/public-reason.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db, Tx } from "../schema.ts";
import { searchMarks, type WordIndex } from "./search-words.ts";

export type LookDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly wordIndex: WordIndex;
};

// A page that is open asks again and again: looks of one person at one thing within this time are one look.
const sameLookMs = 10 * 60_000;

/**
 * Puts on the record that somebody reads what is about people, before the answer leaves. A look that goes on is not a second one, unless
 * it is made for another purpose.
 */
export class Looks {
  readonly #deps: LookDeps;

  constructor(deps: LookDeps) {
    this.#deps = deps;
  }

  /** Somebody opened a case: what people wrote about people, or, where he may not see that, what the machine found. */
  async openedIncident(request: FastifyRequest, incidentId: string): Promise<void> {
    const subject = { kind: "incident", id: incidentId };
    const personal = mayAlso(request, "incident:open").kind === "allowed";
    await this.#record(request, { kind: personal ? "incident.opened_by_person" : "incident.read", subject, body: {} });
  }

  /**
   * Somebody searched the cases by words. What stands in the record are digests by which equal words are found: in the record of his
   * organisation, and, for a partner's officer, of each that shares cases with it, for it is their cases that he searches.
   */
  async searched(request: FastifyRequest, text: string): Promise<void> {
    const marks = searchMarks(text, this.#deps.wordIndex);
    const look = { kind: "incident.searched", subject: { kind: "search", id: marks.queryDigest }, body: { ...marks } };
    const actor = actorOf(request);
    const hosts = sharedOnly(actor) === null ? [] : await sharingWith(this.#deps.db, actor.organisationId);
    for (const organisationId of [actor.organisationId, ...hosts]) {
      await this.#record(request, { ...look, organisationId });
    }
  }

  async #record(
    request: FastifyRequest,
    look: Pick<AuditRecord, "kind" | "subject" | "organisationId"> & { readonly body: JsonObject },
  ): Promise<void> {
    const { db, clock, chance } = this.#deps;
    const actor = actorOf(request);
    const { because, stated } = openedBecause(request);
    const record: AuditRecord = {
      ...look,
      body: { ...look.body, ...stated },
      actor: actor.token,
      because,
      atMs: clock(),
    };
    await db.transaction().execute(async (tx) => {
      if (await goesOn(tx, record)) return;
      await appendAudit(tx, [record], chance);
    });
  }
}

/** Whose cases a partner sees at this moment. */
async function sharingWith(db: Db, partnerId: string): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct organisation_id as id from case_share
    where partner_id = ${partnerId} and revoked_at is null and ends_at > now() and organisation_id <> ${partnerId}`.execute(
    db,
  );
  return rows.map((row) => row.id);
}

function wordIn(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

async function goesOn(tx: Tx, record: AuditRecord): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from audit_entry where subject_id = ${record.subject.id} and kind = ${record.kind}
      and actor = ${record.actor} and (${record.organisationId ?? null}::text is null or organisation_id = ${record.organisationId ?? null})
      and because = ${headerReason(record.because)}
      and purpose is not distinct from ${wordIn(record.body["purpose"])}
      and at >= ${new Date(record.atMs - sameLookMs).toISOString()}::timestamptz) as found`.execute(tx);
  return rows[0]?.found === true;
}
