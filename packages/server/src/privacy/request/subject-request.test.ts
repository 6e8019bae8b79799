import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { sql } from "kysely";
import { parseDsse, verifyDsse, type Json } from "@tillwatch/evidence";
import type { PersonMarkView } from "@tillwatch/wire";
import { testOnDatabases } from "../../testing/databases.ts";
import { privacyHouse, report } from "../../testing/privacy-house.ts";

const anna = [
  { kind: "name", value: "Anna Zeligman" },
  { kind: "phone", value: "0171 1234567" },
];
const entered = {
  kind: "access",
  subjectKind: "customer",
  identifiers: anna,
  wording: "Please tell me what you keep about me.",
  country: "DE",
  receivedAt: "2026-11-19T10:00:00Z",
};
const why = "the subject asked for it in writing";
const identity = { outcome: "confirmed", how: "came in person, passport seen" };

type House = Awaited<ReturnType<typeof privacyHouse>>;

async function enter({ ask }: House, change: Record<string, unknown> = {}): Promise<string> {
  const made = await ask("POST", "/api/v1/subject-requests", { ...entered, ...change });
  assert.equal(made.status, 201, made.text);
  return String(made.body["id"]);
}

async function confirmed(house: House, change: Record<string, unknown> = {}): Promise<string> {
  const id = await enter(house, change);
  assert.equal((await house.ask("POST", `/api/v1/subject-requests/${id}/identity`, identity)).status, 200);
  return id;
}

async function known(house: House, identifiers: unknown = anna): Promise<string> {
  const person = { kind: "customer", identifiers, country: "DE", source: "loyalty programme" };
  const made = await house.ask("POST", "/api/v1/known-persons", person);
  assert.equal(made.status, 201, made.text);
  return String(made.body["token"]);
}

async function packageOf(house: House, id: string) {
  const taken = await house.ask("GET", `/api/v1/subject-requests/${id}/answer`);
  assert.equal(taken.status, 200, taken.text);
  const envelope = parseDsse(JSON.parse(taken.text) as Json);
  assert.ok(envelope.ok);
  const verified = await verifyDsse(envelope.value, [house.signer.publicKey]);
  assert.ok(verified.ok);
  const bytes = Buffer.from(envelope.value.payload, "base64");
  return {
    sha256: createHash("sha256").update(bytes).digest("hex"),
    text: bytes.toString("utf8"),
    auditId: String(taken.headers["x-audit-entry"]),
  };
}

testOnDatabases("J12 from a request to a signed, redacted answer, with clock and proof", async (database, context) => {
  const house = await privacyHouse(database, context);
  const { ask, db } = house;
  const token = await known(house);
  const summary = "Anna Zeligman paid. Her friend was with Bogumil Kowalski at the exit.";
  const told = await ask("POST", "/api/v1/incidents", { ...report, summary });
  assert.equal(told.status, 201, told.text);
  assert.equal((await ask("POST", "/api/v1/incidents", report)).status, 201);
  const id = await enter(house);
  const early = await ask("POST", `/api/v1/subject-requests/${id}/answer`, { because: why });
  assert.equal(early.body["code"], "subject_identity_unchecked");
  await ask("POST", `/api/v1/subject-requests/${id}/identity`, identity);
  const found = await ask("POST", `/api/v1/subject-requests/${id}/search`);
  assert.deepEqual(found.body["tokens"], [token]);
  assert.equal(
    (found.body["places"] as readonly { kind: string }[]).filter(({ kind }) => kind === "incident").length,
    1,
  );
  const done = await ask("POST", `/api/v1/subject-requests/${id}/answer`, { because: why });
  assert.equal(done.status, 200, done.text);
  assert.equal(done.body["state"], "answered");
  const { text, sha256, auditId } = await packageOf(house, id);
  assert.equal(sha256, done.body["answerSha256"]);
  assert.match(text, /Anna Zeligman/);
  assert.doesNotMatch(text, /Kowalski|user:admin/);
  assert.match(text, /\[person\]/);
  assert.match(text, /other people/);
  const { rows } = await sql<{
    kind: string;
    body: string;
  }>`select kind, body from audit_entry where id = ${auditId}::uuid`.execute(db);
  assert.equal(rows[0]?.kind, "subject_request.answered");
  assert.match(rows[0]?.body ?? "", new RegExp(sha256));
  const again = await ask("POST", `/api/v1/subject-requests/${id}/answer`, { because: why });
  assert.equal(again.body["code"], "subject_request_closed");
  const { rows: dump } = await sql<{ all: string }>`
    select (select string_agg(r::text, '') from subject_request r) || (select string_agg(s::text, '') from subject_request_step s)
      || (select string_agg(i::text, '') from person_identifier i) as all`.execute(db);
  assert.doesNotMatch(dump[0]?.all ?? "", /Zeligman|1234567|Please tell/);
});

