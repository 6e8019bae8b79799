import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { secretOf, webhookHeaders } from "./signature.ts";

const hmac = (key: Uint8Array, message: Uint8Array) =>
  new Uint8Array(createHmac("sha256", key).update(message).digest());

test("B08 the signature of the published Standard Webhooks vector", () => {
  const message = {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestampSeconds: 1614265330,
    body: '{"test": 2432232314}',
  };
  const headers = webhookHeaders(message, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", hmac);
  assert.deepEqual(headers, {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

test("B08 the reference library takes what we sign, and refuses it once a character is changed", () => {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.json(), fc.uuid(), (bytes, body, id) => {
      const secret = secretOf(bytes);
      const headers = webhookHeaders({ id: `msg_${id}`, timestampSeconds: nowSeconds, body }, secret, hmac);
      const receiver = new Webhook(secret);
      assert.deepEqual(receiver.verify(body, headers), JSON.parse(body));
      assert.throws(() => receiver.verify(`${body} `, headers), /No matching signature/);
      const older = { ...headers, "webhook-timestamp": String(nowSeconds - 1) };
      assert.throws(() => receiver.verify(body, older), /No matching signature/);
    }),
    { numRuns: 50 },
  );
});

test("B08 an id with a dot is not signed", () => {
  const message = { id: "msg.1", timestampSeconds: 1, body: "{}" };
  assert.throws(() => webhookHeaders(message, secretOf(new Uint8Array(32)), hmac), /dot/);
});
