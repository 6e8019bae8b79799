import type { IncidentRecord } from "@tillwatch/wire";
import { minorFrom } from "../report/staff-report.ts";

/** What the form holds; text as typed. */
export type CorrectionDraft = {
  readonly summary: string;
  readonly zoneId: string;
  readonly lost: string;
  readonly recovered: string;
  readonly people: string; // the record does not tell it back: empty leaves it as it is
  readonly because: string;
};

/** Body of `PATCH /api/v1/incidents/{id}`: only what differs from the record. */
export type Correction = {
  readonly summary?: string;
  readonly zoneId?: string | null;
  readonly valueLostMinor?: number | null;
  readonly valueRecoveredMinor?: number | null;
  readonly currency?: string;
  readonly peopleInvolved?: number;
  readonly because?: string;
};

export function draftOf(record: IncidentRecord, currency: string): CorrectionDraft {
  return {
    summary: record.summary,
    zoneId: record.zoneId ?? "",
    lost: amountText(record.value.lostMinor, currency),
    recovered: amountText(record.value.recoveredMinor, currency),
    people: "",
    because: "",
  };
}

/** null: something in the form is no number. An empty correction (nothing differs) is `{}`. */
export function correctionOf(draft: CorrectionDraft, record: IncidentRecord, currency: string): Correction | null {
  const lost = minorFrom(draft.lost, currency);
  const recovered = minorFrom(draft.recovered, currency);
  const people = draft.people.trim();
  if (lost === "malformed" || recovered === "malformed" || !/^\d{0,4}$/.test(people)) return null;
  const money = {
    ...(lost === record.value.lostMinor ? {} : { valueLostMinor: lost }),
    ...(recovered === record.value.recoveredMinor ? {} : { valueRecoveredMinor: recovered }),
  };
  const changes: Correction = {
    ...(draft.summary.trim() === record.summary ? {} : { summary: draft.summary.trim() }),
    ...(draft.zoneId === (record.zoneId ?? "") ? {} : { zoneId: draft.zoneId === "" ? null : draft.zoneId }),
    ...money,
    ...(Object.keys(money).length > 0 && record.value.currency !== currency ? { currency } : {}),
    ...(people === "" ? {} : { peopleInvolved: Number(people) }),
  };
  if (Object.keys(changes).length === 0) return {};
  return draft.because.trim() === "" ? changes : { ...changes, because: draft.because.trim() };
}

function amountText(minor: number | null, currency: string): string {
  if (minor === null) return "";
  const digits = [0, 1, 2, 3].find((count) => minorFrom("1", currency) === 10 ** count) ?? 2;
  return (minor / 10 ** digits).toFixed(digits);
}
