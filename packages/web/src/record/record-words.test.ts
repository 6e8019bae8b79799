import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyForm, formProblem, questionOf, reasonText, sentenceOf, whyOf, withNames } from "./record-words.ts";

const id = "11111111-1111-4111-8111-111111111111";

test("O07 the form asks what it says, and nothing that was left empty", () => {
  assert.deepEqual(questionOf(emptyForm), {});
  assert.deepEqual(questionOf({ ...emptyForm, wish: "saw", thing: "subject", about: ` ${id} ` }), {
    did: "saw",
    subject: id,
  });
  assert.deepEqual(questionOf({ ...emptyForm, wish: "decided", thing: "incident", about: id, ground: "police" }), {
    did: "decided",
    incident: id,
    ground: "police",
  });
  assert.deepEqual(questionOf({ ...emptyForm, wish: "person", thing: "incident", about: id, actor: "user:a" }), {
    actor: "user:a",
  });
  const day = questionOf({ ...emptyForm, from: "2026-11-20", to: "2026-11-20" });
  assert.equal(Date.parse(day.to ?? "") - Date.parse(day.from ?? ""), 86_400_000);
  assert.deepEqual(questionOf({ ...emptyForm, from: "20.11.2026" }), {});
});

test("O07 a question that lacks its thing says so", () => {
  assert.equal(formProblem(emptyForm), null);
  assert.match(formProblem({ ...emptyForm, wish: "person" }) ?? "", /token/);
  assert.match(formProblem({ ...emptyForm, thing: "subject" }) ?? "", /by its id/);
  assert.match(formProblem({ ...emptyForm, thing: "incident", about: "TW-1" }) ?? "", /reference/);
  assert.match(formProblem({ ...emptyForm, thing: "incident" }) ?? "", /reference/);
  assert.equal(formProblem({ ...emptyForm, thing: "incident", about: " tw-2026-000022 " }), null);
  assert.equal(formProblem({ ...emptyForm, thing: "incident", about: id }), null);
});

test("O07 an entry reads as a sentence", () => {
  const entry = {
    index: 1,
    id,
    at: "",
    kind: "exhibit.accessed",
    actor: "user:a",
    subject: { kind: "exhibit", id },
    because: "x",
    body: {},
  };
  assert.deepEqual(sentenceOf(entry, {}), { actor: "user:a", did: "looked at", thing: "exhibit 11111111" });
  assert.equal(sentenceOf(entry, { "user:a": "Ines Duarte" }).actor, "Ines Duarte");
  const account = { ...entry, subject: { kind: "account", id } };
  assert.equal(sentenceOf(account, { [`user:${id}`]: "Tess Moreau" }).thing, "account Tess Moreau");
  assert.equal(sentenceOf({ ...entry, kind: "thing.never_seen" }, {}).did, "never seen");
  assert.equal(sentenceOf({ ...entry, actor: "machine" }, {}).actor, "The machine");
  assert.equal(sentenceOf({ ...entry, actor: "user:admin" }, {}).actor, "The installation's token");
  assert.equal(reasonText("its_category_and_level"), "its category and level");
});

test("O07 nobody reads as having refused what was refused to him, and a hold, a share and a sign-in as what they are", () => {
  const of = (kind: string, subject: string) => {
    const entry = {
      index: 1,
      id,
      at: "",
      kind,
      actor: "user:a",
      subject: { kind: subject, id: "x" },
      because: "x",
      body: {},
    };
    const { actor, did, thing } = sentenceOf(entry, { "user:a": "Clara Weiss" });
    return `${actor} ${did} ${thing}`;
  };
  assert.equal(of("access.refused", "action"), "Clara Weiss was refused the action x");
  assert.equal(of("analytics.refused", "analytics_export"), "Clara Weiss was refused the analytics export x");
  assert.equal(of("packet.release_refused", "packet"), "Clara Weiss was refused the release of packet x");
  assert.equal(of("draft.refused", "draft"), "Clara Weiss refused draft x", "a reviewer does refuse");
  assert.equal(of("hold.set", "incident"), "Clara Weiss set a legal hold on case x");
  assert.equal(of("hold.ended", "incident"), "Clara Weiss ended a legal hold on case x");
  assert.equal(of("incident.shared", "incident"), "Clara Weiss shared case x");
  assert.equal(of("consent.withdrawn", "person"), "Clara Weiss took back a consent of person x");
  assert.equal(of("session.started", "account"), "Clara Weiss signed in with account x");
});

test("O07 an entry says purpose and ground, and the words that came with them", () => {
  const stated = { purpose: "legal_claim", ground: "legal_obligation" };
  const entry = { index: 1, id, at: "", kind: "exhibit.accessed", actor: "user:a", subject: { kind: "exhibit", id } };
  const says = "Legal claim; ground: A law that obliges us";
  assert.equal(whyOf({ ...entry, because: "legal_obligation", body: stated }), says);
  assert.equal(whyOf({ ...entry, because: "for the court", body: stated }), `${says}; for the court`);
  assert.equal(whyOf({ ...entry, because: "no reason given", body: { purpose: 7 } }), "no reason given");
});

test("O08 a sentence of the watch names people by their names", () => {
  assert.equal(
    withNames("user:a-1 was refused 10 times", { "user:a-1": "Tess Moreau" }),
    "Tess Moreau was refused 10 times",
  );
  assert.equal(withNames("user:b searched", { "user:a": "Tess Moreau" }), "user:b searched");
});
