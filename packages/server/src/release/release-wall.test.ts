import assert from "node:assert/strict";
import { sql } from "kysely";
import { testOnDatabases } from "../testing/databases.ts";
import { alpha, twoOrganisations } from "../testing/two-organisations.ts";

const before = sql`now() - interval '1 hour'`;
const after = sql`now() + interval '1 hour'`;

testOnDatabases(
  "J11 N02 a release made before the flag, or not in spite of it, takes nobody a packet",
  async ({ db }) => {
    await twoOrganisations(db);
    await sql`update packet_release set despite = 'why'`.execute(db);
    const withheld = async () =>
      (
        await sql<{ withheld: boolean }>`
        select release_withheld(r) as withheld from packet_release r where r.incident_id = ${alpha.incidentId}`.execute(
          db,
        )
      ).rows[0]?.withheld;
    const noted = (...codes: readonly string[]) =>
      sql`update packet_release set noted = ${JSON.stringify(codes.map((code) => ({ code, count: 1 })))}::json`.execute(
        db,
      );
    await sql`delete from incident_minor`.execute(db);
    assert.equal(await withheld(), false, "flagged, but its bytes are not in the packet");
    await sql`
    insert into audit_entry (id, at, kind, actor, subject_kind, subject_id, because, entry, body, organisation_id)
    values (gen_random_uuid(), now(), 'exhibit.copied', 'user:x', 'exhibit', ${alpha.exhibitId}, 'why', '\\x00',
      ${JSON.stringify({ packetId: alpha.packetId })}, 'alpha')`.execute(db);
    assert.equal(await withheld(), true, "in the packet, and nobody released it in spite of that");
    await noted("release_minor_exhibit");
    await sql`update exhibit_minor set at = ${before}`.execute(db);
    assert.equal(await withheld(), false, "released in spite of it");
    await sql`update exhibit_minor set at = ${after}`.execute(db);
    assert.equal(await withheld(), true, "said after the release");
    await sql`
    update exhibit_minor set ground = 'official_request', ground_because = 'x', ground_at = now(), ground_by = 'user:y'`.execute(
      db,
    );
    await noted();
    assert.equal(await withheld(), false, "another person stated a ground for the exhibit");
    await sql`insert into incident_minor (incident_id, because, at, actor) values (${alpha.incidentId}, 'x', ${before}, 'user:x')`.execute(
      db,
    );
    await noted("release_minor_exhibit");
    assert.equal(await withheld(), true, "in spite of a minor in an exhibit is not in spite of one in the case");
    await noted("release_minor");
    assert.equal(await withheld(), false);
    await sql`update incident_minor set at = ${after}`.execute(db);
    assert.equal(await withheld(), true);
  },
);
