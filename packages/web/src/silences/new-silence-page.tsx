import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState, type SyntheticEvent } from "react";
import { sitesQuery } from "../api/queries.ts";
import type { SiteList } from "../api/shapes.ts";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextArea, TextField } from "../design/field.tsx";
import { FormActions } from "../design/form-actions.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { endText, useNowMs } from "../design/time.tsx";
import { useToasts } from "../design/toast.tsx";
import { silenceChoicesQuery, useSilenceChange } from "./silence-queries.ts";
import { readSilenceSearch } from "./silence-search.ts";
import type { SilenceChoices } from "./silence-shapes.ts";
import {
  bodyOf,
  emptyDraft,
  endOf,
  hoursMaxOf,
  lengthsFor,
  levelOf,
  problemsOf,
  whatText,
  whereText,
  type Draft,
  type Problems,
} from "./silence-words.ts";

/** A new silence, begun with what a case or a rule handed on. */
export function NewSilencePage() {
  const choices = useQuery(silenceChoicesQuery);
  const sites = useQuery(sitesQuery);
  const failed = choices.isError ? choices : sites.isError ? sites : null;
  return (
    <>
      <title>New silence · Tillwatch</title>
      <header className="grid gap-2 pt-5 pb-3 md:pt-7">
        <Link to="/silences" className="justify-self-start text-sm text-ink-muted hover:underline">
          Silences
        </Link>
        <h1 className="text-xl font-semibold tracking-tight">New silence</h1>
      </header>
      {choices.data !== undefined && sites.data !== undefined ? (
        <Form choices={choices.data} sites={sites.data.items} />
      ) : failed !== null ? (
        <ErrorState fault={failed.error} onRetry={() => void failed.refetch()} />
      ) : (
        <SkeletonLines lines={10} says="Loading what can be silenced" />
      )}
    </>
  );
}

type Known = { readonly choices: SilenceChoices; readonly sites: SiteList["items"] };

function Form({ choices, sites }: Known) {
  const navigate = useNavigate();
  const toasts = useToasts();
  const nowMs = useNowMs();
  const begun = readSilenceSearch(useSearch({ strict: false }));
  const [draft, setDraft] = useState<Draft>(() => ({ ...emptyDraft, ...onlySite(choices, sites), ...begun }));
  const [asked, setAsked] = useState(false);
  const change = useSilenceChange(({ id }) => {
    toasts.show({ says: "Silenced. What it holds back is listed here." });
    void navigate({ to: "/silences/$id", params: { id } });
  });
  const problems = problemsOf(draft, choices, nowMs);
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    setAsked(true);
    if (Object.keys(problems).length === 0) change.mutate({ at: "", body: bodyOf(draft, choices, Date.now()) });
  };
  const edit = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const shown = asked ? problems : {};
  return (
    <form
      noValidate
      onSubmit={send}
      className="grid max-w-2xl grid-cols-1 gap-5 rounded-md border border-line bg-surface p-4 shadow-raised md:p-6"
    >
      <What draft={draft} problems={shown} known={{ choices, sites }} onEdit={edit} />
      <When draft={draft} problems={shown} hoursMax={hoursMaxOf(draft, choices)} onEdit={edit} />
      <TextArea
        label="Because"
        rows={3}
        value={draft.because}
        onChange={({ target }) => edit({ because: target.value })}
        hint="What is going on there. It stands beside what the silence holds back, and on the record."
        error={shown.because ?? null}
      />
      <Outlook draft={draft} known={{ choices, sites }} nowMs={nowMs} />
      {change.isError ? <ErrorState fault={change.error} /> : null}
      <FormActions onCancel={() => void navigate({ to: "/silences" })} busy={change.isPending}>
        Silence it
      </FormActions>
    </form>
  );
}

/** Who has one shop means that one. */
function onlySite({ everySite }: SilenceChoices, sites: SiteList["items"]): Partial<Draft> {
  const [only, ...others] = sites;
  return only !== undefined && others.length === 0 && !everySite ? { site: only.id } : {};
}

type Edited = {
  readonly draft: Draft;
  readonly problems: Problems;
  readonly onEdit: (part: Partial<Draft>) => void;
};