testOnDatabases(
  "J12 an overdue request is shown first; the extension moves its end, once",
  async (database, context) => {
    const house = await privacyHouse(database, context);
    const { ask, time } = house;
    const late = await enter(house, { receivedAt: "2026-10-01T10:00:00Z" });
    const id = await enter(house);
    const list = async () =>
      (await ask("GET", "/api/v1/subject-requests")).body["items"] as readonly {
        id: string;
        overdue: boolean;
        dueAt: string;
      }[];
    assert.deepEqual(
      (await list()).map((row) => [row.id, row.overdue]),
      [
        [late, true],
        [id, false],
      ],
    );
    const because = "many records in several shops must be read";
    assert.equal(
      (await ask("POST", `/api/v1/subject-requests/${late}/extension`, { because })).body["code"],
      "subject_extension_late",
    );
    const extended = await ask("POST", `/api/v1/subject-requests/${id}/extension`, { because });
    assert.equal(String(extended.body["dueAt"]).slice(0, 10), "2027-02-19");
    assert.equal(
      (await ask("POST", `/api/v1/subject-requests/${id}/extension`, { because })).body["code"],
      "subject_extended_already",
    );
    time.nowMs = Date.parse("2027-02-20T00:00:00Z");
    assert.ok((await list()).every(({ overdue }) => overdue));
    const future = await ask("POST", "/api/v1/subject-requests", { ...entered, receivedAt: "2030-01-01T00:00:00Z" });
    assert.equal(future.body["code"], "occurred_in_future");
    const unnamed = await ask("POST", "/api/v1/subject-requests", { ...entered, identifiers: [] });
    assert.equal(unnamed.body["code"], "subject_unnamed");
  },
);

testOnDatabases(
  "J10 J12 erasure destroys the key; a legal hold refuses it with its reason",
  async (database, context) => {
    const house = await privacyHouse(database, context);
    const { ask, db } = house;
    const token = await known(house);
    const id = await confirmed(house, { kind: "erasure" });
    const hold = await ask("POST", "/api/v1/legal-holds", {
      subject: token,
      ground: "claim 4711 before the court",
      because: why,
    });
    const held = await ask("POST", `/api/v1/subject-requests/${id}/answer`, { because: why });
    assert.equal(held.status, 409);
    assert.equal(held.body["code"], "subject_on_hold");
    assert.match(String(held.body["detail"]), /claim 4711/);
    assert.equal(
      (await ask("POST", `/api/v1/legal-holds/${String(hold.body["id"])}/end`, { because: why })).status,
      204,
    );
    const done = await ask("POST", `/api/v1/subject-requests/${id}/answer`, { because: why });
    assert.equal(done.status, 200, done.text);
    assert.match(JSON.stringify(done.body["done"]), /key is destroyed/);
    const { rows } = await sql<{ wrapped: string | null }>`
    select encode(wrapped_key, 'hex') as wrapped from vault_key where subject = ${token}`.execute(db);
    assert.deepEqual(rows, [{ wrapped: null }]);
    const lookup = { kind: "name", value: "Anna Zeligman", country: "DE", purpose: "subject_request", because: why };
    assert.deepEqual((await ask("POST", "/api/v1/known-persons/lookup", lookup)).body["items"], []);
    const person = await ask("GET", `/api/v1/known-persons/${token}`);
    assert.notEqual(person.body["erasedAt"], null);
  },
);

