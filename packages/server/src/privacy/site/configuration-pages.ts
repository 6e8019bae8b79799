import type { PrivacyPolicy, SiteSettings } from "./privacy-policy-file.ts";

/** The configuration of a site as it is: what both pages are made from, and what their digest covers. */
export type SiteConfiguration = {
  readonly site: {
    readonly id: string;
    readonly name: string;
    readonly country: string;
    readonly timezone: string;
    readonly devices: readonly {
      readonly id: string;
      readonly kind: string;
      readonly zone: string | null;
      readonly masks: number;
    }[];
  };
  readonly policy: Pick<PrivacyPolicy, "version" | "controller" | "purposes" | "watchList" | "redaction"> & {
    readonly clock: { readonly law: string; readonly authority: string; readonly text: string };
  };
  readonly settings: SiteSettings;
  readonly departures: readonly {
    readonly setting: string;
    readonly least: string;
    readonly here: string;
    readonly because: string;
  }[];
  readonly rules: readonly {
    readonly id: string;
    readonly title: string;
    readonly level: string;
    readonly about: string;
  }[];
  readonly versions: Readonly<Record<string, string>>;
  readonly thresholds: { readonly incident: number; readonly watchMinutes: number };
  readonly recipients: readonly string[]; // webhooks by host, partners
  readonly roles: readonly { readonly role: string; readonly says: string }[];
  readonly watchEntries: number;
};

// What a device can take in of a person; what is not named here takes in nothing of one.
const aboutPeople: Readonly<Record<string, string>> = {
  camera: "pictures of people in the shop",
  microphone: "sounds by their kind; no words are kept",
  badge_reader: "tokens of staff badges",
  till: "the operator's token and what was sold",
  person: "what staff report",
};

/** Captures nothing of a person beyond that goods or doors moved. */
function capturesOf(kind: string): string {
  return aboutPeople[kind] ?? "nothing about a person";
}

/** The notice at the door (GDPR art. 13; EDPB guidelines 3/2019, second layer). A function of the configuration. */
export function noticePage(configuration: SiteConfiguration): string {
  const { site, policy, settings } = configuration;
  const cameras = site.devices.filter(({ kind }) => kind === "camera");
  const kinds = [...new Set(site.devices.map(({ kind }) => kind))]
    .filter((kind) => aboutPeople[kind] !== undefined)
    .sort();
  return page(`Privacy notice: ${site.name}`, [
    section("Who answers for it", [
      list([policy.controller.name, policy.controller.address, policy.controller.contact, policy.controller.officer]),
    ]),
    section("What is taken in here", [
      table(
        ["Device", "How many", "What of you"],
        kinds.map((kind) => [kind.replaceAll("_", " "), String(count(site.devices, kind)), capturesOf(kind)]),
      ),
      paragraph(
        cameras.length === 0
          ? "There are no cameras."
          : `${cameras.length} cameras; ${cameras.filter(({ masks }) => masks > 0).length} of them have areas that are masked.`,
      ),
      paragraph(settings.audio ? "Sound is taken in." : "No sound is recorded."),
      paragraph("No face is compared with any other, and nobody is followed by what they look like."),
    ]),
    section("Why, and on what ground", [
      table(
        ["Purpose", "Ground", "Who receives it"],
        policy.purposes.map(({ title, ground, recipients }) => [title, ground, recipients.join(", ")]),
      ),
    ]),
    section("For how long", [
      table(
        ["What", "Days"],
        [
          ["Clips without an incident", String(settings.clipDays)],
          ["Observations without a result", String(settings.watchItemDays)],
          ["Reports and incidents", String(settings.reportDays)],
        ],
      ),
    ]),
    section("Machines and people", [
      paragraph(
        `${configuration.rules.length} rules look at what devices signal. They lead to a person looking, never to a decision about you without one.`,
      ),
    ]),
    section("Your rights", [
      list([
        "To know what is kept about you, and to have a copy",
        "To have it corrected or erased, or its use restricted",
        "To object",
        `Write to ${policy.controller.contact}; you are answered within ${policy.clock.text} (${policy.clock.law})`,
        `To complain to ${policy.clock.authority}`,
      ]),
    ]),
    footer(configuration),
  ]);
}

/** The impact assessment (GDPR art. 35(7)) as far as the configuration tells it; what only people can say is asked for. */
export function assessmentPage(configuration: SiteConfiguration): string {
  const { site, policy, settings, departures, rules } = configuration;
  return page(`Data protection impact assessment: ${site.name}`, [
    section("1. Description of the processing", [
      table(
        ["Device", "Kind", "Zone", "What of people", "Masks"],
        site.devices.map(({ id, kind, zone, masks }) => [
          id,
          kind.replaceAll("_", " "),
          zone ?? "",
          capturesOf(kind),
          kind === "camera" ? String(masks) : "",
        ]),
      ),
      paragraph(`${rules.length} rules are in force (${Object.values(configuration.versions).join(", ")}).`),
      table(
        ["Rule", "Level", "Looks at"],
        rules.map(({ title, level, about }) => [title, level, about]),
      ),
      paragraph(
        `An observation becomes work from a severity of ${configuration.thresholds.incident}; below it, it is dropped after ${configuration.thresholds.watchMinutes} minutes.`,
      ),
    ]),
    section("2. Purposes, grounds, recipients", [
      table(
        ["Purpose", "Ground", "Recipients"],
        policy.purposes.map(({ title, ground, recipients }) => [title, ground, recipients.join(", ")]),
      ),
      paragraph(
        configuration.recipients.length === 0
          ? "No outside system is told anything automatically."
          : `Outside systems that are told: ${configuration.recipients.join(", ")}.`,
      ),
    ]),
    section("3. Necessity and proportionality", [
      table(["Setting", "Here"], settingsRows(settings)),
      departures.length === 0
        ? paragraph("The site keeps the least that the organisation allows.")
        : table(
            ["Departs from the least in", "Least", "Here", "Because"],
            departures.map(({ setting, least, here, because }) => [setting, least, here, because]),
          ),
    ]),
    section("4. Risks for people, and what holds them", [
      table(["Risk", "What holds it", "What to decide here"], risksOf(configuration)),
    ]),
    section("5. Who may do what", [
      table(
        ["Role", "May"],
        configuration.roles.map(({ role, says }) => [role.replaceAll("_", " "), says]),
      ),
    ]),
    section("6. Rights of people", [
      paragraph(
        `Requests are answered within ${policy.clock.text} (${policy.clock.law}); the clock and each step are on the record.`,
      ),
      paragraph(`Complaints: ${policy.clock.authority}.`),
    ]),
    opinions(),
    footer(configuration),
  ]);
}

