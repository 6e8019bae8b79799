import { useMutation, useQuery } from "@tanstack/react-query";
import type { AuditVerification, CheckpointView } from "@tillwatch/wire";
import { ShieldAlert, ShieldCheck } from "lucide-react";
import { checkpointQuery } from "../api/queries.ts";
import { request } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Button } from "../design/button.tsx";
import { Card, Facts } from "../design/card.tsx";
import { CopyText } from "../design/copy-text.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Skeleton, SkeletonLines } from "../design/skeleton.tsx";
import { Moment } from "../design/time.tsx";

/** The signed summary of the whole log, and the button that recomputes it from the rows. */
export function CheckpointCard() {
  const may = useMay();
  const checkpoint = useQuery(checkpointQuery);
  const verify = useMutation({
    mutationFn: () => request<AuditVerification>("/api/v1/audit/verify", { method: "POST", body: {} }),
  });
  return (
    <Card
      title="Checkpoint"
      aside={
        may("audit:verify") ? (
          <Button look="primary" busy={verify.isPending} onClick={() => verify.mutate()}>
            <ShieldCheck className="size-4" aria-hidden="true" />
            Verify now
          </Button>
        ) : undefined
      }
    >
      <div aria-live="polite" className="not-empty:mb-4">
        {verify.isPending ? <Skeleton className="h-16 w-full" /> : null}
        {verify.isSuccess ? <VerificationNote verification={verify.data} /> : null}
      </div>
      <div className="grid grid-cols-1 gap-4">
        {verify.isError ? <ErrorState fault={verify.error} onRetry={() => verify.mutate()} /> : null}
        {checkpoint.data === undefined ? (
          checkpoint.isError ? (
            <ErrorState fault={checkpoint.error} onRetry={() => void checkpoint.refetch()} />
          ) : (
            <SkeletonLines lines={8} says="Loading the checkpoint" />
          )
        ) : (
          <CheckpointFacts checkpoint={checkpoint.data} />
        )}
      </div>
    </Card>
  );
}

function VerificationNote({ verification }: { readonly verification: AuditVerification }) {
  const { ok, checked, size, durationMs, problems } = verification;
  if (ok) {
    return (
      <p className="rise flex gap-2 rounded-md border border-good bg-good-wash px-3 py-2.5 text-sm">
        <ShieldCheck className="mt-0.5 size-4 shrink-0 text-good" aria-hidden="true" />
        <span>
          <span className="font-semibold">Verified: nothing was changed or removed.</span> {checked.toLocaleString()} of{" "}
          {size.toLocaleString()} entries recomputed in {durationMs.toLocaleString()} ms.
        </span>
      </p>
    );
  }
  return (
    <div className="rise grid gap-1.5 rounded-md border border-bad bg-bad-wash px-3 py-2.5 text-sm">
      <p className="flex gap-2 font-semibold">
        <ShieldAlert className="mt-0.5 size-4 shrink-0 text-bad" aria-hidden="true" />
        The log does not verify: {problems.length} {problems.length === 1 ? "entry" : "entries"} altered or missing
      </p>
      <ul className="grid gap-1.5">
        {problems.map((problem) => (
          <li key={`${problem.index}-${problem.entryId}-${problem.says}`}>
            <span className="font-medium">{problem.index === null ? "The log" : `Entry ${problem.index}`}</span>:{" "}
            {problem.says}
            {problem.entryId === null ? null : (
              <span className="block font-mono text-2xs break-all text-ink-soft">{problem.entryId}</span>
            )}
          </li>
        ))}
      </ul>
      <p className="text-xs text-ink-soft">
        Do not restart or repair anything. Keep the database as it is and tell whoever answers for the records.
      </p>
    </div>
  );
}

function CheckpointFacts({ checkpoint }: { readonly checkpoint: CheckpointView }) {
  return (
    <div className="grid grid-cols-1 gap-4">
      <Facts
        items={[
          [
            "Entries",
            <span key="size" className="font-semibold">
              {checkpoint.size.toLocaleString()}
            </span>,
          ],
          ["Signed", <Moment key="at" at={checkpoint.signedAt} />],
          ["Log", checkpoint.origin],
        ]}
      />
      <div className="grid grid-cols-1 gap-1 text-sm">
        <p className="text-ink-muted">Root hash</p>
        <CopyText label="Root hash" text={checkpoint.rootHash} wrap />
      </div>
      <div className="grid grid-cols-1 gap-1 text-sm">
        <p className="text-ink-muted">Verifier key: keep a copy outside this system</p>
        <CopyText label="Verifier key" text={checkpoint.vkey} wrap />
      </div>
      <details>
        <summary className="w-fit text-sm text-ink-soft">The signed note</summary>
        <div className="mt-1">
          <CopyText label="Signed note" text={checkpoint.note} />
        </div>
      </details>
    </div>
  );
}
