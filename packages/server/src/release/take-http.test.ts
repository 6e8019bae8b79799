import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import { ground, builtPacket, reported, town, who } from "../testing/town.ts";
import { triesMax } from "./release-link.ts";

const credentials = [
  who("investigator", ["home", "investigator"]),
  who("tired", ["home", "investigator"], { steppedUpAtMs: null }),
  who("guard", ["home", "guard"], { sites: ["S-1001"] }),
  who("counsel", ["home", "counsel"]),
  who("auditor", ["home", "auditor"]),
  who("constable", ["police", "partner_officer"]),
];
const toInsurer = {
  recipient: { agency: "Alba Insurance", person: "Quirin Testname", reference: "CL-77-Q", channel: "download_link" },
  purpose: "insurance_claim",
  ground: "legal_claim",
  because: "The claim of the shop needs it.",
};

/** A packet with a file, released to somebody outside, and how to make links to it. */
async function released(context: TestContext) {
  const shift = { ms: 0 };
  const { app, as, operator } = await town(context, credentials, { clock: () => Date.now() + shift.ms });
  const investigator = as("investigator");
  const id = await reported(investigator);
  await ground(investigator, id);
  const form = new FormData();
  form.set("file", new File([Buffer.alloc(4_000, "till ")], "shelf.txt", { type: "text/plain" }));
  assert.equal((await app.call(`/api/v1/incidents/${id}/exhibits`, { method: "POST", body: form })).status, 201);
  const packet = await builtPacket(operator, id);
  const made = await investigator(`/api/v1/packets/${packet}/releases`, toInsurer);
  assert.equal(made.status, 201, made.text);
  const release = `/api/v1/packets/${packet}/releases/${made.json.id}`;
  const link = async () => {
    const answer = await investigator(`${release}/links`, { days: 3 });
    assert.equal(answer.status, 201, answer.text);
    return answer.json as { readonly id: string; readonly path: string; readonly code: string };
  };
  const take = async (path: string, code: string) => {
    const answer = await fetch(new URL(path, app.url), {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ code }),
    });
    return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  const state = async () => (await investigator(`/api/v1/incidents/${id}/releases`)).json.items[0].link;
  return {
    app,
    shift,
    as,
    investigator,
    id,
    packet,
    release,
    releaseId: made.json.id as string,
    sha256: made.json.sha256,
    link,
    take,
    state,
  };
}

const wrongOf = (code: string) => (code === "00000000" ? "00000001" : "00000000");
const kinds = (answer: { json: { items: { kind: string; because: string }[] } }) =>
  answer.json.items.map(({ kind, because }) => `${kind} ${because}`);

test("N05 O02 somebody without an account takes the packet once, by link and code, and the record says so", async (context) => {
  const { app, shift, as, link, take, state, sha256, release, releaseId } = await released(context);
  const { path, code, id } = await link();
  assert.match(code, /^\d{8}$/);
  assert.equal((await state()).state, "open");
  const secret = path.split("/").at(-1) ?? "";

  const look = await fetch(new URL(path, app.url));
  const page = await look.text();
  assert.deepEqual([look.status, look.headers.get("cache-control")], [200, "no-store"]);
  assert.ok(page.includes('<form method="post">') && !page.includes("<script") && !page.includes("TW-"), page);
  assert.ok(!look.headers.has("set-cookie"));
  const taken = await take(path, `${code.slice(0, 4)} ${code.slice(4)}`);
  assert.equal(taken.status, 200);
  assert.equal(createHash("sha256").update(taken.bytes).digest("hex"), sha256);
  assert.match(taken.headers.get("content-disposition") ?? "", /-packet\.zip/);
  assert.equal((await state()).state, "opened");
  assert.equal((await take(path, code)).status, 200, "a download that broke is begun again");
  shift.ms += 11 * 60_000;
  assert.equal((await state()).state, "used");
  assert.equal((await take(path, code)).status, 403);
  const record = await as("auditor")(`/api/v1/audit?subject=${releaseId}`);
  assert.deepEqual(kinds(record).toSorted(), [
    "packet.link_made asked for",
    "packet.link_opened again_within_minutes",
    "packet.link_opened first_opening",
    "packet.link_refused used",
    "packet.released The claim of the shop needs it.",
  ]);
  assert.ok(record.text.includes(`link:${id}`) && !record.text.includes(secret) && !record.text.includes(code));
  const { receipt } = (await as("counsel")(`${release}/receipt`)).json;
  assert.equal(typeof receipt.takenAt, "string");
  assert.equal((await app.call("/api/v1/audit/verify", { method: "POST" })).status, 200);
});

