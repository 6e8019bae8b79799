import type { ConsentTextView, ConsentView, FigureExportView, PersonFound, PersonMarkView } from "@tillwatch/wire";

const at = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString();
const id = (n: number) => `abababab-abab-4bab-8bab-${String(n).padStart(12, "0")}`;

export const knownToken = `person:${id(1)}`;
const csv = [
  "month,siteId,siteName,category,level,origin,verdict,incidents",
  "2026-10,S-1001,Centre,theft,1,machine,none,12",
  "2026-10,S-1001,Centre,assault,3,person,true,suppressed",
  "2026-11,S-1001,Centre,theft,1,machine,none,suppressed",
  "",
].join("\r\n");

type Answer = { readonly status: number; readonly body: unknown; readonly file?: string };

/** Consents, known persons, objections and figures of a small world, in the shapes of packages/wire. */
export class FixtureConsents {
  texts: ConsentTextView[] = [
    {
      id: "photo-of-visitors",
      version: "2",
      language: "en",
      purpose: "training",
      content: "I agree that pictures of my visit are used to train colleagues, until I take it back.",
      sha256: "5e".repeat(32),
      at: at(40),
      inForce: 1,
    },
  ];
  consents: ConsentView[] = [
    {
      id: id(10),
      textId: "photo-of-visitors",
      textVersion: "2",
      language: "en",
      textSha256: "5e".repeat(32),
      how: "signed",
      givenAt: at(30),
      withdrawnAt: null,
    },
  ];
  marks: PersonMarkView[] = [
    { id: id(20), token: knownToken, kind: "objection", at: at(3), actor: "user:admin", requestRef: "SR-2026-000001" },
    { id: id(21), token: `person:${id(2)}`, kind: "restriction", at: at(9), actor: "user:admin", requestRef: null },
  ];
  exports: FigureExportView[] = [
    {
      id: id(30),
      at: at(2),
      actor: "user:77777777-7777-4777-8777-000000000003",
      parameters: { from: "2026-06-01T00:00:00Z", to: "2026-11-01T00:00:00Z", format: "csv" },
      rows: 184,
      suppressed: 21,
      sha256: "7a".repeat(32),
      state: "released",
      findings: [],
    },
    {
      id: id(31),
      at: at(5),
      actor: "user:77777777-7777-4777-8777-000000000003",
      parameters: { from: "2026-06-01T00:00:00Z", to: "2026-11-01T00:00:00Z", format: "ndjson" },
      rows: 184,
      suppressed: 21,
      sha256: "7b".repeat(32),
      state: "refused",
      findings: [{ kind: "known_person" }],
    },
  ];

  get(path: string): unknown {
    const answers: Readonly<Record<string, () => unknown>> = {
      "/api/v1/consent-texts": () => ({ items: this.texts }),
      "/api/v1/consents": () => ({ items: this.consents }),
      "/api/v1/person-marks": () => ({ items: this.marks }),
      "/api/v1/analytics/exports": () => ({ items: this.exports }),
    };
    return answers[path]?.();
  }

  post(path: string, body: unknown): Answer | undefined {
    const said = (body ?? {}) as Readonly<Record<string, string>>;
    if (path === "/api/v1/analytics/exports") return { status: 201, body: csv, file: "figures-7a7a7a7a.csv" };
    if (path === "/api/v1/known-persons/lookup") return { status: 200, body: { items: found(said) } };
    if (path === "/api/v1/consents") return this.#agreed(said);
    const withdrawn = /^\/api\/v1\/consents\/([^/]+)\/withdrawal$/.exec(path)?.[1];
    if (withdrawn !== undefined) {
      this.consents = this.consents.map((one) => (one.id === withdrawn ? { ...one, withdrawnAt: at(0) } : one));
      return { status: 204, body: null };
    }
    const ended = /^\/api\/v1\/person-marks\/([^/]+)\/end$/.exec(path)?.[1];
    if (ended === undefined) return undefined;
    this.marks = this.marks.filter((mark) => mark.id !== ended);
    return { status: 204, body: null };
  }

  #agreed(said: Readonly<Record<string, string>>): Answer {
    const { textId = "", textVersion = "", language = "", how = "", givenAt = "" } = said;
    const made = {
      id: id(11),
      textId,
      textVersion,
      language,
      textSha256: "5e".repeat(32),
      how,
      givenAt,
      withdrawnAt: null,
    };
    this.consents = [made, ...this.consents];
    return { status: 201, body: { id: made.id, textSha256: made.textSha256 } };
  }
}

function found({ value }: Readonly<Record<string, string>>): readonly PersonFound[] {
  return value === "Nobody" ? [] : [{ token: knownToken, kind: "customer", marks: ["objection"] }];
}
