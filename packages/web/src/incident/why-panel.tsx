import { isJsonObject, severityText, type IncidentRecord, type TimelineEntry } from "@tillwatch/wire";
import { UserRound } from "lucide-react";
import type { ReactNode } from "react";
import { mayWith } from "../app/may.ts";
import { Card, Facts } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Moment } from "../design/time.tsx";
import { Waterfall } from "../design/waterfall.tsx";
import { moneyText } from "../design/words.ts";
import { DescriptionCard, KeptTextNote } from "../privacy/description-card.tsx";
import { Who } from "../people/who.tsx";
import { CorrectRecord } from "./correct-dialog.tsx";
import { CountedList } from "./counted-list.tsx";
import { MatchedList } from "./matched-list.tsx";
import { SilencedNote, SilenceThis } from "../silences/silenced-note.tsx";
import { countedIn, matchedOn, ruleTitles } from "./matched-on.ts";

/** Why it stands where it stands: the score reason by reason, then what each rule saw. */
export function WhyPanel({ record }: { readonly record: IncidentRecord }) {
  const detections = record.timeline.filter((entry) => entry.kind === "detection");
  return (
    <div className="grid grid-cols-1 gap-4">
      <SilencedNote record={record} />
      {record.summary === "" ? null : <p className="max-w-prose text-base">{record.summary}</p>}
      <KeptTextNote texts={record.keptTexts ?? []} />
      {record.description === undefined || record.description === null ? null : (
        <DescriptionCard description={record.description} />
      )}
      <Card
        title="How the score came about"
        flush
        aside={<span className="text-xs text-ink-muted">{openingText(record.timeline)}</span>}
      >
        {record.score === null ? (
          <EmptyState icon={UserRound} title="A person reported this">
            No rule scored it; the severity is {severityText(record.severity)} because a person said so.
          </EmptyState>
        ) : (
          <>
            <Waterfall score={record.score} titles={ruleTitles(record.timeline)} />
            <p className="border-t border-line px-4 py-2 text-xs break-words text-ink-muted">
              Computed with {record.score.weightsVersion} and {record.score.rulesVersion}
            </p>
          </>
        )}
      </Card>
      {record.override === null ? null : <OverrideNote override={record.override} machine={record.machineSeverity} />}
      {detections.length === 0 ? null : <Matches record={record} detections={detections} />}
      <RecordFacts record={record} />
    </div>
  );
}

/** From where it opens work; a period of the trading calendar may ask for another severity than the line shows. */
function openingText(timeline: readonly TimelineEntry[]): string {
  const detail = timeline.findLast(({ kind }) => kind === "score")?.detail;
  const { shift = null, threshold } = detail ?? {};
  const period = isJsonObject(shift) ? shift["period"] : null;
  if (typeof period !== "string" || typeof threshold !== "number") return "From the heavy line on, it opens work";
  return `${period}: from ${severityText(threshold)} on it opens work (else from the heavy line on)`;
}

function OverrideNote(props: {
  readonly override: NonNullable<IncidentRecord["override"]>;
  readonly machine: number | null;
}) {
  const { override, machine } = props;
  return (
    <div className="rounded-md border border-accent bg-accent-wash px-4 py-3 text-sm">
      <p className="font-semibold">
        A person set the severity to {severityText(override.severity)}
        {machine === null ? "" : `; the machine's ${severityText(machine)} is kept beside it`}
      </p>
      <p>{override.because}</p>
      <p className="text-xs text-ink-soft">
        <Who actor={override.actor} /> · <Moment at={override.at} />
      </p>
    </div>
  );
}

type Matched = { readonly record: IncidentRecord; readonly detections: readonly TimelineEntry[] };

function Matches({ record, detections }: Matched) {
  return (
    <Card title="What the rules saw">
      <ul className="grid gap-3">
        {detections.map((entry) => (
          <li key={entry.id} className="text-sm">
            <span className="flex flex-wrap items-center justify-between gap-x-4">
              {entry.says}
              <SilenceThis record={record} entry={entry} />
            </span>
            <MatchedList matched={matchedOn(entry.detail)} />
            <CountedList counted={countedIn(entry.detail)} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

const saidByPeople: readonly string[] = ["staff_report", "incident_record", "public_tip"];

/** A report that came as a signal has no token of a reporter, and yet a person stands behind it. */
function reporterOf(record: IncidentRecord): ReactNode {
  if (record.reporter !== null) return <Who key="reporter" actor={record.reporter} />;
  const reports = record.signals.filter(({ type }) => saidByPeople.includes(type)).length;
  return reports === 0 ? "none: devices only" : "a person, see the signals";
}

function RecordFacts({ record }: { readonly record: IncidentRecord }) {
  const { lostMinor, recoveredMinor, currency } = record.value;
  const money = (minor: number | null): string =>
    minor === null || currency === null ? "not known" : moneyText(minor, currency);
  return (
    <Card title="Record" aside={mayWith(record)("incident:edit") ? <CorrectRecord record={record} /> : undefined}>
      <Facts
        items={[
          ["Happened", <Moment key="at" at={record.occurredAt} />],
          ["Value lost", money(lostMinor)],
          ["Value recovered", money(recoveredMinor)],
          ["Reporter", reporterOf(record)],
          ["Owner", record.ownerToken === null ? "nobody yet" : <Who key="owner" actor={record.ownerToken} />],
          ["Category", `${record.categoryTitle} (taxonomy ${record.taxonomyVersion})`],
          [
            "Device",
            `answered for by ${record.asset.owner ?? "nobody named"}, criticality ${record.asset.criticality ?? "not known"}`,
          ],
        ]}
      />
    </Card>
  );
}
