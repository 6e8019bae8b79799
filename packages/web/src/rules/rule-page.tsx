import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "../app/may.ts";
import { Card, Facts } from "../design/card.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { TabPanel, Tabs } from "../design/tabs.tsx";
import { Moment } from "../design/time.tsx";
import { useToasts } from "../design/toast.tsx";
import { Who } from "../people/who.tsx";
import { HitList } from "./hit-list.tsx";
import { HitsChart } from "./hits-chart.tsx";
import { useKeptText } from "./kept-text.ts";
import { RuleActions } from "./rule-actions.tsx";
import { RuleEditor } from "./rule-editor.tsx";
import { ruleQuery, rulesQuery, useRuleChange, versionQuery } from "./rule-queries.ts";
import type { Bar, Rule, RuleList, Step } from "./rule-shapes.ts";
import { barText, doneText, livePrecisionText, precisionText, stepText, versionWord } from "./rule-words.ts";
import { States } from "./rules-page.tsx";
import { UnsavedNote } from "./unsaved-note.tsx";
import { VersionPanel } from "./version-panel.tsx";

/** One rule: where it stands, what it matches, every version and every step. */
export function RulePage() {
  const { id = "" } = useParams({ strict: false });
  const rule = useQuery(ruleQuery(id));
  const list = useQuery(rulesQuery);
  if (rule.data === undefined || list.data === undefined) {
    const failed = rule.isError ? rule : list;
    return (
      <div className="pt-7">
        {rule.isError || list.isError ? (
          <ErrorState fault={failed.error} onRetry={() => void failed.refetch()} />
        ) : (
          <SkeletonLines lines={12} says="Loading the rule" />
        )}
      </div>
    );
  }
  return <Loaded rule={rule.data} list={list.data} />;
}

type Given = { readonly rule: Rule; readonly list: RuleList };

function Loaded({ rule, list }: Given) {
  const may = useMay();
  const [tab, setTab] = useState("overview");
  const newest = rule.versions[0]?.number ?? rule.latest;
  const [number, setNumber] = useState<number | null>(null);
  const shown = number ?? newest;
  const edits = may("rule:write") && rule.editable;
  const tabs = [
    { id: "overview", label: "Overview" },
    { id: "versions", label: "Versions", count: rule.versions.length },
    ...(edits ? [{ id: "edit", label: "Edit" }] : []),
    { id: "steps", label: "History", count: rule.steps.length },
  ];
  return (
    <>
      <title>{`${rule.title} · Tillwatch`}</title>
      <header className="grid gap-2 pt-5 pb-3 md:pt-7">
        <Link to="/rules" className="justify-self-start text-sm text-ink-muted hover:underline">
          Rules
        </Link>
        <h1 className="text-xl font-semibold tracking-tight break-words">{rule.title}</h1>
        <States rule={rule} />
      </header>
      <RuleActions rule={rule} bar={list.bar} />
      <Tabs label="The rule" tabs={tabs} value={tab} onChange={setTab}>
        <TabPanel id="overview">
          <Overview rule={rule} list={list} />
        </TabPanel>
        <TabPanel id="versions">
          <VersionPanel rule={rule} number={shown} onNumber={setNumber} />
        </TabPanel>
        {edits ? (
          <TabPanel id="edit">
            <Edit
              key={rule.latest}
              rule={rule}
              onKept={(kept) => {
                setNumber(kept);
                setTab("versions");
              }}
            />
          </TabPanel>
        ) : null}
        <TabPanel id="steps">
          <Steps rule={rule} />
        </TabPanel>
      </Tabs>
    </>
  );
}

function Overview({ rule, list }: Given) {
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      <Card title={rule.kind === "filter" ? "Kept out a day" : "Matches a day"} className="lg:col-span-2">
        <HitsChart days={rule.days} fromDay={list.fromDay} kind={rule.kind} />
      </Card>
      <Card title="Where it stands">
        <Facts
          items={[
            ["Runs", versionWord(rule.live)],
            ["Watches", versionWord(rule.shadow)],
            ["From", rule.origin === "pack" ? "the pack" : "written here"],
            ["Source", rule.service ?? "any"],
            ...(rule.kind === "filter"
              ? [["Hides", hidesText(rule)] as const]
              : ([
                  ["Category", rule.category],
                  ["Level", String(rule.triageLevel)],
                  ["Pages", pagesText(rule)],
                ] as const)),
            ["Id", rule.id],
          ]}
        />
      </Card>
      <div className="grid grid-cols-1 content-start gap-4">
        {rule.kind === "filter" ? <Narrowed rule={rule} /> : null}
        <Precision rule={rule} bar={list.bar} />
      </div>
      {rule.shadow === null ? null : <HitList rule={rule} number={rule.shadow} />}
    </div>
  );
}

function pagesText({ pages, triageLevel }: Rule): string {
  if (!pages) return "no";
  return triageLevel > 1
    ? `yes: it raises a case to level ${triageLevel}`
    : "with others: its points open a case together with other signs, or alone where they reach the threshold";
}

