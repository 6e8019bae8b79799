import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { expectAccepted } from "@tillwatch/evidence";
import { verifyPacketFile } from "@tillwatch/verify";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DraftDetail, DraftView, IncidentRecord } from "@tillwatch/wire";
import { digestOf as sha256 } from "../incident/incident-desk-store.ts";
import { saysNothingOf } from "../testing/canaries.ts";
import { eventually } from "../testing/running-app.ts";
import { builtPacket, ground, reported, town, who, type Ask } from "../testing/town.ts";

const program = "service:0a0a0a0a-0000-4000-8000-000000000001";
const writes = { kind: "service", roles: [], scopes: ["draft:write"] } as const;
const credentials = [
  who("writer", ["home", "guard"], { ...writes, token: program }),
  who("other-writer", ["home", "guard"], { ...writes, token: "service:0a0a0a0a-0000-4000-8000-000000000002" }),
  who("far-writer", ["home", "guard"], { ...writes, token: "service:far", sites: ["S-1002"] }),
  who("police-writer", ["police", "guard"], { ...writes, token: "service:police" }),
  who("reader", ["home", "investigator"], { ...writes, scopes: ["incident:read"], token: "service:reader" }),
  // A program with every role and no limit: still no person.
  who("mighty", ["home", "investigator"], { kind: "service", token: "service:mighty", scopes: null }),
  who("investigator", ["home", "investigator"]),
  who("second", ["home", "investigator"]),
  who("guard", ["home", "guard"], { sites: ["S-1001"] }),
  who("far-guard", ["home", "guard"], { sites: ["S-1002"] }),
  who("analyst", ["home", "analyst"]),
  who("officer-protection", ["home", "data_protection_officer"]),
  who("auditor", ["home", "auditor"]),
  who("constable", ["police", "partner_officer"]),
];

const draftText = "One man took two bottles of gin and ran to the north exit.";
const prompt = "Write down what the signals say, in one sentence.";

function offer(more: object = {}) {
  return {
    key: "run-1",
    place: "note",
    text: draftText,
    model: { name: "example-writer", version: "2026-10-01", provider: "Example Models" },
    promptSha256: sha256(prompt),
    prompt,
    inputs: [],
    parameters: { temperature: 0.2, seed: 7, tools: false },
    writtenAt: "2026-11-20T10:00:00.000Z",
    ...more,
  };
}

async function house(context: TestContext) {
  const { app, as, operator } = await town(context, credentials);
  const investigator = as("investigator");
  const id = await reported(investigator);
  const path = `/api/v1/incidents/${id}/drafts`;
  for (const name of ["investigator", "second", "guard", "officer-protection"]) await ground(as(name), id);
  return { app, as, operator, investigator, writer: as("writer"), id, path };
}

async function offered(writer: Ask, path: string, more: object = {}): Promise<string> {
  const made = await writer(path, offer(more));
  assert.equal(made.status, 201, made.text);
  return made.json.id as string;
}

const recordOf = async (ask: Ask, id: string) => (await ask(`/api/v1/incidents/${id}`)).json as IncidentRecord;
const noteOf = (record: IncidentRecord) => record.timeline.find(({ kind }) => kind === "note");

