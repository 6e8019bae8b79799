import assert from "node:assert/strict";
import { test } from "node:test";
import { noonMs } from "../testing/canonical.ts";
import { checkSilence, type SilenceWorld, type WantedSilence } from "./check-silence.ts";

const hour = 3_600_000;
const day = 24 * hour;

const world: SilenceWorld = {
  nowMs: noonMs,
  everySite: true,
  sites: ["S-1", "S-2"],
  zone: (siteId, zoneId) => siteId === "S-1" && zoneId === "exit",
  device: (siteId, deviceId) => siteId === "S-1" && deviceId === "G-1",
  categories: new Set(["shoplifting"]),
  rule: (ruleId) =>
    ({
      gate: { title: "Exit alarm", level: 1, critical: false, reported: false },
      moved: { title: "Camera moved", level: 2, critical: false, reported: false },
      tamper: { title: "Till tampered", level: 2, critical: true, reported: false },
      tip: { title: "Tip from the public", level: 1, critical: false, reported: true },
      weapon: { title: "Weapon", level: 3, critical: false, reported: false },
    })[ruleId] ?? null,
};
const wanted: WantedSilence = {
  ruleId: "gate",
  siteId: "S-1",
  zoneId: null,
  deviceId: null,
  category: null,
  level: 1,
  startsAtMs: null,
  endsAtMs: noonMs + day,
  because: "the gate is being mended",
};

test("E17 a silence with reason and end holds from now on, or from when it says", () => {
  assert.deepEqual(checkSilence(wanted, world), {
    ok: true,
    value: { startsAtMs: noonMs, endsAtMs: noonMs + day },
  });
  const later = checkSilence({ ...wanted, startsAtMs: noonMs + hour }, world);
  assert.deepEqual(later, { ok: true, value: { startsAtMs: noonMs + hour, endsAtMs: noonMs + day } });
  // A moment ago is now: the form was filled in for a while.
  const justNow = checkSilence({ ...wanted, startsAtMs: noonMs - 30_000 }, world);
  assert.deepEqual(justNow, { ok: true, value: { startsAtMs: noonMs, endsAtMs: noonMs + day } });
});

const refusals: readonly (readonly [
  says: string,
  edit: Partial<WantedSilence>,
  code: string,
  pointer: string,
  where?: Partial<SilenceWorld>,
])[] = [
  ["no reason", { because: " \n" }, "silence_reason_missing", "/because"],
  ["no end", { endsAtMs: null }, "silence_expiry_missing", "/endsAt"],
  ["everything", { ruleId: null, siteId: null }, "silence_of_everything", "/siteId"],
  [
    "a category everywhere",
    { ruleId: null, siteId: null, category: "shoplifting" },
    "silence_of_everything",
    "/siteId",
  ],
  ["a site of others", { siteId: "S-9" }, "silence_place_unknown", "/siteId"],
  ["a zone that is not there", { zoneId: "attic" }, "silence_place_unknown", "/zoneId"],
  ["a zone of another site", { siteId: "S-2", zoneId: "exit" }, "silence_place_unknown", "/zoneId"],
  ["a zone without its site", { siteId: null, zoneId: "exit" }, "silence_place_unknown", "/zoneId"],
  ["a device that is not there", { deviceId: "G-9" }, "silence_place_unknown", "/deviceId"],
  ["a device without its site", { siteId: null, deviceId: "G-1" }, "silence_place_unknown", "/deviceId"],
  ["every site, by who is bound", { siteId: null }, "silence_everywhere_refused", "/siteId", { everySite: false }],
  ["a category that is not there", { category: "noise" }, "silence_category_unknown", "/category"],
  ["a rule that does not run", { ruleId: "nothing" }, "silence_rule_unknown", "/ruleId"],
  ["a rule of level 3", { ruleId: "weapon", level: 2 }, "silence_never", "/ruleId"],
  ["a critical rule", { ruleId: "tamper", level: 2 }, "silence_never", "/ruleId"],
  ["what people report", { ruleId: "tip" }, "silence_never", "/ruleId"],
  ["what people report, as level 2", { ruleId: "tip", level: 2 }, "silence_never", "/ruleId"],
  ["tampering as level 1", { ruleId: "moved" }, "silence_level_needed", "/level"],
  ["a begin in the past", { startsAtMs: noonMs - hour }, "silence_times_wrong", "/startsAt"],
  [
    "a begin next year",
    { startsAtMs: noonMs + 91 * day, endsAtMs: noonMs + 92 * day },
    "silence_times_wrong",
    "/startsAt",
  ],
  ["an end in the past", { endsAtMs: noonMs - 1 }, "silence_times_wrong", "/endsAt"],
  ["an end before the begin", { startsAtMs: noonMs + day, endsAtMs: noonMs + hour }, "silence_times_wrong", "/endsAt"],
  ["longer than a repair", { endsAtMs: noonMs + 30 * day + 1 }, "silence_too_long", "/endsAt"],
  [
    "a rule everywhere over more than a weekend",
    { siteId: null, endsAtMs: noonMs + 3 * day + 1 },
    "silence_too_long",
    "/endsAt",
  ],
  ["a shop over more than a weekend", { ruleId: null, endsAtMs: noonMs + 3 * day + 1 }, "silence_too_long", "/endsAt"],
];

for (const [says, edit, code, pointer, where = {}] of refusals) {
  test(`E17 refused with code, place and remedy: ${says}`, () => {
    const got = checkSilence({ ...wanted, ...edit }, { ...world, ...where });
    assert.ok(!got.ok);
    assert.deepEqual([got.error.code, got.error.pointer], [code, pointer]);
    assert.ok(got.error.says.length > 10 && got.error.remedy.length > 10);
  });
}

test("E17 narrow silences last as long as a repair, wide ones as a long weekend", () => {
  const lasts = (edit: Partial<WantedSilence>, ms: number) =>
    checkSilence({ ...wanted, ...edit, endsAtMs: noonMs + ms }, world).ok;
  assert.ok(lasts({}, 30 * day), "a rule at a site");
  assert.ok(lasts({ ruleId: null, deviceId: "G-1" }, 30 * day), "a device at a site");
  assert.ok(!lasts({ ruleId: null, zoneId: "exit" }, 3 * day + 1), "a zone is wide");
  assert.ok(lasts({ ruleId: null, zoneId: "exit" }, 3 * day));
  assert.ok(lasts({ siteId: null }, 3 * day));
});
