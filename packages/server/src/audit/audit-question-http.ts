import { Type } from "typebox";
import type { AuditQuestion } from "@tillwatch/wire";
import { problem } from "../api/problem.ts";
import { isStorable } from "../platform/storable-time.ts";
import type { Db } from "../schema.ts";
import { incidentNamed, type AuditFilter } from "./audit-read.ts";

const text = Type.Optional(Type.String({ minLength: 1, maxLength: 200 }));

/** The members of a question, in a query string and in a body alike. */
export const questionMembers = {
  subject: text,
  subjectKind: text,
  incident: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: "its id or reference; and what belongs to it" }),
  ),
  actor: text,
  did: Type.Optional(
    Type.Union([Type.Literal("saw"), Type.Literal("changed"), Type.Literal("released"), Type.Literal("decided")]),
  ),
  kind: text,
  area: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: "first part of a kind: exhibit" })),
  verb: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: "second part of a kind: accessed" })),
  purpose: text,
  ground: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: "words that the given reason must all contain" }),
  ),
  from: text,
  to: text,
} as const;

/** The question as the database is asked it. Throws 400 `audit_filter_malformed` for a time that is none. */
export function filterOf(question: AuditQuestion): Omit<AuditFilter, "limit"> {
  const { from, to, ...rest } = question;
  return { ...rest, fromMs: instant(from, "from"), toMs: instant(to, "to") };
}

/** The same question with a case that was named by its reference named by its id. Throws 404 `incident_unknown`. */
export async function byId(db: Db, question: AuditQuestion): Promise<AuditQuestion> {
  if (question.incident === undefined) return question;
  const incident = await incidentNamed(db, question.incident);
  if (incident !== null) return { ...question, incident };
  throw problem(404, "incident_unknown", "there is no incident with this reference", {
    pointer: "/incident",
    remedy: "Read the reference again: it stands above the title of the case, such as TW-2026-000022.",
  });
}

function instant(raw: string | undefined, name: string): number | undefined {
  if (raw === undefined) return undefined;
  const ms = Date.parse(raw);
  if (/^\d{4}-\d\d-\d\d/.test(raw) && isStorable(ms)) return ms;
  throw problem(400, "audit_filter_malformed", `${name} is not a time (RFC 3339, years 1900 to 9999)`, {
    pointer: `/${name}`,
  });
}
