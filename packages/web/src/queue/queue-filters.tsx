import { useQuery } from "@tanstack/react-query";
import { SlidersHorizontal, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { sitesQuery, taxonomyQuery } from "../api/queries.ts";
import { Button } from "../design/button.tsx";
import { cx } from "../design/cx.ts";
import { Select, TextField } from "../design/field.tsx";
import { levelWords } from "../design/words.ts";
import { isFiltered, filterOf, readQueueSearch, type QueueSearch } from "./queue-search.ts";

const typingPauseMs = 250;

export function QueueFilters(props: { readonly search: QueueSearch; readonly onChange: (next: QueueSearch) => void }) {
  const { search, onChange } = props;
  const [open, setOpen] = useState(false);
  const chosen = [search.site, search.level, search.category].filter((member) => member !== undefined).length;
  const set: Setter = (member, value) => onChange(readQueueSearch({ ...search, [member]: value }));
  return (
    <search aria-label="Filter the queue">
      <form
        onSubmit={(event) => event.preventDefault()}
        className={cx(
          "mb-3 grid grid-cols-[minmax(0,1fr)_auto] items-end gap-2 md:grid-cols-[minmax(0,16rem)_11rem_11rem_12rem_auto_1fr]",
          !open && "max-md:[&>.choice]:hidden",
        )}
      >
        <SearchText value={search.q ?? ""} onChange={(text) => set("q", text)} />
        <Button aria-expanded={open} onClick={() => setOpen(!open)} className="md:hidden">
          <SlidersHorizontal className="size-4" aria-hidden="true" />
          Filter{chosen === 0 ? "" : `: ${chosen}`}
        </Button>
        <Choices search={search} onSet={set} />
        {isFiltered(filterOf(search)) ? (
          <Button
            look="quiet"
            className="choice max-md:col-span-2"
            onClick={() => onChange(search.view === undefined ? {} : { view: search.view })}
          >
            <X className="size-4" aria-hidden="true" />
            Clear
          </Button>
        ) : null}
      </form>
    </search>
  );
}

type Setter = (member: "site" | "level" | "category" | "q", value: string) => void;

function Choices({ search, onSet: set }: { readonly search: QueueSearch; readonly onSet: Setter }) {
  const sites = useQuery(sitesQuery);
  const taxonomy = useQuery(taxonomyQuery);
  return (
    <>
      <Select
        label="Site"
        quietLabel
        frameClass="choice max-md:col-span-2"
        value={search.site ?? ""}
        onChange={(event) => set("site", event.target.value)}
        disabled={sites.data === undefined}
      >
        <option value="">All sites</option>
        {sites.data?.items.map((site) => (
          <option key={site.id} value={site.id}>
            {site.name}
          </option>
        ))}
      </Select>
      <Select
        label="Level"
        quietLabel
        frameClass="choice max-md:col-span-2"
        value={search.level ?? ""}
        onChange={(event) => set("level", event.target.value)}
      >
        <option value="">All levels</option>
        {([3, 2, 1] as const).map((level) => (
          <option key={level} value={level}>
            {`${level} · ${levelWords[level]}`}
          </option>
        ))}
      </Select>
      <Select
        label="Category"
        quietLabel
        frameClass="choice max-md:col-span-2"
        value={search.category ?? ""}
        onChange={(event) => set("category", event.target.value)}
        disabled={taxonomy.data === undefined}
      >
        <option value="">All categories</option>
        {taxonomy.data?.categories.map((category) => (
          <option key={category.code} value={category.code}>
            {category.title}
          </option>
        ))}
      </Select>
    </>
  );
}

/** Asks the server when the typing pauses, not at every letter. */
function SearchText({ value, onChange }: { readonly value: string; readonly onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  const [given, setGiven] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  if (given !== value) {
    // Changed from outside: the back button, or "Clear".
    setGiven(value);
    setText(value);
  }
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);
  const type = (next: string): void => {
    setText(next);
    clearTimeout(timer.current ?? undefined);
    timer.current = setTimeout(() => onChange(next.trim()), typingPauseMs);
  };
  return (
    <TextField
      label="Words or reference"
      quietLabel
      type="search"
      placeholder="Words or reference"
      value={text}
      onChange={(event) => type(event.target.value)}
    />
  );
}