testOnDatabases(
  "J13 an objection is visible: marked in lookups, off the watch list, kept off it",
  async (database, context) => {
    const house = await privacyHouse(database, context);
    const { ask, askSecond } = house;
    const token = await known(house);
    const incidentId = String((await ask("POST", "/api/v1/incidents", report)).body["id"]);
    const entry = {
      incidentId,
      subjectToken: token,
      ageBand: "a30_44",
      ground: "barring_notice",
      because: "barred by letter of 1 November",
      description: { upper: ["hoodie"] },
      expiresAt: "2026-12-20T10:00:00Z",
    };
    const proposed = await ask("POST", "/api/v1/watch-entries", entry);
    assert.equal(proposed.status, 201, proposed.text);
    await askSecond("POST", `/api/v1/watch-entries/${String(proposed.body["id"])}/decision`, {
      decision: "approve",
      because: why,
    });
    const id = await confirmed(house, { kind: "objection" });
    const done = await ask("POST", `/api/v1/subject-requests/${id}/answer`, { because: why });
    assert.match(JSON.stringify(done.body["done"]), /taken off a list/);
    const lookup = {
      kind: "phone",
      value: "+49 171 1234567",
      country: "DE",
      purpose: "security",
      incidentId,
      because: why,
    };
    const found = await ask("POST", "/api/v1/known-persons/lookup", lookup);
    assert.deepEqual(found.body["items"], [{ token, kind: "customer", marks: ["objection"] }]);
    assert.equal((await ask("POST", "/api/v1/watch-entries", entry)).body["code"], "watch_subject_objects");
    const unknown = await confirmed(house, {
      kind: "objection",
      subjectKind: "reporter",
      identifiers: [{ kind: "mail", value: "new@example.org" }],
    });
    assert.equal((await ask("POST", `/api/v1/subject-requests/${unknown}/answer`, { because: why })).status, 200);
    const later = await ask("POST", "/api/v1/known-persons/lookup", {
      ...lookup,
      kind: "mail",
      value: "NEW@example.org",
    });
    assert.match(later.text, /"marks":\["objection"\]/);
    const list = (await ask("GET", "/api/v1/person-marks")).body["items"] as PersonMarkView[];
    assert.deepEqual(
      list.map(({ kind, requestRef }) => [kind, /^SR-2026-\d{6}$/.test(requestRef ?? "")]),
      [
        ["objection", true],
        ["objection", true],
      ],
    );
    const own = list.find((one) => one.token === token);
    assert.ok(own !== undefined);
    assert.doesNotMatch(JSON.stringify(list), /Zeligman|1234567|example/, "tokens, never who it is");
    assert.equal((await ask("POST", `/api/v1/person-marks/${own.id}/end`, { because: why })).status, 204);
    assert.equal(((await ask("GET", "/api/v1/person-marks")).body["items"] as unknown[]).length, 1);
  },
);