function opinions(): string {
  return section("7. Opinion and decision", [
    table(
      ["Who", "Opinion", "Date, signature"],
      [
        ["Data protection officer", "", ""],
        ["Works council or staff", "", ""],
        ["Controller", "", ""],
      ],
    ),
  ]);
}

function risksOf(configuration: SiteConfiguration): string[][] {
  const { site, settings, watchEntries, policy } = configuration;
  const unmasked = site.devices.filter(({ kind, masks }) => kind === "camera" && masks === 0).length;
  return [
    [
      "A camera sees what it need not (street, changing rooms, break rooms)",
      "Masks per camera",
      unmasked === 0 ? "Every camera has a mask" : `${unmasked} cameras have no mask: look at each picture`,
    ],
    [
      "A rule errs more for some people than for others",
      "Rules look at goods, doors and tills; descriptions are picked from a list without protected traits; the quarterly review shows dismissals by rule and site",
      "Read the review each quarter",
    ],
    [
      "Somebody looks without a reason",
      "A purpose for each view; each view on the record; misuse rules over the record",
      "Review what they find",
    ],
    [
      "Somebody is listed wrongly or for ever",
      `Two people, a ground, at most ${policy.watchList.daysMax} days, never a minor`,
      `${watchEntries} entries are in force here`,
    ],
    ["The database is stolen", "Text of people is sealed under a key of each subject", "Keep the master key elsewhere"],
    [
      "Words in reports reveal origin, religion or orientation",
      "They are challenged; what is kept is marked and never searched",
      "",
    ],
    [
      "Sound reveals private talk",
      settings.audio ? "Sound is on: only its kind is kept" : "Sound is off",
      settings.audio ? "Justify" : "",
    ],
  ];
}

function settingsRows(settings: SiteSettings): string[][] {
  return [
    ["Clips without an incident", `${settings.clipDays} days`],
    ["Reports and incidents", `${settings.reportDays} days`],
    ["Observations without a result", `${settings.watchItemDays} days`],
    ["Pictures are shown masked first", settings.maskedDisplay ? "yes" : "no"],
    ["Sound", settings.audio ? "on" : "off"],
    ["Figures for analysis", settings.analytics ? "on" : "off"],
  ];
}

function count(devices: SiteConfiguration["site"]["devices"], kind: string): number {
  return devices.filter((device) => device.kind === kind).length;
}

/** Where a site departs from the least, setting by setting. */
export function departuresOf(
  least: SiteSettings,
  own: Partial<SiteSettings>,
  because: string,
): SiteConfiguration["departures"] {
  const names = Object.keys(least) as readonly (keyof SiteSettings)[];
  return names.flatMap((name) => {
    const here = own[name];
    if (here === undefined || here === least[name]) return [];
    return [
      {
        setting: name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
        least: String(least[name]),
        here: String(here),
        because,
      },
    ];
  });
}

// ---- HTML: escaped text only, printable, no script, no outside resource

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const section = (title: string, parts: readonly string[]) =>
  `<section><h2>${escaped(title)}</h2>${parts.join("")}</section>`;
const paragraph = (text: string) => `<p>${escaped(text)}</p>`;
const list = (items: readonly string[]) => `<ul>${items.map((item) => `<li>${escaped(item)}</li>`).join("")}</ul>`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: "td" | "th") =>
    row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("");
  return `<table><thead><tr>${cells(head, "th")}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("")}</tbody></table>`;
}

function footer({ policy, versions }: SiteConfiguration): string {
  const all = [`privacy ${policy.version}`, ...Object.entries(versions).map(([name, version]) => `${name} ${version}`)];
  return `<footer>Made from the configuration in force: ${escaped(all.join(" · "))}</footer>`;
}

function page(title: string, parts: readonly string[]): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${style}</style></head><body><main><h1>${escaped(title)}</h1>${parts.join("")}</main></body></html>`;
}

const style =
  "body{font:16px/1.5 system-ui,sans-serif;color:#141c1b;background:#fff;margin:0}main{max-width:46rem;margin:0 auto;padding:2rem 1.25rem}h1{font-size:1.6rem;line-height:1.2}h2{font-size:1.1rem;margin:1.75rem 0 .5rem}table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;vertical-align:top;border-bottom:1px solid #c9ccc5;padding:.35rem .75rem .35rem 0}ul{padding-left:1.2rem}footer{margin-top:2rem;font-size:.75rem;color:#5a6562;overflow-wrap:anywhere}@media print{main{max-width:none;padding:0}section{break-inside:avoid}}";
