import { useQuery } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { useMay } from "../app/may.ts";
import { modelNotes } from "./model-notes.ts";
import { modelsQuery } from "./model-query.ts";

/** Says on every page which model is off, and which is given what it was not trained on. Who may not ask sees nothing. */
export function ModelBanner() {
  const may = useMay();
  const { data } = useQuery({ ...modelsQuery, enabled: may("action:read") });
  const notes = modelNotes(data?.items ?? []);
  if (notes.length === 0) return null;
  return (
    <output className="mt-3 grid gap-1 rounded-md border border-warn bg-warn-wash px-4 py-2 text-sm">
      {notes.map((note) => (
        <span key={note} className="flex items-start gap-2">
          <TriangleAlert className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden="true" />
          <span className="min-w-0">{note}</span>
        </span>
      ))}
    </output>
  );
}
