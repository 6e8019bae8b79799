import assert from "node:assert/strict";
import { sql, type RawBuilder } from "kysely";
import { appendAudit } from "../audit/audit-append.ts";
import { systemChance } from "../platform/chance.ts";
import type { Tx } from "../schema.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { alpha, twoOrganisations } from "../testing/two-organisations.ts";

const { incidentId, organisationId, webhookId } = alpha;
const fresh = "77777777-7777-4777-8777-777777777777";

type HandOff = { readonly says: string; readonly subject: string; readonly write: () => RawBuilder<unknown> };

/** Every write by which something leaves a hand for another. */
const handOffs: readonly HandOff[] = [
  {
    says: "a case is shared with a partner",
    subject: incidentId,
    write:
      () => sql`insert into case_share (id, incident_id, organisation_id, partner_id, ground, shared_at, shared_by, ends_at)
      values (${fresh}, ${incidentId}, ${organisationId}, 'police', 'x', now(), 'user:x', now() + interval '1 day')`,
  },
  {
    says: "a share goes on for longer",
    subject: incidentId,
    write: () => sql`update case_share set ends_at = now() + interval '9 days' where incident_id = ${incidentId}`,
  },
  {
    says: "an answer of the record is exported",
    subject: fresh,
    write:
      () => sql`insert into record_export (id, organisation_id, scope, asked_by, because, asked_at, question, state)
      values (${fresh}, ${organisationId}, '{}', 'user:x', 'x', now(), '{}', 'building')`,
  },
  {
    says: "figures leave",
    subject: fresh,
    write:
      () => sql`insert into analytics_export (id, organisation_id, at, actor, parameters, rows, suppressed, sha256, state, findings)
      values (${fresh}, ${organisationId}, now(), 'user:x', '{}', 1, 0, 'x', 'released', '[]')`,
  },
  {
    says: "a case gets another owner",
    subject: incidentId,
    write: () => sql`update incident set owner_token = 'user:new' where id = ${incidentId}`,
  },
  {
    says: "a case is handed over",
    subject: incidentId,
    write: () => sql`update incident set state = 'handed_over' where id = ${incidentId}`,
  },
  {
    says: "another system is told of a case",
    subject: fresh,
    write: () => sql`insert into webhook_delivery (id, endpoint_id, event, body, state, because, created_at)
      values (${fresh}, ${webhookId}, 'incident.opened', '{}', 'waiting', 'queued', now())`,
  },
  {
    says: "a vendor asks to come in",
    subject: fresh,
    write:
      () => sql`insert into vendor_access (id, organisation_id, account_token, ticket, purpose, roles, scopes, starts_at, ends_at, requested_by,
        requested_at, because)
      values (${fresh}, ${organisationId}, ${`user:${incidentId}`}, 'x', 'x', '{administrator}', '{vendor:read}', now(), now() + interval '1 hour', 'user:x', now(), 'x')`,
  },
  {
    says: "a packet is released",
    subject: fresh,
    write:
      () => sql`insert into packet_release (id, packet_id, incident_id, organisation_id, partner_id, channel, purpose, ground, because, noted,
        sha256, bytes, released_at, released_by)
      values (${fresh}, ${alpha.packetId}, ${incidentId}, ${organisationId}, 'police', 'partner', 'p', 'g', 'x', '[]', 'x', 1, now(), 'user:x')`,
  },
];

function entry(tx: Tx, subject: string, kind: string) {
  const record = { kind, actor: "user:x", because: "asked for", atMs: 0, body: {}, organisationId };
  return appendAudit(
    tx,
    [{ ...record, subject: { kind: subject === incidentId ? "incident" : "release", id: subject } }],
    systemChance,
  );
}

testOnDatabases(
  "O02 each way of handing something on is refused without its entry in the record, and taken with it",
  async ({ db }) => {
    await twoOrganisations(db);
    for (const { says, subject, write } of handOffs) {
      await assert.rejects(write().execute(db), /without an entry of the record/, says);
      await db.transaction().execute((tx) => entry(tx, subject, "test.before"));
      await assert.rejects(
        write().execute(db),
        /without an entry of the record/,
        `${says}: an earlier entry does not count`,
      );
      const foreign = db.transaction().execute(async (tx) => {
        await write().execute(tx);
        await entry(tx, "99999999-9999-4999-8999-999999999999", "test.other");
      });
      await assert.rejects(foreign, /without an entry of the record/, `${says}: nor does one about something else`);
      await db.transaction().execute(async (tx) => {
        await write().execute(tx);
        await entry(tx, subject, "test.handed_on");
      });
    }
    const approve = sql`update vendor_access set approved_by = 'user:y', approved_at = now() where id = ${fresh}`;
    await assert.rejects(approve.execute(db), /without an entry of the record/, "a vendor is let in");
  },
);
