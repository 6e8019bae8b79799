import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../testing/running-app.ts";
import { invitedPerson, type NewPerson } from "../testing/signed-in.ts";
import { builtPacket, ground, reported, town, who, type Ask } from "../testing/town.ts";

const credentials = [
  who("counsel", ["home", "counsel"]),
  who("protection", ["home", "data_protection_officer"]),
  who("administrator", ["home", "administrator"]),
  who("guard", ["home", "guard"], { sites: ["S-1001"] }),
  who("clerk", ["home", "colleague"], { sites: ["S-1001"] }),
  who("tired", ["home", "counsel"], { steppedUpAtMs: null }),
];
const why = { because: "she was seen in the back office with the money" };

/** The town with somebody who has an account, asks with its cookie, and listens. */
async function withPerson(context: TestContext, person: NewPerson) {
  const house = await town(context, credentials);
  const { app, as } = house;
  const { cookie, id, token } = await invitedPerson(app.url, app.admin.token, person);
  const asked: Ask = async (path, body, method = body === undefined ? "GET" : "POST") => {
    const headers = {
      cookie,
      "sec-fetch-site": "same-origin",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const answer = await fetch(new URL(path, app.url), {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, text, json: text.startsWith("{") ? JSON.parse(text) : null };
  };
  const choices = await as("clerk")("/api/v1/sites/S-1001/colleagues");
  const [role] = person.roles;
  const ref = choices.json.items.find((one: { roles: string[] }) => one.roles.includes(role ?? ""))?.ref as string;
  return { ...house, person: { ask: asked, cookie, id, token, ref } };
}

const doors = (incidentId: string, others: readonly string[] = []) => [
  ...["", "/history", "/releases", "/retention", "/redacted", "/conflict", "/colleagues"].map(
    (rest) => `/api/v1/incidents/${incidentId}${rest}`,
  ),
  ...others,
];

async function closed(ask: Ask, { id, ref }: { readonly id: string; readonly ref: string }, others: readonly string[]) {
  for (const path of doors(id, others)) {
    const answer = await ask(path);
    assert.equal(answer.status, 404, `${path}: ${answer.text}`);
  }
  for (const path of ["/api/v1/incidents", `/api/v1/incidents?q=${ref}`, "/api/v1/incidents?state=open"]) {
    const answer = await ask(path);
    assert.equal(answer.status, 200, answer.text);
    assert.ok(!answer.text.includes(id) && !answer.text.includes(ref), `${path}: ${answer.text}`);
  }
}

test("N13 a colleague who is named in a case that is there already loses it at once by every door, with what is built in his name", async (context) => {
  const { app, as, operator, person } = await withPerson(context, { roles: ["investigator"] });
  const [guard, counsel, protection] = [as("guard"), as("counsel"), as("protection")];
  const id = await reported(as("clerk"));
  const { ref } = (await counsel(`/api/v1/incidents/${id}`)).json as { ref: string };
  await ground(person.ask, id);
  const packet = await builtPacket(person.ask, id);
  assert.equal((await person.ask(`/api/v1/packets/${packet}`)).status, 200, "he takes it while nobody names him");
  const counted = async () => ((await person.ask("/api/v1/stats")).json.incidents.byState.open ?? 0) as number;
  const before = await counted();
  let heard = "";
  const stop = new AbortController();
  const stream = await fetch(new URL("/api/v1/events", app.url), {
    headers: { cookie: person.cookie },
    signal: stop.signal,
  });
  const follow = async () => {
    for await (const chunk of stream.body ?? []) heard += Buffer.from(chunk).toString("utf8");
  };
  follow().catch(() => undefined);

  const choices = await guard(`/api/v1/incidents/${id}/colleagues`);
  assert.equal(choices.status, 200, choices.text);
  assert.ok(choices.json.items.some((one: { ref: string }) => one.ref === person.ref));
  const unknown = await guard(`/api/v1/incidents/${id}/colleagues`, { colleagues: ["0".repeat(32)], ...why });
  assert.deepEqual(
    [unknown.status, unknown.json.code, unknown.json.pointer],
    [422, "colleague_unknown", "/colleagues"],
  );
  const mute = await guard(`/api/v1/incidents/${id}/colleagues`, { colleagues: [person.ref], because: " x " });
  assert.equal(mute.status, 400, mute.text);
  const named = await guard(`/api/v1/incidents/${id}/colleagues`, { colleagues: [person.ref], ...why });
  assert.equal(named.status, 204, named.text);
  // His open page asks again, and is told of no case.
  await eventually(async () => (heard.includes('data: {"kind":"access_changed"}\n') ? true : null));

  await closed(person.ask, { id, ref }, [`/api/v1/packets/${packet}`]);
  assert.equal(await counted(), before - 1, "it is not counted");
  assert.equal((await person.ask(`/api/v1/incidents/${id}/packets`, {})).status, 404, "nothing is built of it");
  assert.equal((await person.ask(`/api/v1/incidents/${id}/notes`, { text: "It was not me." })).status, 404);
  const since = heard.length;
  assert.equal((await counsel(`/api/v1/incidents/${id}/notes`, { text: "Looked at it." })).status, 200);
  const ordinary = await reported(as("clerk"));
  await eventually(async () => (heard.slice(since).includes(ordinary) ? true : null));
  stop.abort();
  assert.ok(!heard.slice(since).includes(id), "the stream says nothing of it");
  // Others than those who handle it lose it too; whoever reported it does not.
  assert.equal((await guard(`/api/v1/incidents/${id}`)).status, 404);
  assert.equal((await as("clerk")(`/api/v1/incidents/${id}`)).status, 200);

  await ground(counsel, id);
  const told = (await counsel(`/api/v1/incidents/${id}/conflict`)).json;
  assert.deepEqual(told.handlers, ["counsel", "data_protection_officer", "investigator"]);
  assert.deepEqual(
    told.named.map((one: { ref: string; by: string; through: string }) => [one.ref, one.by, one.through]),
    [[person.ref, "user:guard", "person"]],
  );
  const [entry] = (await operator("/api/v1/audit?kind=incident.colleague_named")).json.items;
  assert.equal(entry.actor, "user:guard");

  // Back only with a second person, and a reason.
  const path = `/api/v1/incidents/${id}/conflict/withdrawals`;
  const back = { colleague: person.ref, because: "it was her cousin, as the tape shows" };
  assert.equal((await as("tired")(path, back)).json.code, "step_up_required");
  const early = await counsel(path, { colleague: null, because: back.because });
  assert.deepEqual([early.status, early.json.code], [409, "colleagues_still_named"]);
  const nobody = await counsel(path, {
    ...back,
    colleague: choices.json.items.find((one: { ref: string }) => one.ref !== person.ref)?.ref ?? "1".repeat(32),
  });
  assert.equal(nobody.json.code, "colleague_not_named");
  const asked = await counsel(path, back);
  assert.equal(asked.status, 201, asked.text);
  assert.equal((await protection(path, back)).json.code, "naming_withdrawal_open");
  const decide = `${path}/${asked.json.id}/decision`;
  const yes = { approve: true, because: "I have seen the tape too" };
  const own = await counsel(decide, yes);
  assert.deepEqual([own.status, own.json.code], [403, "two_persons_needed"]);
  assert.equal((await person.ask(decide, yes)).status, 404);
  const elsewhere = await reported(as("clerk"));
  assert.equal(
    (await protection(`/api/v1/incidents/${elsewhere}/conflict/withdrawals/${asked.json.id}/decision`, yes)).json.code,
    "naming_withdrawal_unknown",
    "not by another case",
  );
  await closed(person.ask, { id, ref }, [`/api/v1/packets/${packet}`]);
  assert.equal((await protection(decide, yes)).status, 204);
  assert.equal((await counsel(decide, yes)).status, 403);
  assert.equal((await as("protection")(decide, yes)).json.code, "naming_withdrawal_decided");
  assert.equal((await person.ask(`/api/v1/incidents/${id}`)).status, 200, "he handles such cases, and is not named");
  assert.equal((await guard(`/api/v1/incidents/${id}`)).status, 404, "others handle it still");
  const all = await counsel(path, { colleague: null, because: "it is about nobody of ours" });
  assert.equal(all.status, 201, all.text);
  const refusedOnce = { approve: false, because: "let us wait for the report" };
  assert.equal((await protection(`${path}/${all.json.id}/decision`, refusedOnce)).status, 204);
  assert.equal((await guard(`/api/v1/incidents/${id}`)).status, 404, "a no changes nothing");
  const again = await protection(path, { colleague: null, because: "the report has come" });
  assert.equal((await counsel(`${path}/${again.json.id}/decision`, yes)).status, 204);
  assert.equal((await guard(`/api/v1/incidents/${id}`)).status, 200);
  for (const [kind, count] of [
    ["incident.naming_withdrawal_asked", 3],
    ["incident.naming_withdrawn", 2],
    ["incident.naming_withdrawal_refused", 1],
  ] as const) {
    assert.equal((await operator(`/api/v1/audit?kind=${kind}`)).json.items.length, count, kind);
  }
});

test("N13 a case whose till names an operator is walled from whose it is: earlier cases, later ones, signals that come to a case", async (context) => {
  const { app, as, operator, person } = await withPerson(context, { roles: ["store_manager"], sites: ["S-1001"] });
  const [administrator, protection, counsel] = [as("administrator"), as("protection"), as("counsel")];
  let sent = 0;
  const tampered = async (cashier: unknown, more: object = {}) => {
    sent += 1;
    const event = {
      specversion: "1.0",
      id: `tamper-${sent}`,
      source: "S-1001/T-01",
      type: "com.tillwatch.pos_tamper",
      time: new Date(Date.now() - 3_600_000 * (20 - sent)).toISOString(),
      data: { part: "card_reader", cashier },
      ...more,
    };
    const answer = await app.call("/api/v1/signals", {
      method: "POST",
      headers: { "content-type": "application/cloudevents+json" },
      body: JSON.stringify(event),
    });
    assert.equal(answer.status, 202, await answer.text());
    await app.worker.drain();
  };
  const seen = async (ask: Ask) =>
    (await ask("/api/v1/incidents?limit=100")).json.items.map((one: { id: string }) => one.id) as string[];
  await tampered(" K-4 ");
  await tampered("k-5");
  const [first, second] = (await seen(counsel)).toReversed();
  assert.equal((await seen(person.ask)).length, 2);

  const path = `/api/v1/accounts/${person.id}/till-operators`;
  const joining = { operator: "k-4", because: "she works at till 1 by this number" };
  assert.equal((await as("guard")(path, joining)).status, 403);
  assert.equal((await person.ask(path, joining)).status, 403);
  assert.equal((await administrator(path, { ...joining, siteId: "S-9999" })).json.code, "site_unknown");
  const joined = await administrator(path, joining);
  assert.equal(joined.status, 201, joined.text);
  assert.deepEqual(Object.keys(joined.json), ["id"], "nobody learns from it how many cases there are");
  assert.equal((await protection(path, { ...joining, operator: "K-4" })).json.code, "till_operator_known");
  const listed = (await protection(path)).json.items;
  assert.deepEqual([listed.length, listed[0].operator, listed[0].because], [1, "k-4", joining.because]);
  const foreign = await administrator("/api/v1/accounts/00000000-0000-4000-8000-000000000000/till-operators", joining);
  assert.equal(foreign.json.code, "account_unknown");

  assert.deepEqual(await seen(person.ask), [second], "the case that was there");
  const { ref } = (await counsel(`/api/v1/incidents/${first}`)).json as { ref: string };
  await closed(person.ask, { id: first ?? "", ref }, []);
  assert.equal((await as("guard")(`/api/v1/incidents/${first}`)).status, 200, "others go on working it");
  await tampered("k-4");
  assert.equal((await seen(person.ask)).length, 1, "a later case");
  assert.equal((await seen(counsel)).length, 3);
  // A signal that joins a case.
  const time = new Date(Date.now() - 3_600_000 * 18 + 30_000).toISOString();
  await tampered("k-4", { time });
  assert.equal((await seen(counsel)).length, 3, "it joined the second one");
  assert.deepEqual(await seen(person.ask), []);

  // Taken back by two, a till does not name her again there; and it is on the record who is named.
  await ground(counsel, second ?? "");
  const told = (await counsel(`/api/v1/incidents/${second}/conflict`)).json;
  assert.deepEqual([told.handlers, told.named.length, told.named[0].through], [null, 1, "till"]);
  const withdrawals = `/api/v1/incidents/${second}/conflict/withdrawals`;
  const asked = await counsel(withdrawals, { colleague: told.named[0].ref, because: "she was the one who was robbed" });
  assert.equal(asked.status, 201, asked.text);
  const yes = { approve: true, because: "she was, it is on the tape" };
  assert.equal((await protection(`${withdrawals}/${asked.json.id}/decision`, yes)).status, 204);
  assert.deepEqual(await seen(person.ask), [second]);
  await tampered("k-4", { time: new Date(Date.parse(time) + 30_000).toISOString() });
  assert.deepEqual(await seen(person.ask), [second]);
  assert.equal((await operator("/api/v1/audit?kind=incident.colleague_named")).json.items.length, 3);

  // It ends with a reason; the walls that stand go on standing. Nobody decides on the own.
  const end = `${path}/${joined.json.id}/end`;
  assert.equal((await administrator(end, { because: "short" })).status, 400);
  assert.equal((await administrator(end, { because: "the number went to somebody else" })).status, 204);
  assert.equal(
    (await administrator(end, { because: "the number went to somebody else" })).json.code,
    "till_operator_unknown",
  );
  assert.deepEqual(await seen(person.ask), [second]);
  await tampered("k-4");
  assert.equal((await seen(person.ask)).length, 2, "a case after it ended is hers to see");
  const kinds = (await operator("/api/v1/audit?limit=100")).json.items.map((one: { kind: string }) => one.kind);
  assert.ok(kinds.includes("account.operator_joined") && kinds.includes("account.operator_ended"));
});

test("N13 nobody says which operator of a till he is himself", async (context) => {
  const { person } = await withPerson(context, { roles: ["administrator"] });
  const refused = await person.ask(`/api/v1/accounts/${person.id}/till-operators`, {
    operator: "k-9",
    because: "I would rather be another one",
  });
  assert.deepEqual([refused.status, refused.json.code], [403, "till_operator_own"]);
});
