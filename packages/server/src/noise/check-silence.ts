import { ok, refused, type Result } from "@tillwatch/wire";

/** A silence as somebody asks for it; null: not said. Times in milliseconds since 1970. */
export type WantedSilence = {
  readonly ruleId: string | null;
  readonly siteId: string | null;
  readonly zoneId: string | null;
  readonly deviceId: string | null;
  readonly category: string | null;
  readonly level: 1 | 2;
  readonly startsAtMs: number | null; // null: now
  readonly endsAtMs: number | null;
  readonly because: string;
};

/** What is known of the place and the rule, as far as whoever asks may know it. */
export type SilenceWorld = {
  readonly nowMs: number;
  readonly everySite: boolean; // bound to no site
  readonly sites: readonly string[]; // where he may silence
  readonly zone: (siteId: string, zoneId: string) => boolean;
  readonly device: (siteId: string, deviceId: string) => boolean;
  readonly categories: ReadonlySet<string>;
  readonly rule: (ruleId: string) => SilencedRule | null;
};

/** `critical`: of the Sigma level that speaks for itself. `reported`: it reads what people report, and nothing else. */
export type SilencedRule = {
  readonly title: string;
  readonly level: number;
  readonly critical: boolean;
  readonly reported: boolean;
};

/** Whether a silence of this rule would hold anything back at all. */
export function isSilenceable({ level, critical, reported }: SilencedRule): boolean {
  return level !== 3 && !critical && !reported;
}

export type SilenceRefusal = {
  readonly code:
    | "silence_reason_missing"
    | "silence_expiry_missing"
    | "silence_of_everything"
    | "silence_place_unknown"
    | "silence_everywhere_refused"
    | "silence_rule_unknown"
    | "silence_category_unknown"
    | "silence_never"
    | "silence_level_needed"
    | "silence_times_wrong"
    | "silence_too_long";
  readonly pointer: string;
  readonly says: string;
  readonly remedy: string;
};

const hourMs = 3_600_000;
/** Of one rule or one device at one site: long enough for a repair. Of anything wider: over a long weekend. */
export const silenceHoursMax = { narrow: 30 * 24, wide: 3 * 24 } as const;
const startsWithinMs = 90 * 24 * hourMs;
const justNowMs = 60_000;

/** A rule or a device at one site; all else is wide. */
export function isNarrow({ siteId, ruleId, deviceId }: Pick<WantedSilence, "siteId" | "ruleId" | "deviceId">): boolean {
  return siteId !== null && (ruleId !== null || deviceId !== null);
}

/** The silence's window, or the first thing that is wrong with it. */
export function checkSilence(
  wanted: WantedSilence,
  world: SilenceWorld,
): Result<{ readonly startsAtMs: number; readonly endsAtMs: number }, SilenceRefusal> {
  const wrong = wrongReason(wanted) ?? wrongPlace(wanted, world) ?? wrongRule(wanted, world);
  return wrong === null ? windowOf(wanted, world) : refused(wrong);
}

function wrongReason({ because, endsAtMs }: WantedSilence): SilenceRefusal | null {
  if (because.trim() === "") {
    return no("silence_reason_missing", "/because", {
      says: "a silence says why it is made",
      remedy:
        "Write in a sentence what is going on there: it is shown beside what the silence hid, and stands in the record.",
    });
  }
  if (endsAtMs === null) {
    return no("silence_expiry_missing", "/endsAt", {
      says: "a silence says when it ends",
      remedy: `State an instant, at most ${silenceHoursMax.narrow / 24} days ahead for one rule or device at one site, else ${silenceHoursMax.wide / 24}.`,
    });
  }
  return null;
}

