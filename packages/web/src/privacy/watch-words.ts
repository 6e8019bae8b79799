import type { IncidentRecord } from "@tillwatch/wire";

/** What a person fills in to propose that somebody is watched for. */
export type Proposal = Readonly<Record<"ageBand" | "ground" | "days" | "because", string>>;

export const emptyProposal: Proposal = { ageBand: "", ground: "", days: "30", because: "" };

export const watchReasonMin = 10; // as the server asks for it
const dayMs = 86_400_000;

/** What is missing, by field. That a minor is never listed is refused by the server, which knows all that says so. */
export function problemsOf(draft: Proposal, daysMax: number): Partial<Proposal> {
  const { ageBand, ground, days, because } = draft;
  const fits = /^\d{1,4}$/.test(days.trim()) && Number(days) >= 1 && Number(days) <= daysMax;
  return {
    ...(ageBand === "" ? { ageBand: "The age of an adult: whoever might be a minor is never listed." } : {}),
    ...(ground === "" ? { ground: "Choose one: without a ground nobody is listed." } : {}),
    ...(fits ? {} : { days: `1 to ${daysMax} days.` }),
    ...(because.trim().length < watchReasonMin
      ? { because: `A sentence, of ${watchReasonMin} letters at least.` }
      : {}),
  };
}

/** The body of the request for a draft without problems. */
export function proposalBodyOf(
  { ageBand, ground, days, because }: Proposal,
  record: Pick<IncidentRecord, "id" | "description">,
  nowMs: number,
): object {
  return {
    incidentId: record.id,
    ageBand,
    ground,
    because: because.trim(),
    description: record.description?.persons[0] ?? {},
    expiresAt: new Date(nowMs + Number(days) * dayMs).toISOString(),
  };
}
