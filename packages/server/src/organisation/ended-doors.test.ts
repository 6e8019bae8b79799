import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { digestOf } from "../access/credential.ts";
import { installationPrincipal, type Principal, type Role } from "../access/principal.ts";
import { askedBy, eventStream, type Asking } from "../testing/asking.ts";
import {
  basic,
  enrolled,
  enrolledKey,
  eventOf,
  newCode,
  newRequest,
  overHttps,
  pkcs10,
  problemCode,
  signedToken,
} from "../testing/device-client.ts";
import { eventually, runningApp, type RunningApp } from "../testing/running-app.ts";
import { invitedPerson } from "../testing/signed-in.ts";
import { SoftAuthenticator } from "../testing/soft-authenticator.ts";

function who(token: string, organisationId: string, roles: readonly Role[]) {
  const steppedUpAtMs = Number.MAX_SAFE_INTEGER;
  const of = { token: `user:${token}`, kind: "person", organisationId, roles, steppedUpAtMs } as const;
  const principal: Principal = { ...installationPrincipal, ...of };
  return { sha256: digestOf(token), principal };
}

const shop = {
  name: "Shop",
  timezone: "Europe/Berlin",
  currency: "EUR",
  zones: [],
  devices: ["C-1", "C-2", "C-3"].map((id) => ({ id, kind: "camera", name: id })),
};
const origin = "http://localhost:8080"; // passkeys need a name
const named = { TILLWATCH_PUBLIC_URL: origin };
const own = { "sec-fetch-site": "same-origin" };
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();

/** A receiver that takes one message and is out of order for all others. */
async function receiver(context: TestContext) {
  const got: string[] = [];
  const server = createServer((request, response) => {
    got.push(request.url ?? "");
    request.resume();
    response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => new Promise((resolve) => server.close(resolve)));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got };
}

/** A way in: what it answers while the organisation takes part, and after its end. */
type Door = {
  readonly says: string;
  readonly enter: () => Promise<{ readonly status: number; readonly code: string; readonly text: string }>;
  readonly before: number;
  readonly after: string;
  readonly recorded: { readonly kind: string; readonly because: RegExp };
};

const ended = /organisation has ended/;

async function made(
  ask: Asking,
  path: string,
  body: object,
): Promise<Record<string, unknown> & { readonly id: string }> {
  const answer = await ask(path, { body });
  assert.ok(answer.status < 300, `${path}: ${answer.status} ${answer.text}`);
  return { ...answer.json, id: answer.id };
}

/** Northwind with everything that lets somebody in, and a police and a mender that it works with. */
async function northwind(context: TestContext) {
  const credentials = [
    who("nw-admin", "northwind", ["administrator"]),
    who("nw-second", "northwind", ["administrator"]),
    who("mender-admin", "mender", ["administrator"]),
    who("officer", "police", ["partner_officer"]),
    who("home-investigator", "home", ["investigator"]),
  ];
  const env = {
    TILLWATCH_DEVICES: "open",
    TILLWATCH_HTTPS: "127.0.0.1:0",
    TILLWATCH_ALLOW_PRIVATE_WEBHOOKS: "true",
    ...named,
  };
  const app = await runningApp(context, env, { credentials });
  const [operator, admin] = [askedBy(app.url, app.admin.token), askedBy(app.url, "nw-admin")];
  const retailer = { id: "northwind", name: "Northwind", kind: "retailer", sitePrefix: "nw-", referenceLetters: "NW" };
  await made(operator, "/api/v1/organisations", retailer);
  for (const [id, kind] of [
    ["police", "police"],
    ["mender", "vendor"],
  ]) {
    await made(operator, "/api/v1/organisations", { id, name: `The ${id}`, kind }); // prettier-ignore
  }
  assert.equal((await admin("/api/v1/sites/nw-1", { method: "PUT", body: shop })).status, 200);
  const asAdmin: RunningApp = {
    ...app,
    call: (path, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set("authorization", "Bearer nw-admin");
      return fetch(new URL(path, app.url), { ...init, headers });
    },
  };
  return { app, operator, admin, asAdmin };
}

async function keyOf(admin: Asking, scopes: readonly string[], roles: readonly string[]): Promise<string> {
  const program = { name: `Program ${scopes[0]}`, purpose: "to get in", roles, scopes };
  const { id } = await made(admin, "/api/v1/service-accounts", program);
  const key = await made(admin, `/api/v1/service-accounts/${id}/keys`, {
    expiresAt: tomorrow(),
    because: "for a test",
  });
  return String(key["key"]);
}

