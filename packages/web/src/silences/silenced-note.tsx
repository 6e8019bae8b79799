import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { severityText, type IncidentRecord, type TimelineEntry } from "@tillwatch/wire";
import { mayWith, useMay } from "../app/may.ts";
import { endText } from "../design/time.tsx";
import { transitionWords } from "../design/words.ts";
import { silenceQuery } from "./silence-queries.ts";
import { whatText } from "./silence-words.ts";

const link = "text-accent-strong underline underline-offset-2";

/** Why a case waits although its severity is over the threshold: which silences cover it, and what is left without that. */
export function SilencedNote({ record }: { readonly record: IncidentRecord }) {
  const may = useMay();
  const { silenced } = record.score ?? {};
  const found = useQueries({
    queries: (silenced?.by ?? []).map((id) => ({ ...silenceQuery(id), enabled: may("silence:read") })),
  });
  if (silenced === undefined) return null;
  const holds = record.silenced === true;
  return (
    <div className="rounded-md border border-line-strong bg-warn-wash px-4 py-3 text-sm">
      <p className="font-semibold">
        {holds ? "A silence keeps this on the watch list" : "Some of this is silenced"}
        {holds ? `: without what it covers, the severity is ${severityText(silenced.severity)}` : ""}
      </p>
      <ul>
        {found.map(({ data }, at) => (
          <li key={silenced.by[at]}>
            {data === undefined ? (
              "A silence that you may not see"
            ) : (
              <>
                <Link to="/silences/$id" params={{ id: data.id }} className={link}>
                  {whatText(data)}
                </Link>
                , until {endText(data.ended?.at ?? data.endsAt)}: &ldquo;{data.because}&rdquo;
              </>
            )}
          </li>
        ))}
      </ul>
      {holds ? <p className="text-xs text-ink-soft">{wayOut(record)}</p> : null}
    </div>
  );
}

/** What makes it work all the same, for who may and for who may not. */
function wayOut(record: IncidentRecord): string {
  return mayWith(record)("incident:move") && record.allowedTransitions.includes("open")
    ? `Should it be work all the same: “${transitionWords.open}”.`
    : "Should it be work all the same, ask somebody who may open it: a manager of the shop or an investigator.";
}

/** The way from what a rule found to a silence of it, at this shop and device. Nothing for what is never silenced. */
export function SilenceThis({ record, entry }: { readonly record: IncidentRecord; readonly entry: TimelineEntry }) {
  const may = useMay();
  const { ruleId, ruleLevel } = entry.detail;
  const signal = record.signals.find(({ id }) => id === entry.signalId);
  if (!may("silence:write") || typeof ruleId !== "string" || ruleLevel === "critical" || record.level === 3)
    return null;
  const device = signal?.deviceId ?? null;
  return (
    <Link
      to="/silences/new"
      search={{ rule: ruleId, site: record.siteId, ...(device === null ? {} : { device }) }}
      className={`${link} py-1 text-xs`}
    >
      Silence this here
    </Link>
  );
}
