import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isNamedIn, normalIdentifier, type Identifier } from "./text/identifiers.ts";
import { parsePrivacyPolicy } from "./site/privacy-policy-file.ts";
import { clockOf, dueAtMs, extendedDueAtMs } from "./request/request-clock.ts";
import { extension, isOverdue, mayAnswer, stillOpen, type SubjectRequest } from "./request/subject-request.ts";
import { checkApproval, checkProposal, type Proposal } from "./watch/watch-entry.ts";

const text = readFileSync(new URL("../../../../pack/retail/privacy.yaml", import.meta.url), "utf8");
const parsed = parsePrivacyPolicy(text, "privacy.yaml");
assert.ok(parsed.ok, parsed.ok ? "" : JSON.stringify(parsed.error));
const policy = parsed.value;
const at = (iso: string) => Date.parse(iso);
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);

describe("the clock of a subject's request", () => {
  for (const [received, country, due, extended] of [
    ["2026-11-20T10:00:00Z", "DE", "2026-12-20", "2027-02-20"],
    ["2027-01-31T23:59:00Z", "FR", "2027-02-28", "2027-04-30"],
    ["2028-01-31T00:00:00Z", "BE", "2028-02-29", "2028-04-30"],
    ["2026-12-31T12:00:00Z", "GB", "2027-01-31", "2027-03-31"],
    ["2026-11-20T10:00:00Z", "CH", "2026-12-20", "2027-01-19"],
    ["2026-11-20T10:00:00Z", "US-CA", "2027-01-04", "2027-02-18"],
    ["2026-11-20T10:00:00Z", "XX", "2026-12-20", "2027-02-20"],
  ] as const) {
    it(`J12 received ${received} in ${country} is due on ${due}, extended ${extended}`, () => {
      const clock = clockOf(policy.clocks, country);
      assert.equal(day(dueAtMs(at(received), clock)), due);
      assert.equal(day(extendedDueAtMs(at(received), clock)), extended);
    });
  }
  it("J12 a month is never more than 31 days and never less than 28", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: at("2100-01-01T00:00:00Z") }), (received) => {
        const days = (dueAtMs(received, { months: 1, days: 0 }) - received) / 86_400_000;
        assert.ok(days > 27 && days < 32, String(days));
      }),
    );
  });
});

const request: SubjectRequest = {
  id: "r",
  ref: "SR-2026-000001",
  kind: "access",
  subjectKind: "customer",
  subjectToken: null,
  country: "DE",
  clock: clockOf(policy.clocks, "DE"),
  receivedAtMs: at("2026-11-20T10:00:00Z"),
  dueAtMs: dueAtMs(at("2026-11-20T10:00:00Z"), { months: 1, days: 0 }),
  extendedAtMs: null,
  identity: "unchecked",
  state: "open",
  version: 3,
};
const codeOf = (result: { readonly ok: boolean; readonly error?: { readonly code: string } }) =>
  result.error?.code ?? "ok";

describe("what may be done with a request", () => {
  it("J12 an answer needs a confirmed identity", () => {
    assert.equal(codeOf(mayAnswer(request)), "subject_identity_unchecked");
    assert.equal(codeOf(mayAnswer({ ...request, identity: "failed" })), "subject_identity_unchecked");
    assert.equal(codeOf(mayAnswer({ ...request, identity: "confirmed" })), "ok");
  });
  it("J12 it is extended once, before its end, and only where the law knows it", () => {
    const now = at("2026-12-01T00:00:00Z");
    const extended = extension(request, now);
    assert.ok(extended.ok && day(extended.value) === "2027-02-20");
    assert.equal(codeOf(extension({ ...request, extendedAtMs: now }, now)), "subject_extended_already");
    assert.equal(codeOf(extension(request, request.dueAtMs + 1)), "subject_extension_late");
    const brazil = {
      ...request,
      clock: clockOf(policy.clocks, "BR"),
      dueAtMs: dueAtMs(request.receivedAtMs, clockOf(policy.clocks, "BR")),
    };
    assert.equal(codeOf(extension(brazil, now)), "subject_extension_unknown");
  });
  it("J12 overdue from the first instant after its end, and never once it is closed", () => {
    assert.equal(isOverdue(request, request.dueAtMs), false);
    assert.equal(isOverdue(request, request.dueAtMs + 1), true);
    assert.equal(isOverdue({ ...request, state: "answered" }, request.dueAtMs + 1), false);
    assert.equal(codeOf(stillOpen({ ...request, state: "answered" }, null)), "subject_request_closed");
    assert.equal(codeOf(stillOpen(request, 2)), "subject_request_changed");
  });
});

