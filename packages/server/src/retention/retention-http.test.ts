import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../testing/running-app.ts";
import { builtPacket, ground, reported, town, who, type Ask } from "../testing/town.ts";

const credentials = [
  who("investigator", ["home", "investigator"]),
  who("counsel", ["home", "counsel"]),
  who("tired", ["home", "counsel"], { steppedUpAtMs: null }),
  who("protection", ["home", "data_protection_officer"]),
  who("manager", ["home", "store_manager"], { sites: ["S-1001"] }),
  who("auditor", ["home", "auditor"]),
];
const because = "the lawyers of the other side wrote";

async function close(ask: Ask, id: string): Promise<void> {
  for (const to of ["acknowledged", "closed"]) {
    const moved = await ask(`/api/v1/incidents/${id}/transitions`, { to, because: "resolved" });
    assert.equal(moved.status, 200, moved.text);
  }
}

async function objection(protection: Ask, kind: string, name: string) {
  const asked = await protection("/api/v1/subject-requests", {
    kind,
    subjectKind: "customer",
    identifiers: [{ kind: "name", value: name }],
    wording: "Please erase what you keep about me.",
    country: "BE",
    receivedAt: new Date(Date.now() - 86_400_000).toISOString(),
  });
  assert.equal(asked.status, 201, asked.text);
  const request = `/api/v1/subject-requests/${asked.json.id}`;
  await protection(`${request}/identity`, { outcome: "confirmed", how: "showed a passport at the desk" });
  return protection(`${request}/answer`, { because: "the right is not in doubt" });
}

