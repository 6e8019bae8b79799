import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { saidDigest } from "./audit-entry.ts";
import { utf8 } from "./bytes.ts";
import type { Json } from "./canonical-json.ts";
import { draftChain, type DraftLink, type DraftOrigin, type PacketDraft } from "./draft-provenance.ts";
import { pureHashing } from "./hashing.ts";
import { acceptanceIn, checkDrafts } from "./packet-draft-checks.ts";
import { packetFiles } from "./packet.ts";
import { PacketFindings } from "./packet-report.ts";

const { sha256 } = pureHashing;
const draftId = "3d0c7a3e-3f4b-4b27-8a53-0d6a3f9f5b01";
const [ada, at] = ["user:ada", "2026-11-20T10:00:00.000Z"];
const salt = new Uint8Array(32).fill(7);
const saltHex = "07".repeat(32);
const text = "Three bottles were taken.";
const origin: DraftOrigin = {
  place: "note",
  model: { name: "example-writer", version: "1", provider: null },
  offeredBy: "service:1",
  writtenAt: at,
  promptSha256: "a".repeat(64),
  inputs: [{ kind: "signal", id: "s-1" }],
  parameters: { temperature: 0.2 },
};
const links: readonly DraftLink[] = [
  { number: 0, by: "service:1", at, textSha256: "b".repeat(64) },
  { number: 1, by: ada, at, textSha256: saidDigest(sha256, text, salt) },
];
const changes = { kept: 3, removed: 1, added: 1, whole: true };
const line: PacketDraft = {
  draftId,
  origin,
  revisions: links,
  accepted: { by: ada, at, salt: saltHex },
  changes,
};

function chainOf(of: PacketDraft): string {
  let before: DraftOrigin | string = of.origin;
  for (const link of of.revisions) before = draftChain(sha256, { draftId: of.draftId, link, before });
  return before as string;
}

const header = { kind: "draft.accepted", actor: ada, at };
const entry = { id: "t-1", kind: "note", says: text, actor: ada, at, detail: { draftId } };
const summary = { ...entry, kind: "field", says: "Changed: summary" };
const change = { field: "summary", before: null, after: text, at, actor: ada };

type Given = {
  readonly lines?: readonly unknown[];
  readonly file?: unknown;
  readonly timeline?: readonly unknown[];
  readonly history?: readonly unknown[];
  readonly recorded?: PacketDraft;
  readonly header?: unknown;
  readonly body?: unknown;
};

async function problemOf(given: Given): Promise<string | undefined> {
  const findings = new PacketFindings();
  const recorded = given.recorded ?? line;
  const body = given.body ?? { draftId: recorded.draftId, chainSha256: chainOf(recorded), changes: recorded.changes };
  const accepted = acceptanceIn((given.header ?? header) as Json, body as Json);
  const file = "file" in given ? given.file : { v: 1, texts: given.lines ?? [line] };
  const record = { incident: { timeline: given.timeline ?? [entry], history: given.history ?? [] } };
  const files = new Map<string, unknown>([
    [packetFiles.record, record],
    [packetFiles.drafts, file],
  ]);
  const input = {
    sha256,
    folder: "x",
    logKeys: [],
    predicate: undefined,
    payload: new Map(),
    read: async (path: string) => {
      const value = files.get(path);
      return value === undefined ? undefined : value instanceof Uint8Array ? value : utf8(JSON.stringify(value));
    },
    findings,
  };
  await checkDrafts(input, new Set(accepted === undefined ? [] : [accepted]));
  const [check] = findings.list();
  return check?.ok === false ? check.detail : undefined;
}

const missing = /does not say where the text of draft/;
const notAccepted = /is not in the audit log as accepted like this/;
const malformed = /of no entry of the timeline, of one twice, or in a malformed way/;
const inSummary = { ...line, origin: { ...origin, place: "summary" } };

