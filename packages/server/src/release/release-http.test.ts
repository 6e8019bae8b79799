import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { parseDsse } from "@tillwatch/evidence";
import { eventually } from "../testing/running-app.ts";
import { anHour, builtPacket, ground, officialRequest, reported, town, who, type Ask } from "../testing/town.ts";

const credentials = [
  who("investigator", ["home", "investigator"]),
  who("tired", ["home", "investigator"], { steppedUpAtMs: null }),
  who("counsel", ["home", "counsel"]),
  who("guard", ["home", "guard"], { sites: ["S-1001"] }),
  who("auditor", ["home", "auditor"]),
  who("officer-protection", ["home", "data_protection_officer"]),
  who("constable", ["police", "partner_officer"]),
  who("adjuster", ["insurer", "partner_officer"]),
];

const toPolice = {
  recipient: { partnerId: "police" },
  purpose: "police_request",
  ground: "official_request",
  because: "The police asked for it in writing.",
};
const toInsurer = {
  recipient: { agency: "Alba Insurance", person: "Quirin Testname", reference: "CL-77-Q", channel: "encrypted_mail" },
  purpose: "insurance_claim",
  ground: "legal_claim",
  because: "The claim of the shop needs it.",
};

async function house(context: TestContext) {
  const { app, as, operator } = await town(context, credentials);
  const investigator = as("investigator");
  const id = await reported(investigator);
  await ground(investigator, id);
  return { app, as, operator, investigator, id, packet: await packetWithFile(app, { operator, id }) };
}

async function packetWithFile(
  app: Awaited<ReturnType<typeof town>>["app"],
  { operator, id }: { readonly operator: Ask; readonly id: string },
): Promise<string> {
  const form = new FormData();
  form.set("file", new File([Buffer.alloc(4_000, "till ")], "shelf.txt", { type: "text/plain" }));
  assert.equal((await app.call(`/api/v1/incidents/${id}/exhibits`, { method: "POST", body: form })).status, 201);
  // The people of these tests have no account, so the installation asks.
  return builtPacket(operator, id);
}

const share = (ask: Ask, id: string, more: object = {}) =>
  ask(`/api/v1/incidents/${id}/shares`, { partnerId: "police", ground: "they asked", endsAt: anHour(), ...more });

