import { useQuery } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { readinessQuery } from "../api/queries.ts";

/** A way in that is away, a full disk, a database that does not answer: stated where somebody wonders why it is quiet. */
export function ReadyNotes() {
  const { data } = useQuery(readinessQuery);
  const wrong = data?.checks.filter((check) => !check.ok) ?? [];
  if (wrong.length === 0) return null;
  return (
    <ul aria-live="polite" aria-label="What does not work" className="mb-3 grid gap-2">
      {wrong.map((check) => (
        <li key={check.name} className="flex gap-2 rounded-md border border-warn bg-warn-wash px-4 py-3 text-sm">
          <TriangleAlert className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden="true" />
          <span>
            <span className="font-semibold">{check.name}</span>: {check.says}
          </span>
        </li>
      ))}
    </ul>
  );
}
