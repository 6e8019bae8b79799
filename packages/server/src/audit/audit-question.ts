import type { AuditQuestion } from "@tillwatch/wire";

/** What people call what was done, and the verbs (second part of an entry's kind) that stand for it. */
export const deeds = {
  saw: [
    "accessed",
    "copied",
    "downloaded",
    "exported",
    "facts_read",
    "looked_up",
    "opened",
    "opened_by_person",
    "read",
    "searched",
    "viewed",
  ],
  changed: [
    "added",
    "changed",
    "disabled",
    "edited",
    "enabled",
    "ended",
    "field_changed",
    "level_changed",
    "note",
    "override",
    "removed",
    "replaced",
    "set",
    "suspended",
    "verdict",
  ],
  released: ["released", "sealed", "handed_over", "shared", "downloaded", "exported", "copied", "approved"],
  decided: [
    "applied",
    "approved",
    "closed",
    "confirmed",
    "denied",
    "explained",
    "granted",
    "made",
    "override",
    "refused",
    "released",
    "reviewed",
    "verdict",
  ],
} as const satisfies Readonly<Record<NonNullable<AuditQuestion["did"]>, readonly string[]>>;

/** Which of these kinds the question asks for; null: any. */
export function kindsAsked(question: AuditQuestion, known: readonly string[]): readonly string[] | null {
  const { kind, area, verb, did } = question;
  if (kind === undefined && area === undefined && verb === undefined && did === undefined) return null;
  return known.filter((each) => {
    const dot = each.indexOf(".");
    const [itsArea, itsVerb] = dot === -1 ? [each, ""] : [each.slice(0, dot), each.slice(dot + 1)];
    return (
      (kind === undefined || each === kind) &&
      (area === undefined || itsArea === area) &&
      (verb === undefined || itsVerb === verb) &&
      (did === undefined || (deeds[did] as readonly string[]).includes(itsVerb))
    );
  });
}

/** The incident that an entry belongs to: its subject, or the first that its canonical body names. */
export function incidentOf(
  subject: { readonly kind: string; readonly id: string },
  body: string | null,
): string | null {
  if (subject.kind === "incident") return uuidForm.test(subject.id) ? subject.id : null;
  return body === null ? null : (incidentMember.exec(body)?.[1] ?? null);
}

/** The first purpose that a canonical body names: at most 64 letters that need no escape. */
export function purposeOf(body: string | null): string | null {
  return body === null ? null : (purposeMember.exec(body)?.[1] ?? null);
}

export const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const incidentMember = /"incidentId":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"/;
const purposeMember = /"purpose":"([^"\\]{1,64})"/;