test("N05 O02 a packet reaches a partner by a release alone, and is gone with it", async (context) => {
  const { as, investigator, id, packet, app } = await house(context);
  const constable = as("constable");
  const path = `/api/v1/packets/${packet}`;

  // Shared, and yet no packet: not in the list, not by its id, the same answer as an id that nobody has.
  assert.deepEqual((await investigator(`${path}/releases`, toPolice)).json.code, "release_not_shared");
  assert.equal((await share(investigator, id)).status, 201);
  await ground(constable, id, officialRequest);
  const seen = await constable(`/api/v1/incidents/${id}`);
  assert.deepEqual(seen.json.packets, []);
  const nobody = await constable("/api/v1/packets/00000000-0000-4000-8000-000000000000");
  const unreleased = await constable(path);
  assert.deepEqual(
    [unreleased.status, unreleased.json.code, unreleased.json.detail],
    [404, nobody.json.code, nobody.json.detail],
  );
  assert.equal((await constable(`${path}/releases`, toPolice)).status, 404);

  // Who may, and with what.
  assert.deepEqual((await as("tired")(`${path}/releases`, toPolice)).json.code, "step_up_required");
  assert.deepEqual((await as("guard")(`${path}/releases`, toPolice)).json.code, "access_refused");
  assert.deepEqual(
    (await investigator(`${path}/releases`, { ...toPolice, purpose: "hr" })).json.code,
    "secondary_use_refused",
  );
  assert.deepEqual(
    (await investigator(`${path}/releases`, { ...toPolice, purpose: "fun" })).json.code,
    "purpose_unknown",
  );
  assert.deepEqual(
    (await investigator(`${path}/releases`, { ...toPolice, ground: "mood" })).json.code,
    "ground_unknown",
  );
  const nowhere = { ...toPolice, recipient: { partnerId: "nobody" } };
  assert.deepEqual((await investigator(`${path}/releases`, nowhere)).json.code, "share_partner_unknown");

  const made = await investigator(`${path}/releases`, toPolice);
  assert.equal(made.status, 201, made.text);
  assert.deepEqual((await constable(`/api/v1/incidents/${id}`)).json.packets.length, 1);
  assert.equal((await as("adjuster")(path)).status, 404, "another partner has nothing of it");
  const taken = await constable(path);
  assert.equal(taken.status, 200);

  // The record, the custody, the receipt.
  const entries = await as("auditor")(`/api/v1/audit?subject=${made.json.id}`);
  assert.deepEqual(
    entries.json.items.map((entry: { kind: string }) => entry.kind),
    ["packet.released"],
  );
  const exhibit = seen.json.exhibits[0].id as string;
  const custody = (await investigator(`/api/v1/exhibits/${exhibit}`)).json.custody;
  const last = custody.at(-1);
  assert.deepEqual([last.action, last.what.includes(made.json.id)], ["released", true]);
  const { receipt, envelope } = (await constable(`${path}/releases/${made.json.id}/receipt`)).json;
  assert.deepEqual(
    [receipt.packet.sha256, receipt.recipient.agency, receipt.ground, typeof receipt.takenAt],
    [made.json.sha256, "The police", "official_request", "string"],
  );
  assert.deepEqual(JSON.parse(Buffer.from(envelope.payload, "base64").toString("utf8")), receipt);
  const parsed = parseDsse(envelope);
  assert.ok(parsed.ok);
  const listed = (await constable(`/api/v1/incidents/${id}/releases`)).json;
  assert.deepEqual([listed.items.length, listed.standing, listed.partners], [1, [], []]);

  // Taken back: what was taken is out, and it says so.
  const withdraw = `${path}/releases/${made.json.id}/withdraw`;
  assert.equal((await as("tired")(withdraw, { because: "sent in error, sorry" })).json.code, "step_up_required");
  const back = await investigator(withdraw, { because: "it was sent in error" });
  assert.match(back.json.says, /gone out and cannot be called back/);
  assert.equal((await constable(path)).status, 404);
  assert.deepEqual((await constable(`/api/v1/incidents/${id}`)).json.packets, []);
  assert.equal(
    (await investigator(withdraw, { because: "it was sent in error" })).json.code,
    "release_already_withdrawn",
  );
  assert.equal((await app.call("/api/v1/audit/verify", { method: "POST" })).status, 200);
});

test("N05 O02 somebody outside: by name, sealed, with a receipt and what was handed over", async (context) => {
  const { app, as, investigator, packet, id } = await house(context);
  const path = `/api/v1/packets/${packet}/releases`;
  const counsel = as("counsel");
  const added = await as(app.admin.token)("/api/v1/webhooks", {
    url: "https://hooks.example/x",
    events: ["packet.released"],
  });
  assert.equal(added.status, 201, added.text);
  const made = await counsel(path, toInsurer);
  assert.equal(made.status, 201, made.text);
  const list = (await as("officer-protection")(`/api/v1/incidents/${id}/releases`)).json;
  const [one] = list.items;
  assert.deepEqual(one.recipient, {
    kind: "outside",
    partnerId: null,
    agency: "Alba Insurance",
    person: "Quirin Testname",
    reference: "CL-77-Q",
  });
  assert.equal(one.takenAt, null);
  // The webhook's message and the record name nobody.
  const entries = (await as("auditor")(`/api/v1/audit?subject=${made.json.id}`)).text;
  assert.ok(entries.includes("packet.released"));
  const deliveries = await eventually(async () => {
    const answer = await as(app.admin.token)("/api/v1/webhooks/deliveries");
    return answer.text.includes("packet.released") ? answer.text : null;
  });
  assert.ok(!deliveries.includes("Quirin"));
  // The guard knows of nothing; an auditor sees the log and no list.
  assert.equal((await as("guard")(`/api/v1/incidents/${id}/releases`)).status, 403);
  assert.equal((await as("auditor")(`/api/v1/incidents/${id}/releases`)).status, 403);
  const { receipt } = (await counsel(`${path}/${made.json.id}/receipt`)).json;
  assert.equal(receipt.recipient.person, "Quirin Testname");
  // Handed over, once.
  const taken = `${path}/${made.json.id}/taken`;
  assert.equal((await investigator(taken, { note: "by mail, key by phone" })).status, 204);
  assert.equal((await investigator(taken, {})).json.code, "release_already_taken");
  assert.equal(
    (await investigator(`${path}/${made.json.id}/withdraw`, { because: "the claim was dropped" })).status,
    200,
  );
  assert.equal((await investigator(taken, {})).json.code, "release_already_withdrawn");
  const unknown = `${path}/00000000-0000-4000-8000-000000000000`;
  assert.equal(
    (await investigator(`${unknown}/withdraw`, { because: "there is no such one" })).json.code,
    "release_unknown",
  );
  assert.equal((await investigator(`${unknown}/receipt`)).json.code, "release_unknown");
});

