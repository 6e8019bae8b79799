import assert from "node:assert/strict";
import type { AccessGrant, AuditEntryView, AuditExportView, MisuseCaseView } from "@tillwatch/wire";
import { digestOf } from "../access/credential.ts";
import type { Principal, Role } from "../access/principal.ts";
import { testOnServers } from "../testing/databases.ts";
import { eventually, startIn, type RunningApp } from "../testing/running-app.ts";
import { invitedPerson } from "../testing/signed-in.ts";

/** What the auditor reads when he asks who saw a clip: whom, and why. */

const json = { "content-type": "application/json" };
const otto: Principal = {
  token: "user:otto",
  kind: "person",
  organisationId: "constabulary",
  roles: ["administrator"],
  sites: null,
  regions: null,
  scopes: null,
  sessionId: null,
  signedInAtMs: null,
  steppedUpAtMs: Date.now(),
};

type Of = { readonly by?: string; readonly sites?: readonly string[] | null };

async function somebody(app: RunningApp, roles: readonly Role[], { by = app.admin.token, sites = null }: Of = {}) {
  const { cookie, token } = await invitedPerson(app.url, by, { roles, sites });
  const headers = { cookie, "sec-fetch-site": "same-origin" };
  const ask = (path: string, body?: unknown) => {
    const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    return fetch(new URL(path, app.url), { headers: { ...headers, ...(body === undefined ? {} : json) }, ...sent });
  };
  return { token, ask };
}

async function done<T>(answering: Promise<Response>): Promise<T> {
  const answer = await answering;
  const text = await answer.text();
  assert.ok(answer.ok, `${answer.url}: ${answer.status} ${text}`);
  return JSON.parse(text === "" ? "{}" : text) as T;
}

type Answer = { readonly items: readonly AuditEntryView[]; readonly names: Readonly<Record<string, string>> };

async function caseWithFile(app: RunningApp) {
  const { items } = await done<{ items: { id: string }[] }>(app.call("/api/v1/sites"));
  const occurredAt = new Date().toISOString();
  const report = { siteId: items[0]?.id, category: "shoplifting", occurredAt, summary: "Razors were carried off" };
  const sent = { method: "POST", headers: json, body: JSON.stringify(report) };
  const { id, ref } = await done<{ id: string; ref: string }>(app.call("/api/v1/incidents", sent));
  const form = new FormData();
  form.set("file", new File(["what the till said"], "till.txt", { type: "text/plain" }));
  const file = await done<{ id: string }>(app.call(`/api/v1/incidents/${id}/exhibits`, { method: "POST", body: form }));
  return { id, ref, fileId: file.id };
}

async function whoSaw(app: RunningApp): Promise<void> {
  const [auditor, investigator, counsel] = [
    await somebody(app, ["auditor"]),
    await somebody(app, ["investigator"]),
    await somebody(app, ["counsel"]),
  ];
  const { id, ref, fileId } = await caseWithFile(app);
  const content = `/api/v1/exhibits/${fileId}/content`;
  const purposes = [
    [investigator, { purpose: "incident_investigation", ground: "legitimate_interest" }, content],
    [counsel, { purpose: "legal_claim", ground: "legal_claim" }, `${content}?because=asked+for+by+the+court`],
  ] as const;
  for (const [person, stated, path] of purposes) {
    assert.equal((await person.ask(path)).status, 403, "nothing opens before a purpose");
    await done(person.ask("/api/v1/grounds", { incidentId: id, ...stated }));
    assert.equal(await (await person.ask(path)).text(), "what the till said");
  }
  const seen = await done<Answer>(auditor.ask(`/api/v1/audit?subject=${fileId}&did=saw&order=oldest`));
  assert.deepEqual(
    seen.items.map(({ actor, because, body }) => [actor, because, (body as { purpose: string }).purpose]),
    [
      [investigator.token, "legitimate_interest", "incident_investigation"],
      [counsel.token, "asked for by the court", "legal_claim"],
    ],
  );
  for (const { actor } of seen.items) assert.match(seen.names[actor] ?? "", /^Person \d+$/);
  const whole = await done<Answer>(
    auditor.ask(`/api/v1/audit?incident=${ref.toLowerCase()}&did=saw&kind=exhibit.accessed`),
  );
  assert.deepEqual(new Set(whole.items.map(({ subject }) => subject.id)), new Set([fileId]));
  await unknownReference(auditor, ref);
  await exportedById(auditor, { id, ref });
  await nobodyFlagged(app);
  await decidedByName(app, { id, ref });
  await anotherHouse(app, { id, fileId, auditor });
}

async function unknownReference(auditor: Awaited<ReturnType<typeof somebody>>, ref: string): Promise<void> {
  const mistyped = `${ref.slice(0, -6)}999999`;
  const asked = { question: { incident: mistyped }, because: "a letter" };
  for (const answer of [
    await auditor.ask(`/api/v1/audit?incident=${mistyped}`),
    await auditor.ask("/api/v1/audit/exports", asked),
  ]) {
    assert.deepEqual([answer.status, ((await answer.json()) as { code: string }).code], [404, "incident_unknown"]);
  }
}

/** The export holds the id: whoever verifies it offline has no table of references. */
async function exportedById(
  auditor: Awaited<ReturnType<typeof somebody>>,
  of: { readonly id: string; readonly ref: string },
): Promise<void> {
  await done(auditor.ask("/api/v1/audit/exports", { question: { incident: of.ref, did: "saw" }, because: "a letter" }));
  const { items } = await done<{ items: AuditExportView[] }>(auditor.ask("/api/v1/audit/exports"));
  assert.deepEqual(items[0]?.question, { incident: of.id, did: "saw" });
}

