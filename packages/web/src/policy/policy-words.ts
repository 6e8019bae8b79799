import type { PolicyMatrixCell } from "@tillwatch/wire";

const special: Readonly<Record<string, string>> = {
  case_building: "Building a case",
  police_request: "Request of the police",
  legal_claim: "Legal claim",
  insurance_claim: "Insurance claim",
  safety: "Safety of people",
  hr: "Staff matters (HR)",
  marketing: "Advertising and marketing",
  legitimate_interest: "Legitimate interest of the shop",
  legal_obligation: "A law that obliges us",
  vital_interest: "Somebody's life or health",
  public_task: "An authority's own task",
  official_request: "An authority's request in writing",
  consent: "Consent of the person",
};

/** Words of the policies as people read them: incident_investigation is "Incident investigation". */
export function wordsOf(code: string): string {
  const said = Object.hasOwn(special, code) ? special[code] : undefined;
  if (said !== undefined) return said;
  const text = code.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

type Refused = readonly { readonly purpose: string; readonly says: string }[];

/** What is never possible, by reason: one sentence each, so that nobody has to try. */
export function refusedSentences(refused: Refused): readonly string[] {
  const byReason = Map.groupBy(refused, ({ says }) => says);
  return [...byReason].map(
    ([says, those]) => `Not possible: ${those.map(({ purpose }) => wordsOf(purpose)).join(", ")}. ${says}.`,
  );
}

type Look = { readonly mark: string; readonly says: string; readonly tone: string };

/** Each answer with a sign and a sentence: colour alone tells nothing. */
export const answerLooks: Readonly<Record<PolicyMatrixCell["answer"], Look>> = {
  allowed: { mark: "●", says: "may", tone: "text-good" },
  with_purpose: { mark: "◐", says: "with a stated purpose", tone: "text-ink" },
  with_second_proof: { mark: "◆", says: "with a second proof", tone: "text-ink" },
  with_both: { mark: "◈", says: "with a purpose and a second proof", tone: "text-ink" },
  own_only: { mark: "○", says: "of own reports only", tone: "text-ink-soft" },
  refused: { mark: "–", says: "may not", tone: "text-ink-muted" },
};

/** How many emergencies wait for a review, and how many of them for longer than they may. */
export function waitingText(waiting: number, overdue: number): string {
  if (waiting === 1) return `One emergency access waits for your review${overdue === 0 ? "." : ", for too long."}`;
  const late = overdue === 0 ? "." : `, ${overdue === waiting ? "all" : overdue} of them for too long.`;
  return `${waiting} emergency accesses wait for your review${late}`;
}