function What({ draft, problems, known, onEdit }: Edited & { readonly known: Known }) {
  const { choices } = known;
  const isListed = draft.rule === "" || choices.rules.some(({ id }) => id === draft.rule);
  return (
    <>
      <Select
        label="Rule"
        value={draft.rule}
        onChange={({ target }) => onEdit({ rule: target.value })}
        hint="Violence, weapons, alarms and what people report are not in the list: they are never silenced."
        error={isListed ? null : "This rule is never silenced, or runs no longer: choose another."}
      >
        <option value="">Everything that is found there</option>
        {isListed ? null : <option value={draft.rule}>{draft.rule}</option>}
        {choices.rules.map(({ id, title, level }) => (
          <option key={id} value={id}>
            {level === 2 ? `${title} (tampering: two people)` : title}
          </option>
        ))}
      </Select>
      <Place draft={draft} problems={problems} known={known} onEdit={onEdit} />
      {draft.rule === "" ? (
        <label className="flex min-h-(--tap) items-center gap-3 text-sm md:min-h-9">
          <input
            type="checkbox"
            className="size-4 accent-accent"
            checked={draft.tampering}
            onChange={({ target }) => onEdit({ tampering: target.checked })}
          />
          Tampering too (level 2): another person signs it first
        </label>
      ) : null}
    </>
  );
}

function Place({ draft, problems, known, onEdit }: Edited & { readonly known: Known }) {
  const { choices, sites } = known;
  const site = sites.find(({ id }) => id === draft.site);
  return (
    <div className="grid grid-cols-1 gap-4 sm:grid-cols-3">
      <Select
        label="Shop"
        value={draft.site}
        error={problems.site ?? null}
        onChange={({ target }) => onEdit({ site: target.value, zone: "", device: "" })}
      >
        <option value="">{choices.everySite ? "Every shop" : "Choose one"}</option>
        {sites.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
      <Select
        label="Zone"
        value={draft.zone}
        disabled={site === undefined}
        onChange={({ target }) => onEdit({ zone: target.value })}
      >
        <option value="">Any</option>
        {site?.zones.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
      <Select
        label="Device"
        value={draft.device}
        disabled={site === undefined}
        onChange={({ target }) => onEdit({ device: target.value })}
      >
        <option value="">Any</option>
        {site?.devices?.map(({ id, name }) => (
          <option key={id} value={id}>
            {name === id ? id : `${name} (${id})`}
          </option>
        ))}
      </Select>
    </div>
  );
}

function When({ draft, problems, hoursMax, onEdit }: Edited & { readonly hoursMax: number }) {
  return (
    <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
      <Select
        label="For"
        value={draft.hours}
        error={problems.hours ?? null}
        onChange={({ target }) => onEdit({ hours: target.value })}
      >
        <option value="">Choose one</option>
        {lengthsFor(hoursMax).map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
        <option value="until">Until a time …</option>
      </Select>
      {draft.hours === "until" ? (
        <TextField
          label="Until"
          type="datetime-local"
          value={draft.until}
          error={problems.until ?? null}
          onChange={({ target }) => onEdit({ until: target.value })}
        />
      ) : null}
      <TextField
        label="From (empty: now)"
        type="datetime-local"
        value={draft.starts}
        error={problems.starts ?? null}
        onChange={({ target }) => onEdit({ starts: target.value })}
      />
    </div>
  );
}

/** What follows from it, before it is made. */
function Outlook({ draft, known, nowMs }: { readonly draft: Draft; readonly known: Known; readonly nowMs: number }) {
  const { choices, sites } = known;
  const rule = choices.rules.find(({ id }) => id === draft.rule);
  const endMs = endOf(draft, nowMs);
  if ((draft.rule === "" && draft.site === "") || Number.isNaN(endMs) || draft.hours === "") return null;
  const what = { ruleId: rule?.id ?? null, ruleTitle: rule?.title ?? null, category: null };
  const place = {
    siteId: draft.site === "" ? null : draft.site,
    zoneId: draft.zone === "" ? null : draft.zone,
    deviceId: draft.device === "" ? null : draft.device,
  };
  return (
    <p className="rounded-md bg-sunken px-4 py-3 text-sm">
      Until <strong>{endText(new Date(endMs).toISOString())}</strong> nobody is told of{" "}
      <strong>{rule === undefined ? "what is found" : whatText(what)}</strong> at{" "}
      <strong>{place.siteId === null ? "every shop" : whereText(place, sites)}</strong>. Cases wait on the watch list
      and are listed with the silence.
      {rule === undefined ? " Violence, weapons, alarms and what people report are told all the same." : ""}
      {levelOf(draft, choices) === 2 ? " Tampering is held back once another person has signed." : ""}
    </p>
  );
}
