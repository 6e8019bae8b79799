import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ControlView } from "@tillwatch/wire";
import { CircleCheck, CircleDashed, CircleX } from "lucide-react";
import { request } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Moment } from "../design/time.tsx";
import { Who } from "../people/who.tsx";
import { controlsQuery, type ControlList } from "./record-queries.ts";

/** Whether what must hold does hold, checked on a schedule, with what that rests on. */
export function ControlsTab() {
  const may = useMay();
  const controls = useQuery(controlsQuery);
  const queries = useQueryClient();
  const run = useMutation({
    mutationFn: () => request<ControlList>("/api/v1/controls/run", { method: "POST", body: {} }),
    onSuccess: (answer) => queries.setQueryData(controlsQuery.queryKey, answer),
  });
  const items = controls.data?.items ?? [];
  const failing = items.filter((one) => one.ok === false).length;
  return (
    <Card
      title={failing === 0 ? "Controls" : `Controls: ${failing} failing`}
      flush
      aside={
        may("control:run") ? (
          <Button busy={run.isPending} onClick={() => run.mutate()}>
            Check all now
          </Button>
        ) : undefined
      }
    >
      {run.isError ? <ErrorState fault={run.error} onRetry={() => run.mutate()} /> : null}
      {controls.data === undefined ? (
        <div className="p-4">
          {controls.isError ? (
            <ErrorState fault={controls.error} onRetry={() => void controls.refetch()} />
          ) : (
            <SkeletonLines lines={8} says="Loading the controls" />
          )}
        </div>
      ) : (
        <ul>
          {items.map((one) => (
            <ControlItem key={one.id} one={one} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function ControlItem({ one }: { readonly one: ControlView }) {
  const last = one.runs[0];
  return (
    <li className="border-b border-line last:border-0">
      <details>
        <summary className="grid grid-cols-[1.25rem_minmax(0,1fr)] gap-x-3 px-4 py-2.5 text-sm -outline-offset-2 hover:bg-hover">
          <ControlMark ok={one.ok} />
          <span className="min-w-0">
            <span className="block font-medium">
              {one.title}
              <span className="sr-only">: {one.ok === null ? "not checked yet" : one.ok ? "holds" : "fails"}</span>
            </span>
            <span className="block break-words text-ink-soft">{last?.says ?? "not checked yet"}</span>
            <span className="block text-xs text-ink-muted">
              {one.says} {last === undefined ? null : <Moment at={last.at} />}
            </span>
          </span>
        </summary>
        <ol className="grid gap-2 bg-sunken px-4 py-3 text-xs">
          {one.runs.map((run) => (
            <li key={run.at} className="grid gap-0.5">
              <span>
                <span className={run.ok ? "font-medium text-good" : "font-medium text-bad"}>
                  {run.ok ? "holds" : "fails"}
                </span>{" "}
                <Moment at={run.at} /> · {run.askedBy === "machine" ? "on schedule" : <Who actor={run.askedBy} />} ·{" "}
                {run.says}
              </span>
              <code className="font-mono break-all text-ink-muted">{JSON.stringify(run.evidence)}</code>
            </li>
          ))}
        </ol>
      </details>
    </li>
  );
}

function ControlMark({ ok }: { readonly ok: boolean | null }) {
  if (ok === null) return <CircleDashed className="mt-0.5 size-4 text-ink-muted" aria-hidden="true" />;
  if (ok) return <CircleCheck className="mt-0.5 size-4 text-good" aria-hidden="true" />;
  return <CircleX className="mt-0.5 size-4 text-bad" aria-hidden="true" />;
}
