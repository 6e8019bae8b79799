import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { secretOf } from "./signature.ts";
import { webhookSender } from "./webhook-send-http.ts";

const message = { id: "msg_1", timestampSeconds: 1_700_000_000, body: "{}" };
const secret = secretOf(new Uint8Array(32));

test("B08 without permission nothing is sent to this machine, by address or by name", async () => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const guarded = webhookSender({ allowPrivate: false, timeoutMs: 1_000 });
  const open = webhookSender({ allowPrivate: true, timeoutMs: 1_000 });
  try {
    for (const host of ["127.0.0.1", "localhost"]) {
      const outcome = await guarded.send({ url: `http://${host}:${port}/`, secret }, message);
      assert.deepEqual(outcome, { kind: "failed", status: null, code: "webhook_address_refused" });
    }
    assert.equal(requests, 0);
    const outcome = await open.send({ url: `http://127.0.0.1:${port}/`, secret }, message);
    assert.deepEqual(outcome, { kind: "delivered", status: 200 });
  } finally {
    await guarded.close();
    await open.close();
    server.close();
  }
});

test("B08 a receiver that is not there is unreachable, not a fault", async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((done) => server.close(() => done()));
  const sender = webhookSender({ allowPrivate: true, timeoutMs: 1_000 });
  try {
    const outcome = await sender.send({ url: `http://127.0.0.1:${port}/`, secret }, message);
    assert.deepEqual(outcome, { kind: "failed", status: null, code: "webhook_unreachable" });
  } finally {
    await sender.close();
  }
});