function hidesText({ pages, triageLevel }: Rule): string {
  return pages ? `what can open or raise a case, up to level ${triageLevel}` : "nothing that can open a case";
}

function Precision({ rule, bar }: { readonly rule: Rule; readonly bar: Bar }) {
  return (
    <Card title="Precision">
      <div className="grid gap-3 text-sm">
        <Facts
          items={[
            ["Running, 90 days", livePrecisionText(rule)],
            ...(rule.shadowJudged === null
              ? []
              : [[`Watching, version ${rule.shadow}`, precisionText(rule.shadowJudged)] as const]),
          ]}
        />
        {rule.shadowJudged === null || !rule.pages || rule.kind === "filter" ? null : (
          <p>{barText(rule.shadowJudged, bar)}</p>
        )}
        <p className="text-xs text-ink-muted">{rule.kind === "filter" ? filterPrecision : rulePrecision}</p>
      </div>
    </Card>
  );
}

const rulePrecision =
  "Of the cases that people called true or false and that hold a signal which the rule matched: the share called true. Verdicts of a version’s author do not count for it. What only this rule would find has no verdicts.";
const filterPrecision =
  "Of the cases that people called true or false and that hold a signal which the watching filter would keep out: the share called false, which it would rightly have hidden. What a running filter keeps out comes before nobody.";

const namedMax = 12;

/** The rules that a filter speaks to, by title. */
function Narrowed({ rule: { narrows } }: { readonly rule: Rule }) {
  const more = narrows.length - namedMax;
  return (
    <Card title="What it narrows" aside={<span className="text-xs text-ink-muted">{narrows.length}</span>}>
      {narrows.length === 0 ? (
        <p className="text-sm text-ink-muted">No rule that runs.</p>
      ) : (
        <ul className="grid gap-1 text-sm" aria-label="Rules that it narrows">
          {narrows.slice(0, namedMax).map((title) => (
            <li key={title} className="break-words">
              {title}
            </li>
          ))}
          {more > 0 ? <li className="text-ink-muted">and {more} more</li> : null}
        </ul>
      )}
    </Card>
  );
}

function Edit({ rule, onKept }: { readonly rule: Rule; readonly onKept: (number: number) => void }) {
  const base = useQuery(versionQuery(rule.id, rule.latest));
  const [kept, keep] = useKeptText(rule.id);
  const [asks, setAsks] = useState(false);
  const toasts = useToasts();
  const change = useRuleChange((changed) => {
    toasts.show({ says: doneText(changed, rule.kind) });
    keep(null);
    onKept(changed.number);
  });
  if (base.data === undefined) {
    if (base.isError) return <ErrorState fault={base.error} onRetry={() => void base.refetch()} />;
    return <SkeletonLines lines={12} says="Loading the text" />;
  }
  const before = base.data.text;
  const text = kept?.text ?? before;
  return (
    <>
      <UnsavedNote kept={kept} latest={rule.latest} onDrop={() => keep(null)} />
      <RuleEditor
        text={text}
        onText={(typed) => keep(typed === before ? null : { text: typed, over: kept?.over ?? rule.latest })}
        action="Keep as a draft"
        unchanged={text === base.data.text}
        against={{ id: rule.id, number: rule.latest }}
        onSave={() => setAsks(true)}
      />
      <ReasonDialog
        title="Keep another version"
        action="Keep as a draft"
        open={asks}
        busy={change.isPending}
        fault={change.error}
        onClose={() => setAsks(false)}
        onSave={(because) =>
          change.mutate({ path: `/${rule.id}/versions`, body: { rule: text, base: rule.latest, because } })
        }
      >
        <p className="text-sm">What runs goes on until this version has watched and is let run.</p>
      </ReasonDialog>
    </>
  );
}

function Steps({ rule }: { readonly rule: Rule }) {
  if (rule.steps.length === 0) {
    return <p className="py-6 text-sm text-ink-muted">Nothing was changed here: it runs as the pack ships it.</p>;
  }
  return (
    <ol className="rounded-md border border-line bg-surface shadow-raised" aria-label="Every step of its life">
      {rule.steps.map((step, at) => (
        <li
          key={`${step.at}:${step.kind}:${step.number}`}
          className="grid gap-0.5 border-b border-line px-4 py-3 text-sm last:border-0"
        >
          <p>
            <Who actor={step.signedBy ?? step.actor} names={rule.names} /> {stepText(step, rule.steps.slice(at + 1))}{" "}
            {versionWord(step.number)}
            {step.signedBy === null ? null : (
              <>
                , as <Who actor={step.actor} names={rule.names} /> asked
              </>
            )}
          </p>
          <p className="text-ink-soft break-words">&ldquo;{step.because}&rdquo;</p>
          <p className="text-xs text-ink-muted">
            <Moment at={step.at} />
            {ranText(step)}
            {step.judged === null ? "" : ` · precision ${precisionText(step.judged)}`}
          </p>
        </li>
      ))}
    </ol>
  );
}

function ranText({ liveBefore, liveAfter }: Step): string {
  return liveBefore === liveAfter ? "" : ` · ran ${versionWord(liveBefore)}, then ${versionWord(liveAfter)}`;
}
