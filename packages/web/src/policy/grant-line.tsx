import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { AccessGrant } from "@tillwatch/wire";
import { useState } from "react";
import { sitesQuery } from "../api/queries.ts";
import { request } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Tag, type Tone } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { endText } from "../design/time.tsx";
import { grantsQuery } from "./policy-queries.ts";
import { wordsOf } from "./policy-words.ts";

/** Who asked for what and why, where it stands, and what one may do about it. */
export function GrantLine({ grant, mine }: { readonly grant: AccessGrant; readonly mine: boolean }) {
  const { tone, says } = standing(grant);
  return (
    <li className="grid gap-2 border-b border-line px-4 py-3 text-sm last:border-0 md:grid-cols-[minmax(0,1fr)_auto] md:gap-x-4">
      <div className="grid min-w-0 gap-0.5">
        <p className="flex flex-wrap items-center gap-2">
          <Tag tone={tone}>{says}</Tag>
          <span className="font-medium">
            {grant.kind === "break_glass" ? "Emergency: " : ""}
            <PlaceName grant={grant} />
          </span>
        </p>
        <p className="break-words">{grant.because ?? "The reason was erased."}</p>
        <Review grant={grant} />
        <p className="text-xs break-words text-ink-muted">
          {mine ? "You" : <Named token={grant.actor} />}
          {grant.purpose === null ? "" : ` · ${wordsOf(grant.purpose)}`}
          {grant.ground === null ? "" : ` · ${wordsOf(grant.ground)}`} · asked {endText(grant.askedAt)}
          {grant.endsAt === null ? ` · for ${grant.hours} hours` : ` · until ${endText(grant.endsAt)}`}
          {grant.reviewBy !== null && grant.review === null ? ` · review by ${endText(grant.reviewBy)}` : ""}
        </p>
      </div>
      {mine ? null : <Decide grant={grant} />}
    </li>
  );
}

/** What another person said of an emergency. Whoever sees only the own reads it without a name. */
function Review({ grant }: { readonly grant: AccessGrant }) {
  const names = useQuery(grantsQuery).data?.names ?? {};
  const { review, reviewedBy, reviewBecause } = grant;
  if (review === null || reviewedBy === null) return null;
  return (
    <p className="break-words">
      {review === "justified" ? "It was an emergency" : "It was none"}, says{" "}
      {Object.hasOwn(names, reviewedBy) ? <Named token={reviewedBy} /> : "another person"}
      {reviewBecause === null ? "." : `: ${reviewBecause}`}
    </p>
  );
}

function Named({ token }: { readonly token: string }) {
  const name = useQuery(grantsQuery).data?.names[token];
  if (name === undefined) return <span className="font-mono">{token}</span>;
  return (
    <span className="font-medium text-ink" title={token}>
      {name}
    </span>
  );
}

function PlaceName({ grant }: { readonly grant: AccessGrant }) {
  const may = useMay();
  const sites = useQuery({ ...sitesQuery, enabled: may("site:list") });
  const { incidentId, siteId, ref } = grant;
  if (siteId !== null) return <>{sites.data?.items.find(({ id }) => id === siteId)?.name ?? siteId}</>;
  if (incidentId === null) return null;
  return (
    <Link to="/incidents/$id" params={{ id: incidentId }} className="underline underline-offset-2">
      {ref ?? "an incident"}
    </Link>
  );
}

type Step = { readonly verb: "decision" | "review" | "end"; readonly body?: unknown };

function Decide({ grant }: { readonly grant: AccessGrant }) {
  const may = useMay();
  const queries = useQueryClient();
  const act = useMutation({
    mutationFn: ({ verb, body }: Step) =>
      request<unknown>(`/api/v1/grants/${grant.id}/${verb}`, {
        method: "POST",
        ...(body === undefined ? {} : { body }),
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["grants"] }),
  });
  const waits = grant.state === "requested" && may("grant:decide");
  const unreviewed = grant.kind === "break_glass" && grant.reviewedBy === null && may("break_glass:review");
  const endable = grant.state === "active" && may("grant:decide");
  const step = (says: string, next: Step, look: "plain" | "primary" | "danger" = "plain") => (
    <Button look={look} busy={act.isPending} onClick={() => act.mutate(next)}>
      {says}
    </Button>
  );
  return (
    <div className="grid gap-2 self-start">
      <div className="flex flex-wrap gap-2">
        {waits ? step("Refuse", { verb: "decision", body: { approve: false } }) : null}
        {waits ? step(`Approve for ${grant.hours} h`, { verb: "decision", body: { approve: true } }, "primary") : null}
        {unreviewed ? <ReviewButton grant={grant} review="not_justified" /> : null}
        {unreviewed ? <ReviewButton grant={grant} review="justified" /> : null}
        {endable ? step("End now", { verb: "end" }, "danger") : null}
      </div>
      {act.isError ? <ErrorState fault={act.error} /> : null}
    </div>
  );
}

const reasonMin = 10; // as the server asks for it

const reviewWords = {
  justified: { says: "Justified", title: "It was an emergency", goesOn: "The access lasts until its time is over." },
  not_justified: { says: "Not justified", title: "It was no emergency", goesOn: "The access ends now." },
} as const;

/** One person judges another: with a reason that this one reads. */
function ReviewButton(props: { readonly grant: AccessGrant; readonly review: keyof typeof reviewWords }) {
  const { grant, review } = props;
  const { says, title, goesOn } = reviewWords[review];
  const [open, setOpen] = useState(false);
  const queries = useQueryClient();
  const act = useMutation({
    mutationFn: (because: string) =>
      request<unknown>(`/api/v1/grants/${grant.id}/review`, { method: "POST", body: { review, because } }),
    onSuccess: () => setOpen(false),
    onSettled: () => queries.invalidateQueries({ queryKey: ["grants"] }),
  });
  return (
    <>
      <Button look={review === "justified" ? "primary" : "plain"} onClick={() => setOpen(true)}>
        {says}
      </Button>
      <ReasonDialog
        title={title}
        action={says}
        open={open}
        least={reasonMin}
        busy={act.isPending}
        fault={act.error}
        onClose={() => {
          setOpen(false);
          act.reset();
        }}
        onSave={(because) => act.mutate(because)}
      >
        <p className="text-sm">
          <Named token={grant.actor} /> said: {grant.because ?? "the reason was erased."}
        </p>
        <p className="text-sm">
          {grant.state === "active" ? `${goesOn} ` : ""}Whoever opened it reads what you say, and it is not changed any
          more.
        </p>
      </ReasonDialog>
    </>
  );
}

function standing({ kind, state, review, overdue }: AccessGrant): { readonly tone: Tone; readonly says: string } {
  if (kind === "break_glass" && review === null) {
    return overdue ? { tone: "bad", says: "Review overdue" } : { tone: "warn", says: "Waits for review" };
  }
  if (review !== null) {
    return review === "justified" ? { tone: "good", says: "Justified" } : { tone: "bad", says: "Not justified" };
  }
  const looks = {
    requested: { tone: "warn", says: "Waits for a decision" },
    active: { tone: "good", says: "Open" },
    refused: { tone: "plain", says: "Refused" },
    ended: { tone: "plain", says: "Over" },
  } as const;
  return looks[state];
}
