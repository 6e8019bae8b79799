import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ClipboardCheck } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { Table, type Column } from "../design/table.tsx";
import { momentText } from "../design/time.tsx";
import { reviewQuery, reviewsQuery } from "./access-queries.ts";
import type { Review, ReviewLine } from "./access-shapes.ts";
import { holderWords, placesText } from "./access-words.ts";
import { Fetched } from "./fetched.tsx";
import { Used } from "./used.tsx";

/** The newest review: each line is kept or removed, with a reason, by somebody else than its holder. */
export function ReviewPanel() {
  const queries = useQueryClient();
  const may = useMay();
  const reviews = useQuery(reviewsQuery);
  const start = useMutation({
    mutationFn: () => request("/api/v1/access-reviews", { method: "POST" }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["access", "reviews"] }),
  });
  return (
    <Fetched query={reviews} says="Loading the reviews">
      {({ items }) => {
        const [newest] = items;
        if (newest !== undefined) return <OneReview review={newest} />;
        return (
          <div className="rounded-md border border-line bg-surface shadow-raised">
            <EmptyState icon={ClipboardCheck} title="No review yet">
              Every quarter the machine lists who may do what, and when it was last used.
              {may("review:decide") ? (
                <p className="mt-3">
                  <Button look="primary" busy={start.isPending} onClick={() => start.mutate()}>
                    Make the list now
                  </Button>
                </p>
              ) : null}
              {start.isError ? <ErrorState fault={start.error} /> : null}
            </EmptyState>
          </div>
        );
      }}
    </Fetched>
  );
}

type Step = { readonly line: ReviewLine; readonly decision: "keep" | "remove" };

function OneReview({ review }: { readonly review: Review }) {
  const queries = useQueryClient();
  const may = useMay();
  const whole = useQuery(reviewQuery(review.id));
  const [step, setStep] = useState<Step | null>(null);
  const decide = useMutation({
    mutationFn: ({ line, decision, because }: Step & { readonly because: string }) =>
      request(`/api/v1/access-reviews/${review.id}/lines/${line.id}/decide`, {
        method: "POST",
        body: { decision, because },
      }),
    onSuccess: async () => {
      setStep(null);
      await queries.invalidateQueries({ queryKey: ["access", "reviews"] });
    },
  });
  return (
    <div className="grid gap-3">
      <p className="flex flex-wrap items-center gap-2 text-sm text-ink-muted">
        <span className="font-medium text-ink">{review.period}</span>
        <ReviewTag review={review} />
        <span>
          {review.decided} of {review.items} decided · due {momentText(review.dueAt)} · unused for{" "}
          {review.unusedAfterDays} days is proposed for removal
        </span>
      </p>
      <Fetched query={whole} says="Loading the lines">
        {({ lines }) => (
          <div className="overflow-x-auto rounded-md border border-line bg-surface shadow-raised">
            <Table
              label={`Access in ${review.period}`}
              columns={columnsWith(may("review:decide") ? setStep : null)}
              rows={lines}
              idOf={({ id }) => id}
            />
          </div>
        )}
      </Fetched>
      {step === null ? null : (
        <ReasonDialog
          title={`${step.decision === "keep" ? "Keep" : "Remove"} the access of ${step.line.name}`}
          action={step.decision === "keep" ? "Keep" : "Remove"}
          open
          busy={decide.isPending}
          fault={decide.error}
          onClose={() => setStep(null)}
          onSave={(because) => decide.mutate({ ...step, because })}
        >
          <p className="text-sm">
            {step.decision === "keep"
              ? "It stays until the next review."
              : "It is gone at once, with every open session."}
          </p>
        </ReasonDialog>
      )}
    </div>
  );
}

function ReviewTag({ review }: { readonly review: Review }) {
  if (review.state === "closed") return <Tag tone="good">Done</Tag>;
  return review.state === "overdue" ? <Tag tone="bad">Overdue</Tag> : <Tag tone="warn">Open</Tag>;
}

const columnsWith = (onStep: ((step: Step) => void) | null): readonly Column<ReviewLine>[] => [
  {
    id: "proposal",
    title: "Proposed",
    cell: ({ proposal }) => <Tag tone={proposal === "remove" ? "warn" : "plain"}>{proposal}</Tag>,
  },
  {
    id: "who",
    title: "Who",
    cell: ({ name, holderKind }) => (
      <>
        <p className="font-medium">{name}</p>
        <p className="text-xs text-ink-muted">{holderWords[holderKind]}</p>
      </>
    ),
  },
  {
    id: "what",
    title: "Has",
    cell: (line) => (
      <>
        <p>{line.roles.join(", ").replaceAll("_", " ")}</p>
        <p className="text-xs text-ink-muted">{placesText(line)}</p>
      </>
    ),
  },
  { id: "used", title: "Last used", cell: ({ lastUsedAt }) => <Used at={lastUsedAt} /> },
  {
    id: "decide",
    title: "Decision",
    cell: (line) =>
      line.decision === null && onStep === null ? (
        "open"
      ) : line.decision === null ? (
        <span className="flex flex-wrap gap-2">
          <Button onClick={() => onStep?.({ line, decision: "keep" })} aria-label={`Keep ${line.name}`}>
            Keep
          </Button>
          <Button
            look="danger"
            onClick={() => onStep?.({ line, decision: "remove" })}
            aria-label={`Remove ${line.name}`}
          >
            Remove
          </Button>
        </span>
      ) : (
        <>
          <p className="font-medium">{line.decision === "keep" ? "Kept" : "Removed"}</p>
          <p className="text-xs text-ink-muted">{line.because}</p>
        </>
      ),
  },
];
