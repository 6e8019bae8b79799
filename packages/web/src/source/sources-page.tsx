import { useNavigate, useSearch } from "@tanstack/react-router";
import { readSourcesSearch } from "../app/route-search.ts";
import { useMay } from "../app/may.ts";
import { openTabs } from "../app/open-tabs.ts";
import { TabPanel, Tabs } from "../design/tabs.tsx";
import { DeadLetterList } from "./dead-letter-list.tsx";
import { ReadyNotes } from "./ready-notes.tsx";
import { SourceList } from "./source-list.tsx";

const allTabs = [
  { id: "sources", label: "Sources", any: ["source:read"] },
  { id: "dead-letters", label: "Dead letters", any: ["dead_letter:read"] },
] as const;

export function SourcesPage() {
  const { tab, q } = readSourcesSearch(useSearch({ from: "/shell/sources" }));
  const navigate = useNavigate({ from: "/sources" });
  const { tabs, value } = openTabs(allTabs, tab ?? "sources", useMay());
  return (
    <>
      <title>Sources · Tillwatch</title>
      <header className="pt-5 pb-2 md:pt-7">
        <h1 className="text-xl font-semibold tracking-tight">Sources</h1>
        <p className="text-sm text-ink-muted">Who signals, who has gone silent, and what could not be placed.</p>
      </header>
      <ReadyNotes />
      <Tabs
        label="Sources and dead letters"
        tabs={tabs}
        value={value}
        onChange={(id) => void navigate({ search: id === "dead-letters" ? { tab: id } : {}, replace: true })}
      >
        <TabPanel id="sources">
          <SourceList
            q={q ?? ""}
            onSearch={(text) => void navigate({ search: readSourcesSearch({ q: text }), replace: true })}
          />
        </TabPanel>
        <TabPanel id="dead-letters">
          <DeadLetterList />
        </TabPanel>
      </Tabs>
    </>
  );
}