/** Who stated why he looks, and looked, did nothing that anybody has to explain. */
async function nobodyFlagged(app: RunningApp): Promise<void> {
  const dpo = await somebody(app, ["data_protection_officer"]);
  const upTo = Date.now();
  const cases = await eventually(async () => {
    const list = await done<{ items: MisuseCaseView[]; watch: { readAt: string | null; behind: number } }>(
      dpo.ask("/api/v1/misuse"),
    );
    return Date.parse(list.watch.readAt ?? "") > upTo + 4_000 ? list.items : null;
  }, 60_000);
  assert.deepEqual(
    cases.filter(({ title }) => title === "A look without a case or a ground"),
    [],
  );
}

/** Of an officer who looked at what was shared with his house the record tells the house, and not his name. */
async function anotherHouse(
  app: RunningApp,
  of: { readonly id: string; readonly fileId: string; readonly auditor: Awaited<ReturnType<typeof somebody>> },
): Promise<void> {
  const operator = (path: string, body: unknown) =>
    done(app.call(path, { method: "POST", headers: json, body: JSON.stringify(body) }));
  await operator("/api/v1/organisations", { id: "constabulary", name: "Constabulary", kind: "police" });
  const officer = await somebody(app, ["partner_officer"], { by: "by:otto" });
  const endsAt = new Date(Date.now() + 3_600_000).toISOString();
  await operator(`/api/v1/incidents/${of.id}/shares`, { partnerId: otto.organisationId, ground: "a letter", endsAt });
  assert.equal((await officer.ask(`/api/v1/exhibits/${of.fileId}/content`)).status, 403);
  const refused = await eventually(async () => {
    const answer = await done<Answer>(of.auditor.ask(`/api/v1/audit?incident=${of.id}&kind=access.refused`));
    return answer.items.find(({ actor }) => actor === officer.token) ?? null;
  });
  const { about, code } = refused.body as { about: string; code: string };
  assert.deepEqual(
    [about, code],
    [`exhibit ${of.fileId}`, "purpose_required"],
    "whoever shared it learns that it was tried",
  );
  const stated = { incidentId: of.id, purpose: "police_request", ground: "official_request" };
  await done(officer.ask("/api/v1/grounds", stated));
  await done(officer.ask(`/api/v1/incidents/${of.id}`));
  const seen = await done<Answer>(of.auditor.ask(`/api/v1/audit?incident=${of.id}&actor=${officer.token}`));
  assert.ok(seen.items.length > 0);
  assert.equal(seen.names[officer.token], "somebody of Constabulary");
  const silent = await somebody(app, ["partner_officer"], { by: "by:otto" });
  const dpo = await somebody(app, ["data_protection_officer"]);
  for (const actor of [silent.token, "user:nobody"]) {
    const noted = await dpo.ask("/api/v1/misuse/conflicts", { actor, words: "a guess" });
    const problem = (await noted.json()) as { code: string };
    assert.deepEqual([noted.status, problem.code], [422, "misuse_colleague_unknown"], "somebody else's is as nobody's");
  }
  const guessed = await done<Answer>(dpo.ask(`/api/v1/audit?subject=${silent.token}`));
  assert.deepEqual(
    [guessed.items.length, guessed.names[silent.token]],
    [0, undefined],
    "a guessed token tells nothing",
  );
}

type Grants = {
  readonly items: readonly AccessGrant[];
  readonly names: Readonly<Record<string, string>>;
};

/** Who decides whether somebody sees a case knows who it is; whoever asked reads its reference once it is open to him, not before. */
async function decidedByName(
  app: RunningApp,
  { id, ref }: { readonly id: string; readonly ref: string },
): Promise<void> {
  const { items } = await done<{ items: { id: string }[] }>(app.call("/api/v1/sites"));
  const guard = await somebody(app, ["guard"], { sites: [items[1]?.id ?? ""] });
  const investigator = await somebody(app, ["investigator"]);
  const stated = { purpose: "incident_investigation", ground: "legitimate_interest" };
  const asked = { incidentId: id, ...stated, because: "I saw the same group here today", hours: 1 };
  const grant = await done<{ id: string }>(guard.ask("/api/v1/grants", asked));
  const before = await done<Grants>(guard.ask("/api/v1/grants"));
  assert.deepEqual([before.items[0]?.ref, before.names], [null, {}]);
  const list = await done<Grants>(investigator.ask("/api/v1/grants"));
  assert.match(list.names[guard.token] ?? "", /^Person \d+$/);
  await done(investigator.ask(`/api/v1/grants/${grant.id}/decision`, { approve: true }));
  const after = await done<Grants>(guard.ask("/api/v1/grants"));
  assert.equal(after.items[0]?.ref, ref);
}

testOnServers(
  "O03 O07 N07 who saw a file is told by name, with the purpose that was stated, and nobody is flagged for it",
  async ({ folder, databaseUrl }) => {
    const credentials = [{ sha256: digestOf("by:otto"), principal: otto }];
    const app = await startIn(folder, { TILLWATCH_DATABASE_URL: databaseUrl }, { credentials });
    try {
      await whoSaw(app);
    } finally {
      await app.close();
    }
  },
  { timeout: 240_000 },
);
