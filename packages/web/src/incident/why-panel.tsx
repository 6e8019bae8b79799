import type { IncidentRecord, TimelineEntry } from "@tillwatch/wire";
import { UserRound } from "lucide-react";
import { Card, Facts } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Moment } from "../design/time.tsx";
import { Waterfall } from "../design/waterfall.tsx";
import { moneyText, severityText } from "../design/words.ts";
import { CorrectRecord } from "./correct-dialog.tsx";
import { MatchedList } from "./matched-list.tsx";
import { matchedOn, ruleTitles } from "./matched-on.ts";

/** Why it stands where it stands: the score reason by reason, then what each rule saw. */
export function WhyPanel({ record }: { readonly record: IncidentRecord }) {
  const detections = record.timeline.filter((entry) => entry.kind === "detection");
  return (
    <div className="grid grid-cols-1 gap-4">
      {record.summary === "" ? null : <p className="max-w-prose text-base">{record.summary}</p>}
      <Card
        title="How the score came about"
        flush
        aside={<span className="text-xs text-ink-muted">From the heavy line on, it opens work</span>}
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
      {detections.length === 0 ? null : <Matches detections={detections} />}
      <RecordFacts record={record} />
    </div>
  );
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
        {override.actor} · <Moment at={override.at} />
      </p>
    </div>
  );
}

function Matches({ detections }: { readonly detections: readonly TimelineEntry[] }) {
  return (
    <Card title="What the rules saw">
      <ul className="grid gap-3">
        {detections.map((entry) => (
          <li key={entry.id} className="text-sm">
            {entry.says}
            <MatchedList matched={matchedOn(entry.detail)} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

const saidByPeople: readonly string[] = ["staff_report", "incident_record", "public_tip"];

/** A report that came as a signal has no token of a reporter, and yet a person stands behind it. */
function reporterText(record: IncidentRecord): string {
  if (record.reporter !== null) return record.reporter;
  const reports = record.signals.filter(({ type }) => saidByPeople.includes(type)).length;
  return reports === 0 ? "none: devices only" : "a person, see the signals";
}

function RecordFacts({ record }: { readonly record: IncidentRecord }) {
  const { lostMinor, recoveredMinor, currency } = record.value;
  const money = (minor: number | null): string =>
    minor === null || currency === null ? "not known" : moneyText(minor, currency);
  return (
    <Card title="Record" aside={<CorrectRecord record={record} />}>
      <Facts
        items={[
          ["Happened", <Moment key="at" at={record.occurredAt} />],
          ["Value lost", money(lostMinor)],
          ["Value recovered", money(recoveredMinor)],
          ["Reporter", reporterText(record)],
          ["Owner", record.ownerToken ?? "nobody yet"],
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