describe("who is found by what", () => {
  const same: readonly (readonly [Identifier, Identifier])[] = [
    [
      { kind: "name", value: "Anna Müller" },
      { kind: "name", value: "MULLER,  anna" },
    ],
    [
      { kind: "mail", value: " Anna@Example.ORG " },
      { kind: "mail", value: "anna@example.org" },
    ],
    [
      { kind: "phone", value: "0171 123 45 67" },
      { kind: "phone", value: "+49 (0)171 1234567" },
    ],
    [
      { kind: "phone", value: "0049171 1234567" },
      { kind: "phone", value: "0171/1234567" },
    ],
    [
      { kind: "plate", value: "b-xx 123" },
      { kind: "plate", value: "BXX123" },
    ],
  ];
  for (const [one, other] of same) {
    it(`J12 "${one.value}" and "${other.value}" are the same ${one.kind}`, () => {
      assert.equal(normalIdentifier(one, "DE"), normalIdentifier(other, "DE"));
    });
  }
  it("J12 another name, number or plate is another", () => {
    assert.notEqual(
      normalIdentifier({ kind: "name", value: "Anna Maier" }, "DE"),
      normalIdentifier({ kind: "name", value: "Anna Müller" }, "DE"),
    );
    assert.notEqual(
      normalIdentifier({ kind: "phone", value: "0171 1234568" }, "DE"),
      normalIdentifier({ kind: "phone", value: "0171 1234567" }, "DE"),
    );
  });
  it("J12 free text names a person by all words close together, never by one alone", () => {
    const name: Identifier = { kind: "name", value: "Anna Müller" };
    assert.ok(isNamedIn("Frau Muller, Anna was at the till", name, "DE"));
    assert.ok(!isNamedIn("Anna came, then much later and far away Müller", name, "DE"));
    assert.ok(!isNamedIn("Anna was at the till", name, "DE"));
    assert.ok(isNamedIn("plate B XX 123 left", { kind: "plate", value: "B-XX 123" }, "DE"));
  });
});

const proposal: Proposal = {
  ageBand: "a30_44",
  ground: "barring_notice",
  nowMs: at("2026-11-20T10:00:00Z"),
  expiresAtMs: at("2026-12-20T10:00:00Z"),
  incident: { minor: false, state: "open", verdict: null },
  described: [],
  marks: 0,
};

describe("a watch entry", () => {
  for (const [says, change, want] of [
    ["of an adult with a ground and an end", {}, "ok"],
    ["of a minor", { ageBand: "minor" }, "watch_minor"],
    ["of an incident with a minor", { incident: { minor: true, state: "open", verdict: null } }, "watch_minor"],
    ["where a reporter saw a minor", { described: ["a30_44", "minor"] }, "watch_minor"],
    ["of unknown age", { ageBand: "unknown" }, "watch_age_unknown"],
    ["without an age", { ageBand: "" }, "watch_age_unknown"],
    ["on no ground", { ground: "suspicion" }, "watch_ground_unknown"],
    ["without an end", { expiresAtMs: Number.NaN }, "watch_too_long"],
    ["that ended", { expiresAtMs: at("2026-11-20T10:00:00Z") }, "watch_too_long"],
    ["of 90 days", { expiresAtMs: at("2027-02-18T10:00:00Z") }, "ok"],
    ["beyond 90 days", { expiresAtMs: at("2027-02-18T10:00:01Z") }, "watch_too_long"],
    [
      "of what did not happen",
      { incident: { minor: false, state: "closed", verdict: "false" } },
      "watch_incident_dismissed",
    ],
    ["of somebody who objected", { marks: 1 }, "watch_subject_objects"],
  ] as const) {
    it(`U07 ${says}: ${want}`, () => {
      assert.equal(codeOf(checkProposal({ ...proposal, ...change }, policy.watchList)), want);
    });
  }
  it("U07 the proposer never approves, and only what waits is approved", () => {
    const entry = { state: "proposed", proposedBy: "user:a", expiresAtMs: proposal.expiresAtMs } as const;
    const by = (token: string) => ({ token, nowMs: proposal.nowMs });
    assert.equal(codeOf(checkApproval(entry, by("user:a"))), "watch_same_person");
    assert.equal(codeOf(checkApproval(entry, by("user:b"))), "ok");
    assert.equal(codeOf(checkApproval({ ...entry, state: "active" }, by("user:b"))), "watch_not_waiting");
    assert.equal(codeOf(checkApproval(entry, { token: "user:b", nowMs: proposal.expiresAtMs })), "watch_not_waiting");
  });
});

describe("the privacy policy of a pack", () => {
  for (const [says, from, to] of [
    ["a clock without time", "{ days: 15, extension_days: 0,", "{ days: 0, extension_days: 0,"],
    ["an unknown field to show", "[ref, category, title, siteName, occurredAt, value, exhibits]", "[ref, face]"],
    ["a country for an unknown purpose", "insurance: [exhibits]", "gossip: [exhibits]"],
    ["a ground that nobody can contest", "barring_notice", "suspicion"],
    ["lists without end", "days_max: 90", "days_max: 9000"],
    ["cells of one", "cell_min: 5", "cell_min: 1"],
  ] as const) {
    it(`U07 J03 J12 J20 ${says} does not load`, () => {
      assert.ok(text.includes(from), from);
      assert.equal(parsePrivacyPolicy(text.replace(from, to), "privacy.yaml").ok, false);
    });
  }
});