test("J11 J13 a minor and an objection keep a packet in, and the refusal says what would let it out", async (context) => {
  const { as, operator, investigator, id, packet } = await house(context);
  const path = `/api/v1/packets/${packet}/releases`;
  const list = `/api/v1/incidents/${id}/releases`;
  const flag = await investigator(`/api/v1/incidents/${id}/minor`, { minor: true, because: "one of them is fourteen" });
  assert.equal(flag.status, 200, flag.text);
  const refused = await investigator(path, toInsurer);
  assert.deepEqual([refused.status, refused.json.code], [409, "release_minor"]);
  assert.match(refused.json.remedy, /legal_obligation/);
  assert.deepEqual(
    (await investigator(list)).json.standing.map((one: { code: string }) => one.code),
    ["release_minor"],
  );
  const onRecord = (await as("auditor")("/api/v1/audit?kind=packet.release_refused")).json.items;
  assert.equal(onRecord.length, 1);
  // Nor is it shared, but under a ground that allows it.
  assert.equal((await share(investigator, id)).json.code, "share_minor");
  assert.equal((await share(investigator, id, { legalGround: "consent" })).json.code, "share_minor");
  // An investigator does not let it out by himself, nor does whoever said so.
  assert.equal((await share(investigator, id, { legalGround: "official_request" })).json.code, "access_refused");
  assert.deepEqual(
    (await investigator(`/api/v1/incidents/${id}/shares`)).json.minorGrounds?.includes("vital_interest"),
    true,
  );
  const counsel = as("counsel");
  assert.equal((await share(counsel, id, { legalGround: "official_request" })).status, 201);
  await ground(as("constable"), id, officialRequest);
  assert.equal((await as("constable")(`/api/v1/incidents/${id}`)).status, 200);
  const despite = "A judge ordered it by name.";
  assert.equal((await counsel(path, { ...toInsurer, despite })).json.code, "release_minor", "a claim is no ground");
  const byInvestigator = await investigator(path, { ...toPolice, despite });
  assert.deepEqual([byInvestigator.status, byInvestigator.json.code], [409, "release_minor"]);
  assert.match(byInvestigator.json.remedy, /Counsel/);
  const made = await counsel(path, { ...toPolice, despite });
  assert.equal(made.status, 201, made.text);
  const [released] = (await investigator(list)).json.items;
  assert.deepEqual([released.noted, released.despite], [[{ code: "release_minor", count: 1 }], despite]);

  // Somebody who is named in the case objects: the case says so from then on.
  const protection = as("officer-protection");
  const other = await reported(investigator, { summary: "Marta Hallig took two bottles and left by the back door." });
  await ground(investigator, other);
  const second = await builtPacket(operator, other);
  const asked = await protection("/api/v1/subject-requests", {
    kind: "objection",
    subjectKind: "customer",
    identifiers: [{ kind: "name", value: "Marta Hallig" }],
    wording: "I object to what you keep about me.",
    country: "BE",
    receivedAt: new Date(Date.now() - 86_400_000).toISOString(),
  });
  assert.equal(asked.status, 201, asked.text);
  const request = `/api/v1/subject-requests/${asked.json.id}`;
  const identity = await protection(`${request}/identity`, {
    outcome: "confirmed",
    how: "showed a passport at the desk",
  });
  assert.equal(identity.status, 200, identity.text);
  const answered = await protection(`${request}/answer`, { because: "the objection is well founded" });
  assert.equal(answered.status, 200, answered.text);
  const standing = (await investigator(`/api/v1/incidents/${other}/releases`)).json.standing;
  assert.deepEqual(
    standing.map((one: { code: string; count: number }) => [one.code, one.count]),
    [["release_objection", 1]],
  );
  const blocked = await investigator(`/api/v1/packets/${second}/releases`, {
    ...toInsurer,
    ground: "legitimate_interest",
  });
  assert.equal(blocked.json.code, "release_objection");
  const claim = await investigator(`/api/v1/packets/${second}/releases`, {
    ...toInsurer,
    despite: "The claim cannot be made without.",
  });
  assert.equal(claim.status, 201, claim.text);
});