test("N05 U03 whoever has no right link and code learns nothing: one answer for every reason", async (context) => {
  const { app, shift, investigator, link, take, state, release } = await released(context);
  const first = await link();
  const nowhere = `/take/${"A".repeat(43)}`;
  const refusal = await take(nowhere, "12345678");
  assert.equal(refusal.status, 403);
  const alike = async (path: string, code: string, says: string) => {
    const answer = await take(path, code);
    assert.deepEqual([answer.status, answer.bytes.toString()], [403, refusal.bytes.toString()], says);
    const headers = (from: Headers) => [...from.keys()].filter((name) => !name.startsWith("x-ratelimit")).toSorted();
    assert.deepEqual(headers(answer.headers), headers(refusal.headers), says);
  };
  const page = async (path: string) => (await fetch(new URL(path, app.url))).text();
  assert.equal(await page(first.path), await page(nowhere), "looking tells nothing");
  await alike("/take/x", "12345678", "no link at all");
  await alike(`/take/${"%2e".repeat(40)}`, "12345678", "an odd one");
  await alike(first.path, wrongOf(first.code), "a wrong code");
  await alike(first.path, "", "no code");
  await alike(first.path, `${first.code}1`, "a code that goes on");
  const second = await link();
  await alike(first.path, first.code, "a link that another replaced");
  shift.ms += 3 * 86_400_000 + 1;
  assert.equal((await state()).state, "expired");
  await alike(second.path, second.code, "a link that is over");
  const third = await link();
  assert.equal(
    (await investigator(`${release}/links/${third.id}/end`, { because: "sent to the wrong address" })).status,
    204,
  );
  await alike(third.path, third.code, "a link that was ended");
  const again = await investigator(`${release}/links/${third.id}/end`, { because: "sent to the wrong address" });
  assert.equal(again.json.code, "release_link_unknown");
});

test("N05 U03 wrong codes shut a link, also many at once, and each stands in the record", async (context) => {
  const { as, link, take, state, releaseId } = await released(context);
  const { path, code } = await link();
  const guesses = Array.from({ length: triesMax + 3 }, () => take(path, wrongOf(code)));
  for (const { status } of await Promise.all(guesses)) assert.equal(status, 403);
  assert.partialDeepStrictEqual(await state(), { state: "tries_spent", triesLeft: 0, refusals: triesMax + 3 });
  assert.equal((await take(path, code)).status, 403, "the right one is too late");
  const refused = kinds(await as("auditor")(`/api/v1/audit?subject=${releaseId}`)).filter((one) =>
    one.includes("refused"),
  );
  assert.equal(refused.filter((one) => one.endsWith("code_wrong")).length, triesMax);
  assert.equal(refused.filter((one) => one.endsWith("tries_spent")).length, 4);
  const other = await link();
  assert.equal((await take(other.path, other.code)).status, 200, "a new link has tries of its own");
});

test("N05 J11 what ends a release ends its link: taken back, a minor found, the organisation gone", async (context) => {
  const { app, as, investigator, id, link, take, state, release } = await released(context);
  const { path, code } = await link();
  const exhibit = (await investigator(`/api/v1/incidents/${id}`)).json.exhibits[0].id as string;
  const flag = { because: "a school uniform" };
  assert.equal((await investigator(`/api/v1/exhibits/${exhibit}/minor`, flag, "PUT")).status, 200);
  assert.equal((await state()).state, "release_withheld");
  assert.equal((await take(path, code)).status, 403);
  const stated = { ground: "official_request", because: "the order names her" };
  assert.equal((await as("counsel")(`/api/v1/exhibits/${exhibit}/minor/ground`, stated, "PUT")).status, 200);
  assert.equal((await state()).state, "open");
  const back = await investigator(`${release}/withdraw`, { because: "it was sent in error" });
  assert.match(back.json.says, /not taken yet/);
  assert.equal((await take(path, code)).status, 403);
  assert.equal((await investigator(`${release}/links`, { days: 3 })).json.code, "release_already_withdrawn");
  assert.equal((await app.call("/api/v1/audit/verify", { method: "POST" })).status, 200);
});

test("N05 N02 a link is made by who may release, after a second proof, of a release to somebody outside", async (context) => {
  const { as, investigator, release, packet, id } = await released(context);
  const ask = (name: string, body: object = { days: 3 }) => as(name)(`${release}/links`, body);
  assert.equal((await ask("tired")).json.code, "step_up_required");
  assert.equal((await ask("guard")).json.code, "access_refused");
  assert.equal((await ask("auditor")).status, 403);
  assert.equal((await ask("constable")).status, 404, "a partner learns nothing of it");
  assert.equal((await ask("investigator", { days: 15 })).status, 400);
  const unknown = `/api/v1/packets/${packet}/releases/00000000-0000-4000-8000-000000000000/links`;
  assert.equal((await investigator(unknown, { days: 3 })).json.code, "release_unknown");
  const endsAt = new Date(Date.now() + 3_600_000).toISOString();
  const share = { partnerId: "police", ground: "they asked", endsAt };
  assert.equal((await investigator(`/api/v1/incidents/${id}/shares`, share)).status, 201);
  const toPolice = { ...toInsurer, recipient: { partnerId: "police" } };
  const made = await investigator(`/api/v1/packets/${packet}/releases`, toPolice);
  assert.equal(made.status, 201, made.text);
  const theirs = await investigator(`/api/v1/packets/${packet}/releases/${made.json.id}/links`, { days: 3 });
  assert.equal(theirs.json.code, "release_taken_by_partner");
});
