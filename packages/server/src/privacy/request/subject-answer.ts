import type { IncidentRecord, JsonObject } from "@tillwatch/wire";
import type { Identifier } from "../text/identifiers.ts";
import { redactRecord, type RedactionProfiles } from "../redact/redact-record.ts";
import type { SubjectRequest } from "./subject-request.ts";

export const answerPayloadType = "application/vnd.tillwatch.subject-answer+json";

/** What an answer is made of. Everything is at hand: the package is a function of it. */
export type AnswerParts = {
  readonly request: SubjectRequest;
  readonly controller: { readonly name: string; readonly contact: string };
  readonly answeredAtMs: number;
  readonly tokens: readonly string[];
  readonly identifiers: readonly Identifier[];
  readonly known: readonly Identifier[]; // what is kept of the tokens, opened
  readonly records: readonly IncidentRecord[];
  readonly counts: Readonly<Record<string, number>>; // places by kind
  readonly textsRead: number;
  readonly complete: boolean;
  readonly profiles: RedactionProfiles;
  readonly done: readonly string[]; // what was done about it, in sentences
  readonly withheld: readonly { readonly what: string; readonly because: string }[];
};

const becauseWords = {
  purpose: "not about you, or machine data that tells about nobody",
  country: "the law of the country keeps it from this answer",
  people: "it would tell about other people",
} as const;

/** The package of an answer: what was found, what was done, what was withheld and why. Other people are redacted. */
export function answerPackage(parts: AnswerParts): JsonObject {
  const { request } = parts;
  const own = { tokens: parts.tokens, identifiers: parts.identifiers };
  const redacted = parts.records.flatMap((record) => {
    const asked = { purpose: "subject_access", country: request.country, profiles: parts.profiles, own };
    const one = redactRecord(record, asked);
    return one === null ? [] : [one];
  });
  const withheld = new Map<string, string>();
  for (const { withheld: fields } of redacted) {
    for (const { field, because } of fields) withheld.set(`${field} of incidents`, becauseWords[because]);
  }
  for (const { what, because } of parts.withheld) withheld.set(what, because);
  return {
    type: "https://tillwatch.org/formats/subject-answer/v1",
    request: {
      ref: request.ref,
      kind: request.kind,
      receivedAt: new Date(request.receivedAtMs).toISOString(),
      dueAt: new Date(request.dueAtMs).toISOString(),
      extended: request.extendedAtMs !== null,
      answeredAt: new Date(parts.answeredAtMs).toISOString(),
      inTime: parts.answeredAtMs <= request.dueAtMs,
      law: request.clock.law,
    },
    controller: { name: parts.controller.name, contact: parts.controller.contact },
    found: {
      tokens: parts.tokens,
      keptAboutYou: parts.known.map(({ kind, value }) => ({ kind, value })),
      places: { ...parts.counts },
      incidents: redacted.map(({ record }) => record),
      freeTextsRead: parts.textsRead,
      searchedEverything: parts.complete,
    },
    done: parts.done,
    withheld: [...withheld].map(([what, because]) => ({ what, because })),
    rights: [
      "You may ask for correction, erasure or restriction, and object to the use of your data.",
      `You may complain to ${request.clock.authority}.`,
    ],
  };
}
