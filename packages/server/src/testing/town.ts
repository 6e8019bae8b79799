import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { digestOf } from "../access/credential.ts";
import { installationPrincipal, type Principal, type Role } from "../access/principal.ts";
import { jsonLog } from "../platform/log.ts";
import { eventually, runningApp } from "./running-app.ts";

export type Answer = {
  readonly status: number;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer of the API as a test reads it: whatever JSON it is
  readonly json: any;
};
export type Ask = (path: string, body?: unknown, method?: string) => Promise<Answer>;

/** Somebody who proved a second time who he is, where `more` does not say otherwise. His bearer token is his name. */
export function who(name: string, of: readonly [string, Role], more: Partial<Principal> = {}) {
  const [organisationId, role] = of;
  const principal: Principal = {
    ...installationPrincipal,
    token: `user:${name}`,
    kind: "person",
    organisationId,
    roles: [role],
    steppedUpAtMs: Number.MAX_SAFE_INTEGER,
    ...more,
  };
  return { sha256: digestOf(name), principal };
}

// A fault of ours (SQLSTATE 42501 of a missing right, say) must be read in the output of a failed test.
const faults = jsonLog((line) => {
  if (line.includes('"level":"error"')) process.stderr.write(`${line}\n`);
}, Date.now);

/** The whole application with a police and an insurer as partners. `as` asks as somebody, `operator` as the installation. */
export async function town(
  context: TestContext,
  credentials: readonly ReturnType<typeof who>[],
  given: { readonly clock?: () => number } = {},
) {
  const app = await runningApp(context, {}, { credentials, log: faults, ...given });
  const as =
    (token: string): Ask =>
    async (path, body, method = body === undefined ? "GET" : "POST") => {
      const headers = {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      };
      const answer = await fetch(new URL(path, app.url), {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, text, json: text.startsWith("{") ? JSON.parse(text) : null };
    };
  const operator = as(app.admin.token);
  for (const [id, kind] of [
    ["police", "police"],
    ["insurer", "insurer"],
  ]) {
    const added = await operator("/api/v1/organisations", { id, name: `The ${id}`, kind });
    assert.equal(added.status, 201, added.text);
  }
  return { app, as, operator };
}

/** Reports a theft at a shop and answers the incident's id. */
export async function reported(ask: Ask, more: object = {}): Promise<string> {
  const body = {
    siteId: "S-1001",
    category: "shoplifting",
    occurredAt: new Date(Date.now() - 60_000).toISOString(),
    summary: "Two bottles were taken from the shelf.",
    ...more,
  };
  const made = await ask("/api/v1/incidents", body);
  assert.equal(made.status, 201, made.text);
  return made.json.id as string;
}

const ourGround = ["case_building", "legitimate_interest"] as const;
export const officialRequest = ["police_request", "official_request"] as const;

/** Says why somebody looks at a case. */
export async function ground(
  ask: Ask,
  incidentId: string,
  said: readonly [purpose: string, legal: string] = ourGround,
) {
  const [purpose, legal] = said;
  const stated = await ask("/api/v1/grounds", { incidentId, purpose, ground: legal });
  assert.equal(stated.status, 201, stated.text);
}

/** Has a packet built and waits for it. */
export async function builtPacket(ask: Ask, incidentId: string, body: object = {}): Promise<string> {
  const asked = await ask(`/api/v1/incidents/${incidentId}/packets`, body);
  assert.equal(asked.status, 202, asked.text);
  const id = asked.json.id as string;
  await eventually(async () => {
    const record = await ask(`/api/v1/incidents/${incidentId}`);
    const packet = record.json.packets.find((one: { id: string }) => one.id === id);
    assert.notEqual(packet?.state, "failed", packet?.problem);
    return packet?.state === "ready" ? packet : null;
  }, 60_000);
  return id;
}

export const anHour = () => new Date(Date.now() + 3_600_000).toISOString();
