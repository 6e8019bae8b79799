import type { IncidentRecord } from "@tillwatch/wire";
import { LockKeyhole } from "lucide-react";
import { mayWith, type Action } from "../app/may.ts";

/** Whether bytes can be taken: at once, once a purpose is stated, or not by this person. */
export type Opening = "open" | "say_why" | "closed";

export function openingOf(record: IncidentRecord, action: Action): Opening {
  if (!mayWith(record)(action)) return "closed";
  return record.withheld?.code === "purpose_required" ? "say_why" : "open";
}

/** In place of a download: what is missing for it. */
export function ClosedFile({ opening }: { readonly opening: Exclude<Opening, "open"> }) {
  return (
    <p className="flex items-center gap-1.5 self-start text-xs text-ink-muted">
      <LockKeyhole className="size-3.5 shrink-0" aria-hidden="true" />
      {opening === "say_why" ? "Opens once you say why, above" : "Not opened by your role"}
    </p>
  );
}
