import type { ExportQuestion } from "@tillwatch/evidence";
import type { AuditQuestion } from "@tillwatch/wire";
import { deeds } from "./audit-question.ts";

/** The question as one reads it aloud; it stands in the export and in the record of the export. */
export function questionInWords(question: AuditQuestion): string {
  const { subject, subjectKind, incident, actor, did, kind, area, verb, purpose, ground, from, to } = question;
  const thing = subject === undefined ? subjectKind : `${subjectKind ?? "subject"} ${subject}`;
  const parts = [
    actor === undefined ? (did === undefined ? "What happened" : `Who ${did}`) : `What ${actor} ${did ?? "did"}`,
    thing,
    incident === undefined ? undefined : `of incident ${incident}`,
    kind === undefined ? undefined : `(${kind})`,
    area === undefined ? undefined : `in the area ${area}`,
    verb === undefined ? undefined : `by ${verb}`,
    purpose === undefined ? undefined : `for the purpose ${purpose}`,
    ground === undefined ? undefined : `where the ground says "${ground}"`,
    from === undefined ? undefined : `from ${from}`,
    to === undefined ? undefined : `until ${to}`,
  ];
  return parts.filter((part) => part !== undefined).join(" ");
}

/** What of the question the headers of the log decide, and what they cannot. */
export function headerQuestion(question: AuditQuestion, incidentSubjects: readonly string[]): ExportQuestion {
  const { subject, subjectKind, incident, actor, did, kind, area, verb, purpose, ground, from, to } = question;
  const didVerbs: readonly string[] | undefined = did === undefined ? undefined : deeds[did];
  const verbs = verb === undefined ? didVerbs : (didVerbs ?? [verb]).filter((one) => one === verb);
  const one =
    subject === undefined ? undefined : [{ ...(subjectKind === undefined ? {} : { kind: subjectKind }), id: subject }];
  // An incident's entries are told by its subjects; what names the incident in its body alone is told by nothing public.
  const beyond = [
    incident === undefined || incidentSubjects.length > 0 ? undefined : "an incident",
    subject === undefined && subjectKind !== undefined ? "a kind of subject" : undefined,
    purpose === undefined ? undefined : "a purpose",
    ground === undefined ? undefined : "words of a ground",
  ].filter((name) => name !== undefined);
  const instant = (raw: string) => new Date(raw).toISOString();
  return {
    ...(one === undefined ? {} : { subjects: one }),
    ...(one === undefined && incidentSubjects.length > 0 ? { subjects: incidentSubjects.map((id) => ({ id })) } : {}),
    ...(actor === undefined ? {} : { actor }),
    ...(kind === undefined ? {} : { kind }),
    ...(area === undefined ? {} : { area }),
    ...(verbs === undefined ? {} : { verbs }),
    ...(from === undefined ? {} : { from: instant(from) }),
    ...(to === undefined ? {} : { to: instant(to) }),
    beyondHeaders: beyond,
  };
}