test("O12 a draft is kept beside the case: not a word of it is the case's, is found, or goes into a packet", async (context) => {
  const { as, operator, investigator, writer, id, path, app } = await house(context);
  const before = await recordOf(investigator, id);
  const made = await writer(path, offer({ text: `  ${draftText} purplewalrus. ` }));
  assert.equal(made.status, 201, made.text);
  assert.deepEqual([made.json.state, made.json.incidentId], ["offered", id]);
  // Again: acknowledged, and nothing twice; something else under the same key is refused.
  const again = await writer(path, offer({ text: `  ${draftText} purplewalrus. ` }));
  assert.deepEqual([again.status, again.json.id], [200, made.json.id]);
  const other = await writer(path, offer({ text: "Something else." }));
  assert.deepEqual([other.status, other.json.code], [422, "draft_key_reused"]);
  // The key is the program's own: another program's is another draft.
  assert.equal((await as("other-writer")(path, offer())).status, 201);

  const after = await recordOf(investigator, id);
  assert.deepEqual({ ...after, may: [] }, { ...before, may: [] }, "nothing of the case has changed");
  assert.deepEqual((await investigator("/api/v1/incidents?q=purplewalrus")).json.items, []);
  const { items } = (await investigator(path)).json as { items: readonly DraftView[] };
  const one = items.find((draft) => draft.id === made.json.id);
  assert.ok(one !== undefined && items.length === 2);
  assert.deepEqual(
    [one.text, one.draft, one.state, one.revision, one.model, one.offeredBy, one.promptKept, one.settled, one.changes],
    [
      `${draftText} purplewalrus.`,
      `${draftText} purplewalrus.`,
      "offered",
      0,
      offer().model,
      program,
      true,
      null,
      null,
    ],
  );
  const detail = (await investigator(`${path}/${one.id}`)).json as DraftDetail;
  assert.deepEqual([detail.prompt, detail.texts.length, detail.parameters], [prompt, 1, offer().parameters]);

  const packet = await builtPacket(operator, id);
  const zip = Buffer.from(await (await app.call(`/api/v1/packets/${packet}`)).arrayBuffer());
  assert.ok(!zip.includes("drafts.json") && !zip.includes("purplewalrus"), "files of a packet lie in it as they are");
  assert.ok(zip.includes("draft.offered"), "that there was one is on the record");
});

test("O12 who may do what: a program hands in and never decides, a person decides and never hands in, others find nothing", async (context) => {
  const { as, operator, writer, investigator, id, path } = await house(context);
  const draft = await offered(writer, path);
  const own = `${path}/${draft}`;
  const accept = { revision: 0 };
  const edit = { revision: 0, text: "Something." };
  const refuse = { revision: 0, because: "no" };
  type Row = readonly [who: string, path: string, body: unknown, status: number, code: string];
  const rows: readonly Row[] = [
    ["investigator", path, offer({ key: "k" }), 403, "access_refused"],
    ["reader", path, offer({ key: "k" }), 403, "access_refused"],
    ["far-writer", path, offer({ key: "k" }), 404, "incident_unknown"],
    ["police-writer", path, offer({ key: "k" }), 404, "incident_unknown"],
    ["constable", path, offer({ key: "k" }), 404, "incident_unknown"],
    ...["writer", "mighty"].flatMap((name): readonly Row[] => [
      [name, `${own}/accept`, accept, 403, "access_refused"],
      [name, `${own}/refuse`, refuse, 403, "access_refused"],
      [name, `${own}/revisions`, edit, 403, "access_refused"],
    ]),
    ["writer", path, undefined, 403, "access_refused"],
    ["writer", own, undefined, 403, "access_refused"],
    ["mighty", own, undefined, 403, "purpose_required"],
    ["analyst", path, undefined, 403, "access_refused"],
    ["officer-protection", path, undefined, 200, ""],
    ["officer-protection", `${own}/accept`, accept, 403, "access_refused"],
    ["auditor", path, undefined, 403, "access_refused"],
    ["far-guard", path, undefined, 404, "incident_unknown"],
    ["far-guard", `${own}/accept`, accept, 404, "incident_unknown"],
    ["constable", path, undefined, 404, "incident_unknown"],
    ["investigator", `${path}/00000000-0000-4000-8000-000000000000/accept`, accept, 404, "draft_unknown"],
    ["investigator", `${path}/00000000-0000-4000-8000-000000000000`, undefined, 404, "draft_unknown"],
  ];
  for (const [name, at, body, status, code] of rows) {
    const answer = await as(name)(at, body);
    assert.deepEqual([answer.status, answer.json.code ?? ""], [status, code], `${name} ${at}: ${answer.text}`);
  }
  for (const [at, body] of [
    [path, offer({ key: "k" })],
    [`${own}/accept`, accept],
    [`${own}/refuse`, refuse],
  ] as const) {
    // prettier-ignore
    assert.equal((await operator(at, body)).json.code, "access_refused", "the installation's token is nobody");
  }
  // Of another case it is not there, though its id is known and that case is open to the asker.
  const elsewhere = await reported(investigator);
  await ground(investigator, elsewhere);
  const stolen = await investigator(`/api/v1/incidents/${elsewhere}/drafts/${draft}/accept`, accept);
  assert.deepEqual([stolen.status, stolen.json.code], [404, "draft_unknown"]);
  // A partner who sees the case sees no draft of it.
  const shared = { partnerId: "police", ground: "they asked", endsAt: new Date(Date.now() + 3_600_000).toISOString() };
  assert.equal((await investigator(`/api/v1/incidents/${id}/shares`, shared)).status, 201);
  await ground(as("constable"), id, ["police_request", "official_request"]);
  assert.equal((await as("constable")(path)).json.code, "access_refused");
  // A guard writes notes and corrects no summary: nor by way of a draft.
  const summary = await offered(writer, path, { key: "s", place: "summary" });
  assert.equal((await as("guard")(`${path}/${summary}/accept`, accept)).json.code, "access_refused");
  assert.equal((await as("guard")(`${own}/accept`, accept)).status, 200);
  // What was accepted is text of the case: the partner is told where it comes from, and of nothing else.
  const seen = await recordOf(as("constable"), id);
  assert.deepEqual(
    [seen.drafted?.length, seen.drafted?.[0]?.acceptedBy, noteOf(seen)?.says],
    [1, "user:guard", draftText],
  );
  assert.equal((await as("constable")(own)).json.code, "access_refused");
});

