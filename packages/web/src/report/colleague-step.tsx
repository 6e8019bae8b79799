import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { colleaguesQuery } from "../api/queries.ts";
import type { Colleagues } from "../api/shapes.ts";
import { ErrorState } from "../design/error-state.tsx";
import { TextField } from "../design/field.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { roleWords, rolesText } from "../people/people-shapes.ts";
import type { Draft } from "./draft.ts";

type Change = (news: Partial<Draft>) => void;
const pickedMax = 20; // as the server takes
const manyFrom = 8; // from so many on names are sought, not scrolled to

/** Whether it is about somebody of the house, whom, and who handles it then. */
export function ColleagueStep({ draft, onChange }: { readonly draft: Draft; readonly onChange: Change }) {
  const about = draft.colleagues !== null;
  return (
    <fieldset aria-label="Colleagues" className="grid min-w-0 gap-2">
      <label className="flex min-h-9 items-center gap-2.5 text-sm font-medium pointer-coarse:min-h-(--tap)">
        <input
          type="checkbox"
          className="size-5 shrink-0"
          checked={about}
          onChange={(event) => onChange({ colleagues: event.target.checked ? [] : null })}
        />
        A colleague of mine is involved
      </label>
      {!about ? null : draft.siteId === "" ? (
        <p className="text-sm text-ink-muted">Choose the shop first, then whom it is about.</p>
      ) : (
        <Whom key={draft.siteId} siteId={draft.siteId} picked={draft.colleagues ?? []} onChange={onChange} />
      )}
    </fieldset>
  );
}

function Whom(props: { readonly siteId: string; readonly picked: readonly string[]; readonly onChange: Change }) {
  const { siteId, picked, onChange } = props;
  const colleagues = useQuery(colleaguesQuery(siteId));
  if (colleagues.isError) {
    return <ErrorState fault={colleagues.error} onRetry={() => void colleagues.refetch()} />;
  }
  if (colleagues.data === undefined) return <SkeletonLines lines={4} says="Loading the colleagues" />;
  const { items, handlers } = colleagues.data;
  return (
    <div className="grid gap-3 rounded-md border border-line bg-surface px-4 py-3">
      <WhatHappens handlers={handlers} />
      <ColleaguePicker items={items} picked={picked} onChange={(now) => onChange({ colleagues: now })} />
      <p className="text-xs text-ink-muted">
        {picked.length === 0
          ? "Not in the list, or not sure who? Pick nobody: it is handled by the same people."
          : `${picked.length} picked.`}
      </p>
    </div>
  );
}

/** In the words of what the server does (docs/how-to/policies.md, reports about colleagues). */
export function WhatHappens({ handlers }: { readonly handlers: readonly string[] }) {
  const managers = handlers.includes("store_manager") ? "" : ", and neither do their managers";
  return (
    <div className="grid gap-1 text-sm">
      <p>Whoever you pick does not see this report{managers}.</p>
      <p>
        Only these handle it: <span className="font-medium">{rolesText(handlers)}</span>. You still see it.
      </p>
    </div>
  );
}

/** Colleagues to tick, sought by name where they are many. */
export function ColleaguePicker(props: {
  readonly items: Colleagues["items"];
  readonly picked: readonly string[];
  readonly onChange: (picked: readonly string[]) => void;
}) {
  const { items, picked, onChange } = props;
  const [sought, setSought] = useState("");
  const text = sought.trim().toLowerCase();
  const sorted = items.toSorted((a, b) => a.name.localeCompare(b.name));
  // Who is picked stays in sight, whatever is sought.
  const shown = sorted.filter(({ ref, name }) => picked.includes(ref) || name.toLowerCase().includes(text));
  const toggle = (ref: string, on: boolean): void =>
    onChange(on ? [...picked, ref] : picked.filter((each) => each !== ref));
  return (
    <fieldset aria-label="Whom it is about" className="grid min-w-0 gap-2">
      {items.length < manyFrom ? null : (
        <TextField
          label="Find a colleague"
          type="search"
          autoComplete="off"
          value={sought}
          onChange={(event) => setSought(event.target.value)}
          // Enter would send the report.
          onKeyDown={(event) => {
            if (event.key === "Enter") event.preventDefault();
          }}
        />
      )}
      <ul className="max-h-64 overflow-y-auto rounded-sm border border-line-strong px-3 py-1 empty:hidden">
        {shown.map(({ ref, name, roles }) => (
          <li key={ref}>
            <label className="flex min-h-9 items-center gap-2.5 text-sm pointer-coarse:min-h-(--tap)">
              <input
                type="checkbox"
                className="size-4 shrink-0"
                checked={picked.includes(ref)}
                disabled={!picked.includes(ref) && picked.length >= pickedMax}
                onChange={(event) => toggle(ref, event.target.checked)}
              />
              <span className="min-w-0 break-words">{name}</span>
              <span className="text-xs text-ink-muted">{roles.map((role) => roleWords[role] ?? role).join(", ")}</span>
            </label>
          </li>
        ))}
      </ul>
      {shown.length === 0 ? <p className="text-sm text-ink-muted">Nobody of that name.</p> : null}
    </fieldset>
  );
}