test("N05 J12 J15 a case is held, kept on, and destroyed by two people when its time is over", async (context) => {
  const { as, operator } = await town(context, credentials);
  const [investigator, counsel, protection] = [as("investigator"), as("counsel"), as("protection")];
  const id = await reported(investigator, { summary: "Marta Hallig took two bottles and left." });
  await ground(investigator, id);
  const packet = await builtPacket(operator, id);
  const path = `/api/v1/incidents/${id}`;

  // A hold: who, for what, with a second proof.
  const said = { matter: "Hallig v. Example Retail, 12 C 3", ground: "legal_claim", because };
  assert.equal((await as("tired")(`${path}/holds`, said)).json.code, "step_up_required");
  assert.equal((await as("manager")(`${path}/holds`, said)).json.code, "access_refused");
  assert.equal((await counsel(`${path}/holds`, { ...said, ground: "mood" })).json.code, "ground_unknown");
  const held = await counsel(`${path}/holds`, said);
  assert.equal(held.status, 201, held.text);
  const seen = (await investigator(`${path}/retention`)).json;
  assert.deepEqual([seen.holds[0].matter, seen.ended, seen.keeps.clipDays], [said.matter, false, 3]);
  assert.equal((await as("manager")(`${path}/retention`)).status, 403);

  // While it is held: an erasure is refused politely, and nothing is destroyed.
  const erasure = await objection(protection, "erasure", "Marta Hallig");
  assert.deepEqual([erasure.status, erasure.json.code], [409, "subject_on_hold"]);
  assert.ok(!erasure.text.includes("12 C 3"), "the matter is nobody else's business");
  const tooEarly = await counsel(`${path}/disposals`, { kind: "case", because });
  assert.equal(tooEarly.json.code, "disposal_on_hold");
  const attempts = (await as("auditor")("/api/v1/audit?kind=hold.withstood")).json.items;
  assert.deepEqual(
    attempts.map((one: { body: { tried: string }; subject: { kind: string }; actor: string }) => [
      one.body.tried,
      one.subject.kind,
      one.actor,
    ]),
    [
      ["disposal", "incident", "user:counsel"],
      ["subject_request", "subject_request", "user:protection"],
    ],
  );
  const endHold = `${path}/holds/${held.json.id}/end`;
  assert.equal((await as("tired")(endHold, { because })).json.code, "step_up_required");
  assert.equal((await counsel(endHold, { because })).status, 204);
  assert.equal((await counsel(endHold, { because })).json.code, "legal_hold_unknown");

  // Not before its time is over; and then by two people.
  assert.equal((await counsel(`${path}/disposals`, { kind: "case", because })).json.code, "disposal_too_early");
  await close(investigator, id);
  assert.equal((await counsel(`${path}/disposals`, { kind: "case", because })).json.code, "disposal_too_early");
  const least = await protection(
    "/api/v1/sites/S-1001/privacy",
    { settings: { clipDays: 0, reportDays: 0 }, because },
    "PUT",
  );
  assert.equal(least.status, 200, least.text);
  assert.equal((await investigator(`${path}/disposals`, { kind: "case", because })).json.code, "access_refused");
  assert.equal((await as("tired")(`${path}/disposals`, { kind: "case", because })).json.code, "step_up_required");
  const asked = await counsel(`${path}/disposals`, { kind: "case", because });
  assert.equal(asked.status, 201, asked.text);
  assert.equal((await protection(`${path}/disposals`, { kind: "case", because })).json.code, "disposal_under_way");
  const one = `${path}/disposals/${asked.json.id}`;
  assert.equal((await counsel(`${one}/confirm`, {})).json.code, "disposal_same_person");
  assert.equal((await protection(`${one}/certificate`)).json.code, "disposal_not_done");
  const kept = await protection(`${one}/keep`, {
    until: new Date(Date.now() + 30 * 86_400_000).toISOString(),
    because,
  });
  assert.equal(kept.json.state, "kept", kept.text);
  assert.equal((await protection(`${one}/confirm`, {})).json.code, "disposal_not_requested");
  const far = new Date(Date.now() + 5_000 * 86_400_000).toISOString();
  assert.equal((await protection(`${one}/keep`, { until: far, because })).json.code, "disposal_keep_outside");
  const early = await counsel(`${path}/disposals`, { kind: "case", because });
  assert.equal(early.json.code, "disposal_too_early", "what somebody keeps on is not asked away before its day");
  const soon = { until: new Date(Date.now() + 1_000).toISOString(), because };
  assert.equal((await protection(`${one}/keep`, soon)).json.keptUntil, soon.until);
  const again = await eventually(async () => {
    const answer = await counsel(`${path}/disposals`, { kind: "case", because });
    return answer.status === 201 ? answer : null;
  });
  const confirm = `${path}/disposals/${again.json.id}/confirm`;
  const done = await protection(confirm, {});
  assert.equal(done.status, 202, done.text);

  const certificate = await eventually(async () => {
    const answer = await protection(`${path}/disposals/${again.json.id}/certificate`);
    return answer.status === 200 ? answer.json.certificate : null;
  });
  assert.deepEqual([certificate.requestedBy, certificate.confirmedBy], ["user:counsel", "user:protection"]);
  assert.equal(certificate.destroyed.packets[0].id, packet);
  const gone = await operator(`/api/v1/packets/${packet}`);
  assert.deepEqual([gone.status, gone.json.code], [410, "packet_disposed"]);
  assert.equal((await operator(`/api/v1/packets/${packet}/releases`, release)).json.code, "packet_disposed");
  const record = (await operator(path)).json;
  assert.deepEqual([record.summary, record.state], ["[erased]", "closed"]);
  assert.equal((await counsel(`${path}/holds`, said)).json.code, "hold_content_gone");
  const answered = (await protection("/api/v1/disposals?state=done")).json;
  assert.deepEqual(answered.names, {}, "whom a token stands for is told of accounts alone");
  const list = answered.items;
  assert.deepEqual(
    list.map((each: { kind: string; ref: string }) => [each.kind, each.ref]),
    [["case", record.ref]],
  );
  assert.equal((await as("manager")("/api/v1/disposals")).status, 403);
  const entries = (await as("auditor")(`/api/v1/audit?subject=${again.json.id}`)).json.items;
  assert.deepEqual(entries.map((entry: { kind: string }) => entry.kind).toSorted(), [
    "disposal.certified",
    "disposal.confirmed",
    "disposal.requested",
  ]);
  const unknown = `${path}/disposals/00000000-0000-4000-8000-000000000000`;
  assert.equal((await protection(`${unknown}/confirm`, {})).json.code, "disposal_unknown");
});

const release = {
  recipient: { agency: "Insurer", person: "A. Person", reference: "C-1", channel: "post" },
  purpose: "insurance_claim",
  ground: "legal_claim",
  because: "The claim of the shop needs it.",
};