testOnDatabases(
  "J12 rectification corrects what a person is known by, restriction marks it",
  async (database, context) => {
    const house = await privacyHouse(database, context);
    const { ask } = house;
    await known(house);
    const id = await confirmed(house, { kind: "rectification" });
    const empty = await ask("POST", `/api/v1/subject-requests/${id}/answer`, { because: why });
    assert.equal(empty.body["code"], "subject_correction_missing");
    const correction = [{ kind: "phone", value: "0172 7654321" }];
    const done = await ask("POST", `/api/v1/subject-requests/${id}/answer`, { because: why, correction });
    assert.equal(done.status, 200, done.text);
    const lookup = { kind: "phone", country: "DE", purpose: "subject_request", because: why };
    const by = async (value: string) =>
      (await ask("POST", "/api/v1/known-persons/lookup", { ...lookup, value })).body["items"] as readonly unknown[];
    assert.equal((await by("0171 1234567")).length, 0);
    assert.equal((await by("0172 7654321")).length, 1);
  },
);

testOnDatabases(
  "D02 U13 a lookup needs a purpose and a case, shows a token and never the name, and is on the record",
  async (database, context) => {
    const house = await privacyHouse(database, context);
    const { ask, db } = house;
    const token = await known(house);
    const lookup = { kind: "name", value: "zeligman anna", country: "DE", purpose: "security", because: why };
    assert.equal((await ask("POST", "/api/v1/known-persons/lookup", lookup)).body["code"], "lookup_without_case");
    for (const purpose of ["hr", "marketing", "curiosity"]) {
      const refused = await ask("POST", "/api/v1/known-persons/lookup", { ...lookup, purpose });
      assert.equal(refused.status, 403);
      assert.equal(refused.body["code"], "purpose_refused");
    }
    const incidentId = String((await ask("POST", "/api/v1/incidents", report)).body["id"]);
    const found = await ask("POST", "/api/v1/known-persons/lookup", { ...lookup, incidentId });
    assert.deepEqual(found.body["items"], [{ token, kind: "customer", marks: [] }]);
    assert.doesNotMatch(found.text, /zeligman/i);
    const { rows } = await sql<{ body: string; subject_id: string }>`
    select body, subject_id from audit_entry where kind = 'person.looked_up'`.execute(db);
    assert.equal(rows.length, 1);
    assert.doesNotMatch(JSON.stringify(rows), /zeligman/i);
    const person = await ask("GET", `/api/v1/known-persons/${token}`);
    assert.deepEqual(person.body["identifierKinds"], ["name", "phone"]);
    assert.doesNotMatch(person.text, /zeligman/i);
  },
);

testOnDatabases(
  "J14 a consent names the version of the text that was agreed to; a version never changes",
  async (database, context) => {
    const house = await privacyHouse(database, context);
    const { ask } = house;
    const token = await known(house);
    const content = "I agree that my report is shown to the insurer of the shop.";
    const version = { id: "share_report", version: "1", language: "en", purpose: "claims", content };
    const added = await ask("POST", "/api/v1/consent-texts", version);
    assert.equal(added.status, 201, added.text);
    const changed = await ask("POST", "/api/v1/consent-texts", { ...version, content: `${content} And to others.` });
    assert.equal(changed.body["code"], "consent_text_exists");
    const consent = {
      token,
      textId: "share_report",
      textVersion: "1",
      language: "en",
      how: "signed",
      givenAt: "2026-11-19T10:00:00Z",
    };
    const unknown = await ask("POST", "/api/v1/consents", { ...consent, textVersion: "2" });
    assert.equal(unknown.body["code"], "consent_text_unknown");
    const given = await ask("POST", "/api/v1/consents", consent);
    assert.equal(given.body["textSha256"], createHash("sha256").update(content).digest("hex"));
    const of = async () =>
      (await ask("GET", `/api/v1/consents?token=${token}`)).body["items"] as readonly { withdrawnAt: string | null }[];
    assert.equal((await of())[0]?.withdrawnAt, null);
    const id = String(given.body["id"]);
    assert.equal((await ask("POST", `/api/v1/consents/${id}/withdrawal`)).status, 204);
    assert.notEqual((await of())[0]?.withdrawnAt, null);
    assert.equal((await ask("POST", `/api/v1/consents/${id}/withdrawal`)).body["code"], "consent_unknown");
  },
);
