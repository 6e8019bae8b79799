import assert from "node:assert/strict";
import { test } from "node:test";
import { readIdentityFile } from "./identity-file.ts";
import { claimTexts, mapAccess } from "./role-mapping.ts";

const good = `version: 1
organisations:
  - id: home
    provider:
      name: Shop sign-in
      issuer: https://id.example/realms/shop
      client_id: tillwatch
      client_secret_file: oidc.secret
      groups_claim: realm_access.groups
    mapping:
      - groups: [lp-north, lp-head]
        roles: [investigator]
        regions: [north]
      - groups: [lp-head]
        attributes: { department: LP, grade: ["7", "8"] }
        roles: [analyst]
        sites: [S-1]
      - attributes: { title: Auditor }
        roles: [auditor]
        sites: all
  - id: police
    mapping: []
`;
const secrets = (name: string): string => {
  if (name === "oidc.secret") return "s3cret";
  throw new Error("no such file");
};

function read(text: string) {
  return readIdentityFile(text, "identity.yaml", secrets);
}

test("N04 the identity file says who signs in where, and what their groups give them", () => {
  const file = read(good);
  assert.ok(file.ok);
  const [home, police] = file.value.organisations;
  assert.deepEqual(
    [home?.provider?.clientSecret, home?.provider?.scopes, police?.provider],
    ["s3cret", ["openid", "profile", "email"], null],
  );
  const access = (groups: readonly string[], attributes: Record<string, unknown> = {}) =>
    mapAccess(home?.mapping ?? [], { groups, valuesOf: (name) => claimTexts(attributes, name) });
  const cases = [
    { says: "a stranger", got: access(["cooks"]), want: null },
    { says: "nobody at all", got: access([]), want: null },
    {
      says: "one group",
      got: access(["lp-north"]),
      want: { roles: ["investigator"], sites: [], regions: ["north"] },
    },
    {
      says: "rules add up",
      got: access(["lp-head"], { department: ["LP"], grade: 7 }),
      want: { roles: ["analyst", "investigator"], sites: ["S-1"], regions: ["north"] },
    },
    {
      says: "all attributes are needed",
      got: access(["lp-head"], { department: "LP" }),
      want: { roles: ["investigator"], sites: [], regions: ["north"] },
    },
    {
      says: "all sites win",
      got: access(["lp-north"], { title: "Auditor" }),
      want: { roles: ["auditor", "investigator"], sites: null, regions: null },
    },
    { says: "case counts", got: access(["LP-NORTH"]), want: null },
  ];
  for (const { says, got, want } of cases) assert.deepEqual(got, want, says);
});

test("N04 claims are texts or lists of texts, by name or by path, and nothing inherited", () => {
  const claims = { groups: ["a", 1, null, { x: 1 }], one: "b", "https://x.example/g": ["c"], realm: { groups: ["d"] } };
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["groups", ["a", "1"]],
    ["one", ["b"]],
    ["https://x.example/g", ["c"]],
    ["realm.groups", ["d"]],
    ["realm", []],
    ["constructor.name", []],
    ["__proto__", []],
    ["absent", []],
  ];
  for (const [name, want] of cases) assert.deepEqual(claimTexts(claims, name), want, name);
});

test("N04 what is wrong in the identity file is told with its line", () => {
  const cases = [
    { change: ["version: 1", "version: 2"], want: ["1 /version"] },
    { change: ["roles: [investigator]", "roles: [boss]"], want: ["12 /organisations/0/mapping/0/roles/0"] },
    { change: ["  - id: police", "  - id: home"], want: ["21 /organisations/1/id: home stands twice"] },
    { change: ["https://id.example/realms/shop", "http://id.example/"], want: ["6 /organisations/0/provider/issuer"] },
    {
      change: ["https://id.example/realms/shop", "https://u:p@id.example/"],
      want: ["6 /organisations/0/provider/issuer"],
    },
    { change: ["oidc.secret", "gone.secret"], want: ["8 /organisations/0/provider/client_secret_file"] },
    { change: ["        regions: [north]\n", ""], want: ["11 /organisations/0/mapping/0: says no place"] },
    {
      change: ["      - attributes: { title: Auditor }\n        roles", "      - roles"],
      want: ["18 /organisations/0/mapping/2: says nobody"],
    },
    {
      change: ["sites: all", "sites: all\n        regions: [north]"],
      want: ["18 /organisations/0/mapping/2: sites: all"],
    },
    { change: ["client_id", "clientid"], want: ["7 /organisations/0/provider"] },
    { change: ["version: 1", "version: ["], want: ["2"] },
  ] as const;
  for (const { change, want } of cases) {
    const text = good.replace(change[0], change[1]);
    assert.notEqual(text, good, change[0]);
    const file = read(text);
    assert.ok(!file.ok, change[1]);
    const told = file.error.map(({ line, message }) => `${line} ${message}`);
    for (const start of want) {
      assert.ok(
        told.some((one) => one.startsWith(start)),
        `${change[1]}: ${start} not in ${told.join(" | ")}`,
      );
    }
  }
});