test("O12 what cannot be a draft is refused with the place", async (context) => {
  const { as, writer, investigator, id, path, app } = await house(context);
  const elsewhere = await reported(investigator);
  await investigator(`/api/v1/incidents/${elsewhere}/notes`, { text: "of another case" });
  await investigator(`/api/v1/incidents/${id}/notes`, { text: "of this case" });
  const [own, foreign] = [
    noteOf(await recordOf(investigator, id))?.id,
    noteOf(await recordOf(investigator, elsewhere))?.id,
  ];
  const note = (of: string | undefined) => ({ kind: "note", id: of });
  const cases: readonly (readonly [string, object, string, string | null])[] = [
    ["a note of another case", { inputs: [note(own), note(foreign)] }, "draft_input_unknown", "/inputs/1/id"],
    ["a note as a signal", { inputs: [{ kind: "signal", id: own }] }, "draft_input_unknown", "/inputs/0/id"],
    ["an exhibit that is none", { inputs: [{ kind: "exhibit", id: own }] }, "draft_input_unknown", "/inputs/0/id"],
    ["an empty text", { text: "   " }, "request_invalid", "/text"],
    ["a place of its own", { place: "verdict" }, "request_invalid", "/place"],
    ["a level", { level: 3 }, "request_invalid", null],
    ["no digest", { promptSha256: "x" }, "request_invalid", "/promptSha256"],
    ["a sentence as a model", { model: { name: "Zaphodine was here, ring her: ☎", version: "1" } }, "request_invalid", "/model/name"],
    ["parameters without end", { parameters: Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`p${i}`, i])) }, "request_invalid", "/parameters"],
    ["a parameter that tells", { parameters: { told: "a whole sentence about somebody" } }, "request_invalid", null],
    ["the future", { writtenAt: new Date(Date.now() + 3_600_000).toISOString() }, "draft_time_impossible", "/writtenAt"],
    ["what somebody is", { text: "The muslim man took it." }, "draft_names_trait", "/text"],
    ["a text of a megabyte", { text: "a".repeat(1_000_000) }, "request_invalid", "/text"],
  ]; // prettier-ignore
  for (const [says, more, code, pointer] of cases) {
    const answer = await writer(path, offer(more));
    assert.equal(answer.json?.code, code, `${says}: ${answer.status} ${answer.text.slice(0, 300)}`);
    if (pointer !== null) assert.equal(answer.json.pointer, pointer, says);
  }
  assert.ok((await writer(path, offer({ text: "a".repeat(3_000_000) }))).status === 413);
  const sealed = `tw1.${"A".repeat(22)}.${"A".repeat(60)}`;
  assert.equal((await writer(path, offer({ text: `Look: ${sealed}` }))).json.code, "sealed_text_refused");
  assert.deepEqual((await investigator(path)).json.items, [], "nothing of it was kept");
  // What is of the case is taken.
  assert.equal((await writer(path, offer({ inputs: [note(own)] }))).status, 201);

  // A closed case, and one under a hold.
  const hold = { matter: "Claim 7", ground: "legal_claim", because: "a claim is open against the shop" };
  assert.equal((await app.call(`/api/v1/incidents/${id}/holds`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(hold) })).status, 201); // prettier-ignore
  const held = await offered(writer, path, { key: "held" });
  const moved = await investigator(`/api/v1/incidents/${id}/transitions`, { to: "closed", because: "resolved" });
  assert.equal(moved.status, 200, moved.text);
  const late = await writer(path, offer({ key: "late" }));
  assert.deepEqual([late.status, late.json.code], [409, "draft_case_closed"]);
  assert.equal((await writer(path, offer({ key: "held" }))).status, 200, "a repeat is acknowledged all the same");
  // What came before may still be settled: closing is no answer to it. It moves the case nowhere.
  assert.equal((await investigator(`${path}/${held}/accept`, { revision: 0 })).status, 200);
  assert.equal((await recordOf(investigator, id)).state, "closed");

  // Twenty that wait, and no more.
  const full = `/api/v1/incidents/${elsewhere}/drafts`;
  for (let n = 0; n < 20; n += 1) await offered(writer, full, { key: `n-${n}` });
  assert.equal((await as("other-writer")(full, offer({ key: "one-more" }))).json.code, "draft_too_many");
});

