import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { AuditExportView, AuditQuestion } from "@tillwatch/wire";
import { Download } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { TakeFile } from "../design/take-file.tsx";
import { Moment } from "../design/time.tsx";
import { Who } from "../people/who.tsx";
import { exportsQuery } from "./record-queries.ts";

/** Asks for the shown answer as a file with its proofs. */
export function ExportButton({ question }: { readonly question: AuditQuestion }) {
  const [open, setOpen] = useState(false);
  const queries = useQueryClient();
  const ask = useMutation({
    mutationFn: (because: string) =>
      request<{ id: string }>("/api/v1/audit/exports", { method: "POST", body: { question, because } }),
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: exportsQuery.queryKey });
    },
  });
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Download className="size-4" aria-hidden="true" />
        Export with proofs
      </Button>
      <ReasonDialog
        title="Export this answer"
        action="Export"
        open={open}
        busy={ask.isPending}
        fault={ask.error}
        onClose={() => setOpen(false)}
        onSave={(because) => ask.mutate(because)}
      >
        <p className="text-sm text-ink-soft">
          A zip with every entry of the answer, its place in the log and the signed checkpoint. Anybody verifies it
          without this server: <code className="font-mono text-xs">tillwatch-verify FILE --key KEY</code>
        </p>
      </ReasonDialog>
    </>
  );
}

export function ExportsCard() {
  const exports = useQuery(exportsQuery);
  return (
    <Card title="Exports" flush>
      {exports.data === undefined ? (
        <div className="p-4">
          {exports.isError ? (
            <ErrorState fault={exports.error} onRetry={() => void exports.refetch()} />
          ) : (
            <SkeletonLines lines={3} says="Loading the exports" />
          )}
        </div>
      ) : exports.data.items.length === 0 ? (
        <p className="px-4 py-3 text-sm text-ink-muted">None yet. An export is itself an entry of the record.</p>
      ) : (
        <ul>
          {exports.data.items.slice(0, 8).map((one) => (
            <ExportItem key={one.id} one={one} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function ExportItem({ one }: { readonly one: AuditExportView }) {
  return (
    <li className="grid gap-1 border-b border-line px-4 py-2.5 text-sm last:border-0">
      <p className="break-words">{one.says}</p>
      <p className="text-xs text-ink-muted">
        <Moment at={one.askedAt} /> · <Who actor={one.askedBy} /> · {one.because}
      </p>
      {one.state === "ready" ? (
        <TakeFile href={`/api/v1/audit/exports/${one.id}`}>
          Download {one.entries?.toLocaleString()} {one.entries === 1 ? "entry" : "entries"}
        </TakeFile>
      ) : (
        <output className={one.state === "failed" ? "text-bad" : "text-ink-muted"}>
          {one.state === "failed" ? (one.problem ?? "It could not be made.") : "It is being made…"}
        </output>
      )}
    </li>
  );
}
