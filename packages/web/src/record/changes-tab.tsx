import { useQuery } from "@tanstack/react-query";
import type { ConfigurationStateView } from "@tillwatch/wire";
import { useState } from "react";
import { Card } from "../design/card.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextField } from "../design/field.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Moment } from "../design/time.tsx";
import { configurationQuery } from "./record-queries.ts";

/** What was in force when, and why it changed: settings, thresholds, rules, policies. */
export function ChangesTab() {
  const states = useQuery(configurationQuery);
  const [sought, setSought] = useState("");
  if (states.data === undefined) {
    return states.isError ? (
      <ErrorState fault={states.error} onRetry={() => void states.refetch()} />
    ) : (
      <SkeletonLines lines={8} says="Loading the changes" />
    );
  }
  const fits = (change: ConfigurationStateView["changes"][number]) =>
    `${change.part} ${change.path}`.includes(sought.trim());
  const shown = states.data.items.filter((state) => sought.trim() === "" || state.changes.some(fits));
  return (
    <Card
      title="Changes, newest first"
      flush
      aside={
        <TextField
          label="Find a setting or threshold"
          quietLabel
          placeholder="incident_threshold"
          value={sought}
          onChange={(event) => setSought(event.target.value)}
          className="max-w-64"
        />
      }
    >
      {shown.length === 0 ? (
        <p className="px-4 py-3 text-sm text-ink-muted">Nothing of that name was ever changed.</p>
      ) : null}
      <ol>
        {shown.map((state) => (
          <li key={state.number} className="grid gap-1.5 border-b border-line px-4 py-3 text-sm last:border-0">
            <p className={state.reasonKnown ? "break-words" : "break-words text-bad"}>{state.because}</p>
            <p className="text-xs text-ink-muted">
              <Moment at={state.at} /> · {state.changes.length} {state.changes.length === 1 ? "change" : "changes"}
            </p>
            <ul className="grid gap-1">
              {state.changes
                .filter((change) => sought.trim() === "" || fits(change))
                .slice(0, 50)
                .map((change) => (
                  <li key={`${change.part} ${change.path}`} className="font-mono text-xs break-all">
                    {change.part} {change.path}: <del className="text-bad">{change.before ?? "absent"}</del> →{" "}
                    <ins className="text-good no-underline">{change.after ?? "absent"}</ins>
                  </li>
                ))}
            </ul>
          </li>
        ))}
      </ol>
    </Card>
  );
}
