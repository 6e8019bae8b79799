import assert from "node:assert/strict";
import { test } from "node:test";
import { invitedPerson } from "../testing/signed-in.ts";
import { town, who } from "../testing/town.ts";

const credentials = [
  who("auditor", ["home", "auditor"]),
  who("counsel", ["home", "counsel"]),
  who("manager", ["home", "store_manager"]),
  who("investigator", ["home", "investigator"]),
  who("administrator", ["home", "administrator"]),
  who("police-administrator", ["police", "administrator"]),
  who("constable", ["police", "partner_officer"]),
];

test("O03 N13 tokens are named for who reads the record, and for nobody else: of the own house, one answer for strangers and nobody", async (context) => {
  const { app, as } = await town(context, credentials);
  const clerk = await invitedPerson(app.url, app.admin.token, { roles: ["guard"], sites: ["S-1001"] });
  const officer = await invitedPerson(app.url, "police-administrator", { roles: ["partner_officer"] });
  const path = `/api/v1/audit/names?tokens=${[clerk.token, officer.token, "user:nobody", "machine", ""].join(",")}`;
  for (const reader of ["auditor", "counsel"]) {
    const named = await as(reader)(path);
    assert.equal(named.status, 200, named.text);
    assert.deepEqual(Object.keys(named.json.names), [clerk.token], "neither a stranger nor who does not exist");
    assert.match(named.json.names[clerk.token], /^Person \d+$/);
  }
  // Who could name tokens would know who reported what.
  for (const other of ["manager", "investigator", "administrator", "constable"]) {
    const refused = await as(other)(path);
    assert.equal(refused.status, 403, `${other}: ${refused.text}`);
    assert.ok(!refused.text.includes("Person"));
  }
  assert.equal((await as("auditor")("/api/v1/audit/names")).status, 400);
  const many = Array.from({ length: 100 }, (_, n) => `user:${n}`);
  assert.deepEqual((await as("auditor")(`/api/v1/audit/names?tokens=${[...many, clerk.token].join(",")}`)).json, {
    names: {},
  });
});
