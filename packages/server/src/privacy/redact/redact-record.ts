import { maskText, type IncidentRecord, type JsonObject, type JsonValue } from "@tillwatch/wire";
import { isNamedIn, type Identifier } from "../text/identifiers.ts";

/** What of an incident's record a purpose may name. `notes` are what people wrote; `people` the tokens of reporter and owner. */
export const redactedFields = [
  "ref", "state", "level", "category", "title", "siteId", "siteName", "zoneName", "occurredAt", "summary", "notes", "description",
  "value", "timeline", "signals", "exhibits", "score", "people",
] as const; // prettier-ignore
export type RedactedField = (typeof redactedFields)[number];

/** Profiles by purpose; a country takes fields away. What no profile names is left out. */
export type RedactionProfiles = {
  readonly purposes: Readonly<
    Record<
      string,
      {
        readonly keep: readonly RedactedField[];
        readonly words: readonly RedactedField[]; // free text with people taken out
        readonly whole: readonly RedactedField[]; // free text as it was written
      }
    >
  >;
  readonly countries: Readonly<Record<string, Readonly<Record<string, readonly RedactedField[]>>>>;
};

export type Redacted = {
  readonly record: JsonObject;
  readonly withheld: readonly { readonly field: RedactedField; readonly because: "purpose" | "country" | "people" }[];
};

export type RedactFor = {
  readonly purpose: string;
  readonly country: string;
  readonly profiles: RedactionProfiles;
  /** Stays as it is: the subject's own tokens and identifiers. */
  readonly own: { readonly tokens: readonly string[]; readonly identifiers: readonly Identifier[] };
};

/** The record for one purpose in one country; null: there is no profile for the purpose. The same input gives the same output. */
export function redactRecord(record: IncidentRecord, asked: RedactFor): Redacted | null {
  const profile = asked.profiles.purposes[asked.purpose];
  if (profile === undefined) return null;
  const taken = new Set(asked.profiles.countries[asked.country]?.[asked.purpose] ?? []);
  const others = new Map<string, string>();
  const shown: Record<string, JsonValue> = {};
  const withheld: { field: RedactedField; because: "purpose" | "country" | "people" }[] = [];
  for (const field of redactedFields) {
    const plain = profile.keep.includes(field) || profile.whole.includes(field);
    const words = profile.words.includes(field);
    if (!plain && !words) withheld.push({ field, because: "purpose" });
    else if (taken.has(field)) withheld.push({ field, because: "country" });
    else {
      const value = fieldOf(record, field);
      const clean = profile.whole.includes(field) ? value : withoutPeople(value, { asked, others });
      if (words && JSON.stringify(clean) !== JSON.stringify(value)) withheld.push({ field, because: "people" });
      shown[field] = clean;
    }
  }
  return { record: shown, withheld };
}

function fieldOf(record: IncidentRecord, field: RedactedField): JsonValue {
  switch (field) {
    case "notes":
      return record.timeline.filter(({ kind }) => kind === "note").map(({ at, says }) => ({ at, says }));
    case "timeline":
      return record.timeline
        .filter(({ kind }) => kind !== "note")
        .map(({ at, kind, says, late }) => ({
          at,
          kind,
          says: isWritten(kind) ? (says.split(/[.:]/)[0] ?? "") : says,
          late,
        }));
    case "signals":
      return record.signals.map(({ correctedAt, type, deviceId, zoneId }) => ({
        at: correctedAt,
        type,
        deviceId,
        zoneId,
      }));
    case "exhibits":
      return record.exhibits.map(({ id, mediaType, sha256, capturedAt, kind }) => ({
        id,
        mediaType,
        sha256,
        capturedAt,
        kind,
      }));
    case "people":
      return { reporter: record.reporter, owner: record.ownerToken };
    case "description":
      return record.description ?? null;
    case "value":
      return record.value;
    case "score":
      return record.score === null ? null : { severity: record.score.severity, level: record.score.level };
    case "ref":
    case "state":
    case "level":
    case "category":
    case "title":
    case "siteId":
    case "siteName":
    case "zoneName":
    case "occurredAt":
    case "summary":
      return record[field];
    default:
      return null;
  }
}

// Lines whose words are a person's reason.
function isWritten(kind: string): boolean {
  return kind === "verdict" || kind === "override" || kind === "state" || kind === "field";
}

type Sweep = { readonly asked: RedactFor; readonly others: Map<string, string> };

/** Numbers and addresses masked, other persons' tokens as `[person 1]`, names beside a title or a token word taken out. */
function withoutPeople(value: JsonValue, sweep: Sweep): JsonValue {
  if (typeof value === "string") return withoutPeopleIn(value, sweep);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => withoutPeople(item, sweep));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutPeople(member, sweep)]));
}

const tokenPattern = /\b(?:user|staff|person|member|customer|employee|reporter|service):[A-Za-z0-9._-]{2,80}/g;
// A given name with a family name, or a form of address with a name: two capitalised words that do not open a sentence.
const addressed =
  /\b(?:Mr|Mrs|Ms|Miss|Dr|Herr|Frau|Monsieur|Madame|Mme|M\.|Mevrouw|Meneer|Dhr|Mw)\.?\s+\p{Lu}[\p{L}'-]+(?:\s+\p{Lu}[\p{L}'-]+)?/gu;
const fullName = /(?<=[\p{Ll}\d,;)]\s)\p{Lu}\p{Ll}+(?:[ -]\p{Lu}\p{Ll}+)+/gu;

function withoutPeopleIn(text: string, { asked, others }: Sweep): string {
  const { tokens, identifiers } = asked.own;
  const isOwn = (name: string) => identifiers.some((one) => one.kind === "name" && isNamedIn(name, one, asked.country));
  const hidden = (name: string) => (isOwn(name) ? name : "[person]");
  return maskText(text)
    .replaceAll(tokenPattern, (token) => {
      if (tokens.includes(token)) return token;
      const known = others.get(token) ?? `[person ${others.size + 1}]`;
      others.set(token, known);
      return known;
    })
    .replaceAll(addressed, hidden)
    .replaceAll(fullName, hidden);
}
