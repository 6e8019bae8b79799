import { Type, type Static } from "typebox";
import { ok, refused, type Result } from "@tillwatch/wire";
import { readYaml, type FileProblem } from "../../platform/yaml-file.ts";
import { additionsOf, plainProfiles, type PictureProfiles } from "../picture-profiles.ts";
import { redactedFields, type RedactionProfiles } from "../redact/redact-record.ts";
import type { RequestClock } from "../request/request-clock.ts";

const closed = { additionalProperties: false };
const word = Type.String({ minLength: 1, maxLength: 300 });
const code = Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" });
const count = (maximum: number) => Type.Integer({ minimum: 0, maximum });
const country = Type.String({ pattern: "^(default|[A-Z]{2}(-[A-Z0-9]{1,3})?)$" });
const fields = Type.Array(Type.Enum([...redactedFields]));

const clockShape = Type.Object(
  {
    months: Type.Optional(count(12)),
    days: Type.Optional(count(365)),
    extension_months: Type.Optional(count(12)),
    extension_days: Type.Optional(count(365)),
    law: word,
    authority: word,
  },
  closed,
);

const picture = Type.Object(
  { show: Type.Enum(["people", "people_hidden", "nothing"]), sound: Type.Optional(Type.Boolean()) },
  closed,
);

const siteDefaults = Type.Object(
  {
    clip_days: count(3650),
    report_days: count(3650),
    watch_item_days: count(365),
    masked_display: Type.Boolean(),
    audio: Type.Boolean(),
    analytics: Type.Boolean(),
  },
  closed,
);

const PrivacyFile = Type.Object(
  {
    version: Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" }),
    controller: Type.Object({ name: word, address: word, contact: word, officer: word }, closed),
    clocks: Type.Record(country, clockShape),
    watch_list: Type.Object(
      { days_max: Type.Integer({ minimum: 1, maximum: 365 }), grounds: Type.Array(code, { minItems: 1 }) },
      closed,
    ),
    analytics: Type.Object({ cell_min: Type.Integer({ minimum: 2, maximum: 1000 }) }, closed),
    site_defaults: siteDefaults,
    conflict: Type.Object(
      {
        handlers: Type.Array(code, { minItems: 1 }),
        sites: Type.Optional(
          Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Type.Array(code, { minItems: 1 })),
        ),
      },
      closed,
    ),
    retention: Type.Object({ automatic: Type.Array(Type.Enum(["clips", "case", "watch_item"])) }, closed),
    release: Type.Object({ minor_grounds: Type.Array(code), objection_grounds: Type.Array(code) }, closed),
    purposes: Type.Array(Type.Object({ code, title: word, ground: word, recipients: Type.Array(word) }, closed)),
    redaction: Type.Object(
      {
        purposes: Type.Record(
          code,
          Type.Object({ keep: fields, words: Type.Optional(fields), whole: Type.Optional(fields) }, closed),
        ),
        countries: Type.Record(country, Type.Record(code, fields)),
      },
      closed,
    ),
    pictures: Type.Optional(
      Type.Object(
        {
          otherwise: picture,
          purposes: Type.Record(code, picture),
          countries: Type.Record(country, Type.Record(code, picture)),
        },
        closed,
      ),
    ),
  },
  closed,
);

type File = Static<typeof PrivacyFile>;

/** `privacy.yaml` of a pack, as the rest of this folder knows it. */
export type PrivacyPolicy = {
  readonly version: string;
  readonly controller: File["controller"];
  readonly clocks: Readonly<Record<string, RequestClock>>;
  readonly watchList: { readonly daysMax: number; readonly grounds: readonly string[] };
  readonly analytics: { readonly cellMin: number };
  readonly siteDefaults: SiteSettings;
  /** Who handles cases about colleagues: roles, and sites where they are others. */
  readonly conflict: {
    readonly handlers: readonly string[];
    readonly sites: Readonly<Record<string, readonly string[]>>;
  };
  /** What is destroyed when its time is over without being asked; the rest waits for two people. */
  readonly retention: { readonly automatic: readonly ("clips" | "case" | "watch_item")[] };
  /** Legal grounds under which what is about minors, or about persons who objected, may leave all the same. */
  readonly release: { readonly minorGrounds: readonly string[]; readonly objectionGrounds: readonly string[] };
  readonly purposes: File["purposes"];
  readonly redaction: RedactionProfiles;
  readonly pictures: PictureProfiles;
};

