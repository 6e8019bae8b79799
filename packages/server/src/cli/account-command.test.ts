import assert from "node:assert/strict";
import { test } from "node:test";
import { demoLinks } from "./account-command.ts";
import { Unusable } from "./command.ts";

test("S01 where no server answers, the command says where it asked and how to name another place", async () => {
  await assert.rejects(demoLinks("http://127.0.0.1:1", "token"), (fault: unknown) => {
    assert.ok(fault instanceof Unusable);
    const [first, second] = fault.message.split("\n");
    assert.equal(first, "no server answers at http://127.0.0.1:1");
    assert.match(second ?? "", /in front, as in: TILLWATCH_HTTP=127\.0\.0\.1:8090 \.\/tillwatch account/);
    return true;
  });
});