/** A passkey of somebody who is signed in, and what signing in by it answers. */
async function passkeyOf(app: RunningApp, cookie: string) {
  const asPerson = askedBy(app.url, { ...own, cookie });
  const authenticator = new SoftAuthenticator({ origin, rpId: "localhost" });
  const options = await made(asPerson, "/api/v1/me/passkeys/options", {});
  const response = authenticator.create(options as unknown as Parameters<SoftAuthenticator["create"]>[0]);
  await made(asPerson, "/api/v1/me/passkeys", { response, name: "Laptop" });
  const anybody = askedBy(app.url, own);
  return async () => {
    const asked = await made(anybody, "/api/v1/sign-in/passkey-options", {});
    const answer = authenticator.get(asked as unknown as Parameters<SoftAuthenticator["get"]>[0]);
    return coded(await anybody("/api/v1/sign-in/passkey", { body: { response: answer } }));
  };
}

function coded(answer: { readonly status: number; readonly text: string }) {
  const { status, text } = answer;
  return { status, text, code: text.startsWith("{") ? problemCode(answer) : "" };
}

async function doorsOf(house: Awaited<ReturnType<typeof northwind>>): Promise<readonly Door[]> {
  const { app, admin, asAdmin } = house;
  const anybody = askedBy(app.url, own);
  const person = await invitedPerson(app.url, "nw-admin", { roles: ["investigator"] });
  const invited = await made(admin, "/api/v1/accounts", { name: "New", login: "new@example.org", roles: ["guard"] });
  const link = new URL(String(invited["link"])).hash.slice(1);
  const [key, scim] = [
    await keyOf(admin, ["incident:list"], ["investigator"]),
    await keyOf(admin, ["scim:provision"], []),
  ];
  const device = await enrolledKey(asAdmin, "nw-1/C-1");
  const identity = await enrolled(asAdmin, "nw-1/C-2");
  const { code } = await newCode(asAdmin, "nw-1/C-3");
  const vendor = await invitedPerson(app.url, "mender-admin", { roles: ["guard"] });
  const ticket = {
    accountToken: vendor.token,
    ticket: "T-1",
    purpose: "the till is slow",
    roles: ["administrator"],
    scopes: ["site:list"],
  };
  const times = { startsAt: new Date(Date.now() - 1000).toISOString(), endsAt: inAnHour() };
  const asked = await made(admin, "/api/v1/vendor-access", { ...ticket, ...times });
  await made(askedBy(app.url, "nw-second"), `/api/v1/vendor-access/${asked.id}/approve`, {
    because: "the till is slow indeed",
  });
  const byPasskey = await passkeyOf(app, person.cookie);
  const json = { "content-type": "application/json" };
  let steps = 0;
  const enrol = async () => {
    const { csr } = await newRequest();
    const headers = { authorization: basic("nw-1/C-3", code), "content-type": pkcs10 };
    return overHttps(app, "/.well-known/est/simpleenroll", { method: "POST", headers, body: csr });
  };
  const out = { because: ended };
  const doors: Door[] = [
    {
      says: "a session that is open",
      enter: async () => coded(await askedBy(app.url, { ...own, cookie: person.cookie })("/api/v1/incidents")),
      before: 200,
      after: "session_ended",
      recorded: { kind: "session.refused", ...out },
    },
    {
      says: "password and code",
      enter: async () => {
        steps += 1;
        const body = { login: person.login, password: person.password, code: person.codeNow(steps) };
        return coded(await anybody("/api/v1/sign-in/password", { body }));
      },
      before: 0, // a code is good once
      after: "organisation_ended",
      recorded: { kind: "session.refused", ...out },
    },
    {
      says: "a passkey",
      enter: byPasskey,
      before: 200,
      after: "organisation_ended",
      recorded: { kind: "session.refused", ...out },
    },
    {
      says: "a link of an invitation",
      enter: async () => coded(await anybody("/api/v1/links/read", { body: { link } })),
      before: 200,
      after: "organisation_ended",
      recorded: { kind: "account.link_refused", ...out },
    },
    {
      says: "the key of a program",
      enter: async () => coded(await askedBy(app.url, key)("/api/v1/incidents")),
      before: 200,
      after: "organisation_ended",
      recorded: { kind: "api_key.refused", ...out },
    },
    {
      says: "the token of SCIM",
      enter: async () => coded(await askedBy(app.url, scim)("/scim/v2/Users")),
      before: 200,
      after: "", // its errors have a form of their own
      recorded: { kind: "api_key.refused", ...out },
    },
    {
      says: "a device's signed token",
      enter: async () => {
        const token = signedToken(device, { device: "nw-1/C-1", audience: device.audience });
        return coded(
          await askedBy(app.url, token)("/api/v1/signals", { body: [eventOf("nw-1/C-1", crypto.randomUUID())] }),
        );
      },
      before: 202,
      after: "device_organisation_ended",
      recorded: { kind: "device.refused", because: /./ },
    },
    {
      says: "a device's certificate",
      enter: async () => {
        const body = JSON.stringify(eventOf("nw-1/C-2", crypto.randomUUID()));
        return coded(await overHttps(app, "/api/v1/signals", { method: "POST", headers: json, body, identity }));
      },
      before: 202,
      after: "device_organisation_ended",
      recorded: { kind: "device.refused", because: /./ },
    },
    {
      says: "a code that enrols",
      enter: async () => coded(await enrol()),
      before: 0, // it is good once
      after: "enrolment_code_expired",
      recorded: { kind: "device.refused", because: /./ },
    },
    {
      says: "a vendor's person with a ticket that was approved",
      enter: async () => coded(await askedBy(app.url, { ...own, cookie: vendor.cookie })("/api/v1/sites")),
      before: 200,
      after: "session_ended",
      recorded: { kind: "session.refused", ...out },
    },
  ];
  return doors;
}

