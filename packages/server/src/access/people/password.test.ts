import assert from "node:assert/strict";
import { argon2Sync } from "node:crypto";
import { test } from "node:test";
import { hashPassword, isOutdated, passwordFits } from "./password.ts";
import { Turns } from "./turns.ts";

const cheap = { memoryKib: 64, passes: 1, lanes: 1 };

test("N05 argon2id is RFC 9106's (section 5.3)", () => {
  const tag = argon2Sync("argon2id", {
    message: Buffer.alloc(32, 1),
    nonce: Buffer.alloc(16, 2),
    secret: Buffer.alloc(8, 3),
    associatedData: Buffer.alloc(12, 4),
    parallelism: 4,
    tagLength: 32,
    memory: 32,
    passes: 3,
  });
  assert.equal(tag.toString("hex"), "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
});

test("N05 a password is kept as argon2id with a salt of its own, and exactly as typed", async () => {
  const typed = " Ünïcode 🗝 with spaces ";
  const phc = await hashPassword(typed, cheap);
  assert.match(phc, /^\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.notEqual(await hashPassword(typed, cheap), phc);
  assert.equal(await passwordFits(phc, typed), true);
  for (const other of [typed.trim(), typed.toLowerCase(), typed.normalize("NFD"), `${typed}x`, ""]) {
    assert.equal(await passwordFits(phc, other), false, other);
  }
  const long = "x".repeat(1000);
  assert.equal(await passwordFits(await hashPassword(long, cheap), `${long.slice(1)}y`), false, "nothing is cut off");
});

test("N05 no account and no password take the same work and answer no", async () => {
  assert.equal(await passwordFits(null, "whatever"), false);
  await assert.rejects(passwordFits("$2b$10$bcrypt", "whatever"), /not an argon2id string/);
  await assert.rejects(passwordFits("$argon2id$v=19$m=999999999,t=1,p=1$AAAA$AAAA", "x"), /not an argon2id string/);
});

test("N05 a password that was kept at less cost is written anew", async () => {
  assert.equal(isOutdated(await hashPassword("a", cheap)), true);
  assert.equal(isOutdated(await hashPassword("a")), false);
});

test("N05 so many at once, so many waiting, the rest is asked to come back", async () => {
  const turns = new Turns({ atOnce: 2, waitingMax: 1 });
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const started: number[] = [];
  const run = (at: number) =>
    turns.run(async () => {
      started.push(at);
      await gates[at]?.promise;
    });
  const [first, second, third] = [run(0), run(1), run(2)];
  await assert.rejects(run(3), { code: "sign_in_busy" });
  assert.deepEqual(started, [0, 1]);
  gates[1]?.resolve();
  await second;
  await Promise.resolve();
  assert.deepEqual(started, [0, 1, 2]);
  gates[0]?.resolve();
  gates[2]?.resolve();
  await Promise.all([first, third]);
  await assert.doesNotReject(turns.run(async () => {}));
});
