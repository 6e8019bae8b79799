import { useQuery } from "@tanstack/react-query";
import { Bot } from "lucide-react";
import { useState } from "react";
import { useMay } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Table, type Column } from "../design/table.tsx";
import { useNowMs } from "../design/time.tsx";
import { programsQuery } from "./access-queries.ts";
import type { Program } from "./access-shapes.ts";
import { lastUse, placesText, programLook } from "./access-words.ts";
import { Fetched } from "./fetched.tsx";
import { NewProgramDialog } from "./new-program-dialog.tsx";
import { ProgramDialog } from "./program-dialog.tsx";
import { Used } from "./used.tsx";

/** Service accounts: what each is for, what it may do at most, and whether its key holds. */
export function ProgramsPanel() {
  const may = useMay();
  const programs = useQuery(programsQuery);
  const [opened, setOpened] = useState<string | null>(null);
  const [adds, setAdds] = useState(false);
  const program = programs.data?.items.find(({ id }) => id === opened);
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-sm text-ink-muted">A program has an account of its own, and a key that ends.</p>
        {may("service:write") ? (
          <Button look="primary" onClick={() => setAdds(true)}>
            New program
          </Button>
        ) : null}
      </div>
      <Fetched query={programs} says="Loading the programs">
        {({ items }) => <ProgramTable programs={items} onOpen={setOpened} />}
      </Fetched>
      {program === undefined ? null : <ProgramDialog program={program} onClose={() => setOpened(null)} />}
      {adds ? (
        <NewProgramDialog
          onClose={() => setAdds(false)}
          onMade={(id) => {
            setAdds(false);
            setOpened(id);
          }}
        />
      ) : null}
    </div>
  );
}

type Open = { readonly onOpen: (id: string) => void };

function ProgramTable({ programs, onOpen }: Open & { readonly programs: readonly Program[] }) {
  return (
    <div className="overflow-x-auto rounded-md border border-line bg-surface shadow-raised">
      {programs.length === 0 ? (
        <EmptyState icon={Bot} title="No program yet">
          A till system, a wall screen or an identity provider that speaks to Tillwatch gets an account and a key here.
        </EmptyState>
      ) : (
        <Table
          label="Programs"
          columns={columnsWith(onOpen)}
          rows={programs}
          idOf={({ id }) => id}
          renderPhone={(program) => <PhoneRow program={program} onOpen={onOpen} />}
        />
      )}
    </div>
  );
}

const columnsWith = (onOpen: Open["onOpen"]): readonly Column<Program>[] => [
  { id: "state", title: "State", cell: (program) => <StateTag program={program} /> },
  {
    id: "name",
    title: "Program",
    cell: (program) => (
      <>
        <OpenButton program={program} onOpen={onOpen} />
        <p className="text-xs text-ink-muted">{program.purpose}</p>
      </>
    ),
  },
  { id: "scopes", title: "May do at most", cell: ({ scopes }) => <Scopes scopes={scopes} /> },
  { id: "places", title: "Where", cell: placesText },
  { id: "used", title: "Last used", cell: (program) => <Used at={lastUse(program)} /> },
];

function PhoneRow({ program, onOpen }: Open & { readonly program: Program }) {
  return (
    <div className="grid gap-0.5">
      <p className="flex items-center justify-between gap-2">
        <OpenButton program={program} onOpen={onOpen} />
        <StateTag program={program} />
      </p>
      <p className="text-ink-soft">
        {placesText(program)} · <Used at={lastUse(program)} />
      </p>
      <Scopes scopes={program.scopes} />
    </div>
  );
}

function OpenButton({ program, onOpen }: Open & { readonly program: Program }) {
  return (
    <button type="button" className="text-left font-medium text-accent underline" onClick={() => onOpen(program.id)}>
      {program.name}
    </button>
  );
}

function StateTag({ program }: { readonly program: Program }) {
  const { tone, says } = programLook(program, useNowMs());
  return <Tag tone={tone}>{says}</Tag>;
}

function Scopes({ scopes }: { readonly scopes: readonly string[] }) {
  return <span className="font-mono text-xs break-words text-ink-soft">{scopes.join(", ")}</span>;
}
