import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { AuditQuestion } from "@tillwatch/wire";
import { ScrollText } from "lucide-react";
import { useState } from "react";
import type { Names } from "../api/shapes.ts";
import { readAuditSearch, type AuditTab } from "../app/route-search.ts";
import { useMay } from "../app/may.ts";
import { openTabs } from "../app/open-tabs.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { TabPanel, Tabs } from "../design/tabs.tsx";
import { ChangesTab } from "../record/changes-tab.tsx";
import { ControlsTab } from "../record/controls-tab.tsx";
import { EntryList } from "../record/entry-list.tsx";
import { ExportButton, ExportsCard } from "../record/export-card.tsx";
import { InterestsTab } from "../record/interests-tab.tsx";
import { MisuseTab } from "../record/misuse-tab.tsx";
import { QuestionBuilder } from "../record/question-builder.tsx";
import { answerQuery } from "../record/record-queries.ts";
import { emptyForm, questionOf, type AskedForm } from "../record/record-words.ts";
import { CheckpointCard } from "./checkpoint-card.tsx";

const allTabs = [
  { id: "ask", label: "Ask", any: ["audit:read"] },
  { id: "misuse", label: "Misuse", any: ["misuse:read"] },
  { id: "interests", label: "Private interests", any: ["misuse:decide"] },
  { id: "controls", label: "Controls", any: ["control:read"] },
  { id: "changes", label: "Configuration", any: ["configuration:read"] },
] as const;

export function AuditPage() {
  const search = readAuditSearch(useSearch({ from: "/shell/audit" }));
  const navigate = useNavigate({ from: "/audit" });
  const { tabs, value } = openTabs(allTabs, search.tab ?? "ask", useMay());
  return (
    <>
      <title>Audit · Tillwatch</title>
      <header className="pt-5 pb-4 md:pt-7">
        <h1 className="text-xl font-semibold tracking-tight">Audit</h1>
        <p className="text-sm text-ink-muted">
          Who saw, changed, released and decided what, when and why, in an append-only log. A changed or deleted row is
          found and named.
        </p>
      </header>
      <Tabs
        label="Parts of the audit"
        tabs={tabs}
        value={value}
        onChange={(id) => void navigate({ search: id === "ask" ? {} : { tab: id as AuditTab }, replace: true })}
      >
        <TabPanel id="ask">
          <AskTab key={JSON.stringify(search)} search={search} />
        </TabPanel>
        <TabPanel id="misuse">
          <MisuseTab />
        </TabPanel>
        <TabPanel id="interests">
          <InterestsTab />
        </TabPanel>
        <TabPanel id="controls">
          <ControlsTab />
        </TabPanel>
        <TabPanel id="changes">
          <ChangesTab />
        </TabPanel>
      </Tabs>
    </>
  );
}

/** The address may bring a first question: `?subject=...&did=saw` from a clip, `?incident=...` from a case. */
function AskTab({ search }: { readonly search: ReturnType<typeof readAuditSearch> }) {
  const first: AskedForm = {
    ...emptyForm,
    wish: search.did ?? (search.actor !== undefined && search.subject === undefined ? "person" : "everything"),
    thing: search.incident !== undefined ? "incident" : search.subject !== undefined ? "subject" : "any",
    about: search.incident ?? search.subject ?? "",
    actor: search.actor ?? "",
    kind: search.kind ?? "",
  };
  const [form, setForm] = useState(first);
  const may = useMay();
  const question = questionOf(form);
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_26rem]">
      <div className="grid grid-cols-1 gap-4">
        <Card title="Question">
          <QuestionBuilder form={form} onAsk={setForm} />
        </Card>
        <Card
          title="Answer, newest first"
          flush
          aside={may("audit:export") ? <ExportButton question={question} /> : undefined}
        >
          <Answer question={question} />
        </Card>
      </div>
      <div className="grid grid-cols-1 gap-4 xl:sticky xl:top-6">
        <CheckpointCard />
        {may("audit:export") ? <ExportsCard /> : null}
      </div>
    </div>
  );
}

function Answer({ question }: { readonly question: AuditQuestion }) {
  const pages = useInfiniteQuery(answerQuery(question));
  if (pages.data === undefined) {
    if (!pages.isError) return <SkeletonLines lines={14} says="Loading the entries" />;
    return (
      <div className="p-4">
        <ErrorState fault={pages.error} onRetry={() => void pages.refetch()} />
      </div>
    );
  }
  const entries = pages.data.pages.flatMap((page) => page.items);
  if (entries.length === 0) {
    return (
      <EmptyState icon={ScrollText} title="Nothing of that is on the record">
        Ids, tokens and kinds are compared whole; words of the reason must all be there.
      </EmptyState>
    );
  }
  return (
    <>
      <EntryList entries={entries} names={Object.assign({}, ...pages.data.pages.map(({ names }) => names)) as Names} />
      {pages.hasNextPage ? (
        <div className="grid justify-center p-3">
          <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            Show more
          </Button>
        </div>
      ) : null}
    </>
  );
}
