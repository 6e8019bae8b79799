import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { MisuseCaseView } from "@tillwatch/wire";
import { ChevronRight, ShieldCheck } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import type { Names } from "../api/shapes.ts";
import { useMay } from "../app/may.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Ago, Moment } from "../design/time.tsx";
import { EntryList } from "./entry-list.tsx";
import { misuseCaseQuery, misuseQuery } from "./record-queries.ts";
import { whoIs, withNames } from "./record-words.ts";

/** What the rules over the record found about colleagues and programs. */
export function MisuseTab() {
  const cases = useQuery(misuseQuery);
  if (cases.data === undefined) {
    return cases.isError ? (
      <ErrorState fault={cases.error} onRetry={() => void cases.refetch()} />
    ) : (
      <SkeletonLines lines={8} says="Loading the cases" />
    );
  }
  const { items, names, rules, watch } = cases.data;
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
      <Card title="Cases, newest first" flush>
        {items.length === 0 ? (
          <EmptyState icon={ShieldCheck} title="Nothing was flagged">
            You never see a case about yourself; somebody else judges it.
          </EmptyState>
        ) : (
          <ul>
            {items.map((one) => (
              <CaseItem key={one.id} one={one} names={names} />
            ))}
          </ul>
        )}
      </Card>
      <Card
        title="What is watched"
        aside={
          <span className="text-xs text-ink-muted">
            {watch.readAt === null ? (
              "has not read yet"
            ) : (
              <>
                read <Ago at={watch.readAt} />
              </>
            )}
          </span>
        }
      >
        <ul className="grid gap-2 text-sm">
          {rules.map((rule) => (
            <li key={rule.id}>
              <span className="font-medium">{rule.title}</span>
              <span className="block text-xs text-ink-muted">{rule.description}</span>
            </li>
          ))}
        </ul>
      </Card>
    </div>
  );
}

const stateLooks: Readonly<Record<MisuseCaseView["state"], string>> = {
  open: "border-bad text-bad",
  explained: "border-line text-ink-muted",
  confirmed: "border-bad bg-bad-wash text-bad",
};

type CaseProps = { readonly one: MisuseCaseView; readonly names: Names };

function CaseItem({ one, names }: CaseProps) {
  const [opened, setOpened] = useState(false);
  return (
    <li className="border-b border-line last:border-0">
      <details className="group/case" onToggle={(event) => setOpened(event.currentTarget.open)}>
        <summary className="grid gap-0.5 px-4 py-2.5 text-sm -outline-offset-2 hover:bg-hover">
          <span className="flex flex-wrap items-center gap-2">
            <span className={`rounded-xs border px-1.5 text-xs font-medium ${stateLooks[one.state]}`}>{one.state}</span>
            <span className="min-w-0 flex-1 font-medium">{one.title}</span>
            <ChevronRight className="size-4 shrink-0 text-ink-muted group-open/case:rotate-90" aria-hidden="true" />
          </span>
          <span className="break-words text-ink-soft">{withNames(one.says, names)}</span>
          <span className="text-xs text-ink-muted">
            {one.level} · <Moment at={one.openedAt} /> · {one.counted} {one.counted === 1 ? "entry" : "entries"}
          </span>
        </summary>
        {opened ? <CaseDetail one={one} names={names} /> : null}
      </details>
    </li>
  );
}

function CaseDetail({ one, names }: CaseProps) {
  const may = useMay();
  const detail = useQuery(misuseCaseQuery(one.id));
  const [deciding, setDeciding] = useState<"explained" | "confirmed" | null>(null);
  const queries = useQueryClient();
  const decide = useMutation({
    mutationFn: (because: string) =>
      request(`/api/v1/misuse/${one.id}/decision`, { method: "POST", body: { state: deciding, because } }),
    onSuccess: async () => {
      setDeciding(null);
      await queries.invalidateQueries({ queryKey: misuseQuery.queryKey });
    },
  });
  return (
    <div className="grid gap-3 bg-sunken px-4 py-3">
      {one.state === "open" ? (
        !may("misuse:decide") ? null : (
          <div className="flex flex-wrap gap-2">
            <Button onClick={() => setDeciding("explained")}>There is an explanation</Button>
            <Button look="danger" onClick={() => setDeciding("confirmed")}>
              It is misuse
            </Button>
          </div>
        )
      ) : (
        <p className="text-sm">
          <span className="font-medium">{one.state === "explained" ? "Explained" : "Confirmed"}</span> by{" "}
          {whoIs(one.decidedBy ?? "", names)}: {one.because}
        </p>
      )}
      {detail.data === undefined ? (
        detail.isError ? (
          <ErrorState fault={detail.error} onRetry={() => void detail.refetch()} />
        ) : (
          <SkeletonLines lines={3} says="Loading the entries" />
        )
      ) : (
        <div className="rounded-sm border border-line bg-surface">
          <EntryList entries={detail.data.entries} names={detail.data.names} />
        </div>
      )}
      <ReasonDialog
        title={deciding === "confirmed" ? "Confirm the misuse" : "Explain the case"}
        action={deciding === "confirmed" ? "Confirm" : "Explain"}
        open={deciding !== null}
        busy={decide.isPending}
        fault={decide.error}
        onClose={() => setDeciding(null)}
        onSave={(because) => decide.mutate(because)}
      />
    </div>
  );
}
