import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { unreachable, type AccessGrant } from "@tillwatch/wire";
import { DoorClosed } from "lucide-react";
import { ApiProblem } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Button, buttonClass } from "../design/button.tsx";
import { ProblemCode } from "../design/error-state.tsx";
import { endText } from "../design/time.tsx";
import { whoAmIQuery } from "../people/people-queries.ts";
import { AskAccessButton } from "./ask-access-dialog.tsx";
import { BreakGlassButton } from "./break-glass-dialog.tsx";
import { grantsQuery } from "./policy-queries.ts";

const closedCodes: readonly string[] = ["access_refused", "incident_unknown"];

/** Whether an answer is a door that somebody else might open, and no failure. */
export function isClosedDoor(fault: unknown): fault is ApiProblem {
  return fault instanceof ApiProblem && closedCodes.includes(fault.problem.code);
}

/** Why it may be that it is not there, for whoever asks: a partner is told of shares, the house of its own walls. */
const absentWords = {
  partner:
    "There is no incident at this address, or it is not shared with you, or no longer. Whoever shared it with you can say why, and share it again.",
  house: "There is no incident at this address, or it is not yours to see: of another shop, or about colleagues.",
} as const;

/**
 * In place of a case that is not shown. Whether it exists is not told; who knows that it does asks for access right here, or opens it in
 * an emergency.
 */
export function ClosedDoor(props: {
  readonly incidentId: string;
  readonly fault: ApiProblem;
  readonly onRetry: () => void;
}) {
  const { incidentId, fault, onRetry } = props;
  const may = useMay();
  const waiting = useOwnGrant(incidentId);
  const place = { incidentId };
  const refused = fault.problem.code === "access_refused";
  const absent = may("share:list") ? absentWords.partner : absentWords.house;
  return (
    <div className="max-w-2xl pt-7">
      <title>Not open to you · Tillwatch</title>
      <section className="rounded-lg border border-line bg-surface p-6">
        <h1 className="flex items-center gap-2 text-lg font-semibold">
          <DoorClosed className="size-5 shrink-0" aria-hidden="true" />
          This incident cannot be shown
        </h1>
        <p className="mt-2 text-sm">{refused ? "Your role does not read incidents." : absent}</p>
        {may("grant:request") ? (
          <p className="mt-2 text-sm text-ink-muted">
            If your work needs it, ask for access for a time. Another person decides, and both stand in the record.
          </p>
        ) : null}
        {waiting === undefined ? null : <Standing grant={waiting} />}
        <div className="mt-4 flex flex-wrap gap-2">
          {may("grant:request") && waiting?.state !== "requested" ? (
            <AskAccessButton place={place} what="this incident" look="primary" />
          ) : null}
          {may("break_glass:use") ? <BreakGlassButton place={place} what="this incident" /> : null}
          <Button onClick={onRetry}>Try again</Button>
          <Link to="/" className={buttonClass("quiet")}>
            Back to your work
          </Link>
        </div>
        <p className="mt-4">
          <ProblemCode problem={fault.problem} />
        </p>
      </section>
    </div>
  );
}

/** The newest that the person asked for themselves, for this case. */
function useOwnGrant(incidentId: string): AccessGrant | undefined {
  const grants = useQuery(grantsQuery);
  const { data: who } = useQuery(whoAmIQuery);
  return grants.data?.items.find((grant) => grant.incidentId === incidentId && grant.actor === who?.actor);
}

function Standing({ grant }: { readonly grant: AccessGrant }) {
  return (
    <output className="mt-3 block rounded-md bg-sunken px-3 py-2 text-sm">
      You asked on {endText(grant.askedAt)}: {standingWords(grant)}
    </output>
  );
}

function standingWords({ state }: AccessGrant): string {
  switch (state) {
    case "requested":
      return "it waits for another person's decision.";
    case "refused":
      return "it was refused.";
    case "active":
      return "it was approved. Try again.";
    case "ended":
      return "its time is over.";
    default:
      return unreachable(state);
  }
}