const cases: readonly (readonly [string, Given, RegExp | null])[] = [
  ["as it was accepted", {}, null],
  ["no draft, and no file", { file: undefined, timeline: [{ ...entry, detail: {} }] }, null],
  ["a packet from before there were drafts", { file: undefined, timeline: [] }, null],
  ["a summary, by the history", { lines: [inSummary], recorded: inSummary, timeline: [summary], history: [change] }, null],
  ["a text that was erased since", { lines: [{ ...line, accepted: { ...line.accepted, salt: null } }], timeline: [{ ...entry, says: "[erased]" }] }, null],
  ["the file taken out", { file: undefined }, /drafts\.json is missing/],
  ["no JSON", { file: utf8("{") }, /is malformed/],
  ["another version", { file: { v: 2, texts: [line] } }, /is malformed/],
  ["the line taken out", { lines: [] }, missing],
  ["the line twice", { lines: [line, line] }, malformed],
  ["a draft of nothing", { timeline: [] }, malformed],
  ["a line that is none", { lines: ["x", line] }, malformed],
  ["no revisions", { lines: [{ ...line, revisions: [] }] }, malformed],
  ["a place of its own", { lines: [{ ...line, origin: { ...origin, place: "verdict" } }] }, malformed],
  ["another text", { timeline: [{ ...entry, says: "Four bottles were taken." }] }, /is not the one that was accepted/],
  ["another summary", { lines: [inSummary], recorded: inSummary, timeline: [summary], history: [{ ...change, after: "x" }] }, /is not the one that was accepted/],
  ["a summary of somebody else's", { lines: [inSummary], recorded: inSummary, timeline: [summary], history: [{ ...change, actor: "user:bo" }] }, /is not the one that was accepted/],
  ["another model", { lines: [{ ...line, origin: { ...origin, model: { ...origin.model, version: "2" } } }] }, notAccepted],
  ["another prompt", { lines: [{ ...line, origin: { ...origin, promptSha256: "c".repeat(64) } }] }, notAccepted],
  ["an input less", { lines: [{ ...line, origin: { ...origin, inputs: [] } }] }, notAccepted],
  ["the program's text exchanged", { lines: [{ ...line, revisions: [{ ...links[0], textSha256: "c".repeat(64) }, links[1]] }] }, notAccepted],
  ["an editor left out", { lines: [{ ...line, revisions: [links[0]] }] }, notAccepted],
  ["revisions in another order", { lines: [{ ...line, revisions: [links[1], links[0]] }] }, /do not follow each other/],
  ["fewer changes than were made", { lines: [{ ...line, changes: { ...changes, removed: 0 } }] }, notAccepted],
  ["accepted by another", { lines: [{ ...line, accepted: { ...line.accepted, by: "user:bo" } }] }, notAccepted],
  ["accepted by nobody", { lines: [{ ...line, accepted: { at } }] }, /does not say who accepted it/],
  ["in the timeline as another's", { timeline: [{ ...entry, actor: "user:bo" }] }, /as somebody else's/],
  ["a salt that is none", { lines: [{ ...line, accepted: { ...line.accepted, salt: "xyz" } }] }, /malformed salt/],
  ["nothing in the log", { header: { ...header, kind: "draft.refused" } }, notAccepted],
  ["in the log without a chain", { body: { draftId, changes } }, notAccepted],
  ["half a character", { lines: [{ ...line, origin: { ...origin, offeredBy: "\ud800" } }] }, /no canonical form/],
]; // prettier-ignore

for (const [says, given, want] of cases) {
  test(`O12 I06 a packet with a drafted text: ${says}`, async () => {
    const problem = await problemOf(given);
    if (want === null) assert.equal(problem, undefined);
    else assert.match(problem ?? "it verified", want);
  });
}

test("O12 I06 whatever stands in the file is answered, and nothing made up verifies", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (value) => {
      assert.notEqual(await problemOf({ lines: [value] }), undefined);
      assert.notEqual(await problemOf({ lines: [{ ...line, revisions: value, origin: value }] }), undefined);
      assert.notEqual(await problemOf({ file: value }), undefined);
    }),
    { numRuns: 200 },
  );
});