test("K04 N05 a case under legal hold is released by whoever names the hold, and the record keeps it", async (context) => {
  const { as, investigator, id, packet } = await house(context);
  const counsel = as("counsel");
  const set = await counsel(`/api/v1/incidents/${id}/holds`, {
    matter: "Claim 26/88 of Alba",
    ground: "legal_claim",
    because: "the claim is disputed by Alba",
  });
  assert.equal(set.status, 201, set.text);
  const holdId = set.json.id as string;
  const path = `/api/v1/packets/${packet}/releases`;
  const refused = await investigator(path, toInsurer);
  assert.deepEqual([refused.status, refused.json.code], [409, "release_hold_not_named"]);
  assert.ok(refused.json.detail.includes(holdId) && !refused.text.includes("26/88"), refused.text);
  const another = ["00000000-0000-4000-8000-000000000000"];
  assert.equal((await investigator(path, { ...toInsurer, holds: another })).json.code, "release_hold_not_named");
  const known = (await investigator(`/api/v1/incidents/${id}/releases?packet=${packet}`)).json;
  assert.deepEqual(
    known.holds.map((one: { id: string; ground: string; matter: string }) => [one.id, one.ground, one.matter]),
    [[holdId, "legal_claim", "Claim 26/88 of Alba"]],
  );
  const made = await investigator(path, { ...toInsurer, holds: [holdId] });
  assert.equal(made.status, 201, made.text);
  const [released] = (await investigator(`/api/v1/incidents/${id}/releases`)).json.items;
  assert.deepEqual(released.holds, [{ id: holdId, ground: "legal_claim" }]);
  const [entry] = (await as("auditor")(`/api/v1/audit?subject=${made.json.id}`)).json.items;
  assert.ok(JSON.stringify(entry).includes(holdId), "on the record");
  // The recipient's receipt says nothing of it, nor does a partner's list.
  const receipt = await counsel(`${path}/${made.json.id}/receipt`);
  assert.ok(!receipt.text.includes(holdId));
  assert.equal((await share(investigator, id)).status, 201);
  assert.equal((await investigator(path, { ...toPolice, holds: [holdId] })).status, 201);
  await ground(as("constable"), id, officialRequest);
  const theirs = (await as("constable")(`/api/v1/incidents/${id}/releases`)).json;
  assert.deepEqual([theirs.items.length, theirs.items[0].holds, theirs.holds], [1, [], []]);
});

