import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheckBig } from "lucide-react";
import { useRef, useState } from "react";
import { sitesQuery, taxonomyQuery } from "../api/queries.ts";
import { request } from "../api/request.ts";
import type { StaffReport } from "../api/shapes.ts";
import { Button, buttonClass } from "../design/button.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { keptReasonMin, useChallenge } from "../privacy/text-check.tsx";
import { CategoryStep } from "./category-step.tsx";
import { keepDraft, newDraft, readDraft, type Draft } from "./draft.ts";
import { ReportFields } from "./report-fields.tsx";
import { localText, staffReport, type DraftProblems } from "./staff-report.ts";

type Sent = { readonly id: string; readonly ref: string };

/** Made for one hand and a bad connection: what happened first, because it decides what to do now; the rest in one column. */
export function ReportPage() {
  const [sent, setSent] = useState<Sent | null>(null);
  return (
    <div className="mx-auto max-w-xl">
      <title>Report · Tillwatch</title>
      <header className="pt-5 pb-4 md:pt-7">
        <h1 className="text-xl font-semibold tracking-tight">Report what happened</h1>
        <p className="text-sm text-ink-muted">It takes less than a minute. You can add photos afterwards.</p>
      </header>
      {sent === null ? <ReportForm onSent={setSent} /> : <SentNote sent={sent} onAnother={() => setSent(null)} />}
    </div>
  );
}

const stillChallenged: DraftProblems = {
  keptBecause: `Take the words out, or say in ${keptReasonMin} letters or more why they stay.`,
};

/** Who works in one shop reports from there. */
function onlyOf<T>(items: readonly T[]): T | null {
  const [only, ...others] = items;
  return others.length === 0 ? (only ?? null) : null;
}

function ReportForm({ onSent }: { readonly onSent: (sent: Sent) => void }) {
  const taxonomy = useQuery(taxonomyQuery);
  const sites = useQuery(sitesQuery);
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState(readDraft);
  const [problems, setProblems] = useState<DraftProblems>({});
  const send = useMutation({
    mutationFn: (report: StaffReport) =>
      request<Sent>("/api/v1/incidents", { method: "POST", body: report, idempotencyKey: draft.key }),
    onError: (_fault, report) => {
      // "Just now" was then: the moment stays what it was when the report was first sent.
      const next = { ...draft, occurredAt: localText(Date.parse(report.occurredAt)) };
      setDraft(next);
      keepDraft(next);
    },
    onSuccess: (answer) => {
      keepDraft({ ...newDraft(), siteId: draft.siteId, currency: draft.currency }); // likely the next one's shop too
      onSent(answer);
    },
  });
  const challenged = useChallenge(draft.summary);
  const only = onlyOf(sites.data?.items ?? []);
  if (draft.siteId === "" && only !== null) setDraft({ ...draft, siteId: only.id, currency: only.currency });
  const change = (news: Partial<Draft>): void => {
    // The key stands for one content: what was changed after a failed sending is another report.
    const next = { ...draft, ...news, ...(send.isError ? { key: newDraft().key } : {}) };
    setDraft(next);
    keepDraft(next);
    setProblems((now) => Object.fromEntries(Object.entries(now).filter(([field]) => !(field in news))));
  };
  const submit = (): void => {
    // Whole seconds, as the field below can hold: what is sent again must be the same report.
    const report = staffReport(draft, Math.floor(Date.now() / 1000) * 1000);
    const unexplained = challenged.length > 0 && draft.keptBecause.trim().length < keptReasonMin;
    if (report.ok && !unexplained) return send.mutate(report.value);
    setProblems({ ...(report.ok ? {} : report.error), ...(unexplained ? stillChallenged : {}) });
    // After the render, so that the first field that needs something is marked when it gets the focus.
    requestAnimationFrame(() => showFirstProblem(form.current));
  };
  if (taxonomy.isError || sites.isError) {
    const onRetry = () => void Promise.all([taxonomy.refetch(), sites.refetch()]);
    return <ErrorState fault={taxonomy.error ?? sites.error} onRetry={onRetry} />;
  }
  if (taxonomy.data === undefined || sites.data === undefined)
    return <SkeletonLines lines={12} says="Loading the form" />;
  const category = taxonomy.data.categories.find((known) => known.code === draft.category);
  return (
    <form
      ref={form}
      noValidate
      className="grid gap-6"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <CategoryStep
        categories={taxonomy.data.categories}
        chosen={category ?? null}
        error={problems.category}
        onChoose={(code) => change({ category: code })}
      />
      {category === undefined ? null : (
        <>
          <ReportFields draft={draft} problems={problems} sites={sites.data.items} onChange={change} />
          <SendBar fault={send.error} busy={send.isPending} />
        </>
      )}
    </form>
  );
}

/** In the middle of the screen: at its lower edge the send bar would hide the field that it speaks of. */
function showFirstProblem(form: HTMLFormElement | null): void {
  const field = form?.querySelector<HTMLElement>('[aria-invalid="true"], [data-invalid]');
  field?.focus({ preventScroll: true });
  field?.scrollIntoView({ block: "center" });
}

function SendBar({ fault, busy }: { readonly fault: unknown; readonly busy: boolean }) {
  return (
    <div className="sticky bottom-14 z-10 -mx-4 grid gap-3 border-t border-line bg-canvas px-4 py-3 md:static md:mx-0 md:border-0 md:px-0">
      {fault === null ? null : <ErrorState fault={fault} />}
      <Button type="submit" look="primary" large busy={busy}>
        {fault !== null ? "Send again" : "Send report"}
      </Button>
      <p className="text-center text-xs text-ink-muted">What you enter is kept on this device until it is sent.</p>
    </div>
  );
}

function SentNote({ sent, onAnother }: { readonly sent: Sent; readonly onAnother: () => void }) {
  return (
    <output className="rise grid justify-items-center gap-3 rounded-md border border-good bg-good-wash px-5 py-10 text-center">
      <CircleCheckBig className="size-9 text-good" strokeWidth={1.5} aria-hidden="true" />
      <p className="text-base font-semibold">The report is on the record</p>
      <p className="font-mono text-xl font-semibold">{sent.ref}</p>
      <p className="max-w-sm text-sm text-ink-soft">
        Use this reference when you talk about it. Photos and clips are added on its page.
      </p>
      <div className="mt-2 flex flex-wrap justify-center gap-2">
        <Link
          to="/incidents/$id"
          params={{ id: sent.id }}
          search={{ tab: "exhibits" }}
          className={buttonClass("primary", true)}
        >
          Add photos
        </Link>
        <Button large onClick={onAnother}>
          Report another
        </Button>
      </div>
    </output>
  );
}