test("O12 a person edits, sees what differs, and accepts what he saw: in his name, with where it comes from", async (context) => {
  const { as, investigator, writer, id, path } = await house(context);
  const second = as("second");
  const draft = await offered(writer, path);
  const own = `${path}/${draft}`;
  const edited = "One man took three bottles of gin and ran to the north exit.";
  const first = await investigator(`${own}/revisions`, { revision: 0, text: edited });
  assert.deepEqual([first.status, first.json.revision, first.json.text, first.json.draft], [200, 1, edited, draftText]);
  // Two at once: the second is told, and loses nothing.
  const lost = await second(`${own}/revisions`, { revision: 0, text: "Mine." });
  assert.deepEqual([lost.status, lost.json.code, lost.json.pointer], [409, "draft_revision_changed", "/revision"]);
  assert.equal((await second(`${own}/accept`, { revision: 0 })).json.code, "draft_revision_changed");
  assert.equal((await second(`${own}/refuse`, { revision: 0, because: "no" })).json.code, "draft_revision_changed");
  assert.equal(
    (await second(`${own}/revisions`, { revision: 1, text: ` ${edited} ` })).json.code,
    "draft_nothing_changed",
  );
  const third = `${edited} Nobody was hurt.`;
  assert.equal((await second(`${own}/revisions`, { revision: 1, text: third })).status, 200);

  const diff = (await investigator(`${own}/diff`)).json;
  assert.deepEqual([diff.from, diff.to, diff.changes], [0, 2, { kept: 12, removed: 1, added: 4, whole: true }]);
  assert.deepEqual(diff.parts.slice(0, 3), [
    { kind: "same", text: "One man took " },
    { kind: "removed", text: "two" },
    { kind: "added", text: "three" },
  ]);
  assert.deepEqual((await investigator(`${own}/diff?from=1&to=2`)).json.changes.added, 3);
  assert.equal((await investigator(`${own}/diff?from=9`)).json.code, "draft_revision_unknown");

  const before = await recordOf(investigator, id);
  const done = await investigator(`${own}/accept`, { revision: 2 });
  assert.deepEqual(
    [done.status, done.json.state, done.json.settled.by],
    [200, "accepted", "user:investigator"],
    done.text,
  );
  const after = await recordOf(investigator, id);
  const note = noteOf(after);
  assert.deepEqual(
    [note?.says, note?.actor, note?.detail, after.state, after.level],
    [third, "user:investigator", { draftId: draft }, before.state, before.level],
  );
  assert.deepEqual(after.drafted, [
    {
      draftId: draft,
      place: "note",
      model: offer().model,
      offeredBy: program,
      offeredAt: done.json.offeredAt,
      promptSha256: sha256(prompt),
      inputs: [],
      editedBy: ["user:investigator", "user:second"],
      changes: { kept: 12, removed: 1, added: 4, whole: true },
      acceptedBy: "user:investigator",
      acceptedAt: done.json.settled.at,
    },
  ]);
  // Settled once and for all.
  for (const [verb, body] of [
    ["accept", { revision: 2 }],
    ["refuse", { revision: 2, because: "no" }],
    ["revisions", { revision: 2, text: "x" }],
  ] as const) {
    // prettier-ignore
    assert.equal((await second(`${own}/${verb}`, body)).json.code, "draft_settled", verb);
  }

  // The record: what the program wrote, what people made of it, and not a word.
  const entries = (await as("auditor")(`/api/v1/audit?subject=${id}`)).json.items as readonly {
    id: string;
    kind: string;
  }[];
  const ours = entries.filter(({ kind }) => kind.startsWith("draft.")).map(({ kind }) => kind);
  assert.deepEqual(ours.toSorted(), ["draft.accepted", "draft.edited", "draft.edited", "draft.offered"]);
  assert.ok(!JSON.stringify(entries).includes("bottles"));
});

