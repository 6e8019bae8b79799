import assert from "node:assert/strict";
import { test } from "node:test";
import { askedBy, eventStream } from "../testing/asking.ts";
import { eventually, runningApp } from "../testing/running-app.ts";
import { digestOf } from "./credential.ts";
import { installationPrincipal, type Principal } from "./principal.ts";

function guardOf(name: string, site: string) {
  const principal: Principal = {
    ...installationPrincipal,
    token: `user:${name}`,
    kind: "person",
    roles: ["guard"],
    sites: [site],
    steppedUpAtMs: Date.now() + 3_600_000,
  };
  return { sha256: digestOf(name), principal };
}

test("N08 N14 an open stream ends with the key that it was opened by, and with the access for a time that widened it", async (context) => {
  const reviewer = guardOf("reviewer", "S-1001");
  const counsel = { ...reviewer, sha256: digestOf("counsel") };
  const credentials = [
    guardOf("guard", "S-1001"),
    {
      ...counsel,
      principal: { ...counsel.principal, token: "user:counsel", roles: ["counsel" as const], sites: null },
    },
  ];
  const app = await runningApp(context, {}, { credentials });
  const [owner, guard, asCounsel] = [app.admin.token, "guard", "counsel"].map((token) => askedBy(app.url, token));
  assert.ok(owner !== undefined && guard !== undefined && asCounsel !== undefined);
  const program = { name: "Board", purpose: "shows", roles: ["investigator"], scopes: ["event:read"] };
  const account = await owner("/api/v1/service-accounts", { body: program });
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const key = await owner(`/api/v1/service-accounts/${account.id}/keys`, {
    body: { expiresAt, because: "for the wall" },
  });
  const byKey = await eventStream(app.url, String(key.json["key"]));

  const opened = await owner("/api/v1/incidents", {
    body: { siteId: "S-1002", category: "shoplifting", occurredAt: new Date().toISOString(), summary: "Two bottles." },
  });
  const glass = await guard("/api/v1/break-glass", { body: { siteId: "S-1002", because: "smoke in the other shop" } });
  assert.ok(glass.status < 300, glass.text);
  const widened = await eventStream(app.url, "guard");
  const note = () => owner(`/api/v1/incidents/${opened.id}/notes`, { body: { text: "seen again" } });
  await note();
  await eventually(async () => (widened.heard().ids.includes(opened.id) ? true : null));

  assert.equal((await owner(`/api/v1/api-keys/${key.id}/revoke`, { body: { because: "no more" } })).status < 300, true);
  const ended = await asCounsel(`/api/v1/grants/${glass.id}/end`, { method: "POST" });
  assert.ok(ended.status < 300, ended.text);
  assert.match(await byKey.ended, /event: session_changed/);
  assert.match(await widened.ended, /event: session_changed/);
  const after = await eventStream(app.url, "guard");
  await note();
  const own = await owner("/api/v1/incidents", {
    body: { siteId: "S-1001", category: "shoplifting", occurredAt: new Date().toISOString(), summary: "A coat." },
  });
  await eventually(async () => (after.heard().ids.includes(own.id) ? true : null));
  assert.ok(!after.heard().ids.includes(opened.id), "the other shop is closed again");
  await after.leave();
});