/** What a site keeps, and for how long, in days. */
export type SiteSettings = {
  readonly clipDays: number;
  readonly reportDays: number;
  readonly watchItemDays: number;
  readonly maskedDisplay: boolean;
  readonly audio: boolean;
  readonly analytics: boolean;
};

export function parsePrivacyPolicy(text: string, file: string): Result<PrivacyPolicy, readonly FileProblem[]> {
  const read = readYaml(text, file, PrivacyFile);
  if (!read.ok) return read;
  const { clocks, watch_list, analytics, site_defaults, release, conflict, redaction, pictures, ...same } = read.value;
  const problems = problemsOf(read.value).map((message) => ({
    code: "file_content_wrong" as const,
    file,
    line: 1,
    message,
  }));
  if (problems.length > 0) return refused(problems);
  return ok({
    ...same,
    clocks: Object.fromEntries(
      Object.entries(clocks).map(([place, clock]): [string, RequestClock] => [
        place,
        {
          months: clock.months ?? 0,
          days: clock.days ?? 0,
          extensionMonths: clock.extension_months ?? 0,
          extensionDays: clock.extension_days ?? 0,
          law: clock.law,
          authority: clock.authority,
        },
      ]),
    ),
    watchList: { daysMax: watch_list.days_max, grounds: watch_list.grounds },
    analytics: { cellMin: analytics.cell_min },
    siteDefaults: {
      clipDays: site_defaults.clip_days,
      reportDays: site_defaults.report_days,
      watchItemDays: site_defaults.watch_item_days,
      maskedDisplay: site_defaults.masked_display,
      audio: site_defaults.audio,
      analytics: site_defaults.analytics,
    },
    pictures: profilesOf(pictures),
    conflict: { handlers: conflict.handlers, sites: conflict.sites ?? {} },
    release: { minorGrounds: release.minor_grounds, objectionGrounds: release.objection_grounds },
    redaction: {
      purposes: Object.fromEntries(
        Object.entries(redaction.purposes).map(([purpose, profile]) => [
          purpose,
          { keep: profile.keep, words: profile.words ?? [], whole: profile.whole ?? [] },
        ]),
      ),
      countries: redaction.countries,
    },
  });
}

type Pictures = NonNullable<File["pictures"]>;

function profilesOf(pictures: File["pictures"]): PictureProfiles {
  if (pictures === undefined) return plainProfiles;
  const one = ({ show, sound }: Pictures["otherwise"]) => ({ show, sound: sound ?? false });
  const each = (profiles: Pictures["purposes"]) =>
    Object.fromEntries(Object.entries(profiles).map(([purpose, profile]) => [purpose, one(profile)]));
  return {
    otherwise: one(pictures.otherwise),
    purposes: each(pictures.purposes),
    countries: Object.fromEntries(Object.entries(pictures.countries).map(([place, own]) => [place, each(own)])),
  };
}

function problemsOf({ clocks, redaction, watch_list, pictures }: File): readonly string[] {
  const problems: string[] = [];
  for (const added of additionsOf(profilesOf(pictures))) {
    problems.push(`pictures.countries.${added} gives more than the purpose has elsewhere; a country only takes away`);
  }
  if (clocks["default"] === undefined) problems.push("clocks must have one for `default`");
  for (const [place, clock] of Object.entries(clocks)) {
    if ((clock.months ?? 0) + (clock.days ?? 0) === 0) problems.push(`clocks.${place} gives no time to answer in`);
  }
  for (const [place, taken] of Object.entries(redaction.countries)) {
    for (const purpose of Object.keys(taken)) {
      if (redaction.purposes[purpose] === undefined)
        problems.push(`redaction.countries.${place} names the unknown purpose ${purpose}`);
    }
  }
  if (watch_list.grounds.some((ground) => /suspicion|profile|ethnic|religio/.test(ground))) {
    problems.push("watch_list.grounds must be facts that a person can contest");
  }
  return problems;
}