test("N09 N12 N04 A20 an ended organisation is refused at every door, and each refusal is on the record", async (context) => {
  const house = await northwind(context);
  const { operator } = house;
  const doors = await doorsOf(house);
  for (const { says, enter, before } of doors) {
    if (before !== 0) assert.equal((await enter()).status, before, `${says}, before`);
  }
  for (const id of ["northwind", "mender"]) {
    assert.equal((await operator(`/api/v1/organisations/${id}/end`, { method: "POST" })).status, 204);
  }
  const record = async (kind: string) =>
    (await operator(`/api/v1/audit?kind=${kind}&limit=100`)).json["items"] as { kind: string; because: string }[];
  for (const { says, enter, after, recorded } of doors) {
    const had = (await record(recorded.kind)).length;
    const answer = await enter();
    assert.ok(answer.status === 401 || answer.status === 403, `${says}: ${answer.status}`);
    assert.equal(answer.code, after, says);
    const entry = await eventually(async () => {
      const now = await record(recorded.kind);
      return now.length > had ? now[0] : null;
    }, 30_000);
    assert.match(entry?.because ?? "", recorded.because, says);
  }
});

test("N09 what was queued for a receiver of an ended organisation is not sent, and says so; its partners' streams end, and nothing is shared with it", async (context) => {
  const { app, operator, admin } = await northwind(context);
  const { url, got } = await receiver(context);
  const hook = await made(admin, "/api/v1/webhooks", { url });
  await made(admin, `/api/v1/webhooks/${hook.id}/test`, {});
  await eventually(async () => (got.length === 1 ? true : null), 30_000);
  const deliveries = async () =>
    (await operator(`/api/v1/audit?kind=webhook.disabled`)).json["items"] as { because: string }[];
  const officer = await eventStream(app.url, "officer");
  const investigator = askedBy(app.url, "home-investigator");
  const categories = (await investigator("/api/v1/taxonomy")).json["categories"] as { code: string }[];
  const report = {
    siteId: "S-1001",
    occurredAt: new Date().toISOString(),
    summary: "Two bottles.",
    category: categories[0]?.code,
  };
  const incident = await made(investigator, "/api/v1/incidents", report);
  const share = { partnerId: "police", ground: "reported theft", endsAt: inAnHour() };
  await made(investigator, `/api/v1/incidents/${incident.id}/shares`, share);
  assert.equal((await askedBy(app.url, "officer")("/api/v1/incidents")).status, 200);

  assert.equal((await operator("/api/v1/organisations/northwind/end", { method: "POST" })).status, 204);
  assert.equal((await operator("/api/v1/organisations/police/end", { method: "POST" })).status, 204);
  assert.match(await officer.ended, /event: session_(changed|ended)/);
  const refused = await askedBy(app.url, "officer")("/api/v1/incidents");
  assert.deepEqual([refused.status, refused.json["code"]], [401, "organisation_ended"]);
  const again = await investigator(`/api/v1/incidents/${incident.id}/shares`, { body: share });
  assert.deepEqual([again.status, again.json["code"]], [422, "share_partner_unknown"]);
  // The second attempt falls due some seconds after the first.
  const [disabled] = await eventually(async () => {
    const found = await deliveries();
    return found.length === 0 ? null : found;
  }, 60_000);
  assert.match(disabled?.because ?? "", ended);
  assert.equal(got.length, 1, "nothing came after the end");
});

test("N12 a vendor's ticket of an organisation that ended opens nothing of it", async (context) => {
  const house = await northwind(context);
  const [vendorDoor] = (await doorsOf(house)).filter(({ says }) => says.startsWith("a vendor's person"));
  assert.match((await vendorDoor?.enter())?.text ?? "", /nw-1/);
  assert.equal((await house.operator("/api/v1/organisations/northwind/end", { method: "POST" })).status, 204);
  assert.doesNotMatch(
    (await vendorDoor?.enter())?.text ?? "nw-1",
    /nw-1/,
    "he is at home again, where there is nothing",
  );
});