test("O12 a summary, a refusal, a text that is no statement, a trait that a person keeps", async (context) => {
  const { as, investigator, writer, id, path } = await house(context);
  const summary = await offered(writer, path, { place: "summary", text: "Two bottles of gin were taken." });
  assert.equal((await investigator(`${path}/${summary}/accept`, { revision: 0 })).status, 200);
  const record = await recordOf(investigator, id);
  assert.equal(record.summary, "Two bottles of gin were taken.");
  const line = record.timeline.find(({ kind }) => kind === "field");
  assert.deepEqual([line?.detail["draftId"], record.history.find(({ field }) => field === "summary")?.because], [
    summary,
    "a draft of a program, accepted by a person",
  ]); // prettier-ignore
  assert.equal((await investigator("/api/v1/incidents?q=gin")).json.items.length, 1, "now it is the case's, and found");

  const refused = await offered(writer, path, { key: "r" });
  const away = await investigator(`${path}/${refused}/refuse`, { revision: 0, because: "Nobody ran." });
  assert.deepEqual([away.json.state, away.json.settled.because], ["refused", "Nobody ran."]);
  assert.deepEqual(
    (await writer(path, offer({ key: "r" }))).json.state,
    "refused",
    "the program learns what became of it",
  );

  // A program's text provides no evidence of the checklist, whatever it begins with.
  const facts = (await recordOf(investigator, id)).completenessDetail.items;
  const said = await offered(writer, path, { key: "st", text: "Statement: I saw it all." });
  assert.equal((await investigator(`${path}/${said}/accept`, { revision: 0 })).status, 200);
  assert.deepEqual((await recordOf(investigator, id)).completenessDetail.items, facts);

  // A person may write what a program may not, with a reason, as in any note.
  const trait = await offered(writer, path, { key: "t" });
  const words = { revision: 0, text: "The muslim man took it, he says himself." };
  assert.equal((await investigator(`${path}/${trait}/revisions`, words)).status, 200);
  const challenged = await investigator(`${path}/${trait}/accept`, { revision: 1 });
  assert.deepEqual([challenged.status, challenged.json.code], [422, "text_challenged"]);
  const kept = await investigator(`${path}/${trait}/accept`, {
    revision: 1,
    keptBecause: "He told the guard so himself.",
  });
  assert.equal(kept.status, 200, kept.text);
  assert.equal((await recordOf(investigator, id)).keptTexts?.length, 1);
  assert.equal((await as("guard")(path)).status, 200);
});

