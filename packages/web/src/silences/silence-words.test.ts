import assert from "node:assert/strict";
import { test } from "node:test";
import type { SilenceChoices } from "./silence-shapes.ts";
import {
  bodyOf,
  emptyDraft,
  hiddenText,
  hoursMaxOf,
  lengthsFor,
  levelOf,
  problemsOf,
  whatText,
  whereText,
  type Draft,
} from "./silence-words.ts";

const nowMs = Date.parse("2026-11-18T12:00:00Z");
const choices: SilenceChoices = {
  rules: [
    { id: "gate", title: "Exit alarm", level: 1 },
    { id: "jam", title: "Gate jammed", level: 2 },
  ],
  everySite: true,
  hoursMax: { narrow: 720, wide: 72 },
};
const draft: Draft = { ...emptyDraft, rule: "gate", site: "S-1", hours: "4", because: "the gate is mended" };

test("E17 what is missing of a silence is said at its field", () => {
  const keys = (edit: Partial<Draft>) => Object.keys(problemsOf({ ...draft, ...edit }, choices, nowMs));
  assert.deepEqual(keys({}), []);
  assert.deepEqual(keys({ because: " " }), ["because"]);
  assert.deepEqual(keys({ hours: "" }), ["hours"]);
  assert.deepEqual(keys({ rule: "", site: "" }), ["site"]);
  assert.deepEqual(keys({ site: "", hours: "168" }), ["hours"], "a rule at every shop for a week is too long");
  assert.deepEqual(keys({ hours: "until", until: "" }), ["until"]);
  assert.deepEqual(keys({ hours: "until", until: "2026-11-17T12:00Z" }), ["until"]);
  assert.deepEqual(keys({ hours: "until", until: "2027-01-17T12:00Z" }), ["until"]);
  assert.deepEqual(keys({ hours: "until", until: "2026-11-20T12:00Z" }), []);
  assert.deepEqual(keys({ starts: "2026-11-17T12:00Z" }), ["starts"]);
  assert.deepEqual(keys({ starts: "2026-11-19T12:00Z" }), []);
});

test("E17 the form sends what stands in it, and the level of the rule", () => {
  assert.deepEqual(bodyOf(draft, choices, nowMs), {
    ruleId: "gate",
    siteId: "S-1",
    zoneId: null,
    deviceId: null,
    level: 1,
    startsAt: null,
    endsAt: "2026-11-18T16:00:00.000Z",
    because: "the gate is mended",
  });
  assert.equal(levelOf({ ...draft, rule: "jam" }, choices), 2);
  assert.equal(levelOf({ ...draft, tampering: true }, choices), 1, "of a rule its own level");
  assert.equal(levelOf({ ...draft, rule: "", tampering: true }, choices), 2);
  const later = bodyOf({ ...draft, starts: "2026-11-19T12:00Z" }, choices, nowMs);
  assert.deepEqual(
    [Reflect.get(later, "startsAt"), Reflect.get(later, "endsAt")],
    ["2026-11-19T12:00:00.000Z", "2026-11-19T16:00:00.000Z"],
  );
});

test("E17 narrow silences are offered longer times than wide ones", () => {
  assert.equal(lengthsFor(hoursMaxOf(draft, choices)).at(-1)?.label, "30 days");
  assert.equal(lengthsFor(hoursMaxOf({ ...draft, site: "" }, choices)).at(-1)?.label, "3 days");
  assert.equal(hoursMaxOf({ ...draft, rule: "", device: "G-1" }, choices), 720);
  assert.equal(hoursMaxOf({ ...draft, rule: "", zone: "exit" }, choices), 72);
});

test("E17 what is silenced and where, in words", () => {
  const sites = [
    {
      id: "S-1",
      name: "Main Street",
      timezone: "UTC",
      currency: "EUR",
      zones: [{ id: "exit", name: "Exit", kind: "exit" }],
      devices: [{ id: "G-1", name: "Exit gate", kind: "eas_gate" }],
    },
  ];
  const place = { siteId: "S-1", zoneId: "exit", deviceId: "G-1" };
  assert.equal(whereText(place, sites), "Main Street · Exit · Exit gate (G-1)");
  assert.equal(whereText({ ...place, siteId: "S-9" }, sites), "S-9 · exit · G-1");
  assert.equal(whereText({ siteId: null, zoneId: null, deviceId: null }, sites), "Every shop");
  assert.equal(whatText({ ruleId: null, ruleTitle: null, category: null }), "Everything");
  assert.equal(whatText({ ruleId: "x", ruleTitle: null, category: "till_fraud" }), "Rule x, of till fraud");
  assert.deepEqual([hiddenText(0), hiddenText(1), hiddenText(12)], ["nothing", "1 case", "12 cases"]);
});
