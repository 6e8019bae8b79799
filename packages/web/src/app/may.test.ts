import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { askedActions } from "./may.ts";

// As text: the page must not load the server's code, and a name that no longer exists would silently hide a button.
const onServer = readFileSync(new URL("../../../server/src/access/actions.ts", import.meta.url), "utf8");

test("N01 every action that a page asks about is one of the server's", () => {
  for (const action of askedActions) assert.ok(onServer.includes(`  "${action}":`), action);
  assert.deepEqual([...askedActions], [...askedActions].sort(), "in order");
});