test("O12 I06 a packet proves where an accepted text comes from; one that was refused is not in it", async (context) => {
  const { app, operator, investigator, writer, id, path } = await house(context);
  const note = await offered(writer, path);
  const edited = "One man took three bottles of gin.";
  assert.equal((await investigator(`${path}/${note}/revisions`, { revision: 0, text: edited })).status, 200);
  assert.equal((await investigator(`${path}/${note}/accept`, { revision: 1 })).status, 200);
  const summary = await offered(writer, path, { key: "s", place: "summary", text: "Bottles were taken." });
  assert.equal((await investigator(`${path}/${summary}/accept`, { revision: 0 })).status, 200);
  const refused = await offered(writer, path, { key: "r", text: "He had a greenchainsaw." });
  assert.equal((await investigator(`${path}/${refused}/refuse`, { revision: 0, because: "invented" })).status, 200);

  const packet = await builtPacket(operator, id);
  const zip = Buffer.from(await (await app.call(`/api/v1/packets/${packet}`)).arrayBuffer());
  assert.ok(!zip.includes("greenchainsaw") && !zip.includes("two bottles of gin and ran"));
  assert.ok(zip.includes("Drafted by example-writer 2026-10-01; edited by user:investigator: "));
  const folder = mkdtempSync(join(tmpdir(), "tw-draft-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "packet.zip");
  writeFileSync(file, zip);
  const report = expectAccepted(await verifyPacketFile(file));
  const check = report.checks.find(({ name }) => name === "drafts");
  assert.deepEqual(
    [report.verdict, check?.detail.slice(0, 31)],
    ["verified", "2 texts drafted by a program, e"],
    report.firstProblem ?? "",
  );
});

test("O12 N09 of a case about a colleague a program learns nothing, and streams tell of drafts to those who see the case", async (context) => {
  const { app, as, investigator, writer, id, path } = await house(context);
  const about = await reported(investigator, { aboutColleague: true });
  const hidden = await writer(`/api/v1/incidents/${about}/drafts`, offer());
  const nobodys = await writer("/api/v1/incidents/00000000-0000-4000-8000-000000000000/drafts", offer());
  assert.deepEqual([hidden.status, hidden.json.code], [404, "incident_unknown"]);
  assert.equal(hidden.json.detail, nobodys.json.detail);

  const listening = async (name: string) => {
    const stop = new AbortController();
    context.after(() => stop.abort());
    const headers = { authorization: `Bearer ${name}` };
    const answer = await fetch(new URL("/api/v1/events", app.url), { headers, signal: stop.signal });
    assert.equal(answer.status, 200, name);
    const heard = { text: "" };
    const reading = async () => {
      for await (const chunk of answer.body ?? []) heard.text += Buffer.from(chunk).toString("utf8");
    };
    reading().catch(() => undefined);
    return heard;
  };
  const [near, far] = [await listening("guard"), await listening("far-guard")];
  const draft = await offered(writer, path);
  await eventually(async () => (near.text.includes(`{"kind":"drafts","incidentId":"${id}"}`) ? true : null));
  assert.equal((await investigator(`${path}/${draft}/refuse`, { revision: 0, because: "no" })).status, 200);
  await eventually(async () => (near.text.split('"kind":"drafts"').length > 2 ? true : null));
  assert.ok(!far.text.includes(id), "not to who is bound to another shop");
  saysNothingOf(near.text, ["bottles", "of gin"]);
  assert.equal((await as("guard")(path)).json.items.length, 1);
});

test("O12 J12 who asks what is kept about him is found in drafts too, and in prompts", async (context) => {
  const { as, writer, id, path } = await house(context);
  const protection = as("officer-protection");
  await offered(writer, path, { text: "Marta Hallig took two bottles and left." });
  const other = await reported(as("investigator"));
  await offered(writer, `/api/v1/incidents/${other}/drafts`, { prompt: "Write about Marta Hallig." });
  const asked = await protection("/api/v1/subject-requests", {
    kind: "access",
    subjectKind: "customer",
    identifiers: [{ kind: "name", value: "Marta Hallig" }],
    wording: "What do you keep about me?",
    country: "BE",
    receivedAt: new Date(Date.now() - 86_400_000).toISOString(),
  });
  assert.equal(asked.status, 201, asked.text);
  const request = `/api/v1/subject-requests/${asked.json.id}`;
  const identity = await protection(`${request}/identity`, { outcome: "confirmed", how: "showed her passport" });
  assert.equal(identity.status, 200, identity.text);
  const found = await protection(`${request}/search`, undefined, "POST");
  assert.equal(found.status, 200, found.text);
  assert.ok(found.text.includes(id) && found.text.includes(other), found.text);
});