function wrongPlace(wanted: WantedSilence, world: SilenceWorld): SilenceRefusal | null {
  const { ruleId, siteId, zoneId, deviceId, category } = wanted;
  if (ruleId === null && siteId === null) {
    return no("silence_of_everything", "/siteId", {
      says: "a silence names a rule, a site, or both",
      remedy: "Name the rule that is wrong, or the site where something is going on.",
    });
  }
  if (siteId === null) {
    if (zoneId !== null || deviceId !== null) return unknownPlace(zoneId === null ? "/deviceId" : "/zoneId");
    if (!world.everySite) {
      return no("silence_everywhere_refused", "/siteId", {
        says: "a silence of every site is made by those who are bound to none",
        remedy: "Name the site.",
      });
    }
  } else {
    if (!world.sites.includes(siteId)) return unknownPlace("/siteId");
    if (zoneId !== null && !world.zone(siteId, zoneId)) return unknownPlace("/zoneId");
    if (deviceId !== null && !world.device(siteId, deviceId)) return unknownPlace("/deviceId");
  }
  if (category !== null && !world.categories.has(category)) {
    return no("silence_category_unknown", "/category", {
      says: "there is no such category",
      remedy: "Use a code of GET /api/v1/taxonomy.",
    });
  }
  return null;
}

function unknownPlace(pointer: string): SilenceRefusal {
  return no("silence_place_unknown", pointer, {
    says: "there is no such place where you may silence anything",
    remedy: "GET /api/v1/sites lists sites with their zones and devices; a zone or device needs its site.",
  });
}

function wrongRule({ ruleId, level }: WantedSilence, world: SilenceWorld): SilenceRefusal | null {
  if (ruleId === null) return null;
  const rule = world.rule(ruleId);
  if (rule === null) {
    return no("silence_rule_unknown", "/ruleId", {
      says: "no rule or model that runs has this id",
      remedy: "Take the id from a case that it opened, or from the list of rules.",
    });
  }
  if (!isSilenceable(rule)) {
    return no("silence_never", "/ruleId", rule.reported ? neverOfPeople : neverOfDevices);
  }
  if (rule.level === 2 && level === 1) {
    return no("silence_level_needed", "/level", {
      says: "this rule finds tampering, which a silence of level 1 does not hold back",
      remedy: "Ask for level 2: another person signs it, and from then on it holds.",
    });
  }
  return null;
}

const neverOfDevices = {
  says: "what this rule finds is never silenced: it is about violence or speaks for itself",
  remedy: "Have the rule or the device mended; for a test of an alarm, tell whoever is called.",
};
const neverOfPeople = {
  says: "what people report is never silenced, and this rule finds nothing else",
  remedy: "Name another rule, or the shop without a rule; a report that is wrong is closed with a reason.",
};

function windowOf(
  wanted: WantedSilence,
  { nowMs }: SilenceWorld,
): Result<{ startsAtMs: number; endsAtMs: number }, SilenceRefusal> {
  const asked = wanted.startsAtMs ?? nowMs;
  const startsAtMs = Math.max(asked, nowMs);
  const endsAtMs = wanted.endsAtMs ?? nowMs;
  if (asked < nowMs - justNowMs || asked > nowMs + startsWithinMs) {
    const says = "a silence begins now or within 90 days: what happened before was judged already";
    return refused(no("silence_times_wrong", "/startsAt", { says, remedy: "Leave it out: the silence begins now." }));
  }
  if (endsAtMs <= startsAtMs) {
    const says = "a silence ends after it begins, and in the future";
    return refused(no("silence_times_wrong", "/endsAt", { says, remedy: "State a later instant." }));
  }
  const hours = isNarrow(wanted) ? silenceHoursMax.narrow : silenceHoursMax.wide;
  if (endsAtMs - startsAtMs > hours * hourMs) {
    return refused(
      no("silence_too_long", "/endsAt", {
        says: `this silence may last ${hours / 24} days`,
        remedy: isNarrow(wanted)
          ? "Make it shorter; what is wrong for longer is a fault of the rule or the device, and is mended there."
          : "Make it shorter, or narrower: one rule or one device at one site may be silenced for longer.",
      }),
    );
  }
  return ok({ startsAtMs, endsAtMs });
}

function no(
  code: SilenceRefusal["code"],
  pointer: string,
  words: { readonly says: string; readonly remedy: string },
): SilenceRefusal {
  return { code, pointer, ...words };
}
