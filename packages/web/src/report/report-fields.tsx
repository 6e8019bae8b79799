import type { Site } from "../api/shapes.ts";
import { Button } from "../design/button.tsx";
import { Select, TextArea, TextField } from "../design/field.tsx";
import { DescriptionPicker } from "../privacy/description-picker.tsx";
import { TextCheck } from "../privacy/text-check.tsx";
import { ColleagueStep } from "./colleague-step.tsx";
import type { Draft } from "./draft.ts";
import { localText, type DraftProblems } from "./staff-report.ts";

const currencies = ["EUR", "GBP", "USD", "CHF", "SEK", "PLN"];

export function ReportFields(props: {
  readonly draft: Draft;
  readonly problems: DraftProblems;
  readonly sites: readonly Site[];
  readonly onChange: (news: Partial<Draft>) => void;
}) {
  const { draft, problems, sites, onChange } = props;
  const zones = sites.find((site) => site.id === draft.siteId)?.zones ?? [];
  return (
    <div className="grid gap-5">
      <Words draft={draft} problems={problems} onChange={onChange} />
      <div className="grid gap-5 sm:grid-cols-2">
        <Select
          label="Shop"
          value={draft.siteId}
          onChange={(event) =>
            onChange({
              siteId: event.target.value,
              zoneId: "",
              ...currencyOf(sites, event.target.value),
              // Still about a colleague, of another shop: whom is asked anew.
              ...(draft.colleagues === null ? {} : { colleagues: [] }),
            })
          }
          error={problems.siteId}
        >
          <option value="">Choose</option>
          {sites.map((site) => (
            <option key={site.id} value={site.id}>
              {site.name}
            </option>
          ))}
        </Select>
        <Select
          label="Where in the shop (if known)"
          value={draft.zoneId}
          onChange={(event) => onChange({ zoneId: event.target.value })}
          disabled={zones.length === 0}
        >
          <option value="">Not known</option>
          {zones.map((zone) => (
            <option key={zone.id} value={zone.id}>
              {zone.name}
            </option>
          ))}
        </Select>
      </div>
      <ColleagueStep draft={draft} onChange={onChange} />
      <When draft={draft} error={problems.occurredAt} onChange={onChange} />
      <div className="grid grid-cols-[minmax(0,1fr)_7rem] gap-3">
        <TextField
          label="Value lost (if known)"
          inputMode="decimal"
          value={draft.value}
          onChange={(event) => onChange({ value: event.target.value })}
          error={problems.value}
        />
        <Select
          label="Currency"
          value={draft.currency}
          onChange={(event) => onChange({ currency: event.target.value })}
        >
          {[...new Set([...currencies, draft.currency])].map((currency) => (
            <option key={currency}>{currency}</option>
          ))}
        </Select>
      </div>
    </div>
  );
}

/** What happened in own words, what is wrong with them, and what is better picked than written. */
function Words(props: {
  readonly draft: Draft;
  readonly problems: DraftProblems;
  readonly onChange: (news: Partial<Draft>) => void;
}) {
  const { draft, problems, onChange } = props;
  return (
    <>
      <TextArea
        label="In your words"
        rows={4}
        value={draft.summary}
        onChange={(event) => onChange({ summary: event.target.value })}
        hint="What you saw, in order. Describe people by what they did; leave out names and number plates."
        error={problems.summary}
      />
      <TextCheck
        text={draft.summary}
        keptBecause={draft.keptBecause}
        error={problems.keptBecause}
        onKeptBecause={(keptBecause) => onChange({ keptBecause })}
      />
      <DescriptionPicker value={draft.description} onChange={(description) => onChange({ description })} />
    </>
  );
}

function currencyOf(sites: readonly Site[], siteId: string): Partial<Draft> {
  const site = sites.find((known) => known.id === siteId);
  return site === undefined ? {} : { currency: site.currency };
}

/** "Just now" is the usual answer and needs no typing. */
function When(props: {
  readonly draft: Draft;
  readonly error: string | undefined;
  readonly onChange: (news: Partial<Draft>) => void;
}) {
  const { draft, error, onChange } = props;
  const minutesAgo = (minutes: number): void => onChange({ occurredAt: localText(Date.now() - minutes * 60_000) });
  const now = draft.occurredAt === "";
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1 text-sm font-medium">When</legend>
      <div className="grid grid-cols-3 gap-2">
        <Button aria-pressed={now} look={now ? "primary" : "plain"} onClick={() => onChange({ occurredAt: "" })}>
          Just now
        </Button>
        <Button onClick={() => minutesAgo(15)}>15 min ago</Button>
        <Button aria-pressed={!now} look={now ? "plain" : "primary"} onClick={() => minutesAgo(60)}>
          Earlier
        </Button>
      </div>
      {now ? null : (
        <TextField
          label="Day and time"
          quietLabel
          type="datetime-local"
          value={draft.occurredAt}
          onChange={(event) => onChange({ occurredAt: event.target.value })}
          error={error}
        />
      )}
    </fieldset>
  );
}