test("N05 J12 one file of a case is destroyed by two people, and nothing besides; the rest goes with the whole case", async (context) => {
  const { app, as } = await town(context, credentials);
  const [investigator, counsel, protection] = [as("investigator"), as("counsel"), as("protection")];
  const id = await reported(investigator);
  await ground(investigator, id);
  const path = `/api/v1/incidents/${id}`;
  const upload = async (name: string): Promise<string> => {
    const form = new FormData();
    form.append("file", new Blob([`the content of ${name}`], { type: "text/plain" }), name);
    const sent = await app.call(`${path}/exhibits`, { method: "POST", body: form });
    const made = (await sent.json()) as { id: string };
    assert.equal(sent.status, 201, JSON.stringify(made));
    return made.id;
  };
  const [till, door] = [await upload("till.txt"), await upload("door.txt")];
  const other = await reported(investigator);
  await close(investigator, id);
  const settings = { settings: { clipDays: 0, reportDays: 30 }, because };
  assert.equal((await protection("/api/v1/sites/S-1001/privacy", settings, "PUT")).status, 200);

  // One of this case, and named: not of another case, not none, not the whole case before its own days are over.
  const foreign = await counsel(`/api/v1/incidents/${other}/disposals`, { kind: "exhibit", exhibitId: till, because });
  assert.deepEqual([foreign.json.code, foreign.json.pointer], ["exhibit_unknown", "/exhibitId"]);
  assert.equal((await counsel(`${path}/disposals`, { kind: "exhibit", because })).json.code, "exhibit_unknown");
  assert.equal((await counsel(`${path}/disposals`, { kind: "case", because })).json.code, "disposal_too_early");
  const asked = await counsel(`${path}/disposals`, { kind: "exhibit", exhibitId: till, because });
  assert.equal(asked.status, 201, asked.text);
  const one = `${path}/disposals/${asked.json.id}`;
  assert.equal((await counsel(`${one}/confirm`, {})).json.code, "disposal_same_person");
  assert.equal((await app.call(`/api/v1/exhibits/${till}/content`)).status, 200, "asked for is not destroyed");
  assert.equal((await protection(`${one}/confirm`, {})).status, 202);
  const certificate = await eventually(async () => {
    const answer = await protection(`${one}/certificate`);
    return answer.status === 200 ? answer.json.certificate : null;
  });
  assert.deepEqual(
    certificate.destroyed.exhibits.map((each: { id: string }) => each.id),
    [till],
  );
  const gone = await app.call(`/api/v1/exhibits/${till}/content`);
  assert.deepEqual([gone.status, ((await gone.json()) as { code: string }).code], [410, "exhibit_disposed"]);
  const kept = await app.call(`/api/v1/exhibits/${door}/content`);
  assert.equal(await kept.text(), "the content of door.txt");

  // The other goes with the whole case, though it was asked for by itself: it is not there to be decided on any more.
  const door2 = await counsel(`${path}/disposals`, { kind: "exhibit", exhibitId: door, because });
  assert.equal(door2.status, 201, door2.text);
  const open = async () =>
    ((await protection("/api/v1/disposals")).json.items as { kind: string }[]).map((each) => each.kind);
  assert.ok((await open()).includes("exhibit"));
  const over = { settings: { clipDays: 0, reportDays: 0 }, because };
  assert.equal((await protection("/api/v1/sites/S-1001/privacy", over, "PUT")).status, 200);
  const whole = await counsel(`${path}/disposals`, { kind: "case", because });
  assert.equal(whole.status, 201, whole.text);
  assert.equal((await protection(`${path}/disposals/${whole.json.id}/confirm`, {})).status, 202);
  await eventually(async () => {
    const answer = await protection(`${path}/disposals/${whole.json.id}/certificate`);
    return answer.status === 200 ? answer : null;
  });
  assert.deepEqual(await open(), []);
  assert.equal((await protection(`${path}/disposals/${door2.json.id}/confirm`, {})).json.code, "disposal_under_way");
  const again = await counsel(`${path}/disposals`, { kind: "exhibit", exhibitId: door, because });
  assert.equal(again.json.code, "disposal_under_way");
});
