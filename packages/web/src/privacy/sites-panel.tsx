import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ExternalLink } from "lucide-react";
import { useState } from "react";
import { sitesQuery } from "../api/queries.ts";
import { request } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Button, buttonClass } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextArea, TextField } from "../design/field.tsx";
import { Loaded } from "./loaded.tsx";
import { sitePrivacyQuery, type SitePrivacy, type SiteSettings } from "./privacy-queries.ts";

/** A site of one's own choice, the first one to begin with. */
export function useSiteChoice() {
  const sites = useQuery(sitesQuery);
  const [chosen, setChosen] = useState<string | null>(null);
  const items = sites.data?.items ?? [];
  const siteId = chosen ?? items[0]?.id ?? "";
  const field = (
    <Select label="Shop" value={siteId} onChange={(event) => setChosen(event.target.value)} frameClass="max-w-sm">
      {items.map((site) => (
        <option key={site.id} value={site.id}>
          {site.name}
        </option>
      ))}
    </Select>
  );
  return { siteId, field };
}

export function SitesPanel() {
  const { siteId, field } = useSiteChoice();
  const privacy = useQuery(sitePrivacyQuery(siteId));
  const pages = [
    ["notice", "Privacy notice"],
    ["assessment", "Impact assessment"],
  ] as const;
  return (
    <div className="grid grid-cols-1 gap-4">
      {field}
      <Card title="Pages from the configuration as it is">
        <div className="flex flex-wrap gap-2">
          {pages.map(([page, words]) => (
            <a
              key={page}
              href={`/api/v1/sites/${encodeURIComponent(siteId)}/privacy/${page}`}
              target="_blank"
              rel="noreferrer"
              className={buttonClass("plain")}
            >
              {words}
              <ExternalLink className="size-4" aria-hidden="true" />
              <span className="sr-only">(opens a page to print)</span>
            </a>
          ))}
        </div>
      </Card>
      <Loaded query={privacy} says="Loading what the site keeps">
        {(data) => <SettingsCard key={`${siteId} ${JSON.stringify(data.settings)}`} siteId={siteId} privacy={data} />}
      </Loaded>
    </div>
  );
}

const dayFields = [
  ["clipDays", "Clips without an incident, days"],
  ["reportDays", "Reports and incidents, days"],
  ["watchItemDays", "Observations without a result, days"],
] as const;
const switches = [
  ["maskedDisplay", "Pictures are shown masked first"],
  ["audio", "Sound is taken in"],
  ["analytics", "Figures for analysis"],
] as const;

function SettingsCard({ siteId, privacy }: { readonly siteId: string; readonly privacy: SitePrivacy }) {
  const queries = useQueryClient();
  const writes = useMay()("privacy:write");
  const [settings, setSettings] = useState<SiteSettings>(privacy.settings);
  const [because, setBecause] = useState("");
  const save = useMutation({
    mutationFn: () =>
      request<unknown>(`/api/v1/sites/${encodeURIComponent(siteId)}/privacy`, {
        method: "PUT",
        body: { settings, because },
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["site-privacy", siteId] }),
  });
  return (
    <Card title="What the site keeps">
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <fieldset disabled={!writes} className="contents">
          <div className="grid gap-3 sm:grid-cols-3">
            {dayFields.map(([name, label]) => (
              <TextField
                key={name}
                label={label}
                type="number"
                min={0}
                value={settings[name]}
                hint={`Least: ${privacy.least[name]}`}
                onChange={(event) => setSettings({ ...settings, [name]: Number(event.target.value) })}
              />
            ))}
          </div>
          <Switches settings={settings} onChange={setSettings} />
        </fieldset>
        <Departures privacy={privacy} />
        {writes ? (
          <>
            <TextArea
              label="Because"
              rows={2}
              value={because}
              onChange={(event) => setBecause(event.target.value)}
              hint="Stands in the impact assessment."
            />
            {save.isError ? <ErrorState fault={save.error} /> : null}
            <Button type="submit" look="primary" busy={save.isPending} className="justify-self-start">
              Save
            </Button>
          </>
        ) : (
          <p className="text-sm text-ink-muted">The data protection officer decides on these.</p>
        )}
      </form>
    </Card>
  );
}

function Switches(props: { readonly settings: SiteSettings; readonly onChange: (settings: SiteSettings) => void }) {
  const { settings, onChange } = props;
  return (
    <div className="grid gap-1">
      {switches.map(([name, label]) => (
        <label key={name} className="flex min-h-9 items-center gap-2 text-sm pointer-coarse:min-h-(--tap)">
          <input
            type="checkbox"
            className="size-4"
            checked={settings[name]}
            onChange={(event) => onChange({ ...settings, [name]: event.target.checked })}
          />
          {label}
        </label>
      ))}
    </div>
  );
}

function Departures({ privacy }: { readonly privacy: SitePrivacy }) {
  return privacy.departures.length === 0 ? (
    <p className="text-sm text-ink-muted">The site keeps the least that the organisation allows.</p>
  ) : (
    <ul className="grid gap-1 text-sm">
      {privacy.departures.map(({ setting, least, here, because: why }) => (
        <li key={setting}>
          {setting}: {here} instead of {least}, because {why}
        </li>
      ))}
    </ul>
  );
}
