import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { QueueView } from "../api/queries.ts";
import { TabPanel, Tabs } from "../design/tabs.tsx";
import { QueueFilters } from "./queue-filters.tsx";
import { QueueList } from "./queue-list.tsx";
import { filterOf, readQueueSearch, type QueueSearch } from "./queue-search.ts";

const views: readonly { readonly id: QueueView; readonly label: string }[] = [
  { id: "incidents", label: "Incidents" },
  { id: "watch", label: "Watch list" },
  { id: "closed", label: "Closed" },
];

const orderWords: Readonly<Record<QueueView, string>> = {
  incidents:
    "Highest risk first: how sure we are, times the harm of its level. Each row says why it stands where it stands.",
  watch: "Below the threshold that opens an incident. Another signal can lift an item; without one it ages out.",
  closed: "Closed by a person, or aged out of the watch list.",
};

export function QueuePage() {
  const raw = useSearch({ from: "/shell/" });
  const search = useMemo(() => readQueueSearch(raw), [raw]);
  const navigate = useNavigate({ from: "/" });
  const filter = useMemo(() => filterOf(search), [search]);
  const change = (next: QueueSearch): void => void navigate({ search: next, replace: true });
  const changeView = (id: string): void => {
    const { view: _view, ...rest } = search;
    change(id === "watch" || id === "closed" ? { ...rest, view: id } : rest);
  };
  return (
    <>
      <title>Queue · Tillwatch</title>
      <header className="pt-5 pb-2 md:pt-7">
        <h1 className="text-xl font-semibold tracking-tight">Queue</h1>
        <p className="text-sm text-ink-muted max-md:min-h-10">{orderWords[filter.view]}</p>
      </header>
      <Tabs label="Which items" tabs={views} value={filter.view} onChange={changeView}>
        {views.map((view) => (
          <TabPanel key={view.id} id={view.id}>
            <QueueFilters search={search} onChange={change} />
            <QueueList key={JSON.stringify(filter)} filter={filter} />
          </TabPanel>
        ))}
      </Tabs>
    </>
  );
}
