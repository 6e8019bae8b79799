import { ok, refused, type IncidentState, type Result } from "@tillwatch/wire";

/** Why a person closes work. The first word of `because`; more may follow after a colon. */
export const closeReasons = ["resolved", "unfounded", "duplicate", "dismissed"] as const;
export type CloseReason = (typeof closeReasons)[number];

/** What a person may do. The machine's own jumps (promotion, ageing out, watching again) are not in this table. */
const jumps: Readonly<Record<IncidentState, readonly IncidentState[]>> = {
  watch: ["open", "closed"],
  open: ["acknowledged", "investigating", "handed_over", "closed"],
  acknowledged: ["investigating", "handed_over", "closed"],
  investigating: ["handed_over", "closed"],
  handed_over: ["investigating", "closed"],
  closed: ["open"],
  aged_out: ["open", "closed"],
};

// What ends or reopens work must say why; taking it up explains itself.
const needsReason = new Set<IncidentState>(["handed_over", "closed"]);
const reopens = new Set<IncidentState>(["closed", "aged_out", "handed_over"]);

export type TransitionRefusal =
  | { readonly code: "incident_transition_illegal"; readonly allowed: readonly IncidentState[] }
  | { readonly code: "incident_reason_missing" }
  | { readonly code: "incident_close_reason_unknown"; readonly known: readonly CloseReason[] };

export function allowedTransitions(from: IncidentState): readonly IncidentState[] {
  return jumps[from];
}

/** Whether a person may take the jump, with the reason given (trimmed; may be empty). */
export function checkTransition(jump: {
  readonly from: IncidentState;
  readonly to: IncidentState;
  readonly because: string;
}): Result<null, TransitionRefusal> {
  const { from, to, because } = jump;
  if (!jumps[from].includes(to)) return refused({ code: "incident_transition_illegal", allowed: jumps[from] });
  if ((needsReason.has(to) || reopens.has(from)) && because === "") return refused({ code: "incident_reason_missing" });
  if (to === "closed" && closeReasonOf(because) === null) {
    return refused({ code: "incident_close_reason_unknown", known: closeReasons });
  }
  return ok(null);
}

export function closeReasonOf(because: string): CloseReason | null {
  const word = because.split(":")[0]?.trim();
  return closeReasons.find((reason) => reason === word) ?? null;
}
