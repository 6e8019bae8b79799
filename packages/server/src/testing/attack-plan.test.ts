import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject } from "@tillwatch/wire";
import {
  comparable,
  filledPath,
  idsIn,
  leaked,
  nothingLike,
  operationsOf,
  smallestOf,
  unknownId,
} from "./attack-plan.ts";

const body = {
  type: "object",
  required: ["siteId", "level", "tags"],
  properties: {
    siteId: { type: "string", pattern: "^S" },
    level: { enum: [2, 3] },
    tags: { type: "array", minItems: 1, items: { type: "string", minLength: 3 } },
    incidentId: { type: "string", format: "uuid" },
    note: { type: "string" },
  },
};
const document = {
  paths: {
    "/a/{id}/b/{other}": {
      post: { requestBody: { content: { "application/json": { schema: body } } } },
      get: {
        parameters: [
          { in: "query", name: "q" },
          { in: "path", name: "id" },
        ],
      },
    },
  },
};

test("N09 the attacker's plan: every operation of the document, with bodies that pass and stolen ids where they belong", () => {
  const [post, get] = operationsOf(document);
  assert.deepEqual([post?.method, get?.method, get?.body], ["POST", "GET", null]);
  assert.ok(post);
  assert.deepEqual(post.places, ["/a/{id}", "/a/{id}/b/{other}"]);
  assert.deepEqual(get?.queries, ["q"]);
  const forms = ["S-1002", "C-01", unknownId.replace("0", "a"), `user:${unknownId.replace("0", "a")}`, "home", "abcdefgh2345", `clip:${"0".repeat(32)}`]; // prettier-ignore
  for (const id of forms) assert.notEqual(nothingLike(id), id);
  assert.equal(filledPath(post, ["x/y", "z"]), "/a/x%2Fy/b/z");
  assert.equal(filledPath(post, ["x"]), "/a/x/b/x");
  const made = smallestOf(post.body ?? {}, { siteId: "B-1", incidentId: "stolen" });
  assert.deepEqual(made, { siteId: "B-1", level: 2, tags: ["xxx"], incidentId: "stolen" });
  const time = { type: "string", format: "date-time" };
  const span = smallestOf({ type: "object", required: ["to", "from"], properties: { to: time, from: time } }, {});
  assert.ok(isJsonObject(span));
  const { from, to } = span;
  assert.ok(typeof from === "string" && typeof to === "string" && from < to);
});

test("N09 the attacker's plan: a leak is found, an echo is none, two refusals of the same kind compare equal", () => {
  const loot = { ids: new Set([unknownId]), words: new Set(["CANARY"]) };
  assert.deepEqual(leaked(`{"ref":"${unknownId}","x":"CANARY"}`, loot, ""), [unknownId, "CANARY"]);
  assert.deepEqual(leaked(`no ${unknownId} here`, loot, `/a/${unknownId}`), []);
  assert.deepEqual(idsIn(`a ${unknownId} b TW-2026-000012 c`), [unknownId, "TW-2026-000012"]);
  const refusal = (id: string) => comparable(404, `{"detail":"no ${id}","instance":"urn:uuid:${id}x"}`, [id]);
  assert.equal(refusal("a-1"), refusal("b-2"));
  assert.notEqual(comparable(403, "{}", []), comparable(404, "{}", []));
});
