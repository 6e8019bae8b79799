import { ok, refused, type Result } from "@tillwatch/wire";
import { extendedDueAtMs, type RequestClock } from "./request-clock.ts";

export const requestKinds = ["access", "erasure", "rectification", "restriction", "objection"] as const;
export type RequestKind = (typeof requestKinds)[number];
export const subjectKinds = ["customer", "employee", "reporter", "other"] as const;
export type SubjectKind = (typeof subjectKinds)[number];
export const requestStates = ["open", "answered", "refused", "withdrawn"] as const;
export type RequestState = (typeof requestStates)[number];

export type SubjectRequest = {
  readonly id: string;
  readonly ref: string;
  readonly kind: RequestKind;
  readonly subjectKind: SubjectKind;
  readonly subjectToken: string | null;
  readonly country: string;
  readonly clock: RequestClock;
  readonly receivedAtMs: number;
  readonly dueAtMs: number;
  readonly extendedAtMs: number | null;
  readonly identity: "unchecked" | "confirmed" | "failed";
  readonly state: RequestState;
  readonly version: number;
};

export type RequestRefusal = {
  readonly code:
    | "subject_request_closed"
    | "subject_request_changed"
    | "subject_identity_unchecked"
    | "subject_extended_already"
    | "subject_extension_late"
    | "subject_extension_unknown"
    | "subject_on_hold"
    | "subject_correction_missing"
    | "subject_unknown_here";
  readonly says: string;
};

type Checked = Result<SubjectRequest, RequestRefusal>;

/** Whether work on it may go on at all. `version` is what the person saw; null: whatever it is. */
export function stillOpen(request: SubjectRequest, version: number | null): Checked {
  if (request.state !== "open")
    return refused({ code: "subject_request_closed", says: `it is ${request.state} already` });
  if (version !== null && version !== request.version) {
    return refused({
      code: "subject_request_changed",
      says: `it was changed meanwhile: its version is ${request.version}`,
    });
  }
  return ok(request);
}

/** An answer tells about a person: who asks must be who they say. A refusal needs no proof. */
export function mayAnswer(request: SubjectRequest): Checked {
  if (request.identity === "confirmed") return ok(request);
  const says = request.identity === "failed" ? "the check of the identity failed" : "the identity was not checked yet";
  return refused({ code: "subject_identity_unchecked", says });
}

/** The new end: once, with a reason, told before the first end (GDPR art. 12(3)). */
export function extension(request: SubjectRequest, nowMs: number): Result<number, RequestRefusal> {
  const { clock, receivedAtMs } = request;
  if (request.extendedAtMs !== null)
    return refused({ code: "subject_extended_already", says: "it was extended before" });
  if (nowMs > request.dueAtMs)
    return refused({ code: "subject_extension_late", says: "the time was over before it was extended" });
  const dueAtMs = extendedDueAtMs(receivedAtMs, clock);
  if (dueAtMs <= request.dueAtMs)
    return refused({ code: "subject_extension_unknown", says: `${clock.law} knows no extension` });
  return ok(dueAtMs);
}

export function isOverdue(request: Pick<SubjectRequest, "state" | "dueAtMs">, nowMs: number): boolean {
  return request.state === "open" && nowMs > request.dueAtMs;
}

/** Whole days left; negative: over. */
export function daysLeft(dueAtMs: number, nowMs: number): number {
  return Math.floor((dueAtMs - nowMs) / 86_400_000);
}