test("J11 who is told later that a minor is in it: the packet is taken back by that, until counsel releases it anew", async (context) => {
  const { as, investigator, id, packet } = await house(context);
  const constable = as("constable");
  const counsel = as("counsel");
  const path = `/api/v1/packets/${packet}`;
  assert.equal((await share(investigator, id)).status, 201);
  assert.equal((await investigator(`${path}/releases`, toPolice)).status, 201);
  await ground(constable, id, officialRequest);
  assert.equal((await constable(path)).status, 200);
  const exhibit = (await investigator(`/api/v1/incidents/${id}`)).json.exhibits[0].id as string;
  const flag = await investigator(`/api/v1/exhibits/${exhibit}/minor`, { because: "a school uniform" }, "PUT");
  assert.equal(flag.status, 200, flag.text);
  assert.equal((await constable(path)).status, 404, "what was released before the flag is not taken after it");
  assert.deepEqual((await constable(`/api/v1/incidents/${id}`)).json.packets, []);

  const standing = (await counsel(`/api/v1/incidents/${id}/releases?packet=${packet}`)).json.standing;
  assert.deepEqual(
    standing.map((one: { code: string; count: number }) => [one.code, one.count]),
    [["release_minor_exhibit", 1]],
  );
  const despite = "A judge ordered it by name.";
  const byHim = await investigator(`${path}/releases`, { ...toPolice, despite });
  assert.deepEqual([byHim.status, byHim.json.code], [409, "release_minor_exhibit"]);
  assert.equal((await counsel(`${path}/releases`, toPolice)).json.code, "release_minor_exhibit", "without a reason");
  const again = await counsel(`${path}/releases`, { ...toPolice, despite });
  assert.equal(again.status, 201, again.text);
  assert.equal((await constable(path)).status, 200);
});

test("J11 a packet of a case with a minor holds pointers, but for who may state a ground", async (context) => {
  const { app, as, operator } = await town(context, credentials);
  const investigator = as("investigator");
  const counsel = as("counsel");
  const id = await reported(investigator);
  await ground(investigator, id);
  await packetWithFile(app, { operator, id });
  const flagged = `/api/v1/incidents/${id}/minor`;
  assert.equal((await investigator(flagged, { minor: true, because: "one of them is fourteen" })).status, 200);
  const copied = async (packet: string) =>
    (await as("auditor")(`/api/v1/audit?kind=exhibit.copied`)).text.includes(packet);
  assert.equal(await copied(await builtPacket(operator, id)), false, "a pointer stands in its place");

  const ask = (by: Ask, minorGround: string) => by(`/api/v1/incidents/${id}/packets`, { minorGround });
  assert.equal((await ask(investigator, "official_request")).json.code, "access_refused");
  assert.equal((await ask(counsel, "consent")).json.code, "minor_ground_unknown");
  assert.equal(await copied(await builtPacket(operator, id, { minorGround: "official_request" })), true);
  // Nor is the flag taken back by who set it, or by who may not let it out.
  const back = { minor: false, because: "she is of age, by her card" };
  assert.equal((await investigator(flagged, back)).json.code, "access_refused");
  assert.equal((await counsel(flagged, back)).status, 200);
  assert.equal((await counsel(flagged, { minor: true, because: "the card was another's" })).status, 200);
  assert.equal((await counsel(flagged, back)).json.code, "two_persons_needed");
  assert.equal((await ask(counsel, "official_request")).json.code, "two_persons_needed");
  assert.equal((await share(counsel, id, { legalGround: "official_request" })).json.code, "two_persons_needed");
});

test("N05 only a sealed packet is released", async (context) => {
  const { as } = await town(context, credentials);
  const investigator = as("investigator");
  const id = await reported(investigator);
  const asked = await investigator(`/api/v1/incidents/${id}/packets`, {});
  const early = await investigator(`/api/v1/packets/${asked.json.id}/releases`, toInsurer);
  assert.ok(early.status === 201 || early.json.code === "release_packet_not_ready", early.text);
  assert.equal((await investigator("/api/v1/packets/nonsense/releases", toInsurer)).status, 404);
});

test("N10 a program's packet is built like a person's", async (context) => {
  const { as, operator } = await town(context, credentials);
  const id = await reported(as("investigator"));
  const account = await operator("/api/v1/service-accounts", {
    name: "Case system",
    purpose: "takes packets into the case system",
    roles: ["investigator"],
    scopes: ["packet:build", "incident:read", "packet:open"],
  });
  assert.equal(account.status, 201, account.text);
  const keys = `/api/v1/service-accounts/${account.json.id}/keys`;
  const key = await operator(keys, { expiresAt: anHour(), because: "first key of the case system" });
  assert.equal(key.status, 201, key.text);
  const program = as(key.json.key);
  const built = await builtPacket(program, id);
  const { packets } = (await program(`/api/v1/incidents/${id}`)).json;
  assert.deepEqual(
    packets.map((one: { id: string; state: string }) => [one.id, one.state]),
    [[built, "ready"]],
  );
});
