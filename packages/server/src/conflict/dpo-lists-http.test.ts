import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { invitedPerson } from "../testing/signed-in.ts";
import { town, who } from "../testing/town.ts";

const credentials = [
  who("protection", ["home", "data_protection_officer"]),
  who("administrator", ["home", "administrator"]),
  who("auditor", ["home", "auditor"]),
  who("investigator", ["home", "investigator"]),
  who("nw-administrator", ["northwind", "administrator"]),
  who("nw-protection", ["northwind", "data_protection_officer"]),
];

/** Two people of the house, one of whom is the data protection officer with an account, and one of another house. */
async function people(context: TestContext) {
  const { app, as, operator } = await town(context, credentials);
  const northwind = { id: "northwind", name: "Northwind", kind: "retailer", sitePrefix: "nw-", referenceLetters: "NW" };
  assert.equal((await operator("/api/v1/organisations", northwind)).status, 201);
  const clerk = await invitedPerson(app.url, app.admin.token, { roles: ["guard"], sites: ["S-1001"] });
  const officer = await invitedPerson(app.url, app.admin.token, { roles: ["data_protection_officer"] });
  const stranger = await invitedPerson(app.url, "nw-administrator", { roles: ["guard"] });
  const asOfficer = async (path: string, body?: object) => {
    const answer = await fetch(new URL(path, app.url), {
      headers: { cookie: officer.cookie, "sec-fetch-site": "same-origin", "content-type": "application/json" },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  return { as, operator, clerk, officer, stranger, asOfficer };
}

const named = (items: readonly { readonly name: string }[]) => items.map(({ name }) => name);

test("N13 the data protection officer lists by what tills name people, without seeing accounts: of the own house, and not the own", async (context) => {
  const { as, clerk, officer, stranger, asOfficer } = await people(context);
  const [administrator, protection] = [as("administrator"), as("protection")];
  const because = "works at till 1 by this number";
  for (const [account, operator] of [
    [clerk, "k-4"],
    [officer, "k-5"],
  ] as const) {
    const joined = await administrator(`/api/v1/accounts/${account.id}/till-operators`, { operator, because });
    assert.equal(joined.status, 201, joined.text);
  }
  const foreign = await as("nw-administrator")(`/api/v1/accounts/${stranger.id}/till-operators`, {
    operator: "k-6",
    because,
  });
  assert.equal(foreign.status, 201, foreign.text);

  assert.equal((await protection("/api/v1/accounts")).status, 403, "accounts and sessions are for administrators");
  const listed = (await protection("/api/v1/till-operators")).json;
  assert.deepEqual(
    listed.items.map((one: { accountId: string; operator: string; because: string; siteId: null }) => [
      one.accountId,
      one.operator,
      one.because,
      one.siteId,
    ]),
    [
      [officer.id, "k-5", because, null],
      [clerk.id, "k-4", because, null],
    ],
  );
  assert.ok(
    named(listed.items).every((name) => /^Person \d+$/.test(name)),
    "by name, not by token",
  );
  const choices = listed.people.map(({ id }: { id: string }) => id) as string[];
  assert.ok(choices.includes(clerk.id) && choices.includes(officer.id) && !choices.includes(stranger.id));
  const own = await asOfficer("/api/v1/till-operators");
  assert.ok(own.text.includes(clerk.id) && !own.text.includes(officer.id) && !own.text.includes("k-5"), own.text);
  const theirs = (await as("nw-protection")("/api/v1/till-operators")).json;
  assert.deepEqual(
    [
      theirs.items.map(({ operator }: { operator: string }) => operator),
      theirs.people.map((one: { id: string }) => one.id),
    ],
    [["k-6"], [stranger.id]],
  );
  for (const other of ["auditor", "investigator"]) {
    assert.equal((await as(other)("/api/v1/till-operators")).status, 403, other);
  }
});

test("N13 O08 private interests are listed as counts by name, taken back with a reason, and nobody has to do with his own or a stranger's", async (context) => {
  const { as, operator, clerk, officer, stranger, asOfficer } = await people(context);
  const path = "/api/v1/misuse/conflicts";
  const protection = as("protection");
  const note = (actor: string, words: string) => protection(path, { actor, words });
  assert.equal((await note(clerk.token, "Zaphodstreet, Quux")).status, 204);
  assert.equal((await note(officer.token, "Canarylane")).status, 204);
  assert.equal((await note(clerk.token, "! ?")).json.code, "misuse_conflict_wordless");
  const refused = [await note(stranger.token, "Zaphodstreet"), await note("user:nobody", "Zaphodstreet")];
  assert.deepEqual(
    refused.map(({ status, json }) => [status, json.code, json.detail]),
    Array.from({ length: 2 }, () => [422, "misuse_colleague_unknown", "nobody of your organisation has this token"]),
  );

  const listed = await protection(path);
  const counts = (items: readonly { actor: string; words: number; by: string }[]) =>
    items.map((one) => [one.actor, one.words, one.by]);
  assert.deepEqual(counts(listed.json.items), [
    [officer.token, 1, "user:protection"],
    [clerk.token, 2, "user:protection"],
  ]);
  assert.ok(named(listed.json.items).every((name) => /^Person \d+$/.test(name)));
  assert.doesNotMatch(listed.text, /zaphod|quux|canary/i, "which words they are nobody reads");
  assert.deepEqual(counts((await as("auditor")(path)).json.items), counts(listed.json.items));
  const own = await asOfficer(path);
  assert.ok(own.text.includes(clerk.token) && !own.text.includes(officer.token), own.text);
  assert.deepEqual((await as("nw-protection")(path)).json.items, []);
  for (const other of ["administrator", "investigator"]) assert.equal((await as(other)(path)).status, 403, other);

  const taking = `${path}/withdrawals`;
  const because = "Zaphodine moved to another town";
  assert.equal((await protection(taking, { actor: clerk.token, because: "short" })).status, 400);
  const self = await asOfficer(taking, { actor: officer.token, because });
  assert.deepEqual([self.status, self.text.includes("misuse_conflict_own")], [409, true]);
  const theirs = await as("nw-protection")(taking, { actor: clerk.token, because });
  assert.deepEqual([theirs.status, theirs.json.code], [422, "misuse_colleague_unknown"]);
  const wrong = await protection(taking, { actor: clerk.token, words: "elmstreet", because });
  assert.deepEqual([wrong.status, wrong.json.code], [404, "misuse_conflict_unknown"]);
  assert.deepEqual((await protection(taking, { actor: clerk.token, words: "QUUX", because })).json, { taken: 1 });
  assert.deepEqual((await protection(taking, { actor: clerk.token, because })).json, { taken: 1 });
  assert.deepEqual(counts((await protection(path)).json.items), [[officer.token, 1, "user:protection"]]);
  const { items } = (await operator("/api/v1/audit?kind=misuse.conflict_withdrawn")).json;
  assert.deepEqual(
    items.map((one: { subject: { id: string }; because: string }) => [one.subject.id, one.because]),
    [
      [clerk.token, because],
      [clerk.token, because],
    ],
  );
});
